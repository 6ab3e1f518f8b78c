"""The arithmetic behind a layer's numbers, taken from the run of the code that computes them.

A kind's facts are stated once, in Python. Here they are stated on whole numbers that remember how
they came about (`traced`), so the formula that is shown is the one that was computed.
"""
