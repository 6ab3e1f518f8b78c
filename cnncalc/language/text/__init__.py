"""The text of an architecture file, and the YAML nodes in it with their positions."""
