"""Validation rules, a class each."""
