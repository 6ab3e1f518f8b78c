"""The one console: whatever a person reads is rendered here, by Rich.

Styles have names by role, stated once below. Text is rendered first and written then, so that a
terminal and a pipe get the same lines; only the width and the colours differ.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rich.console import COLOR_SYSTEMS, Console, ConsoleOptions, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.theme import Theme

UNLIMITED = 10_000
"""Columns where the text goes to no terminal: nothing is wrapped, cut or left out."""

READABLE = 88
"""Cells in a line of prose."""

HTML = '<pre style="line-height:normal;font-family:monospace">{code}</pre>'
"""What stands around text in HTML."""

STYLES = {
    # what surrounds the numbers
    "title": "bold",
    "source": "italic",
    "quiet": "dim",
    "strong": "bold",
    "head": "bold",
    "rule": "dim",
    "block": "bold",
    # columns
    "index": "dim",
    "kind": "cyan",
    "field": "green",
    "params": "blue",
    "macs": "magenta",
    "memory": "yellow",
    "time": "green",
    # outcomes
    "passed": "bold green",
    "failed": "bold red",
    "better": "green",
    "worse": "red",
    # findings and messages
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "message": "bold",
    "help": "green",
    "frame": "blue",
}
"""Every role that a text can have, and how it looks. Nothing else names a colour."""


def rendered(renderable: RenderableType, width: int | None = None, colour: bool = False) -> str:
    """A renderable as text; without a width it is as wide as need be."""
    console = _console(io.StringIO(), width or UNLIMITED, "auto" if colour else None)
    system = COLOR_SYSTEMS.get(console.color_system or "")
    parts: list[str] = []
    for line in _lines(console, renderable):
        parts += [
            style.render(text, color_system=system) if style else text for text, style, _ in line
        ]
        parts.append("\n")
    return "".join(parts)


def svg(renderable: RenderableType, title: str, width: int) -> str:
    """A renderable as the picture of a terminal."""
    console = _console(io.StringIO(), width, "truecolor", record=True)
    lines = [segment for line in _lines(console, renderable) for segment in (*line, Segment.line())]
    console.print(Segments(lines), end="", crop=False)
    return console.export_svg(title=title, unique_id="cnncalc")


def html(renderable: RenderableType, width: int) -> str:
    """A renderable as a notebook shows it: preformatted text, its styles beside it."""
    console = _console(io.StringIO(), width, "truecolor", record=True)
    lines = [segment for line in _lines(console, renderable) for segment in (*line, Segment.line())]
    console.print(Segments(lines), end="", crop=False)
    return console.export_html(inline_styles=True, code_format=HTML)


def terminal(stream: Any) -> Console:
    """A console that draws on a terminal by itself, as a progress bar does."""
    return Console(file=stream, theme=Theme(STYLES), highlight=False, markup=False, emoji=False)


def indented(renderable: RenderableType, cells: int = 2) -> RenderableType:
    """A renderable further to the right."""
    return Padding(renderable, (0, 0, 0, cells))


def prose(renderable: RenderableType) -> RenderableType:
    """Sentences, in lines that the eye can follow however wide the terminal is."""
    return Constrain(renderable, READABLE)


class Themed:
    """A renderable whose roles have their looks on any console, ours or not."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        with console.use_theme(Theme(STYLES)):
            yield from console.render(self.renderable, options)


def _console(stream: io.StringIO, width: int, colours: Any, *, record: bool = False) -> Console:
    return Console(
        file=stream,
        width=width,
        height=100,
        color_system=colours,
        force_terminal=colours is not None,
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        record=record,
        theme=Theme(STYLES),
    )


def _lines(console: Console, renderable: RenderableType) -> Iterator[list[Segment]]:
    """The lines without blanks at their ends, which would wrap at a terminal's edge."""
    for line in Segment.split_lines(console.render(renderable)):
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            text, style, _ = line[-1]
            line[-1] = Segment(text.rstrip(), style)
        yield line
