"""The ways of edges between boxes: straight, in elbows, in arcs past what they skip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

TURN = 9.0
"""Above or below a box, where a way turns."""
ROUND = 6.0
"""Radius of a turn."""
REACH, STEP = 18.0, 9.0
"""How far an arc keeps from what it passes, and from another arc."""

Point = tuple[float, float]
Path = tuple[int, ...]


class ChainSegment(NamedTuple):
    """A part of a chain that goes on in the next column; `axis` is where ways enter and leave."""

    path: Path
    """Its number, behind those of the columns around it."""
    x: float
    y: float
    w: float
    h: float
    axis: float


class RoutedUnit(Protocol):
    """What a box is of."""

    @property
    def lead(self) -> int: ...


class RoutedEdge(Protocol):
    """An edge between the `lead`s of two units."""

    @property
    def source(self) -> int: ...
    @property
    def target(self) -> int: ...
    @property
    def named(self) -> bool: ...


class Placed(Protocol):
    """A box: its corner, its size, and the columns that it is in."""

    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...
    @property
    def w(self) -> float: ...
    @property
    def h(self) -> float: ...
    @property
    def middle(self) -> float: ...
    @property
    def column(self) -> Path: ...
    @property
    def unit(self) -> RoutedUnit: ...


class Wire(NamedTuple):
    """An edge as the data of an SVG path."""

    source: int
    """`lead` of the unit that it comes from."""
    target: int
    path: str
    skip: bool
    """Whether it leads past other boxes."""
    named: bool
    """Whether the target only names the source."""
    reach: float
    """How far it goes to the right."""


class Router:
    """Finds the way of each edge; arcs that skip less are nearer to what they skip."""

    def __init__(self, boxes: Sequence[Placed], columns: Sequence[ChainSegment]) -> None:
        self.boxes = boxes
        self.columns = {column.path: column for column in columns}
        self.arcs: list[tuple[float, float, float]] = []

    def wires(self, edges: Iterable[RoutedEdge]) -> list[Wire]:
        """The ways of edges between the `lead`s of units."""
        by_lead = {box.unit.lead: box for box in self.boxes}
        found = []
        span = {edge: by_lead[edge.target].y - by_lead[edge.source].y for edge in edges}
        for edge in sorted(span, key=span.__getitem__):
            source, target = by_lead[edge.source], by_lead[edge.target]
            reach = max(source.middle, target.middle)
            path, skip = self._direct(source, target), False
            if path is None:
                onwards = self._onwards(source, target)
                skip = onwards is None or onwards[1] > reach
                path, reach = onwards or self._around(source, target)
            found.append(Wire(edge.source, edge.target, path, skip, edge.named, reach))
        return sorted(found)

    def crossing(self, edges: Iterable[RoutedEdge]) -> bool:
        """Whether an edge that is not a chain's going on leads from column to column."""
        by_lead = {box.unit.lead: box for box in self.boxes}
        pairs = [(by_lead[edge.source], by_lead[edge.target]) for edge in edges if not edge.named]
        return any(
            one.column != other.column
            and self._direct(one, other) is None
            and self._onwards(one, other) is None
            for one, other in pairs
        )

    def _direct(self, source: Placed, target: Placed) -> str | None:
        """A way down that meets no box: straight, or with an elbow at its end or beginning."""
        x0, y0, x1, y1 = source.middle, source.y + source.h, target.middle, target.y
        if y1 < y0:
            return None
        if abs(x0 - x1) < 0.5:
            return None if self._met(x0, x0, y0, y1) else f"M{n(x0)} {n(y0)}V{n(y1)}"
        for turn in (max(y1 - TURN, y0), min(y0 + TURN, y1)):
            blocked = (
                self._met(x0, x0, y0, turn)
                or self._met(x0, x1, turn, turn)
                or self._met(x1, x1, turn, y1)
            )
            if not blocked:
                return bent([(x0, y0), (x0, turn), (x1, turn), (x1, y1)])
        return None

    def _onwards(self, source: Placed, target: Placed) -> tuple[str, float] | None:
        """From the end of a column into the next, between them, and how far to the right.

        What is not at the next one's beginning is reached from its right side.
        """
        level = _parting(source.column, target.column)
        if level is None or target.column[level] != source.column[level] + 1:
            return None
        one = self.columns[source.column[: level + 1]]
        other = self.columns[target.column[: level + 1]]
        x0, y0, x1, y1 = source.middle, source.y + source.h, target.middle, target.y
        turn, low, high = y1 - TURN, one.y + one.h + TURN, other.y - TURN
        between, end = (one.x + one.w + other.x) / 2, other.x + other.w
        if self._met(x0, x0, y0, low):
            return None
        points = [(x0, y0), (x0, low), (between, low), (between, high)]
        if self._met(other.axis, other.axis, high, turn) or self._met(other.axis, x1, turn, turn):
            passed = [box for box in self.boxes if box.y < y1 and other.x <= box.x < end]
            side, y1 = max(box.x + box.w for box in passed) + REACH, target.y + target.h / 2
            if side > end + REACH:
                return None
            self.arcs.append((high, y1, side))
            return bent([*points, (side, high), (side, y1), (target.x + target.w, y1)]), side
        points.append((other.axis, high))
        if abs(other.axis - x1) > 0.5:
            points += [(other.axis, turn), (x1, turn)]
        return bent([*points, (x1, y1)]), x1

    def _around(self, source: Placed, target: Placed) -> tuple[str, float]:
        """Past what lies between, on its right; from one column to another a curve."""
        x0, y0 = source.x + source.w, source.y + source.h / 2
        x1, y1 = target.x + target.w, target.y + target.h / 2
        if source.column != target.column and x0 < target.x:
            half = (target.x - x0) / 2
            path = f"M{n(x0)} {n(y0)}C{n(x0 + half)} {n(y0)} {n(target.x - half)} {n(y1)} "
            return path + f"{n(target.x)} {n(y1)}", target.middle
        between = [
            box.x + box.w
            for box in self.boxes
            if box.y < y1 and box.y + box.h > y0 and box.column == source.column
        ]
        side = max(x0, x1, *between, 0) + REACH
        for low, high, x in sorted(self.arcs, key=lambda arc: arc[2]):
            if low < y1 and high > y0 and abs(x - side) < STEP:
                side = x + STEP
        self.arcs.append((y0, y1, side))
        if self._met(x0 + 3, side, y0, y0) or self._met(x1 + 3, side, y1, y1):
            low, high = source.y + source.h + TURN * 0.7, target.y - TURN
            points = [
                (source.middle, source.y + source.h), (source.middle, low), (side, low),
                (side, high), (target.middle, high), (target.middle, target.y),
            ]  # fmt: skip
            return bent(points), side
        reach = min((y1 - y0) / 2, 34.0)
        path = (
            f"M{n(x0)} {n(y0)}C{n(side)} {n(y0)} {n(side)} {n(y0)} {n(side)} {n(y0 + reach)}"
            f"V{n(y1 - reach)}C{n(side)} {n(y1)} {n(side)} {n(y1)} {n(x1)} {n(y1)}"
        )
        return path, side

    def _met(self, x0: float, x1: float, y0: float, y1: float) -> bool:
        """Whether a straight way meets a box, more than at its edge."""
        left, right = min(x0, x1) - 2, max(x0, x1) + 2
        high, low = min(y0, y1), max(y0, y1)
        slack = 1.0 if low - high > 2 else -0.01
        return any(
            box.x < right
            and box.x + box.w > left
            and box.y + box.h > high + slack
            and box.y < low - slack
            for box in self.boxes
        )


def _parting(one: Path, other: Path) -> int | None:
    """The level at which two boxes are in different columns."""
    for level, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return level
    return None


def bent(points: Sequence[Point]) -> str:
    """A path through points, its corners round."""
    path = f"M{n(points[0][0])} {n(points[0][1])}"
    for before, (x, y), after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards((x, y), before), _towards((x, y), after)
        path += f"L{n(a[0])} {n(a[1])}Q{n(x)} {n(y)} {n(b[0])} {n(b[1])}"
    return path + f"L{n(points[-1][0])} {n(points[-1][1])}"


def _towards(corner: Point, other: Point) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy))
    if not length:
        return corner
    part = min(ROUND, length / 2) / length
    return corner[0] + dx * part, corner[1] + dy * part


def n(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
