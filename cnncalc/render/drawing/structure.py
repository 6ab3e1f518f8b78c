"""What drawings show of a network: units one after the other and side by side, in their blocks.

A unit is a layer that papers draw (it has weights, pools, resamples or merges) with the
normalizations, activations and rearrangements around it. Branches come from the graph's own
regions, blocks from the names, and what recurs is one with the number of its rounds:

    VGG-16      stage3 [3×3 conv, 256  ×3, pool]
    GoogLeNet   four lanes side by side, merged by a concatenation
    U-Net       no lanes: the ways across are edges to units further on
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from cnncalc.analysis.depth import weighted
from cnncalc.analysis.outline import normalized
from cnncalc.analysis.outline.regions import Piece, Regions, written
from cnncalc.graph import Graph
from cnncalc.layers.pool import MaxPool
from cnncalc.layers.upsample import Upsample

ALONE = (MaxPool.family, Upsample.family)
"""Families whose layers are drawn though they have no weights."""


class Unit(NamedTuple):
    """A layer with what belongs to it, or (`block`) a block folded into one."""

    lead: int
    """The graph's node that is told; a block's last one."""
    nodes: tuple[int, ...]
    """All of the graph's nodes that it stands for, those of every round, in execution order."""
    last: int
    """The node whose output the whole has, in the last round."""
    block: str = ""
    times: int = 1


class Fork(NamedTuple):
    """Lanes side by side, and the unit in which they meet; what has no layers is no lane."""

    lanes: tuple[Chain, ...]
    merge: Unit
    times: int = 1


class Group(NamedTuple):
    """A block around more than one unit."""

    name: str
    items: Chain
    times: int = 1


Item = Unit | Fork | Group
Chain = tuple[Item, ...]


class Edge(NamedTuple):
    """A tensor that goes from one unit to a later one, both by their `lead`."""

    source: int
    target: int
    named: bool = False
    """The target only names the source, for a size or for a pool's switches."""


class Drawn(NamedTuple):
    """A network's inputs and what follows them, and the edges between its units."""

    graph: Graph
    """With growing concatenations as chains."""
    inputs: tuple[Unit, ...]
    items: Chain
    edges: tuple[Edge, ...]

    def units(self) -> list[Unit]:
        """All units in execution order."""
        return [*self.inputs, *units(self.items)]


def units(items: Iterable[Item]) -> list[Unit]:
    """The units of some items, in execution order."""
    found: list[Unit] = []
    for item in items:
        if isinstance(item, Unit):
            found.append(item)
        elif isinstance(item, Group):
            found += units(item.items)
        else:
            for lane in item.lanes:
                found += units(lane)
            found.append(item.merge)
    return found


def structure(graph: Graph, depth: int | None = None) -> Drawn:
    """What is drawn of a graph; blocks at the level `depth` are one unit each."""
    graph = normalized(graph)
    items = _StructureReader(graph, depth).chain(Regions(graph).series(), 0)
    inputs = tuple([Unit(index, (index,), index) for index in graph.inputs])
    return Drawn(graph, inputs, items, _edges(graph, [*inputs, *units(items)]))


def _edges(graph: Graph, found: Sequence[Unit]) -> tuple[Edge, ...]:
    """Edges forwards; those from round to round of what recurs are left out."""
    lead = {node: unit.lead for unit in found for node in unit.nodes}
    order = {unit.lead: number for number, unit in enumerate(found)}
    edges: dict[tuple[int, int], Edge] = {}
    for index, node in enumerate(graph.nodes):
        for taken in (*node.inputs, *node.reads):
            edge = Edge(lead[taken], lead[index], taken not in node.inputs)
            known = edges.get(edge[:2])
            if order[edge.source] < order[edge.target] and (known is None or known.named):
                edges[edge[:2]] = edge
    return tuple(edges.values())


class _StructureReader:
    """Reads units, forks and groups from the regions of a graph."""

    def __init__(self, graph: Graph, depth: int | None) -> None:
        self.graph = graph
        self.depth = depth
        self.paths = [tuple(node.name.split(".")[:-1]) for node in graph.nodes]
        self.takers: list[list[int]] = [[] for _ in graph.nodes]
        for index, node in enumerate(graph.nodes):
            for taken in (*node.inputs, *node.reads):
                self.takers[taken].append(index)

    def chain(self, series: Sequence[Piece], level: int) -> Chain:
        """The items of a series whose pieces have `level` names of blocks in common."""
        found = _Line(self)
        for name, group in groupby(series, key=lambda piece: self._block(piece, level)):
            pieces = tuple(group)
            if name is not None and any(self.drawn(piece.hi) for piece in pieces):
                found.add(self._group(name, pieces, level + 1))
                continue
            for piece in pieces:
                if piece.parts:
                    found.add(self._fork(piece, level))
                elif self.drawn(piece.hi):
                    found.add(Unit(piece.hi, (piece.hi,), piece.hi))
                else:
                    found.attach(piece.hi)
        return found.ended()

    def drawn(self, index: int) -> bool:
        """Whether a layer has a unit of its own."""
        node = self.graph.nodes[index]
        kind = node.kind
        return kind.branches or weighted(node) > 0 or kind.family in ALONE

    def _block(self, piece: Piece, level: int) -> str | None:
        """The name that all nodes of a piece have at a level."""
        paths = self.paths[piece.lo : piece.hi + 1]
        if any(len(path) <= level for path in paths):
            return None
        names = {path[level] for path in paths}
        return names.pop() if len(names) == 1 else None

    def _group(self, name: str, pieces: Sequence[Piece], level: int) -> Item:
        items = self.chain(pieces, level)
        if len(items) == 1:
            (item,) = items
            if isinstance(item, Unit):
                return item
            if isinstance(item, Group) and item.times == 1:
                return item._replace(name=f"{name}.{item.name}")
        if self.depth is not None and level >= self.depth:
            nodes = tuple(range(pieces[0].lo, pieces[-1].hi + 1))
            return Unit(nodes[-1], nodes, nodes[-1], name)
        return Group(name, items)

    def _fork(self, piece: Piece, level: int) -> Item:
        lanes: list[Chain] = []
        bare: list[int] = []
        for part in piece.parts:
            if isinstance(part, int) or not part:
                continue
            nodes = range(part[0].lo, part[-1].hi + 1)
            if any(self.drawn(index) for index in nodes):
                lanes.append(self.chain(part, level))
            else:
                bare += nodes
        merge = Unit(piece.hi, (*bare, piece.hi), piece.hi)
        return Fork(tuple(lanes), merge) if lanes else merge

    def alike(self, one: Item, other: Item) -> bool:
        """Whether two items that follow each other are rounds of one."""
        before, after = nodes_of(one), nodes_of(other)
        last = out(one)
        inside = set(after)
        return (
            len(before) % len(after) == 0
            and self.signature(one) == self.signature(other)
            and all(
                taken in inside or taken == last
                for index in after
                for taken in (*self.graph.nodes[index].inputs, *self.graph.nodes[index].reads)
            )
            and set(self.takers[last]) <= inside
            and not any(inside & set(self.takers[index]) for index in before if index != last)
        )

    def signature(self, item: Item) -> object:
        """What makes items the same: kinds, options and shapes, whatever their names."""
        if isinstance(item, Unit):
            count = len(item.nodes) // item.times
            return (bool(item.block), tuple(map(self._layer, item.nodes[:count])))
        if isinstance(item, Group):
            return tuple([(self.signature(part), part.times) for part in item.items])
        lanes = [tuple([(self.signature(i), i.times) for i in lane]) for lane in item.lanes]
        return (tuple(lanes), self.signature(item.merge))

    def _layer(self, index: int) -> object:
        node = self.graph.nodes[index]
        grows = node.kind.branches or not self.drawn(index)
        shape = node.facts.output[1:] if grows else node.facts.output
        return (node.kind.name, str(written(node)), shape, node.shares is None, node.is_output)


class _Line:
    """The items of a chain as they come, with layers that are not drawn beside their neighbours."""

    def __init__(self, reader: _StructureReader) -> None:
        self.reader = reader
        self.items: list[Item] = []
        self.waiting: list[int] = []
        """Layers that are not drawn and belong to what comes next, if that takes them alone."""

    def attach(self, index: int) -> None:
        """A layer that is not drawn goes to the unit before it, if nothing else takes that."""
        if self.items and not self.waiting and self.reader.takers[out(self.items[-1])] == [index]:
            item = self.items[-1]
            if isinstance(item, Unit) and not item.block:
                self.items[-1] = _longer(item, index)
                return
            if isinstance(item, Fork):
                self.items[-1] = item._replace(merge=_longer(item.merge, index))
                return
        if self.waiting and self.reader.takers[self.waiting[-1]] != [index]:
            self._settle()
        self.waiting.append(index)

    def add(self, item: Item) -> None:
        """What is drawn."""
        if self.waiting:
            takers = self.reader.takers[self.waiting[-1]]
            if isinstance(item, Unit) and not item.block and takers == [item.nodes[0]]:
                item = item._replace(nodes=(*self.waiting, *item.nodes))
                self.waiting = []
            else:
                self._settle()
        self.items.append(item)

    def ended(self) -> Chain:
        """All items, those that recur as one."""
        self._settle()
        found: list[Item] = []
        rounds: Item | None = None
        for item in self.items:
            if rounds is not None and self.reader.alike(rounds, item):
                found[-1] = _with(found[-1], item)
            else:
                found.append(item)
            rounds = item
        return tuple(found)

    def _settle(self) -> None:
        """What waits is a unit of its own."""
        if self.waiting:
            self.items.append(Unit(self.waiting[0], tuple(self.waiting), self.waiting[-1]))
            self.waiting = []


def _longer(unit: Unit, index: int) -> Unit:
    return unit._replace(nodes=(*unit.nodes, index), last=index)


def _with(one: Item, other: Item) -> Item:
    """A further round of an item."""
    joined = _joined(one, other)
    joined = joined._replace(times=one.times + other.times)
    if isinstance(joined, Group):
        return joined._replace(name=bare(joined.name))
    if isinstance(joined, Unit) and joined.block:
        return joined._replace(block=bare(joined.block))
    return joined


def _joined(one: Item, other: Item) -> Item:
    """The units of one item with the nodes of another of the same make."""
    if isinstance(one, Unit):
        assert isinstance(other, Unit)
        return one._replace(nodes=(*one.nodes, *other.nodes), last=other.last)
    if isinstance(one, Group):
        assert isinstance(other, Group)
        return one._replace(items=tuple(map(_joined, one.items, other.items)))
    assert isinstance(other, Fork)
    lanes = [tuple(map(_joined, a, b)) for a, b in zip(one.lanes, other.lanes, strict=True)]
    merge = _joined(one.merge, other.merge)
    assert isinstance(merge, Unit)
    return one._replace(lanes=tuple(lanes), merge=merge)


def bare(name: str) -> str:
    """A block's name without the number that tells it from its like."""
    return re.sub(r"[._]?\d+$", "", name) or name


def nodes_of(item: Item) -> list[int]:
    """The graph's nodes of an item."""
    return [node for unit in units([item]) for node in unit.nodes]


def out(item: Item) -> int:
    """The node whose output an item has."""
    if isinstance(item, Unit):
        return item.last
    return item.merge.last if isinstance(item, Fork) else out(item.items[-1])
