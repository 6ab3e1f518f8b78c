"""Threads, the BLAS library, working space, and how much memory there is."""
