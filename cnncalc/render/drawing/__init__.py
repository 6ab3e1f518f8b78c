"""Drawings: what of a network is drawn, where it stands, and as which signs."""
