"""A graph run layer by layer, and what was measured."""
