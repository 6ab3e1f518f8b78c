"""Where the volumes of a network stand: a chain from left to right, in rows, lanes in a stack.

A map is a cuboid: its height and its depth are the map's, its width the channels. A vector is a
bar as high as its features are many. All lengths are on square-root scales, one for maps, one for
channels and one for features, so that 7×7 beside 224×224 and 3 beside 2048 channels can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import NamedTuple

from cnncalc.graph import Graph
from cnncalc.layers.conv import Conv
from cnncalc.layers.merge import Add
from cnncalc.render import numbers
from cnncalc.render.drawing import labels
from cnncalc.render.drawing.structure import Chain, Drawn, Fork, Group, Item, Unit, out, units

HIGH = 132.0
"""Height of the network's largest map."""
CHANNEL, FEATURE = 1.15, 1.9
"""Width of a channel, height of a feature: of 100 ten times as much."""
DEPTH = (0.30, 0.20)
"""How far a cuboid's back is to the right and up, by the height of a map as wide as deep."""
THIN, BAR = 4.0, 9.0
"""Width of a pool, and of a bar."""
LABEL, SMALL, LINE = 10.0, 9.0, 11.5
GAP, SLAB, LANES = 16.0, 3.0, 18.0
"""Between volumes, between those of a run, and between lanes."""
MOST = 4
"""Volumes of a run that are drawn."""
WIDE = 1240.0
"""Width of a row."""


class Solid(NamedTuple):
    """A volume, or (`sign`) the circle of a merge; `y` is that of wires, its own middle."""

    x: float
    y: float
    w: float
    h: float
    dx: float
    dy: float
    unit: Unit
    role: str
    sign: str
    lines: tuple[str, ...]
    slot: float
    """Width of its label."""
    row: int = 0

    @property
    def top(self) -> float:
        """Its uppermost edge."""
        return self.y - (self.h + self.dy) / 2

    @property
    def bottom(self) -> float:
        """Its lowest edge."""
        return self.y + (self.h + self.dy) / 2

    @property
    def right(self) -> float:
        """The right edge of its back."""
        return self.x + self.width + self.dx

    @property
    def middle(self) -> float:
        """The middle of it and of its label."""
        return (self.x + self.right) / 2

    @property
    def width(self) -> float:
        """That of its front, all of its run's together."""
        count = min(self.unit.times, MOST)
        return count * self.w + (count - 1) * (SLAB + self.dx * 0.35)


class Brace(NamedTuple):
    """What recurs: a brace below it with its name and how often."""

    x: float
    y: float
    w: float
    name: str
    times: int


class VolumeRow(NamedTuple):
    """Volumes around their axis: how far they reach above and below it."""

    w: float
    up: float
    down: float
    solids: tuple[Solid, ...] = ()
    braces: tuple[Brace, ...] = ()

    def moved(self, x: float, y: float, row: int | None = None) -> VolumeRow:
        """The same elsewhere."""
        solids = [one._replace(x=one.x + x, y=one.y + y) for one in self.solids]
        if row is not None:
            solids = [one._replace(row=row) for one in solids]
        braces = [one._replace(x=one.x + x, y=one.y + y) for one in self.braces]
        return self._replace(solids=tuple(solids), braces=tuple(braces))


class Placer:
    """Puts the volumes of a network where they stand."""

    def __init__(self, drawn: Drawn, channels_last: bool) -> None:
        self.drawn = drawn
        self.graph = drawn.graph
        self.channels_last = channels_last
        sides = [side for unit in drawn.units() for side in map_of(self.graph, unit)]
        self.scale = HIGH / sqrt(max(sides, default=1))
        self.passed: dict[int, list[Unit]] = {}
        """Projections by the merge that they lead to: they are told at an arc."""
        self.taken = {
            taken for node in self.graph.nodes for taken in (*node.inputs, *node.reads)
        }  # fmt: skip

    def parts(self, items: Chain) -> list[VolumeRow]:
        """The rows of a chain's items; what leads nowhere stands below what comes after it."""
        found: list[VolumeRow] = []
        spurs: list[VolumeRow] = []
        for item in items:
            if isinstance(item, Group) and item.times == 1:
                inner = self.parts(item.items)
            else:
                inner = [self.item(item)]
            if item is not items[-1] and out(item) not in self.taken:
                spurs.append(beside(inner))
                continue
            if spurs:
                inner[0] = _stacked([inner[0], *spurs], centred=False)
                spurs = []
            found += inner
        return found

    def item(self, item: Item) -> VolumeRow:
        """A volume, lanes, or what recurs above its brace."""
        if isinstance(item, Unit):
            return self.solid(item)
        if isinstance(item, Group):
            return _braced(beside(self.parts(item.items)), item.name, item.times)
        row = self._fork(item)
        return _braced(row, "", item.times) if item.times > 1 else row

    def _fork(self, fork: Fork) -> VolumeRow:
        main = max(fork.lanes, key=lambda lane: len(units(lane)))
        past = [lane for lane in fork.lanes if lane is not main]
        merge = self.solid(fork.merge)
        origin = self._origin(main)
        adds = isinstance(self.graph.nodes[fork.merge.lead].kind, Add)
        if adds and len(units(main)) > 1 and all(self._projects(one, origin) for one in past):
            self.passed[fork.merge.lead] = [unit for lane in past for unit in units(lane)]
            return beside([*self.parts(main), merge])
        if not past:
            return beside([*self.parts(main), merge])
        lanes = [beside(self.parts(lane)) for lane in fork.lanes]
        return beside([_stacked(lanes, centred=True), merge])

    def _origin(self, lane: Chain) -> set[int]:
        """What the first unit of a lane takes."""
        first = units(lane)[0].lead
        return {edge.source for edge in self.drawn.edges if edge.target == first}

    def _projects(self, lane: Chain, origin: set[int]) -> bool:
        """Whether a lane is a projection: one convolution that sees a pixel of that origin."""
        if len(lane) != 1 or not isinstance(lane[0], Unit) or self._origin(lane) != origin:
            return False
        kind = self.graph.nodes[lane[0].lead].kind
        return isinstance(kind, Conv) and all(side == 1 for side in kind.kernel)

    def solid(self, unit: Unit) -> VolumeRow:
        """One volume with its label."""
        graph = self.graph
        role, title = labels.role(graph, unit), labels.title(graph, unit)
        if role == "merge" and len(title) == 1:
            one = Solid(0, 0, 17, 17, 0, 0, unit, role, title, (), 17)
            return VolumeRow(17, 8.5, 8.5, (one,))
        shape = labels.shape(graph, unit)
        lines = (*_lines(graph, unit, title), numbers.shape(shape, self.channels_last))
        slot = labels.widest([(line, LABEL if line is not lines[-1] else SMALL) for line in lines])
        w, h, dx, dy = self._size(shape, role)
        one = Solid(0, 0, w, h, dx, dy, unit, role, "", lines, slot)
        # labels stand below the whole of it
        wide = max(one.right, slot)
        one = one._replace(x=(wide - one.right) / 2)
        down = one.bottom + 6 + LINE * len(lines)
        return VolumeRow(wide, -one.top, down, (one,))

    def _size(self, shape: tuple[int, ...], role: str) -> tuple[float, float, float, float]:
        if (role in ("linear", "block") and prod(shape) == max(shape)) or len(shape) == 1:
            return BAR, max(FEATURE * sqrt(max(shape)), 4.0), 5.0, 4.0
        height = self.scale * sqrt(shape[-2] if len(shape) > 2 else shape[-1])
        depth = self.scale * sqrt(shape[-1] if len(shape) > 2 else 1)
        width = THIN if role == "pool" else max(CHANNEL * sqrt(shape[0]), 2.5)
        return width, max(height, 4.0), max(depth * DEPTH[0], 2.0), max(depth * DEPTH[1], 1.5)


def map_of(graph: Graph, unit: Unit) -> tuple[int, ...]:
    """The sides of a unit's map; none for a vector."""
    return labels.shape(graph, unit)[1:][-2:]


def _lines(graph: Graph, unit: Unit, title: str) -> tuple[str, ...]:
    """A title without the channels, which stand in the shape."""
    if unit.block or unit.lead in graph.inputs:
        return (labels.cut(title, 18),)
    channels = str(graph.nodes[unit.lead].facts.output[0])
    parts = [part for part in title.split(", ") if part != channels]
    text = parts[0]
    for part in parts[1:]:
        text += f" /{part.removeprefix('stride ')}" if part.startswith("stride") else f", {part}"
    return (labels.cut(text, 22),)


def beside(parts: Sequence[VolumeRow], gap: float = GAP) -> VolumeRow:
    """Rows one to the right of the other, on one axis."""
    solids: list[Solid] = []
    braces: list[Brace] = []
    x = 0.0
    for part in parts:
        moved = part.moved(x, 0)
        solids += moved.solids
        braces += moved.braces
        x += part.w + gap
    up, down = max(part.up for part in parts), max(part.down for part in parts)
    return VolumeRow(x - gap, up, down, tuple(solids), tuple(braces))


def _stacked(parts: Sequence[VolumeRow], *, centred: bool) -> VolumeRow:
    """Rows one below the other; their axis is in the middle, or that of the first."""
    solids: list[Solid] = []
    braces: list[Brace] = []
    y = 0.0
    width = max(part.w for part in parts)
    for part in parts:
        moved = part.moved((width - part.w) / 2 if centred else 0, y + part.up)
        solids += moved.solids
        braces += moved.braces
        y += part.up + part.down + LANES
    y -= LANES
    axis = y / 2 if centred else parts[0].up
    return VolumeRow(width, axis, y - axis, tuple(solids), tuple(braces)).moved(0, -axis)


def _braced(row: VolumeRow, name: str, times: int) -> VolumeRow:
    brace = Brace(0, row.down + 4, row.w, labels.cut(name, 24), times)
    return row._replace(down=row.down + 26, braces=(*row.braces, brace))


def wrapped(parts: Sequence[VolumeRow], limit: float) -> list[list[VolumeRow]]:
    """Parts in rows of about the same width, none wider than `limit` unless a part is."""
    total = sum(part.w + GAP for part in parts)
    count = max(round(total / limit + 0.49), 1)
    goal = total / count * 1.04
    rows: list[list[VolumeRow]] = [[]]
    width = 0.0
    for part in parts:
        if rows[-1] and (
            width + part.w > limit or (width + part.w / 2 > goal and count > len(rows))
        ):
            rows.append([])
            width = 0.0
        rows[-1].append(part)
        width += part.w + GAP
    return rows
