"""A graph with layers changed or left out, every layer behind them stated anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node, input_node
from cnncalc.layers.base import Facts, Kind, LayerError, Reference, check_size
from cnncalc.shapes import Shape, WindowLimitError

NONE: Mapping[int, Any] = {}

K = TypeVar("K", bound=Kind)


class GraphChange(NamedTuple):
    """What a transform changes; layers by their place in the graph."""

    kinds: Mapping[int, Kind] = NONE
    """Layers that become others."""
    without: frozenset[int] = frozenset()
    """Layers left out: whoever takes their output takes their input."""
    pruned: frozenset[int] = frozenset()
    """Layers that nobody needs any more."""
    folded: Mapping[int, int] = NONE
    """For a layer the batch normalization that becomes a part of it."""
    told: str = ""
    """What is done, in words."""


class TransformStep(NamedTuple):
    """A graph, and what it was made from."""

    graph: Graph
    origins: tuple[int, ...]
    """For each node the one that it was."""
    outputs: Mapping[int, int]
    """For each output the one that it was."""
    folded: Mapping[int, int] = NONE
    """For a node the batch normalization in it, by its place in the graph before."""
    told: str = ""


def made(kind: type[K], rank: int, **options: Any) -> K:
    """A kind with some options, the others as they are where a file leaves them out."""
    values = [options.get(key, option.default) for key, option in kind.options.items()]
    return kind(tuple(values), rank)


def rewritten(
    graph: Graph, change: GraphChange, shapes: Mapping[str, Shape] | None = None
) -> TransformStep:
    """The graph after a change, on other inputs where `shapes` are given.

    Raises:
        UsageError: it does not hold together any more.
    """
    nodes: list[Node] = []
    origins: list[int] = []
    places: dict[int, int] = {}
    stated: dict[tuple[Kind, tuple[Shape, ...]], Facts] = {}
    for index, node in enumerate(graph.nodes):
        if index in change.pruned:
            continue
        if index in change.without:
            places[index] = places[node.inputs[0]]
            continue
        if not node.inputs:
            if shapes and node.name in shapes:
                node = input_node(shapes[node.name], node.name)._replace(place=node.place)
        else:
            node = _moved(node, places, nodes)
            kind = change.kinds.get(index)
            try:
                node = _stated(node, node.kind if kind is None else kind, nodes, stated)
            except (LayerError, WindowLimitError) as error:
                raise UsageError(f"{node.name} is no layer any more: {error}") from None
        places[index] = len(nodes)
        nodes.append(node)
        origins.append(index)
    last = len(nodes) - 1
    outputs = {places[index]: index for index in graph.outputs if index in places}
    for place in outputs:
        if place != last:
            nodes[place] = nodes[place]._replace(is_output=True)
    folded = {places[index]: norm for index, norm in change.folded.items()}
    after = graph._replace(nodes=tuple(nodes))
    return TransformStep(after, tuple(origins), outputs, folded, change.told)


def chained(first: TransformStep, second: TransformStep) -> TransformStep:
    """Two steps as one, as far as places go."""
    origins = tuple([first.origins[origin] for origin in second.origins])
    outputs = {place: first.outputs[origin] for place, origin in second.outputs.items()}
    return TransformStep(second.graph, origins, outputs)


def _moved(node: Node, places: Mapping[int, int], nodes: Sequence[Node]) -> Node:
    """A node with what it takes, shares and names where that now is."""
    kind = node.kind
    named = {key: value for key, value in vars(kind).items() if isinstance(value, Reference)}
    if named:
        found = {key: _named(value, places, nodes) for key, value in named.items()}
        if found != named:
            rank = len(nodes[places[node.inputs[0]]].facts.output) - 1
            kind = kind.changed(found, rank)
    return node._replace(
        kind=kind,
        inputs=tuple([places[taken] for taken in node.inputs]),
        reads=tuple([places[read] for read in node.reads]),
        shares=None if node.shares is None else places[node.shares],
    )


def _named(reference: Reference, places: Mapping[int, int], nodes: Sequence[Node]) -> Reference:
    """What an option names, as it is now."""
    place = places[reference.node]
    node = nodes[place]
    shapes = tuple([nodes[taken].facts.output for taken in node.inputs])
    kind = None if reference.kind is None else node.kind
    return reference._replace(node=place, output=node.facts.output, inputs=shapes, kind=kind)


def _stated(
    node: Node,
    kind: Kind,
    nodes: Sequence[Node],
    stated: dict[tuple[Kind, tuple[Shape, ...]], Facts],
) -> Node:
    """A node of a kind on what its inputs have become."""
    inputs = tuple([nodes[taken].facts.output for taken in node.inputs])
    facts = stated.get((kind, inputs))
    if facts is None:
        facts = stated[kind, inputs] = kind.facts(inputs)
        check_size(facts.output, "its output")
    return node._replace(kind=kind, facts=facts)


def consumers(graph: Graph) -> list[list[int]]:
    """For each node the nodes that take its output, or name it."""
    found: list[list[int]] = [[] for _ in graph.nodes]
    for index, node in enumerate(graph.nodes):
        for taken in {*node.inputs, *node.reads}:
            found[taken].append(index)
    return found


def sharing(graph: Graph) -> dict[int, list[int]]:
    """For each node with weights of its own all that use them, itself first."""
    found: dict[int, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        found.setdefault(index if node.shares is None else node.shares, []).append(index)
    return found


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs are equal up to names."""
    return len(one.nodes) == len(other.nodes) and _structure(one) == _structure(other)


def _structure(graph: Graph) -> list[Any]:
    nodes = [
        (
            type(node.kind),
            [
                value.node if isinstance(value, Reference) else value
                for value in vars(node.kind).values()
            ],
            node.inputs,
            node.facts.output,
            node.shares,
            node.reads,
        )
        for node in graph.nodes
    ]
    return [nodes, graph.outputs]
