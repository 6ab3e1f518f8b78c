"""Whether two graphs are one network under different names."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.outline.regions import normalized
from cnncalc.graph import Graph
from cnncalc.layers.base import Reference


def same_network(one: Graph, other: Graph) -> bool:
    """Whether two graphs are equal up to names.

    Growing concatenations are compared as chains, and sums in the order of execution. Weights,
    shared weights, what a layer reads without taking it, and the outputs are part of a network.
    """
    return _structure(normalized(one)) == _structure(normalized(other))


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
            dict(node.facts.weights),
            dict(node.facts.buffers),
            node.shares,
            node.reads,
        )
        for node in graph.nodes
    ]
    return [nodes, graph.outputs, list(graph.inputs)]
