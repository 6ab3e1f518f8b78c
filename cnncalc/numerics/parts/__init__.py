"""What kernels are made of: gathering windows, products, element-wise work."""
