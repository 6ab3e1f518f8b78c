"""The shipped networks.

Paths are plain strings here and in `load`: importing `pathlib` would cost a quarter of the
interpreter's own start.
"""

from __future__ import annotations

import os


def folder() -> str:
    """Where the architecture files are: in the installed package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "specs")


def names() -> list[str]:
    """The names of all shipped networks, sorted."""
    return sorted(
        entry[: -len(".yaml")] for entry in os.listdir(folder()) if entry.endswith(".yaml")
    )


def is_name(text: str) -> bool:
    """Whether a text names a shipped network, and no file: it has no ending and no `/`."""
    return "/" not in text and os.sep not in text and not os.path.splitext(text)[1]


def path(name: str) -> str | None:
    """The file of a shipped network, or `None`."""
    if not name.replace("_", "").isalnum():
        return None
    file = os.path.join(folder(), f"{name}.yaml")
    return file if os.path.isfile(file) else None
