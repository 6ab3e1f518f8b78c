"""nnU-Net's plans: the U-Net of each configuration."""
