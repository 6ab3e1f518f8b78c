"""What the readers of all formats share: a small program of operations, and its way to layers."""
