"""What is wrong with a request, not with a file."""

from __future__ import annotations


class UsageError(Exception):
    """What the caller asked for cannot be had: no such file, network or parameter."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
