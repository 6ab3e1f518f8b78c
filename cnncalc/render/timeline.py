"""Amounts over time as bars in the terminal, with the phases below and the peak marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

from cnncalc.render import numbers

STEPS = " ▁▂▃▄▅▆▇█"
HEIGHT = 8
WIDEST = 80


class Bars(NamedTuple):
    """What a chart shows."""

    amounts: Sequence[int]
    phases: Sequence[tuple[str, int]]
    """Names of the phases, and how many of the amounts belong to each."""
    peak: int
    """The place of the largest amount."""


def chart(bars: Bars, width: int) -> Text:
    """A chart of `HEIGHT` lines from zero to the largest amount, at most `WIDEST` cells wide.

    Where there are more amounts than cells, a cell shows the largest of those it stands for.
    """
    most = max(bars.amounts)
    label = numbers.human_bytes(most)
    margin = max(len(label), 3)
    cells = max(min(width, WIDEST) - margin - 2, 10)
    counts = _shares([count for _, count in bars.phases], cells)
    columns: list[tuple[int, bool]] = []
    start = 0
    for (_, count), room in zip(bars.phases, counts, strict=True):
        for cell in range(room):
            first = start + cell * count // room
            last = max(start + (cell + 1) * count // room, first + 1)
            columns.append((max(bars.amounts[first:last]), first <= bars.peak < last))
        start += count
    text = Text(no_wrap=True, overflow="ignore")
    for line in range(HEIGHT, 0, -1):
        text.append((label if line == HEIGHT else "").rjust(margin) + " │", "quiet")
        for amount, marked in columns:
            eighths = max(round(amount / most * HEIGHT * 8), 1) if amount else 0
            sign = STEPS[min(max(eighths - 8 * (line - 1), 0), 8)]
            text.append(sign, "failed" if marked else "memory")
        text.append("\n")
    text.append("0".rjust(margin) + " └", "quiet")
    seen = False
    for _, marked in columns:
        text.append("▲" if marked and not seen else "─", "failed" if marked else "quiet")
        seen = seen or marked
    text.append("\n" + " " * (margin + 2))
    for (name, _), room in zip(bars.phases, counts, strict=True):
        text.append(("|" + name)[:room].ljust(room), "quiet")
    return text


def _shares(counts: Sequence[int], cells: int) -> list[int]:
    """Cells for each phase by its amounts, at least five and all of them given away."""
    least = min(5, cells // len(counts))
    total = sum(counts)
    shares = [max(count * cells // total, least) for count in counts]
    widest = max(range(len(shares)), key=shares.__getitem__)
    shares[widest] += cells - sum(shares)
    return shares
