"""Elaboration: forms, parameters and an input shape make the graph."""
