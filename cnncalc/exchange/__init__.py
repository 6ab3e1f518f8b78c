"""Other people's formats: readers that make a graph of them, and writers that make them of a graph.

A framework is imported here only, and only when its format is asked for.
"""
