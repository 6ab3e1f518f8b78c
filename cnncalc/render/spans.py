"""Styled text as data: a line is a list of spans, which Rich colours where there is colour.

Without colour a line is the plain text of its spans, so that a pipe or a file never waits for
Rich to be imported.
"""

from __future__ import annotations

import io
from typing import NamedTuple

ELLIPSIS = "…"


class Span(NamedTuple):
    """Text of one style (in Rich's words: `bold`, `dim`, `green`)."""

    text: str
    style: str = ""


Line = list[Span]


def width(text: str) -> int:
    """Terminal columns that a text takes: two for wide East Asian characters."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 1 + (east_asian_width(character) in "WF")
        for character in text
    )


def cut(text: str, columns: int) -> str:
    """The text, with an ellipsis for what does not fit."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept + ELLIPSIS


def pad(text: str, columns: int, right: bool = False) -> str:
    """The text in exactly so many columns."""
    text = cut(text, columns)
    space = " " * (columns - width(text))
    return space + text if right else text + space


def wrap(text: str, columns: int | None) -> list[str]:
    """The text in lines of at most so many columns."""
    if columns is None or width(text) <= columns:
        return [text]
    import textwrap

    return textwrap.wrap(text, max(columns, 20)) or [""]


def trimmed(line: Line) -> Line:
    """The line without blanks at its end, which would wrap at a terminal's edge."""
    line = list(line)
    while line and not line[-1].text.strip():
        line.pop()
    if line:
        line[-1] = line[-1]._replace(text=line[-1].text.rstrip())
    return line


def plain(lines: list[Line]) -> str:
    """The lines without colour."""
    return "".join("".join([span.text for span in trimmed(line)]) + "\n" for line in lines)


def coloured(lines: list[Line]) -> str:
    """The lines with the escape sequences of the terminal at hand."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=10_000, highlight=False, markup=False, emoji=False
    )
    text = _text(lines)
    console.print(text, end="", overflow="ignore", no_wrap=True, crop=False)
    return stream.getvalue()


def svg(lines: list[Line], title: str, columns: int) -> str:
    """The lines as the picture of a terminal, drawn by Rich."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        width=columns,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(_text(lines), end="")
    return console.export_svg(title=title, unique_id="cnncalc")


def _text(lines: list[Line]) -> object:
    from rich.text import Text

    text = Text()
    for line in lines:
        for span in trimmed(line):
            text.append(span.text, span.style or None)
        text.append("\n")
    return text
