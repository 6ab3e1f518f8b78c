"""Networks in PyTorch, read from what `torch.export` makes of them."""
