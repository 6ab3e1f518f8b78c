"""What the analyses say of a network, held against what a run measured. No NumPy is needed."""
