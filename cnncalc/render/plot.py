"""A scatter of points in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.text import Text

POINT, CHOSEN = "·", "●"
HEIGHT = 14
WIDEST = 100


class Dot(NamedTuple):
    """A point of a plot."""

    x: float
    y: float
    chosen: bool = False


def scatter(
    dots: Sequence[Dot],
    titles: tuple[str, str],
    texts: tuple[Callable[[int], str], Callable[[int], str]],
    width: int,
) -> Text:
    """Points over two axes with a label at each end; logarithmic where they span a decade."""
    from rich.text import Text

    scales = [scaled([dot[axis] for dot in dots]) for axis in (0, 1)]
    labels = [[texts[axis](round(end)) for end in scales[axis].ends] for axis in (0, 1)]
    margin = max(map(len, labels[1])) + 1
    columns = max(min(width, WIDEST) - margin - 2, 10)
    grid = [[" "] * columns for _ in range(HEIGHT)]
    for dot in sorted(dots, key=lambda dot: dot.chosen):
        column = round(scales[0].place(dot.x) * (columns - 1))
        row = HEIGHT - 1 - round(scales[1].place(dot.y) * (HEIGHT - 1))
        grid[row][column] = CHOSEN if dot.chosen else POINT
    text = Text(f"{titles[1]}{scales[1].note}\n", "quiet", no_wrap=True, overflow="ignore")
    for number, line in enumerate(grid):
        label = labels[1][1] if number == 0 else labels[1][0] if number == HEIGHT - 1 else ""
        text.append(f"{label:>{margin}}", "quiet").append("│", "quiet")
        for sign in line:
            text.append(sign, "failed" if sign == CHOSEN else "macs")
        text.append("\n")
    text.append(" " * margin + "└" + "─" * columns + "\n", "quiet")
    left, right = labels[0]
    title = f"{titles[0]}{scales[0].note}"
    middle = title.center(max(columns - len(left) - len(right), len(title) + 2))
    text.append(" " * (margin + 1) + left + middle + right, "quiet")
    return text


class AxisScale(NamedTuple):
    """One axis: its ends, and whether it is logarithmic."""

    ends: tuple[float, float]
    logarithmic: bool

    @property
    def note(self) -> str:
        """What to say of it."""
        return " (log)" if self.logarithmic else ""

    def place(self, value: float) -> float:
        """Where a value stands, from 0 to 1."""
        low, high = self.ends
        if low == high:
            return 0.5
        if self.logarithmic:
            return (log10(value) - log10(low)) / (log10(high) - log10(low))
        return (value - low) / (high - low)


def scaled(values: Sequence[float]) -> AxisScale:
    """The scale of an axis that shows some values."""
    low, high = min(values), max(values)
    return AxisScale((low, high), low > 0 and high / low >= 10)
