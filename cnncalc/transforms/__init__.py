"""Transforms: a network made into another one that computes the same, or less.

A transform looks at a graph and says what changes (`rewriting.Change`); `rewriting` makes the new
graph of it, `weights` brings the arrays along, and `editing` changes the text of the file.
"""
