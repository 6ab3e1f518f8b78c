"""Expressions: parsed into closures, worked out over an environment of names."""
