"""The ways of edges between volumes: level, in elbows, in arcs above what they skip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.layers.pool import MaxPool
from cnncalc.render.drawing import labels
from cnncalc.render.drawing.prisms import GAP, Solid
from cnncalc.render.drawing.routing import bent, n
from cnncalc.render.drawing.structure import Drawn, Edge, Unit

STEP = 12.0
"""Between arcs, and between them and what they pass."""
LEFT = 8.0
"""Where a way comes down to the beginning of a row."""


class Way(NamedTuple):
    """An edge: its path, whether it is dashed, and what is told at it."""

    path: str
    dashed: bool = False
    text: str = ""
    at: tuple[float, float] = (0, 0)


class Ways:
    """The ways of edges between volumes."""

    def __init__(
        self,
        drawn: Drawn,
        passed: Mapping[int, Sequence[Unit]],
        solids: Sequence[Solid],
        width: float,
        floors: Sequence[float],
    ) -> None:
        """`passed` are the projections of each merge, which are told at an arc.

        `floors` are where each row ends; none where rows are levels of a U.
        """
        self.drawn = drawn
        self.passed = passed
        self.floors = floors
        self.solids = solids
        self.width = width
        self.by_lead = {solid.unit.lead: solid for solid in solids}
        self.fans = Counter(edge.source for edge in drawn.edges)
        self.arcs: list[tuple[int, float, float, float]] = []

    def all(self) -> list[Way]:
        """Every edge once; a projection and its edges are one arc."""
        passed = {unit.lead for found in self.passed.values() for unit in found}
        edges = []
        for edge in self.drawn.edges:
            if edge.named and self.by_lead[edge.source].role != MaxPool.family:
                continue  # its size alone is read
            if edge.target in passed:
                continue
            if edge.source in passed:
                (origin,) = {e.source for e in self.drawn.edges if e.target == edge.source}
                edges.append((Edge(origin, edge.target), edge.source))
            else:
                edges.append((edge, -1))
        span = {item: self._span(item[0]) for item in edges}
        return [way for item in sorted(span, key=span.__getitem__) for way in self._way(*item)]

    def peaks(self, rows: int) -> list[float]:
        """How high the arcs above each row reach, with what is told at them."""
        found = [float("inf")] * rows
        for row, _, _, peak in self.arcs:
            found[row] = min(found[row], peak - STEP)
        return found

    def _span(self, edge: Edge) -> tuple[int, float]:
        one, other = self.by_lead[edge.source], self.by_lead[edge.target]
        return other.row - one.row, other.x - one.x

    def _way(self, edge: Edge, projection: int) -> list[Way]:
        one, other = self.by_lead[edge.source], self.by_lead[edge.target]
        text = ""
        if projection >= 0:
            unit = next(u for u in self.passed[edge.target] if u.lead == projection)
            text = labels.title(self.drawn.graph, unit).split(",")[0]
        dashed = edge.named or projection >= 0
        if one.row == other.row:
            path = None if projection >= 0 else self._direct(one, other)
            if path is None:
                return [self._arc(_above(one), one.top, other, dashed, text)]
        elif not self.floors:
            path = _slope(one, other)
        else:
            path = self._onwards(one, other)
            if projection >= 0 or self._between(LEFT, other.x, other):
                return [self._arc(LEFT, other.y, other, dashed, text)]
            path += f"L{n(other.x)} {n(other.y)}"
        return [Way(path, edge.named)]

    def _onwards(self, one: Solid, other: Solid) -> str:
        """From the end of a row to the beginning of a later one."""
        side = self.width - 8
        turn = self.floors[one.row] + STEP
        return bent(
            [(one.right, one.y), (side, one.y), (side, turn), (LEFT, turn), (LEFT, other.y),
             (LEFT + 6, other.y)]
        )  # fmt: skip

    def _between(self, x0: float, x1: float, on: Solid) -> bool:
        """Whether a level way meets a volume."""
        return any(
            solid.row == on.row and x0 < solid.x < x1 - 1 and solid.top < on.y < solid.bottom
            for solid in self.solids
        )

    def _direct(self, one: Solid, other: Solid) -> str | None:
        x0, x1 = one.right - one.dx / 2, other.x
        if x1 < x0:
            return None
        if abs(one.y - other.y) < 0.5:
            if self._between(x0, x1, one):
                return None
            return f"M{n(x0)} {n(one.y)}L{n(x1)} {n(other.y)}"
        leaves = max(one.right, one.middle + one.slot / 2) + GAP / 2
        comes = min(x1, other.middle - other.slot / 2) - GAP / 2
        turns = (leaves, max(comes, leaves))
        # ways to lanes part where they begin, and those of lanes meet where they end
        for turn in turns if self.fans[one.unit.lead] > 1 else reversed(turns):
            if (
                turn < x1
                and not self._between(x0, turn, one)
                and not self._between(turn, x1, other)
            ):
                return bent([(x0, one.y), (turn, one.y), (turn, other.y), (x1, other.y)])
        return None

    def _arc(self, x0: float, y0: float, other: Solid, dashed: bool, text: str) -> Way:
        """Above all that lies between."""
        x1 = _above(other)
        left, right = min(x0, x1), max(x0, x1)  # what it leads to may stand in an earlier lane
        row_solids = [s for s in self.solids if s.row == other.row]
        over = [s.top for s in row_solids if s.right > left and s.x < right + 2]
        peak = min([*over, other.top]) - STEP
        for row, a, b, y in sorted(self.arcs, key=lambda arc: -arc[3]):
            if row == other.row and a < right and b > left and abs(y - peak) < STEP:
                peak = y - STEP
        self.arcs.append((other.row, left, right, peak))
        path = bent([(x0, y0), (x0, peak), (x1, peak), (x1, other.top + other.dy / 2)])
        return Way(path, dashed, text, ((x0 + x1) / 2, peak - 3))


def _above(solid: Solid) -> float:
    """Where arcs leave and meet it: the middle of its top."""
    return solid.x + (solid.width + solid.dx) / 2


def _slope(one: Solid, other: Solid) -> str:
    """To another level: down beside the one to the other's top, or up to the other's left side."""
    if other.row > one.row:
        x = _above(other)
        return bent([(one.right, one.y), (x, one.y), (x, other.top + other.dy / 2)])
    turn = min(other.x, other.middle - other.slot / 2) - GAP / 2
    return bent([(one.right, one.y), (turn, one.y), (turn, other.y), (other.x, other.y)])
