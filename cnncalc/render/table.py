"""The table for terminals, drawn by Rich; fits the width it is given."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import Severity
from cnncalc.render import numbers, summary
from cnncalc.render.escape import plain
from cnncalc.render.findings import one_line
from cnncalc.render.rows import Row, rows

EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR_WIDTH = 6
GAP = 2
NARROWEST = 10
"""A narrowed column keeps this many characters."""

SEVERITY_STYLES: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "note": "cyan"}


class View(NamedTuple):
    """What the user asked to see."""

    depth: int | None = None
    exact: bool = False
    channels_last: bool = False
    columns: tuple[str, ...] = ()
    width: int | None = None
    """Columns of the terminal; `None`: as wide as need be."""


class Column(NamedTuple):
    """A column: its title, how a row fills it, and how it looks."""

    title: str
    cell: Callable[[Row, View], str]
    style: str = ""
    numeric: bool = False
    bar: Callable[[Row], int] | None = None


def _count(value: int, view: View) -> str:
    if not value:
        return ""
    return numbers.exact(value) if view.exact else numbers.human(value)


def _bytes(value: int, view: View) -> str:
    if not value:
        return ""
    return numbers.exact(value) if view.exact else numbers.human_bytes(value)


COLUMNS: dict[str, Column] = {
    "index": Column("#", lambda row, view: row.index, "dim", numeric=True),
    "name": Column("layer", lambda row, view: row.name, "bold"),
    "kind": Column("kind", lambda row, view: f"{row.kind} {row.essentials}".strip(), "cyan"),
    "output": Column(
        "output", lambda row, view: numbers.shape(row.output_shape, view.channels_last)
    ),
    "field": Column(
        "sees", lambda row, view: numbers.field(row.field), "green", numeric=True
    ),
    "start": Column(
        "from",
        lambda row, view: numbers.per_axis(row.field.start) if row.field else "",
        "green",
        numeric=True,
    ),
    "params": Column(
        "params", lambda row, view: _count(row.params, view), "blue", True, lambda row: row.params
    ),
    "buffers": Column("buffers", lambda row, view: _count(row.buffers, view), "blue", True),
    "macs": Column(
        "MACs", lambda row, view: _count(row.macs, view), "magenta", True, lambda row: row.macs
    ),
    "flops": Column(
        "FLOPs", lambda row, view: _count(row.flops, view), "magenta", True, lambda row: row.flops
    ),
    "memory": Column(
        "memory", lambda row, view: _bytes(row.memory, view), "yellow", True, lambda row: row.memory
    ),
}
"""Every column that `--columns` can name."""

DEFAULT = ("index", "name", "kind", "output", "field", "params", "macs", "memory")
DROP_ORDER = ("index", "memory", "field", "macs", "output")
"""Which columns go first where the terminal is narrow, after bars went and text was narrowed."""


class Line(NamedTuple):
    """A line of the table: a row, or the heading of a block (without a row)."""

    label: str
    row: Row | None


def tree(found: Sequence[Row]) -> list[Line]:
    """Rows with their names indented below headings, a heading for each block."""
    lines: list[Line] = []
    open_path: tuple[str, ...] = ()
    for row in found:
        head, leaf = row.path[:-1], row.path[-1]
        shared = 0
        while shared < min(len(head), len(open_path)) and head[shared] == open_path[shared]:
            shared += 1
        for level in range(shared, len(head)):
            lines.append(Line("  " * level + plain(head[level]), None))
        lines.append(Line("  " * len(head) + plain(leaf), row))
        open_path = head
    return lines


def bar(value: int, most: int) -> str:
    """A bar of `BAR_WIDTH` cells in eighths; what is there shows at least one eighth."""
    if not value or not most:
        return " " * BAR_WIDTH
    eighths = max(1, round(value / most * BAR_WIDTH * 8))
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(BAR_WIDTH)


class Layout(NamedTuple):
    """Columns that fit, the widths of the narrowed ones, and whether bars are drawn."""

    columns: tuple[str, ...]
    widths: dict[str, int]
    bars: bool


def fit(natural: dict[str, int], barred: Sequence[str], view: View) -> Layout:
    """Choose what fits: first bars go, then names and kinds are narrowed, then columns go."""
    columns = list(natural)
    widths = dict(natural)

    def total(with_bars: bool) -> int:
        bars = sum(BAR_WIDTH + 1 for key in columns if key in barred) if with_bars else 0
        return sum(widths[key] for key in columns) + GAP * (len(columns) - 1) + bars

    limit = view.width
    if limit is None or total(True) <= limit:
        return Layout(tuple(columns), widths, limit is not None)
    droppable = [key for key in DROP_ORDER if key in columns and not view.columns]
    while True:
        if total(False) <= limit:
            return Layout(tuple(columns), widths, False)
        least = {"name": 18, "kind": 16}
        over = total(False) - limit
        for key in ("kind", "name"):
            if key in columns and over > 0:
                cut = min(over, max(widths[key] - max(least[key], NARROWEST), 0))
                widths[key] -= cut
                over -= cut
        if over <= 0:
            return Layout(tuple(columns), widths, False)
        if not droppable:
            break
        columns.remove(droppable.pop(0))
        widths = {key: natural[key] for key in columns}
    for key in ("kind", "name", *reversed(columns)):
        if key in columns:
            over = total(False) - limit
            widths[key] = max(widths[key] - max(over, 0), 3)
    return Layout(tuple(columns), widths, False)


def layer_table(report: Report, view: View) -> Table:
    """The layers as a Rich table."""
    found = rows(report, view.depth)
    lines = tree(found)
    chosen = view.columns or DEFAULT
    cells = {
        key: [
            line.label if key == "name" else COLUMNS[key].cell(line.row, view) if line.row else ""
            for line in lines
        ]
        for key in chosen
    }
    cells = {key: [plain(text) for text in texts] for key, texts in cells.items()}
    natural = {
        key: max(cell_len(COLUMNS[key].title), *map(cell_len, texts))
        for key, texts in cells.items()
    }
    barred = [key for key in chosen if COLUMNS[key].bar is not None]
    layout = fit(natural, barred, view)
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_edge=False)
    filled: list[list[Text]] = []
    for key in layout.columns:
        column = COLUMNS[key]
        width = layout.widths[key]
        with_bar = layout.bars and column.bar is not None
        title = Text(column.title.rjust(width) if column.numeric else column.title, "bold")
        table.add_column(
            title,
            width=width + (BAR_WIDTH + 1 if with_bar else 0),
            no_wrap=True,
            overflow="ellipsis",
        )
        most = max((column.bar(row) for row in found), default=0) if column.bar else 0
        texts = []
        for line, text in zip(lines, cells[key], strict=True):
            style = column.style
            if line.row is None:
                style = "dim"
            elif key == "name":
                style = ""
            text = text.rjust(width) if column.numeric else text
            cell = Text(text, style, no_wrap=True, overflow="ellipsis")
            if with_bar and column.bar is not None and line.row is not None:
                cell.append(" " + bar(column.bar(line.row), most), column.style)
            texts.append(cell)
        filled.append(texts)
    for cells_of_line in zip(*filled, strict=True):
        table.add_row(*cells_of_line)
    return table


def totals_table(report: Report, width: int | None) -> Table:
    """The sums, their names in front and their parts behind."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", justify="right", no_wrap=True)
    table.add_column(style="dim")
    for name, value, parts in summary.totals(report):
        table.add_row(Text(name), Text(value), Text(plain(parts)))
    return table


def parts(report: Report, view: View) -> list[RenderableType]:
    """Everything that `analyze` shows."""
    title = Text(plain(report.name), "bold")
    found: list[RenderableType] = [title]
    if report.source:
        found.append(Text(plain(report.source), "dim italic"))
    found.append(Text(summary.heading(report, view.channels_last), "dim"))
    found += [Text(), layer_table(report, view), Rule(style="dim"), totals_table(report, view.width)]
    if report.diagnostics:
        found.append(Text())
    for finding in report.diagnostics:
        line = Text(finding.severity, SEVERITY_STYLES[finding.severity])
        line.append(f" {finding.rule} ", "bold")
        line.append(one_line(finding))
        found.append(line)
    return found


def console(width: int | None, *, colour: bool, stream: io.TextIOBase | None = None) -> Console:
    """A Rich console that writes into memory; the caller decides where the text goes."""
    return Console(
        file=stream or io.StringIO(),
        width=width or 400,
        force_terminal=colour,
        no_color=not colour,
        color_system="auto" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )


def render(report: Report, view: View, colour: bool) -> str:
    """The table as text, with ANSI colours on request."""
    stream = io.StringIO()
    target = console(view.width, colour=colour, stream=stream)
    width = view.width
    for part in parts(report, view):
        if isinstance(part, Rule) and width is None:
            target.print(Text("─" * 60, "dim"))
        else:
            target.print(part)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


__all__ = ["COLUMNS", "DEFAULT", "View", "render"]
