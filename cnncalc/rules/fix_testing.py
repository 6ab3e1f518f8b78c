"""Suggestions are tried on the whole network before they are made.

A change is one of options (in every use of a layer) or of the network's input. The graph is
stated anew behind it, layer by layer, and the rules look at it again: the change helps where the
network still holds together, the finding is gone, and no error or warning has come.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Graph, Node, input_node
from cnncalc.layers.base import Facts, Kind, LayerError, Reference, check_size
from cnncalc.shapes import Shape, WindowLimitError

NEAR = 64
"""How far from an input's size others are tried."""

TRIED_LAYERS = 10_000
"""How many layers may be stated anew for the suggestions about one network."""

NONE: Mapping[int, Shape] = {}

Changes = Mapping[int, Kind]
"""Other kinds by node."""

Fits = Callable[[Node, int], bool]
"""Whether a node is right on a spatial axis."""


Find = Callable[[Graph], Iterable[Diagnostic]]
"""What all rules find in a graph, without repairs."""


class FixTester:
    """Tries changes of one network, as long as they are cheap."""

    def __init__(self, graph: Graph, find: Find) -> None:
        self.graph = graph
        self.find = find
        self.left = TRIED_LAYERS
        self._before: Counts | None = None

    def helps(self, rule: str, uses: Iterable[int], changed: Graph | None) -> bool:
        """Whether a rule finds nothing more in some layers, and nothing else has come."""
        if changed is None:
            return False
        if self._before is None:
            self._before = _counts(self.find, self.graph)
        before, after = self._before, _counts(self.find, changed)
        if after is None or before is None:
            return False
        if any([(rule, changed.nodes[index].name) in after.layers for index in uses]):
            return False
        return all(count <= before.serious[name] for name, count in after.serious.items())

    def options(
        self, rule: str, uses: Sequence[int], alike: Iterable[int], options: Mapping[str, str]
    ) -> bool:
        """Whether other options in all layers that are written as one help those with a finding."""
        nodes = self.graph.nodes
        changes: dict[int, Kind] = {}
        for index in alike:
            node = nodes[index]
            rank = len(nodes[node.inputs[0]].facts.output) - 1
            try:
                changes[index] = node.kind.changed(values(node.kind, options), rank)
            except LayerError:
                return False
        return self.affords() and self.helps(rule, uses, rebuilt(self.graph, changes))

    def input(self, rule: str, source: int, shape: Shape) -> bool:
        """Whether another shape of an input helps against a finding about it.

        Inputs of the same sizes change alike: an image and its depth.
        """
        graph = self.graph
        before = graph.nodes[source].facts.output[1:]
        shapes = {
            index: (own[0], *shape[1:])
            for index in graph.inputs
            if (own := graph.nodes[index].facts.output)[1:] == before
        }
        other = rebuilt(graph, {}, shapes) if self.affords() else None
        return other is not None and self.helps(rule, (source,), other)

    def inputs(self, rule: str, uses: Sequence[int], fits: Fits) -> Iterator[tuple[Node, ...]]:
        """The network on the nearest smaller and larger inputs that help in all uses of a layer.

        `fits` tells of the layer, stated anew, whether it is right on an axis. A network of
        several inputs has none.
        """
        graph, index = self.graph, uses[0]
        shape, axes = graph.input_shape, range(len(graph.nodes[index].facts.output) - 1)
        if len(graph.inputs) > 1 or len(axes) != len(shape) - 1:
            return
        way = graph.ancestors(index)
        for sign in (-1, 1):
            sizes = list(shape)
            for axis in axes:
                if not fits(graph.nodes[index], axis):
                    step = self._nearest(shape, axis, sign, way, index, fits)
                    sizes[axis + 1] += sign * step
            if sizes != list(shape) and all(
                size != old or fits(graph.nodes[index], axis)
                for axis, (size, old) in enumerate(zip(sizes[1:], shape[1:], strict=True))
            ):
                other = rebuilt(graph, {}, {0: tuple(sizes)})
                if other is not None and self.affords() and self.helps(rule, uses, other):
                    yield other.nodes

    def _nearest(
        self,
        shape: Shape,
        axis: int,
        sign: int,
        way: frozenset[int],
        index: int,
        fits: Fits,
    ) -> int:
        """How far the nearest size is with which a layer is right on an axis; 0: too far."""
        for step in range(1, NEAR + 1):
            size = shape[axis + 1] + sign * step
            if 2 * size <= shape[axis + 1] or self.left < 0:
                break
            self.left -= len(way)
            other = (*shape[: axis + 1], size, *shape[axis + 2 :])
            graph = rebuilt(self.graph, {}, {0: other}, way)
            if graph is not None and fits(graph.nodes[index], axis):
                return step
        return 0

    def affords(self) -> bool:
        """Whether one more trial of the whole network is cheap enough."""
        self.left -= len(self.graph.nodes) + 50
        return self.left >= 0


def values(kind: Kind, options: Mapping[str, str]) -> dict[str, Any]:
    """The values of options as a file would write them; an empty text is the default."""
    found: dict[str, Any] = {}
    for key, text in options.items():
        if not text:
            found[key] = kind.options[key].default
            continue
        try:
            found[key] = _tuple(json.loads(text))
        except ValueError:
            found[key] = text
    return found


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def rebuilt(
    graph: Graph,
    changes: Changes,
    inputs: Mapping[int, Shape] = NONE,
    only: frozenset[int] | None = None,
) -> Graph | None:
    """A graph with other kinds or inputs, every layer behind them stated anew.

    With `only` some layers, as far as the last of them. `None`: it does not hold together.
    """
    nodes: list[Node] = []
    stated: dict[tuple[Kind, tuple[Shape, ...]], Facts] = {}
    fresh: set[int] = set()  # stated anew
    reshaped: set[int] = set()  # and of another shape
    try:
        for index, node in enumerate(graph.nodes):
            if only is not None and index not in only:
                nodes.append(node)
                continue
            known = node
            if index in inputs:
                node = input_node(inputs[index], node.name)._replace(place=node.place)
            elif index in changes or not (
                reshaped.isdisjoint(node.inputs) and fresh.isdisjoint(node.reads)
            ):
                node = _stated(node, nodes, changes.get(index, node.kind), fresh, stated)
            if node is not known:
                fresh.add(index)
                if node.facts.output != known.facts.output:
                    reshaped.add(index)
            nodes.append(node)
            if only is not None and len(nodes) > max(only):
                break
    except (LayerError, WindowLimitError):
        return None
    return graph._replace(nodes=tuple(nodes))


def _stated(
    node: Node,
    nodes: list[Node],
    kind: Kind,
    fresh: set[int],
    stated: dict[tuple[Kind, tuple[Shape, ...]], Facts],
) -> Node:
    """A node on what its inputs have become.

    Raises:
        LayerError, WindowLimitError: there is no such layer any more.
    """
    inputs = tuple([nodes[taken].facts.output for taken in node.inputs])
    if not fresh.isdisjoint(node.reads):
        named = {
            key: _named(value, nodes)
            for key, value in vars(kind).items()
            if isinstance(value, Reference)
        }
        kind = kind.changed(named, len(inputs[0]) - 1)
    facts = stated.get((kind, inputs))
    if facts is None:
        facts = stated[kind, inputs] = kind.facts(inputs)
        check_size(facts.output, "its output")
    if node.shares is not None and dict(nodes[node.shares].facts.weights) != dict(facts.weights):
        raise LayerError("shape-mismatch", "its weights are another layer's no longer")
    return node._replace(kind=kind, facts=facts)


def _named(reference: Reference, nodes: list[Node]) -> Reference:
    """What an option names, as it is now."""
    node = nodes[reference.node]
    shapes = tuple([nodes[taken].facts.output for taken in node.inputs])
    return reference._replace(output=node.facts.output, inputs=shapes, kind=node.kind)


class Counts(NamedTuple):
    """What the rules find in a network."""

    layers: set[tuple[str, str | None]]
    """Rules and the layers they are about."""
    serious: Counter[str]
    """Findings of each rule, notes left out: a change for the better may bring one."""


def _counts(find: Find, graph: Graph) -> Counts | None:
    """Count the findings in a graph; `None`: its windows are too long to be followed."""
    counts = Counts(set(), Counter())
    try:
        for finding in find(graph):
            counts.layers.add((finding.rule, finding.layer))
            if finding.severity != "note":
                counts.serious[finding.rule] += finding.times
    except WindowLimitError:
        return None
    return counts
