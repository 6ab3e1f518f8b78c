"""Where the boxes of a network stand: a chain from top to bottom, lanes side by side.

    frames   blocks around boxes, with what recurs as `×3`
    boxes    units; a merge is a small one
    wires    edges: straight down, in elbows to and from lanes, and arcs past what they skip

Positions are in pixels from the upper left corner. Long chains go on in a further column.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from cnncalc.render import numbers
from cnncalc.render.drawing import labels
from cnncalc.render.drawing.routing import TURN, ChainSegment, Path, Router, Wire
from cnncalc.render.drawing.structure import (
    Chain,
    Drawn,
    Edge,
    Fork,
    Group,
    Item,
    Unit,
    nodes_of,
    out,
)

FONT, SMALL = 12.0, 10.0
GAP, LANES, PAD, HEAD = 18.0, 22.0, 12.0, 32.0
"""Between boxes in a chain, between lanes, within a frame and above its contents."""
SHORT = 110.0
"""A name of a frame that is no wider moves what is below it aside."""
ARC = 26.0
"""Room for an arc beside what it skips."""
COLUMNS = 48.0
"""Between columns."""
HIGH, TALL = 900.0, 2600.0
"""A drawing that is no higher is one column; so is one whose edges would lead across columns."""


class Box(NamedTuple):
    """A unit."""

    x: float
    y: float
    w: float
    h: float
    unit: Unit
    role: str
    title: str
    shape: str
    column: Path = ()
    """The columns that it is in, the outermost first."""

    @property
    def middle(self) -> float:
        """Where wires meet it."""
        return self.x + self.w / 2


class Frame(NamedTuple):
    """A block around boxes, or what recurs without being one."""

    x: float
    y: float
    w: float
    h: float
    name: str
    times: int
    nodes: tuple[int, ...]


class BoxLayout(NamedTuple):
    """A drawing of boxes."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    wires: tuple[Wire, ...]


class _Part(NamedTuple):
    """Boxes and frames from their own upper left corner; wires enter and leave at `axis`."""

    w: float
    h: float
    axis: float
    boxes: tuple[Box, ...] = ()
    frames: tuple[Frame, ...] = ()
    columns: tuple[ChainSegment, ...] = ()

    def moved(self, x: float, y: float) -> _Part:
        """The same with another corner."""
        return self._replace(
            boxes=tuple([one._replace(x=one.x + x, y=one.y + y) for one in self.boxes]),
            frames=tuple([one._replace(x=one.x + x, y=one.y + y) for one in self.frames]),
            columns=tuple(
                [one._replace(x=one.x + x, y=one.y + y, axis=one.axis + x) for one in self.columns]
            ),
        )


def layout(drawn: Drawn, channels_last: bool = False, *, columns: bool = True) -> BoxLayout:
    """The positions of a network's boxes; without `columns` the chain goes on to its end."""
    placer = _Placer(drawn, channels_last)
    whole = placer.whole()
    if columns and whole.h > HIGH:
        count = max(sqrt(whole.h / (whole.w + COLUMNS) / 1.15), 1.0)
        placer.limit = max(whole.h / count * 1.06, HIGH * 0.6)
        wrapped = placer.whole()
        router = Router(wrapped.boxes, wrapped.columns)
        if whole.h > TALL or not router.crossing(drawn.edges):
            whole = wrapped
    wires = Router(whole.boxes, whole.columns).wires(drawn.edges)
    width = max([whole.w, *[wire.reach + 4 for wire in wires]])
    return BoxLayout(width, whole.h, whole.boxes, whole.frames, tuple(wires))


class _Placer:
    def __init__(self, drawn: Drawn, channels_last: bool) -> None:
        self.drawn = drawn
        self.graph = drawn.graph
        self.channels_last = channels_last
        self.limit = float("inf")
        self.skips = {edge.target for edge in _leaps(drawn)}
        self.taken = {
            taken for node in self.graph.nodes for taken in (*node.inputs, *node.reads)
        }  # fmt: skip

    def whole(self) -> _Part:
        """The inputs, and below them everything."""
        inputs = _beside([self.unit(unit) for unit in self.drawn.inputs], LANES)
        return self._below([inputs, *self._parts(self.drawn.items)])

    def unit(self, unit: Unit) -> _Part:
        """One box."""
        role = labels.role(self.graph, unit)
        title = labels.title(self.graph, unit)
        shape = numbers.shape(labels.shape(self.graph, unit), self.channels_last)
        if role == "merge":
            w = 20.0 if len(title) == 1 else labels.width(title, SMALL) + 16
            return _Part(w, 20.0, w / 2, (Box(0, 0, w, 20.0, unit, role, title, shape),))
        text = labels.width(title + (f"  ×{unit.times}" if unit.times > 1 else ""), FONT)
        w = max(text, labels.width(shape, SMALL)) + 20
        return _Part(w, 36.0, w / 2, (Box(0, 0, w, 36.0, unit, role, title, shape),))

    def item(self, item: Item) -> _Part:
        """A unit, lanes, or a block in its frame."""
        if isinstance(item, Unit):
            return self.unit(item)
        if isinstance(item, Group):
            return _framed(self.chain(item.items), item.name, item)
        inner = self._fork(item)
        return _framed(inner, "", item) if item.times > 1 else inner

    def chain(self, items: Chain) -> _Part:
        """Items one below the other."""
        return self._below(self._parts(items))

    def _parts(self, items: Chain) -> list[_Part]:
        """The parts of a chain; what leads nowhere stands beside what comes after it."""
        found: list[_Part] = []
        spurs: list[_Part] = []
        for item in items:
            part = self.item(item)
            if item is not items[-1] and out(item) not in self.taken:
                spurs.append(part)
                continue
            if spurs:
                part = _beside([part, *spurs], LANES * 1.5)._replace(axis=part.axis)
                spurs = []
            found.append(part)
        return found

    def _below(self, parts: Sequence[_Part]) -> _Part:
        """Parts one below the other, on one axis; more columns where one is too high."""
        columns: list[list[_Part]] = [[]]
        height = 0.0
        for part in parts:
            if columns[-1] and height + part.h > self.limit:
                columns.append([])
                height = 0.0
            columns[-1].append(part)
            height += part.h + GAP
        found = [_column(column) for column in columns]
        if len(found) == 1:
            return found[0]
        numbered = [_numbered(part, number) for number, part in enumerate(found)]
        joined = _beside(numbered, COLUMNS).moved(0, 1.6 * TURN)
        return joined._replace(h=joined.h + 3.2 * TURN, axis=found[0].axis)

    def _fork(self, fork: Fork) -> _Part:
        lanes = [self.chain(lane) for lane in fork.lanes]
        merge = self.unit(fork.merge)
        across = _beside(lanes, LANES)
        # a projection stands beside the way that it goes past
        main = len(lanes) == 2 and lanes[0].h > lanes[1].h
        axis = lanes[0].axis if main else across.axis
        shape = labels.width(merge.boxes[0].shape, SMALL) + 6
        left = max(merge.axis + shape - axis, 0.0)
        arc = ARC if fork.merge.lead in self.skips else 0.0
        width = left + max(across.w, axis + merge.axis) + arc
        height = across.h + GAP * 1.4
        return _joined(
            [across.moved(left, 0), merge.moved(left + axis - merge.axis, height)],
            width, height + merge.h, left + axis,
        )  # fmt: skip


def _framed(part: _Part, name: str, item: Group | Fork) -> _Part:
    name = labels.cut(name)
    told = f"{name}  ×{item.times}" if item.times > 1 else name
    title = labels.width(told, FONT)
    width = max(part.w + 2 * PAD, title + 2 * PAD)
    left = (width - part.w) / 2
    if title < SHORT:
        # the way into the frame passes beside its name
        left = max(left, PAD + title + 4 - part.axis)
        width = max(width, left + part.w + PAD)
    height = HEAD + part.h + PAD
    frame = Frame(0, 0, width, height, name, item.times, tuple(sorted(nodes_of(item))))
    inner = part.moved(left, HEAD)
    return inner._replace(
        w=width, h=height, axis=left + part.axis, frames=(frame, *inner.frames)
    )  # fmt: skip


def _leaps(drawn: Drawn) -> list[Edge]:
    """Edges past other units."""
    order = {unit.lead: number for number, unit in enumerate(drawn.units())}
    return [edge for edge in drawn.edges if order[edge.target] - order[edge.source] > 1]


def _numbered(part: _Part, number: int) -> _Part:
    """A part as one of several columns."""
    own = ChainSegment((number,), 0, 0, part.w, part.h, part.axis)
    return part._replace(
        boxes=tuple([box._replace(column=(number, *box.column)) for box in part.boxes]),
        columns=(own, *[one._replace(path=(number, *one.path)) for one in part.columns]),
    )


def _joined(parts: Sequence[_Part], w: float, h: float, axis: float) -> _Part:
    """Parts that stand in their places, as one."""
    return _Part(
        w, h, axis,
        tuple([box for part in parts for box in part.boxes]),
        tuple([frame for part in parts for frame in part.frames]),
        tuple([column for part in parts for column in part.columns]),
    )  # fmt: skip


def _column(parts: Sequence[_Part]) -> _Part:
    """Parts one below the other, their axes in one line."""
    axis = max(part.axis for part in parts)
    width = max(axis - part.axis + part.w for part in parts)
    found: list[_Part] = []
    y = 0.0
    for part in parts:
        found.append(part.moved(axis - part.axis, y))
        y += part.h + GAP
    return _joined(found, width, y - GAP, axis)


def _beside(parts: Sequence[_Part], gap: float) -> _Part:
    """Parts side by side, their axis in the middle."""
    found: list[_Part] = []
    x = 0.0
    for part in parts:
        found.append(part.moved(x, 0))
        x += part.w + gap
    width, height = x - gap, max(part.h for part in parts)
    return _joined(found, width, height, parts[0].axis if len(parts) == 1 else width / 2)


class TextLine(NamedTuple):
    """A line of text at a box, its baseline at `y`; where it stands for several it tells so."""

    x: float
    y: float
    text: str
    size: float
    anchor: str = "middle"
    quiet: bool = False
    times: int = 1


def lines(box: Box) -> tuple[TextLine, TextLine]:
    """What stands at a box: its title, and its shape below it or, of a merge, beside it."""
    middle = box.x + box.w / 2
    if box.role == "merge":
        sign = len(box.title) == 1
        title = TextLine(middle, box.y + (15 if sign else 13.5), box.title, 15 if sign else SMALL)
        return title, TextLine(box.x - 5, box.y + 13.5, box.shape, SMALL, "end", True)
    title = TextLine(middle, box.y + 15.5, box.title, FONT, times=box.unit.times)
    return title, TextLine(middle, box.y + 29, box.shape, SMALL, "middle", True)


def rounding(box: Box) -> float:
    """The radius of a box's corners."""
    return box.h / 2 if box.role in ("merge", "input") else 5
