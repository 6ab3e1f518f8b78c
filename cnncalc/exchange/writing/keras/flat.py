"""In which order maps are flattened: Keras' own where only weights see it, else ours."""

from __future__ import annotations

from cnncalc.graph import Graph, Node
from cnncalc.layers.linear import Linear
from cnncalc.layers.reshape import Flatten, Reshape
from cnncalc.shapes import Shape, product


def in_channel_order(graph: Graph, node: Node) -> bool:
    """Whether a map must be flattened channel after channel, as our files have it.

    Keras goes position after position. Where only fully connected layers see the order, theirs
    is the matter: the rows of their weights are in that order (`flattened`).
    """
    index = next(i for i, one in enumerate(graph.nodes) if one is node)
    shape = graph.nodes[node.inputs[0]].facts.output
    if product(shape[1:]) == 1 or len(shape) == 1:
        return False
    return len(node.facts.output) > 1 or not _unseen(graph, index)


def _unseen(graph: Graph, index: int) -> bool:
    """Whether nothing but fully connected layers sees the order of flat values."""
    if index in graph.outputs:
        return False
    takers = [(i, one) for i, one in enumerate(graph.nodes) if index in (*one.inputs, *one.reads)]
    return all(
        isinstance(one.kind, Linear)
        or (_each_value(one) and len(one.inputs) == 1 and _unseen(graph, i))
        for i, one in takers
    )


def _each_value(node: Node) -> bool:
    facts = node.facts
    moves = isinstance(node.kind, Flatten | Reshape)
    return not moves and (facts.elementwise or facts.view) and not facts.weights


def flattened(graph: Graph, index: int) -> Shape | None:
    """The map that a fully connected layer takes in Keras' order; `None` where none."""
    taken = graph.nodes[index].inputs[0]
    while _each_value(graph.nodes[taken]) and len(graph.nodes[taken].inputs) == 1:
        taken = graph.nodes[taken].inputs[0]
    node = graph.nodes[taken]
    if not isinstance(node.kind, Flatten | Reshape) or len(node.facts.output) > 1:
        return None
    shape = graph.nodes[node.inputs[0]].facts.output
    plain = len(shape) > 1 and product(shape[1:]) > 1 and not in_channel_order(graph, node)
    return shape if plain else None
