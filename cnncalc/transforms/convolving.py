"""Fully connected layers as convolutions, so that the network takes any larger input.

A fully connected layer on a flattened map `[C, H, W]` is a convolution whose kernel is the whole
map, with the same weights in another shape (CS231n, Convolutional Networks, converting FC layers
to CONV layers). On a larger input it slides: VGG-16 at 384×384 gives 1000×6×6 scores.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Facts, Kind, LayerError
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.pool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AdaptivePool,
    AvgPool,
    GlobalAvgPool,
    GlobalLpPool,
    GlobalMaxPool,
    GlobalPool,
    LpPool,
    MaxPool,
)
from cnncalc.layers.reshape import Flatten, Reshape
from cnncalc.shapes import Shape, product
from cnncalc.transforms.rewriting import GraphChange, consumers, made

SLIDING: dict[type[Kind], type[Kind]] = {
    GlobalAvgPool: AvgPool,
    GlobalMaxPool: MaxPool,
    GlobalLpPool: LpPool,
    AdaptiveAvgPool: AvgPool,
    AdaptiveMaxPool: MaxPool,
}
"""The pool that does the same with a kernel."""


def fully_convolutional(graph: Graph) -> GraphChange:
    """Fully connected layers on flattened maps become convolutions.

    The pool before the map slides as well, where it brought any map to one size: a pool to the size
    that its input has goes, one over the whole map becomes a pool with the map's size as its kernel
    and a stride of 1.

    Raises:
        UsageError: there is none, or one is on no flattened map, or a layer between needs a
            flat input.
    """
    walk = _FlatMaps(graph)
    for index, node in enumerate(graph.nodes):
        if node.inputs:
            walk.visit(index, node)
    count = sum(isinstance(kind, Conv) for kind in walk.kinds.values())
    if not count:
        raise UsageError(
            f"{graph.name} has no fully connected layer on a flattened map",
            "it takes larger inputs as it is" if not walk.maps else None,
        )
    told = f"{count} fully connected layer{'s' * (count > 1)} as convolutions"
    return GraphChange(kinds=walk.kinds, without=frozenset(walk.without), told=told)


class _FlatMaps:
    """Follows what is flat through the graph, and the map that it is of."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.kinds: dict[int, Kind] = {}
        self.without: set[int] = set()
        self.maps: dict[int, Shape] = {}
        """The shapes of the maps that flat outputs become."""
        self.takers = consumers(graph)
        self.ends = _ends(graph, self.takers)

    def visit(self, index: int, node: Node) -> None:
        """One layer, all before it known."""
        shapes = [self.graph.nodes[taken].facts.output for taken in node.inputs]
        if any([taken in self.maps for taken in node.inputs]):
            self._behind(index, node, shapes)
        elif _flattens(node, shapes):
            self.maps[index] = shapes[0]
            self.without.add(index)
            if index in self.ends:
                self._slide(node.inputs[0])
        elif isinstance(node.kind, Linear) and not node.kind.each_position:
            raise UsageError(
                f"{node.name} takes {list(shapes[0])}, which is no flattened map, and cannot "
                "become a convolution"
            )

    def _behind(self, index: int, node: Node, shapes: Sequence[Shape]) -> None:
        """A layer that takes what was flat and now is a map."""
        first = self.maps.get(node.inputs[0])
        if isinstance(node.kind, Linear) and first is not None:
            kind = made(
                Conv, len(first) - 1,
                filters=node.kind.features, kernel=first[1:], bias=node.kind.bias,
            )  # fmt: skip
            self.kinds[index] = kind
            self.maps[index] = kind.facts((first,)).output
            return
        if isinstance(node.kind, Reshape | Flatten) and first is not None:
            if node.facts.output == first:  # back to the map
                self.without.add(index)
                return
            if node.facts.output == shapes[0]:
                self.without.add(index)
                self.maps[index] = first
                return
        given = tuple(
            [self.maps.get(taken, shape) for taken, shape in zip(node.inputs, shapes, strict=True)]
        )
        try:
            facts = node.kind.facts(given)
        except LayerError:
            facts = None
        if facts is None or not _alike(node, facts, given):
            raise UsageError(
                f"{node.name} takes the flat {list(shapes[0])}, and as a map of {list(given[0])} "
                f"there is no `{node.kind.name}` that does the same",
                "`--without-auxiliary` leaves side heads out"
                if len(self.graph.outputs) > 1
                else None,
            )
        self.maps[index] = facts.output

    def _slide(self, index: int) -> None:
        """Make the pool slide that brought the map before a flattening to its size."""
        node = self.graph.nodes[index]
        while len(self.takers[index]) == 1 and node.inputs:
            if isinstance(node.kind, GlobalPool | AdaptivePool):
                break
            if len(node.inputs) > 1 or not (node.facts.elementwise or node.facts.view):
                return
            index = node.inputs[0]
            node = self.graph.nodes[index]
        if not isinstance(node.kind, GlobalPool | AdaptivePool) or len(self.takers[index]) > 1:
            return
        before = self.graph.nodes[node.inputs[0]].facts.output[1:]
        after = node.facts.output[1:]
        if before == after:
            self.without.add(index)
            return
        if any([size % part for size, part in zip(before, after, strict=True)]):
            raise UsageError(
                f"{node.name} brings {_sizes(before)} to {_sizes(after)} in windows of different "
                "sizes, and no pool that slides does the same",
                "`--without-auxiliary` leaves side heads out"
                if len(self.graph.outputs) > 1
                else None,
            )
        kernel = tuple([size // part for size, part in zip(before, after, strict=True)])
        stride = kernel if product(after) > 1 else 1
        more = {"p": node.kind.p} if isinstance(node.kind, GlobalLpPool) else {}
        kind = SLIDING[type(node.kind)]
        self.kinds[index] = made(kind, len(before), kernel=kernel, stride=stride, **more)


def _flattens(node: Node, shapes: Sequence[Shape]) -> bool:
    """Whether a layer makes a map flat."""
    reshapes = isinstance(node.kind, Flatten | Reshape)
    return reshapes and len(node.facts.output) == 1 and len(shapes[0]) > 1


def _alike(node: Node, facts: Facts, given: Sequence[Shape]) -> bool:
    """Whether a layer does with maps what it does with the flat values."""
    single = all([product(shape[1:]) == 1 for shape in given])
    values = len(facts.output) > 1 and product(facts.output) == product(node.facts.output)
    arrays = [(*one.weights.values(), *one.buffers.values()) for one in (node.facts, facts)]
    if not values or [*map(product, arrays[0])] != [*map(product, arrays[1])]:
        return False
    if single:
        return facts.output[0] == node.facts.output[0]
    joins = node.kind.branches and len({shape[1:] for shape in given}) == 1
    return not arrays[0] and (facts.elementwise or facts.view or joins)


def _ends(graph: Graph, takers: Sequence[Sequence[int]]) -> set[int]:
    """The flat nodes whose values stay flat to the end."""
    found: set[int] = set()
    for index in range(len(graph.nodes) - 1, -1, -1):
        flat = len(graph.nodes[index].facts.output) == 1
        if flat and all([taker in found for taker in takers[index]]):
            found.add(index)
    return found


def _sizes(sizes: Shape) -> str:
    return "×".join(map(str, sizes))
