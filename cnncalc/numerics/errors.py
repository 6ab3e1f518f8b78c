"""What a user handed in and cannot be used."""

from __future__ import annotations


class InputError(Exception):
    """A weights file, an image or an amount of memory that does not do, and what would."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
