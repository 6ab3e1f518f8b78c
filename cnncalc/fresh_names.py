"""Names that nothing has yet: of arrays, variables, classes, parameters and blocks."""

from __future__ import annotations

from collections.abc import Container


def fresh(name: str, taken: Container[str], separator: str = "_") -> str:
    """Return a name that is not taken: the name itself, or with the first free number from 2 on."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{separator}{number}", number + 1
    return found
