"""Weight arrays: generated, supplied to kernels, read from a file."""
