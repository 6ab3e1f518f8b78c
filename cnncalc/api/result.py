"""What a function gives: data, a text as the command prints it, and files by their ending.

Renderers are imported when a format is asked for: Rich and the formats' modules would take longer
than most analyses.
"""

from __future__ import annotations

import os
import sys
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cnncalc.diagnostics import UsageError
from cnncalc.output import write_file

if TYPE_CHECKING:
    from rich.console import RenderableType

ENDINGS = {
    ".md": "markdown", ".markdown": "markdown", ".json": "json", ".jsonl": "jsonl", ".csv": "csv",
    ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".svg": "svg", ".png": "png", ".pdf": "pdf",
    ".tex": "latex", ".html": "html", ".htm": "html", ".sarif": "sarif",
}  # fmt: skip
"""The format of each ending, in every command."""

PEOPLE = ("table", "text")
"""What the format for people is called."""

TERMINAL_WIDTH = 80
"""Columns where a text for people has no terminal whose width it could take."""

Path = str | PathLike[str]
Given = TypeVar("Given", bound="Result")


class Result:
    """What a function of cnncalc gives.

    `print(result)` is what the command prints, `to_dict()` the command's JSON, and a notebook shows
    it. `save(path)` writes the format of the path's ending.
    """

    FORMATS: ClassVar[tuple[str, ...]] = ("table", "json")
    """The formats it can be written in; the first is what people read."""
    WIDTH: ClassVar[int | None] = None
    """Columns of the text for people in a file; `None` where lines are as long as need be."""

    format: str | None = None
    """The format in which it is printed; that for people where it is `None`."""

    @property
    def exit_status(self) -> int:
        """The command's exit status: 0, or 1 where it found what is to fail."""
        return 0

    def to_dict(self) -> dict[str, Any]:
        """The data of the command's JSON."""
        raise NotImplementedError

    def to_json(self) -> str:
        """The command's JSON."""
        from cnncalc.render.json import dumps

        return dumps(self.to_dict())

    def __rich__(self) -> RenderableType:
        """What Rich prints of it, in the same colours on any console."""
        from cnncalc.render.console import Themed

        return Themed(self.document())

    def document(self) -> RenderableType:
        """What people read, for Rich to render."""
        raise NotImplementedError

    def __str__(self) -> str:
        if self.format is not None and self.format not in PEOPLE:
            found = self.rendered(self.format)
            return found.rstrip("\n") if isinstance(found, str) else repr(self)
        from cnncalc.render.console import rendered

        return rendered(self.document(), terminal_width() or self.WIDTH).rstrip("\n")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.summary()}>"

    def summary(self) -> str:
        """The result in a few words."""
        return ""

    def _repr_html_(self) -> str:
        from cnncalc.render.console import html

        return html(self.document(), TERMINAL_WIDTH + 40)

    def rendered(self, format: str) -> str | bytes:
        """The result in a format, as it stands in a file.

        Raises:
            UsageError: it has no such format.
        """
        self.refuse(format)
        if format in PEOPLE:
            from cnncalc.render.console import rendered

            return rendered(self.document(), columns() or self.WIDTH)
        found: str | bytes = getattr(self, f"to_{format}")()
        return found

    def refuse(self, format: str) -> None:
        """Refuse a format that it does not have, or that an option does nothing in.

        Raises:
            UsageError: it is one of these.
        """
        if format not in self.FORMATS:
            known = ", ".join(self.FORMATS)
            raise UsageError(f"`{format}` is no format of this", f"its formats: {known}")

    def save(self, path: Path, format: str | None = None) -> None:
        """Write it to a file, whole or not at all, in the format of the path's ending.

        An ending that names no format gives what people read.

        Raises:
            UsageError: it has no such format, or the file cannot be written.
        """
        target = fspath(path)
        write_file(target, self.rendered(self.format_of(target, format)))

    def format_of(self, path: str, format: str | None = None) -> str:
        """The format of a file: the one that is named, else that of the path's ending.

        Raises:
            UsageError: the ending is that of a format which this does not have.
        """
        if format is not None:
            return format
        return format_by_ending(path, self.FORMATS) or self.FORMATS[0]


def format_by_ending(path: str, formats: tuple[str, ...]) -> str | None:
    """The format of a path's ending; `None` where the ending names none.

    Raises:
        UsageError: it names one that is not among the formats.
    """
    ending = os.path.splitext(path)[1].lower()
    named = ENDINGS.get(ending)
    if named is None or named in formats:
        return named
    known = [known for known, format in ENDINGS.items() if format in formats]
    raise UsageError(
        f"there is no {named} of this, which the ending of {os.path.basename(path)} asks for",
        f"endings: {', '.join(known)}; any other gives the text",
    )


def delivered(result: Given, output: Path | None, format: str | None) -> Given:
    """A result, written to a file where one is named, in the format that is asked for.

    Raises:
        UsageError: it has no such format, or the file cannot be written.
    """
    if format is not None:
        result.refuse(format)
        result.format = format
    if output is not None:
        result.save(output, format)
    return result


def columns() -> int | None:
    """The columns that the environment asks for."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdecimal() and 0 < int(asked) < 10_000:
        return int(asked)
    return None


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; `None` where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None
    except (AttributeError, OSError, ValueError):  # a notebook's stream has no file
        return None
