"""A table for people, which fits the width it is given.

Rich measures, pads, cuts and colours. Ours is what Rich has not: which columns go first where
the width is short, and the bars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from cnncalc.render.console import UNLIMITED
from cnncalc.render.escape import plain

EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR_WIDTH = 6
GAP = 2
CUT = 3
"""The least cells that a text is cut to where nothing else helps."""

RULED = Box("    \n    \n ── \n    \n    \n ── \n    \n    \n")
"""No lines but one below the titles; a blank between columns."""


class ListingColumn(NamedTuple):
    """A column: its title, the role that colours it, and how it gives way."""

    title: str
    role: str = ""
    number: bool = False
    """To the right, and never cut: half a number would be another number."""
    least: int | None = None
    """A text may be cut to so many cells before columns are left out."""
    room: int = 0
    """At least so many cells, so that tables below each other are aligned."""
    tight: bool = False
    """One blank in place of two before the next column."""
    wrap: bool = False
    """A text goes on in the next line, in what the other columns leave (at least `least`)."""


class Listing:
    """A table: columns by key, and for each row a text for each column.

    Args:
        columns: by key, in their order.
        rows: the texts of each row, in the columns' order; foreign text is made harmless here.
        roles: a role for each row where it is not that of its columns (`""`: theirs).
        cell_roles: for keys, a role for each row of that column alone.
        bars: for keys of number columns, the amount in each row; drawn where there is room.
        shorter: for keys, texts in place of a column's where its own do not fit.
        yielding: keys of the columns that are left out where the width is short, the first
            first. What is left out is told below the table.
        ruled: a line below the titles, and one below the last row.

    On a console without a limit (a pipe, a file) all columns stand at their full width, without
    bars.
    """

    def __init__(
        self,
        columns: Mapping[str, ListingColumn],
        rows: Sequence[Sequence[str]],
        *,
        roles: Sequence[str] = (),
        cell_roles: Mapping[str, Sequence[str]] | None = None,
        bars: Mapping[str, Sequence[int]] | None = None,
        shorter: Mapping[str, Sequence[str]] | None = None,
        yielding: Sequence[str] = (),
        ruled: bool = True,
    ) -> None:
        self.columns = dict(columns)
        self.cells = {
            key: [plain(row[place]) for row in rows] for place, key in enumerate(self.columns)
        }
        self.roles = {key: (cell_roles or {}).get(key, roles) for key in self.columns}
        self.bars = bars or {}
        self.shorter = {key: list(map(plain, texts)) for key, texts in (shorter or {}).items()}
        self.yielding = yielding
        self.ruled = ruled

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        limit = None if options.max_width >= UNLIMITED else options.max_width
        cells, layout = self._fitted(limit)
        table = Table(
            box=RULED, show_header=self.ruled, show_edge=False,
            padding=0, pad_edge=False, header_style="head", border_style="rule",
        )  # fmt: skip
        stacks: list[Sequence[RenderableType]] = []
        for place, key in enumerate(layout.columns):
            last = place == len(layout.columns) - 1
            barred = layout.bars and key in self.bars
            gap = not (last or barred or self.columns[key].tight)
            self._add(table, key, layout.widths[key], gap)
            stacks.append(self._stack(key, cells[key], layout.widths[key], gap))
            if barred:
                role = self.columns[key].role
                table.add_column("", style=role, width=BAR_WIDTH + (not last), no_wrap=True)
                most = max(self.bars[key], default=0)
                lines = [bar(amount, most) for amount in self.bars[key]]
                stacks.append([Stack(lines, [], BAR_WIDTH, False, not last)])
        for row in zip(*stacks, strict=True):
            table.add_row(*row)
        yield table
        if self.ruled:
            yield Text("─" * layout.total, "rule")
        if layout.left_out:
            titles = ", ".join(
                [title for key in layout.left_out if (title := self.columns[key].title)]
            )
            yield Text(f"left out for want of width: {titles}", "quiet")

    def _fitted(self, limit: int | None) -> tuple[dict[str, list[str]], TableLayout]:
        """The texts to show and where they stand: shorter ones where the full ones do not fit."""
        layout = self._layout(self.cells, limit)
        if not self.shorter or (
            not layout.left_out
            and all([layout.widths[key] >= width(self.cells[key]) for key in self.shorter])
        ):
            return self.cells, layout
        cells = {**self.cells, **self.shorter}
        return cells, self._layout(cells, limit)

    def _layout(self, cells: Mapping[str, Sequence[str]], limit: int | None) -> TableLayout:
        natural = {
            key: max(cell_len(column.title) * self.ruled, column.room, width(cells[key]))
            for key, column in self.columns.items()
        }
        return fit(self.columns, natural, limit, tuple(self.bars), self.yielding)

    def _add(self, table: Table, key: str, cells: int, gap: bool) -> None:
        column = self.columns[key]
        table.add_column(
            Stack([column.title], [], cells, column.number, gap),
            style=column.role,
            justify="right" if column.number else "left",
            width=cells + gap,
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
        )

    def _stack(self, key: str, texts: list[str], cells: int, gap: bool) -> Sequence[RenderableType]:
        """A column's cells: a stack of lines, or where lines wrap a cell a row."""
        roles = self.roles[key]
        if not any([column.wrap for column in self.columns.values()]):
            return [Stack(texts, roles, cells, self.columns[key].number, gap)]
        found = [
            Text(text, role) for text, role in zip(texts, roles or [""] * len(texts), strict=True)
        ]
        return [Padding(text, (0, 1, 0, 0)) for text in found] if gap else found


class Stack:
    """The lines of a column as one cell, none of which wraps, with the gap behind them.

    Rich's work is by the cell and by the piece of text, and a network has a thousand layers.
    """

    def __init__(
        self, lines: Sequence[str], roles: Sequence[str], cells: int, number: bool, gap: bool
    ) -> None:
        self.lines = lines
        self.roles = roles or [""] * len(lines)
        self.cells = cells
        self.number = number
        self.gap = " " * gap

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        end = Segment.line()
        for line, role in zip(self.lines, self.roles, strict=True):
            room = self.cells - cell_len(line)
            if room < 0:
                text = Text(line)
                text.truncate(self.cells, overflow="ellipsis", pad=True)
                line = text.plain
            line = " " * room + line if self.number else line + " " * room
            yield Segment(line + self.gap, console.get_style(role) if role else None)
            yield end


def bar(value: int, most: int) -> str:
    """A bar of `BAR_WIDTH` cells in eighths; what is there shows at least one eighth."""
    if not value or not most:
        return ""
    eighths = max(1, round(value / most * BAR_WIDTH * 8))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


class TableLayout(NamedTuple):
    """The columns that fit, their widths, whether bars are drawn, and what is left out."""

    columns: tuple[str, ...]
    widths: dict[str, int]
    bars: bool
    left_out: tuple[str, ...]
    total: int
    """Cells from the first column to the end of the last."""


def width(texts: Sequence[str]) -> int:
    """Cells of the widest text."""
    return max(map(cell_len, texts), default=0)


def fit(
    columns: Mapping[str, ListingColumn],
    natural: Mapping[str, int],
    limit: int | None,
    barred: Sequence[str] = (),
    yielding: Sequence[str] = (),
) -> TableLayout:
    """Choose what fits into so many cells, from the columns' natural widths.

    Bars go first, then texts wrap or are cut to their least (the last column's first), then
    columns are left out; at the very last texts are cut to `CUT`, and columns are left out from
    the right.
    """
    keys = list(columns)
    widths = dict(natural)
    least = {
        key: min(widths[key], columns[key].least or CUT)
        for key in sorted(keys, key=lambda key: (columns[key].wrap, keys.index(key)), reverse=True)
        if columns[key].wrap or columns[key].least is not None
    }

    def total(bars: int = 0) -> int:
        gaps = [1 if columns[key].tight else GAP for key in keys[:-1]]
        return sum([widths[key] for key in keys]) + sum(gaps) + bars

    def over(bars: int = 0) -> int:
        return 0 if limit is None else max(total(bars) - limit, 0)

    def cut(key: str, to: int) -> None:
        if key in keys:
            widths[key] -= min(over(), max(widths[key] - to, 0))

    bars = 0 if limit is None else sum([BAR_WIDTH + 1 for key in keys if key in barred])
    if over(bars):
        bars = 0
    left = [key for key in yielding if key in keys]
    while left and over() > sum([widths[key] - least[key] for key in keys if key in least]):
        keys.remove(left.pop(0))
    for key in least:
        cut(key, least[key])
    for floor in (8, CUT):
        for key in least:
            cut(key, floor)
    while over() and len(keys) > 1:
        keys.pop()
    cut(keys[0], 1)
    return TableLayout(
        tuple(keys),
        widths,
        bool(bars),
        tuple([key for key in columns if key not in keys]),
        total(bars),
    )
