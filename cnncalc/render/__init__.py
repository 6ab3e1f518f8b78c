"""Formats: one file each; they take a report or findings, and nothing else."""
