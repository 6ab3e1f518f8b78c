"""The numbers behind the formulas: every layer kind computed in NumPy.

One file a family of layers, named like the file in ``cnncalc.layers``. A kernel is a plain
function whose keyword arguments are the layer's attributes, already resolved to one number for
each spatial axis. Arrays are batch first and channels first, ``[B, C, *spatial]`` with one to
three spatial axes, or ``[B, N]``; float32 and float64, and the result has the input's type.

This is the only package of the program that imports NumPy.
"""
