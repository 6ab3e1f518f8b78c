"""Totals over a grid of inputs, batches and parameters.

`grid` says which points there are, `points` works one out, `choice` keeps some of them, and `run`
does it on many cores, in order, and goes on where it was stopped.
"""
