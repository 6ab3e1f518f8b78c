"""Analyses: one file a question, and the report that gathers the answers."""
