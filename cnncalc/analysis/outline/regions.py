"""Series and parallel regions of a graph, in execution order.

A file's layers are executed as they stand, a merge's branches one after the other before the
merge itself. A region is therefore an interval of the execution order: the branches of a merge
are intervals that follow each other, each with the region's source as its only outside input.
An input of a merge that is the end of no such interval is referred to by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Kind, Reference
from cnncalc.layers.merge import Broadcast, Concat, Pairwise
from cnncalc.shapes import product


class LayerReference(int):
    """A node of the graph, as the value of an option that names a layer."""


class Piece:
    """A layer, a merge with its branches, a run, or the use of a block, of a given graph."""

    __slots__ = ("entry", "exit", "head", "hi", "lo", "parts", "pinned", "source", "values")

    def __init__(
        self,
        head: Any,
        values: tuple[Any, ...],
        lo: int,
        hi: int,
        source: int,
        entry: int,
        exit: int,
        parts: tuple[Any, ...] = (),
        pinned: bool = False,
    ) -> None:
        self.head = head
        """A class of layers, a `Pattern`, or `None` for a run."""
        self.values = values
        """Values of its options or arguments, or how often a run stands."""
        self.lo = lo
        """Its first node; the nodes from `lo` to `hi` are its own."""
        self.hi = hi
        """Its last node, whose output is its own."""
        self.source = source
        """The node whose output it takes."""
        self.entry = entry
        """Channels that it takes."""
        self.exit = exit
        """Channels that it gives."""
        self.parts = parts
        """Branches of a merge, rounds of a run, the one body of a use: tuples of pieces.

        A branch that is an int is the layer of that node."""
        self.pinned = pinned
        """Whether it has a property of its own (a name it refers to, a wanted output)."""

    @property
    def words(self) -> tuple[tuple[int, Any], ...]:
        """Options that are words (`same`) or not given: no parameter can stand for them.

        Nor for what a layer states of itself: a block's layers state the same.
        """
        kind = kind_of(self.head)
        if kind is None:
            return ()
        if kind.is_stated:
            return tuple(enumerate(self.values))
        return tuple(
            [(n, one) for n, one in enumerate(self.values) if one is None or type(one) is str]
        )


Series = tuple[Piece, ...]


def kind_of(head: Any) -> type[Kind] | None:
    """The class of layers that a head is, if it is one."""
    return head if isinstance(head, type) and issubclass(head, Kind) else None


def normalized(graph: Graph) -> Graph:
    """The graph with growing lists of concatenated layers as chains, and sums in order.

    DenseNet's features may be concatenated anew for each layer; a chain of concatenations, each
    of the one before it and the new layer, has the same values. What an `add` or `multiply`
    takes comes in the order of execution where it would not be series-parallel otherwise.
    """
    known: dict[tuple[int, tuple[int, ...]], int] = {}
    nodes = list(graph.nodes)
    for index, node in enumerate(nodes):
        kind = node.kind
        if isinstance(kind, Concat):
            inputs = _chained(node.inputs, kind, known)
            known.setdefault((kind.axis, node.inputs), index)
            if inputs != node.inputs:
                nodes[index] = _rewired(nodes, node, inputs)
        elif _commutes(kind) and index - 1 in node.inputs[:-1]:
            ordered = tuple(sorted(node.inputs))
            if _in_order(nodes, node.inputs, index) < _in_order(nodes, ordered, index):
                nodes[index] = _rewired(nodes, node, ordered)
    return graph._replace(nodes=tuple(nodes))


def _commutes(kind: Kind) -> bool:
    """Whether the order of a merge's branches changes nothing."""
    return isinstance(kind, Broadcast) and not isinstance(kind, Pairwise)


def _rewired(nodes: list[Node], node: Node, inputs: tuple[int, ...]) -> Node:
    """A merge of other nodes."""
    shapes = tuple([nodes[i].facts.output for i in inputs])
    return node._replace(inputs=inputs, facts=node.kind.facts(shapes))


def _chained(
    inputs: tuple[int, ...], kind: Concat, known: Mapping[tuple[int, tuple[int, ...]], int]
) -> tuple[int, ...]:
    """What a concatenation takes, with an earlier one in place of all that this one took."""
    for length in range(len(inputs) - 1, 1, -1):
        before = known.get((kind.axis, inputs[:length]))
        if before is not None:
            return (before, *inputs[length:])
        before = known.get((kind.axis, inputs[-length:]))
        if before is not None:
            return (*inputs[:-length], before)
    return inputs


def _in_order(nodes: list[Node], inputs: tuple[int, ...], index: int) -> int:
    """How many of a merge's inputs are the ends of branches that follow each other."""
    count = 0
    end = index - 1
    for taken in reversed(inputs):
        if taken == end:
            count += 1
            while end not in inputs[:-count] and nodes[end].inputs == (end - 1,):
                end -= 1
            end -= 1
    return count


def _start(branch: Series | int) -> int:
    """The node that a branch begins from."""
    return branch if isinstance(branch, int) else branch[0].source


class Regions:
    """Reads the series and parallel regions of a graph."""

    def __init__(self, graph: Graph, apart: Collection[int] = ()) -> None:
        self.nodes = graph.nodes
        self.apart = apart
        """Nodes that stand by themselves."""
        self.inputs = len(graph.inputs)
        self.lenders = {node.shares for node in graph.nodes if node.shares is not None}
        """Nodes whose weights others use: what names them means that layer, and no block."""
        self.pieces: list[Piece | None] = []
        self.smaller: list[int] = [0]
        """How many nodes before each make their input smaller, and how many make it larger."""
        self.larger: list[int] = [0]
        for index, node in enumerate(graph.nodes):
            self._measure(node)
            self.pieces.append(None if index < self.inputs else self._piece(index, node))

    def series(self) -> Series:
        """The whole graph."""
        pieces: list[Piece] = []
        end = len(self.nodes) - 1
        while end >= self.inputs:
            piece = self.pieces[end]
            assert piece is not None
            pieces.append(piece)
            end = piece.lo - 1
        return tuple(reversed(pieces))

    def _measure(self, node: Node) -> None:
        smaller = larger = 0
        if len(node.inputs) == 1:
            before = product(self.nodes[node.inputs[0]].facts.output[1:])
            after = product(node.facts.output[1:])
            smaller = int(len(node.facts.output) > 1 and 1 < after < before)
            larger = int(1 < before < after)
        self.smaller.append(self.smaller[-1] + smaller)
        self.larger.append(self.larger[-1] + larger)

    def _channels(self, index: int) -> int:
        return self.nodes[index].facts.output[0]

    def _piece(self, index: int, node: Node) -> Piece:
        # a block may name the network's only input, whatever reaches it
        known = 1 if self.inputs == 1 else 0
        pinned = node.shares is not None or any(read >= known for read in node.reads)
        pinned = pinned or index in self.apart or index in self.lenders
        if node.kind.branches:
            return self._merge(index, node, pinned)
        source = node.inputs[0]
        entry, leaving = self._channels(source), self._channels(index)
        values = written(node)
        return Piece(type(node.kind), values, index, index, source, entry, leaving, (), pinned)

    def _merge(self, index: int, node: Node, pinned: bool) -> Piece:
        found = self._branches(index, node.inputs)
        head, leaving, values = type(node.kind), self._channels(index), written(node)
        if found is None:
            # all by name; the layer before it may be one of them
            before = index - 1
            source = before if before in node.inputs else -1
            parts = tuple(() if taken == source else taken for taken in node.inputs)
            entry = self._channels(before)
            return Piece(head, values, index, index, source, entry, leaving, parts, True)
        source, branches, low = found
        pinned = pinned or any(
            isinstance(branch, int) or (branch and branch[0].source != source)
            for branch in branches
        )
        entry = self._channels(source)
        return Piece(head, values, low, index, source, entry, leaving, tuple(branches), pinned)

    def _branches(
        self, index: int, inputs: Sequence[int]
    ) -> tuple[int, list[Series | int], int] | None:
        """Source, branches and first node of a merge's region; `None` where there is none."""
        end = index - 1
        sources: set[int] = set()
        found: list[Series | int] = []
        for position in range(len(inputs) - 1, -1, -1):
            taken = inputs[position]
            # what an earlier input takes as well must have a name before this one begins
            again = taken in inputs[:position]
            if taken != end or taken < self.inputs or taken in sources or again:
                sources.add(taken)
                found.append(taken)
                continue
            waiting = set(inputs[:position])
            stop = sources | waiting
            least = min(stop, default=end)
            pieces: list[Piece] = []
            hides = False
            while True:
                piece = self.pieces[end]
                assert piece is not None
                pieces.append(piece)
                if piece.lo < piece.hi:
                    hides = hides or any(piece.lo <= node < piece.hi for node in stop)
                end = piece.lo - 1
                if piece.source != end or end in stop or end < self.inputs:
                    break
                if end < least:
                    return None
            if hides or self._hourglass(pieces):
                # what it holds inside is taken by the merge as well, or it is no branch
                end = taken
                sources.add(taken)
                found.append(taken)
                continue
            sources.add(piece.source)
            found.append(tuple(reversed(pieces)))
        found.reverse()
        low = end + 1
        if low == index:
            return None
        starts = [_start(branch) for branch in found]
        source = end if end in starts else max(starts, key=lambda one: (starts.count(one), one))
        branches = [() if branch == source else branch for branch in found]
        return source, branches, low

    def _hourglass(self, pieces: Sequence[Piece]) -> bool:
        """Whether a branch, told from its end, shrinks and grows again.

        Such a network is told by its levels, not as branches in branches.
        """
        low, high = pieces[-1].lo, pieces[0].hi + 1
        return self.smaller[high] > self.smaller[low] and self.larger[high] > self.larger[low]


def written(node: Node) -> tuple[Any, ...]:
    """The values of a node's options as a file writes them, in declared order."""
    kind = node.kind
    values: list[Any] = []
    reads = iter(node.reads)
    for key, option in kind.options.items():
        if kind.branches and option is kind.main:
            continue
        value = kind.option_value(key)
        if isinstance(value, Reference):
            value = LayerReference(next(reads))
        elif value is not None:
            value = option.type.written(value)
        values.append(value)
    return tuple(values)
