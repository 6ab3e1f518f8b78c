"""The writer of PyTorch: an outline as modules that a good engineer would have written."""
