"""A network as nested boxes, before they have places: cards of layers, columns, frames.

Layers that only follow what is before them (a normalization, an activation) stand on its card. A
run of equal rounds is drawn once; its layers then stand for one layer in each round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.outline import Part, structure
from cnncalc.graph import Graph, Node
from cnncalc.layers.activation import Relu
from cnncalc.layers.norm import BatchNorm
from cnncalc.render.escape import plain

SOFT = (BatchNorm.family, Relu.family)
"""Families whose layers stand on the card of the layer before them."""


Path = tuple[str, ...]
"""A name, taken apart at its dots."""


class Strip(NamedTuple):
    """A layer on a card, or one in each round of the runs around it."""

    nodes: tuple[int, ...]
    text: str
    note: str
    """Its output channels, where it has weights."""
    family: str


class Card:
    """Layers one on the other."""

    def __init__(self, strip: Strip) -> None:
        self.strips = [strip]


class Stack:
    """Things one after the other."""

    def __init__(self, source: int) -> None:
        self.things: list[Card | Aside | Frame] = []
        self.source = source
        """The node above it."""
        self.last = source
        """The node whose output leaves it so far."""
        self.outs: dict[int, int] = {}
        """For the place of each thing the node whose output leaves it."""


class Aside:
    """Branches side by side, and the merge where they meet."""

    def __init__(self, source: int, columns: list[Stack | None], merge: Card, jump: bool) -> None:
        self.source = source
        """The node whose output they take."""
        self.jump = jump
        """Whether that is not right above them."""
        self.columns = columns
        """`None`: the tensor goes by."""
        self.merge = merge


class Frame:
    """A block, or a run of equal rounds drawn once."""

    def __init__(self, title: str, times: int, lo: int, hi: int, inner: Stack) -> None:
        self.title = title
        self.times = times
        self.lo = lo
        """The first node of all rounds."""
        self.hi = hi
        self.inner = inner


class Link(NamedTuple):
    """A tensor that does not come from right above."""

    source: int
    target: int
    named: bool = False
    """Only its size or its places are read."""


class Nested(NamedTuple):
    """A network as boxes in boxes."""

    stack: Stack
    links: tuple[Link, ...]
    drawn: dict[int, int]
    """For each node the one whose strip stands for it."""


def nested(graph: Graph) -> Nested:
    """The boxes of a network."""
    builder = _Builder(graph)
    stack = Stack(0)
    builder.fill(stack, [structure(graph)], ())
    return Nested(stack, tuple(dict.fromkeys(builder.links)), builder.drawn)


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.paths = [tuple(node.name.split(".")) for node in graph.nodes]
        self.scopes = _scopes(self.paths)
        self.links: list[Link] = []
        self.drawn: dict[int, int] = {index: index for index in graph.inputs}
        self.uses = [0] * len(graph.nodes)
        for node in graph.nodes:
            for taken in node.inputs:
                self.uses[taken] += 1

    def fill(self, stack: Stack, rounds: Sequence[tuple[Part, ...]], around: Path) -> None:
        """Put what is in one round, or in each of several equal ones, on a stack."""
        for parts in zip(*rounds, strict=True):
            part = parts[0]
            if part.what == "layer":
                self._layer(stack, parts)
            elif part.what == "merge":
                self._merge(stack, parts, around)
            elif part.what == "run":
                self._run(stack, parts, around)
            else:
                self._block(stack, parts, around)
            stack.last = part.hi
            stack.outs[len(stack.things) - 1] = part.hi

    def _straight(self, part: Part, stack: Stack) -> bool:
        """Whether what a part takes comes from right above it."""
        inputs = len(self.graph.inputs)
        return part.source == stack.last or (part.source < inputs and stack.last < inputs)

    def _strip(self, nodes: tuple[int, ...]) -> Strip:
        node = self.graph.nodes[nodes[0]]
        self.drawn.update(dict.fromkeys(nodes, nodes[0]))
        text = f"{node.kind.name} {node.kind.essentials()}".strip()
        note = str(node.facts.output[0]) if node.facts.weights and not _soft(node) else ""
        return Strip(nodes, plain(text), note, node.kind.family)

    def _layer(self, stack: Stack, parts: Sequence[Part]) -> None:
        part, node = parts[0], self.graph.nodes[parts[0].lo]
        strip = self._strip(tuple([one.lo for one in parts]))
        above = stack.things[-1] if stack.things else None
        straight = self._straight(part, stack)
        alone = self.uses[part.source] == 1
        if straight and alone and _soft(node) and isinstance(above, (Card, Aside)):
            (above if isinstance(above, Card) else above.merge).strips.append(strip)
        else:
            stack.things.append(Card(strip))
        if not straight:
            self.links.append(Link(part.source, part.lo))
        self._reads(part.lo, stack)

    def _reads(self, index: int, stack: Stack) -> None:
        for read in self.graph.nodes[index].reads:
            if read not in (stack.last, *self.graph.nodes[index].inputs):
                self.links.append(Link(read, index, True))

    def _merge(self, stack: Stack, parts: Sequence[Part], around: Path) -> None:
        part = parts[0]
        above = stack.last if self._straight(part, stack) else part.source
        columns: list[Stack | None] = []
        for number, branch in enumerate(part.inner):
            if isinstance(branch, int):
                self.links.append(Link(branch, part.hi))
            elif not branch:
                columns.append(None)
            else:
                column = Stack(above)
                inside = [one.inner[number] for one in parts]
                self.fill(column, [one for one in inside if not isinstance(one, int)], around)
                columns.append(column)
        merge = Card(self._strip(tuple([one.hi for one in parts])))
        if columns:
            stack.things.append(Aside(above, columns, merge, above != stack.last))
        else:
            stack.things.append(merge)
        self._reads(part.hi, stack)

    def _block(self, stack: Stack, parts: Sequence[Part], around: Path) -> None:
        part = parts[0]
        name = self._name(part.lo, part.hi, around)
        rounds = [one.inner[0] for one in parts if not isinstance(one.inner[0], int)]
        if not _alike(rounds):
            rounds = rounds[:1]
        if name is None and not any(_structured(inner) for inner in rounds[0]):
            self.fill(stack, rounds, around)
            return
        inner = Stack(stack.last)
        self.fill(inner, rounds, around if name is None else name)
        if len(inner.things) == 1 and isinstance(inner.things[0], Card):
            stack.things += inner.things  # a frame around one card says less than the card
            return
        title = "" if name is None else ".".join(name[len(around) :])
        self._framed(stack, Frame(plain(title), 1, part.lo, parts[-1].hi, inner))

    def _run(self, stack: Stack, parts: Sequence[Part], around: Path) -> None:
        rounds = [one for part in parts for one in part.inner if not isinstance(one, int)]
        times = len(parts[0].inner)
        if not _alike(rounds):
            for one in parts[0].inner:
                assert not isinstance(one, int)
                self.fill(stack, [one], around)
            return
        first, last = rounds[0], rounds[times - 1]
        names = [self._name(one[0].lo, one[-1].hi, around) for one in (first, last)]
        inner = Stack(stack.last)
        title = ""
        if names[0] is not None and names[1] is not None:
            title = " … ".join([".".join(name[len(around) :]) for name in names if name])
            while len(rounds[0]) == 1 and rounds[0][0].what == "block":
                rounds = [body for one in rounds if not isinstance(body := one[0].inner[0], int)]
            around = names[0]
        if not _alike(rounds):
            rounds = rounds[:1]
        self.fill(inner, rounds, around)
        self._framed(stack, Frame(plain(title), times, parts[0].lo, parts[-1].hi, inner))

    def _framed(self, stack: Stack, frame: Frame) -> None:
        """A frame; one that holds but another frame of one round gives way to it."""
        things = frame.inner.things
        only = things[0] if len(things) == 1 else None
        if isinstance(only, Frame) and 1 in (frame.times, only.times):
            only.title = " / ".join([title for title in (frame.title, only.title) if title])
            only.times *= frame.times
            only.lo, only.hi = frame.lo, frame.hi
            frame = only
        stack.things.append(frame)

    def _name(self, lo: int, hi: int, around: Path) -> Path | None:
        """The path of the block that these nodes are, if they are one within `around`."""
        for path in self.scopes.get((lo, hi), ()):
            if len(path) > len(around) and path[: len(around)] == around:
                return path
        return None


def _soft(node: Node) -> bool:
    return node.kind.family in SOFT or node.facts.view


def _structured(part: Part) -> bool:
    """Whether a part is more than layers one after the other."""
    return part.what in ("merge", "run") or any(
        _structured(one) for inner in part.inner if not isinstance(inner, int) for one in inner
    )


def _alike(rounds: Sequence[tuple[Part, ...]]) -> bool:
    """Whether the same is in all rounds, so that one drawing stands for them."""
    return len(set(map(_form, rounds))) == 1


def _form(parts: tuple[Part, ...]) -> tuple[object, ...]:
    return tuple(
        [
            (part.what, *["" if isinstance(one, int) else _form(one) for one in part.inner])
            for part in parts
        ]
    )


def _scopes(paths: Sequence[Path]) -> dict[tuple[int, int], list[Path]]:
    """The blocks that stretches of the execution order are by their names, outermost first."""
    found: dict[Path, list[int]] = {}
    for index, path in enumerate(paths):
        for depth in range(1, len(path)):
            found.setdefault(path[:depth], []).append(index)
    scopes: dict[tuple[int, int], list[Path]] = {}
    for path, nodes in found.items():
        if nodes[-1] - nodes[0] + 1 == len(nodes):
            scopes.setdefault((nodes[0], nodes[-1]), []).append(path)
    return scopes
