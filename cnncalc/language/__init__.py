"""The architecture language: file to graph."""
