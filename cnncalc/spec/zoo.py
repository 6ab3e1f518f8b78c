"""The shipped networks."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Where the architecture files are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def names() -> list[str]:
    """The names of all shipped networks, sorted."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def path(name: str) -> Path | None:
    """The file of a shipped network, or `None`."""
    if not name.replace("_", "").isalnum():
        return None
    file = folder() / f"{name}.yaml"
    return file if file.is_file() else None
