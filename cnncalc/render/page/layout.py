"""Measures nested boxes and gives them places, with the edges between what stands together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cnncalc.graph import Graph
from cnncalc.render.page.blocks import Aside, Card, Frame, Nested, Stack

LETTER, SMALL_LETTER = 6.4, 5.7
"""About how wide a letter is, in a strip's text and in a label."""
STRIP, SOFT_STRIP = 24, 16
"""Heights of a card's first strip, and of those below it."""
GAP, FORK, BETWEEN, THIN = 22, 18, 14, 12
"""Between things above each other; of a fork and of a join; between columns; the width of a
column in which the tensor goes by."""
PADDING, TITLE = 10, 22
"""Inside a frame; and its title's height."""
NARROWEST = 92
"""A card's least width."""


class Size(NamedTuple):
    """How much room a thing takes, and where its line runs."""

    width: float
    height: float
    axis: float


class Spot(NamedTuple):
    """Where a layer is drawn."""

    x: float
    middle: float
    right: float
    bottom: float
    """Of its card."""


class Layout:
    """Places for the boxes of a network."""

    def __init__(self, graph: Graph, found: Nested, told: Callable[[int], str]) -> None:
        self.graph = graph
        self.drawn = found.drawn
        self.arcs = {(link.source, link.target) for link in found.links}
        self.told = told
        """The shape of a node's output, as a text."""
        self.first = len(graph.inputs)
        self.sizes: dict[int, Size] = {}
        self.spots: dict[int, Spot] = {}
        self.forks: dict[int, Spot] = {}
        """For nodes from afar where their output arrives, to be divided among branches."""
        self.jumps: list[tuple[Spot, Spot]] = []
        """Outputs that arrive from afar: from where to where."""
        self.frames: list[tuple[Frame, tuple[float, float, float, float]]] = []
        self.cards: list[Any] = []
        self.edges: list[Any] = []
        self.labels: list[Any] = []
        self.ends: list[float] = [0.0]
        """Where labels end on the right."""
        self.last = ""
        """The shape that was told last."""

    # -- how much room -------------------------------------------------------------------------

    def measure(self, thing: Card | Aside | Frame | Stack | None) -> Size:
        """The room of a thing and of all in it; `None` is a column that the tensor goes by."""
        if thing is None:
            return Size(THIN, 0, THIN / 2)
        size = self.sizes.get(id(thing))
        if size is None:
            if isinstance(thing, Card):
                size = _card_size(thing)
            elif isinstance(thing, Aside):
                size = self._aside_size(thing)
            elif isinstance(thing, Frame):
                size = self._frame_size(thing)
            else:
                size = self._stack_size(thing)
            self.sizes[id(thing)] = size
        return size

    def _stack_size(self, stack: Stack) -> Size:
        sizes = [self.measure(thing) for thing in stack.things]
        axis = max([size.axis for size in sizes])
        width = axis + max([size.width - size.axis for size in sizes])
        return Size(width, sum([size.height for size in sizes]) + GAP * (len(sizes) - 1), axis)

    def _aside_size(self, aside: Aside) -> Size:
        columns, merge = self._columns(aside), self.measure(aside.merge)
        left = max(merge.axis - columns.axis, 0)
        right = max(merge.width - merge.axis - (columns.width - columns.axis), 0)
        height = FORK + columns.height + FORK + merge.height
        return Size(columns.width + left + right, height, columns.axis + left)

    def _columns(self, aside: Aside) -> Size:
        """All columns of an aside; the line runs down the middle, or in the only branch."""
        sizes = [self.measure(column) for column in aside.columns]
        width = sum([size.width for size in sizes]) + BETWEEN * (len(sizes) - 1)
        axis, left = width / 2, 0.0
        branches = [column for column in aside.columns if column is not None]
        for column, size in zip(aside.columns, sizes, strict=True):
            if len(branches) == 1 and column is branches[0]:
                axis = left + size.axis
            left += size.width + BETWEEN
        return Size(width, max([size.height for size in sizes]), axis)

    def _frame_size(self, frame: Frame) -> Size:
        inner = self.measure(frame.inner)
        title = len(frame.title) * SMALL_LETTER + (48 if frame.times > 1 else 20)
        width = max(inner.width + 2 * PADDING, title)
        axis = (width - inner.width) / 2 + inner.axis
        return Size(width, _head(frame) + inner.height + PADDING, axis)

    # -- where it is ---------------------------------------------------------------------------

    def stack(self, stack: Stack, x: float, y: float, *, told: bool) -> None:
        """Give a stack its place below `y`, its line at `x`; `told`: with shapes that change."""
        for number, thing in enumerate(stack.things):
            above = stack.outs.get(number - 1, stack.source) if number else stack.source
            if told:
                self.label(x, y - GAP / 2, self.told(above))
            if isinstance(thing, Card):
                self._enter(thing, x, y)
                self.card(thing, x, y)
            elif isinstance(thing, Aside):
                self._aside(thing, x, y)
            else:
                self._frame(thing, x, y, told)
            y += self.measure(thing).height + GAP

    def card(self, card: Card, x: float, y: float) -> None:
        """Give a card its place."""
        size = self.measure(card)
        left, top = x - size.axis, y
        strips = []
        for number, strip in enumerate(card.strips):
            height = SOFT_STRIP if number else STRIP
            layers = [index - self.first + 1 for index in strip.nodes if index >= self.first]
            strips.append([n(top), height, strip.family, strip.text, strip.note, layers])
            spot = Spot(x, top + height / 2, left + size.width, y + size.height)
            self.spots[strip.nodes[0]] = spot
            top += height
        self.cards.append([n(left), n(y), n(size.width), n(size.height), strips])

    def _enter(self, card: Card, x: float, y: float) -> None:
        """The edges from what is right above."""
        index = card.strips[0].nodes[0]
        for taken in dict.fromkeys(self.graph.nodes[index].inputs):
            if (taken, index) not in self.arcs:
                above = self._above(taken)
                self.edges.append([_start(above) + _bend(above.x, above.bottom, x, y), 0])

    def _aside(self, aside: Aside, x: float, y: float) -> None:
        columns = self._columns(aside)
        left, top = x - columns.axis, y + FORK
        bottom, merge = top + columns.height, top + columns.height + FORK
        if aside.jump:
            fork = self.forks[aside.source] = Spot(x, y, x, y)
            self.jumps.append((self.spots[self.drawn[aside.source]], fork))
        for column in aside.columns:
            size = self.measure(column)
            line = left + size.axis
            if column is None:
                above = self._above(aside.source)
                path = _start(above) + _bend(above.x, above.bottom, line, top)
            else:
                self.stack(column, line, top, told=False)
                path = _start(self.spots[self.drawn[column.last]])
            self.edges.append([f"{path}V{n(bottom)}{_bend(line, bottom, x, merge)}", 0])
            left += size.width + BETWEEN
        if aside.jump:
            del self.forks[aside.source]
        self.card(aside.merge, x, merge)

    def _above(self, index: int) -> Spot:
        """Where the output of a node comes from, for what is below it."""
        return self.forks.get(index) or self.spots[self.drawn[index]]

    def _frame(self, frame: Frame, x: float, y: float, told: bool) -> None:
        size = self.measure(frame)
        place = (x - size.axis, y, size.width, size.height)
        self.frames.append((frame, place))
        self.stack(frame.inner, x, y + _head(frame), told=told and not frame.title)

    def label(self, x: float, y: float, text: str) -> None:
        """Tell a shape beside the line, where it is another than the one before it."""
        if text != self.last:
            self.labels.append([n(x + 7), n(y), text])
            self.ends.append(x + 7 + len(text) * SMALL_LETTER)
            self.last = text


def _card_size(card: Card) -> Size:
    longest = max([len(f"{one.text}  {one.note}".rstrip()) for one in card.strips])
    width = max(longest * LETTER + 24, NARROWEST)
    return Size(width, STRIP + SOFT_STRIP * (len(card.strips) - 1), width / 2)


def _head(frame: Frame) -> int:
    return TITLE if frame.title or frame.times > 1 else PADDING


def _start(spot: Spot) -> str:
    return f"M{n(spot.x)} {n(spot.bottom)}"


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    """On from a point: straight down, or in a bend to another column."""
    if abs(x - to_x) < 1:
        return f"V{n(to_y)}"
    middle = (y + to_y) / 2
    return f"C{n(x)} {n(middle)} {n(to_x)} {n(middle)} {n(to_x)} {n(to_y)}"


def n(value: float) -> int | float:
    """A number with one decimal at most."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
