"""Outlines as Python: what code in any framework has in common."""
