"""Activations: which layers own memory, and the most that is alive at one moment."""

from __future__ import annotations

from cnncalc.graph import Graph
from cnncalc.records import Record


class Activations(Record):
    """Activations of one sample, in values."""

    owned: list[int]
    """For each node the values it owns: none where its output is its input's memory."""
    peak: int
    """The most values alive at once, in execution order."""
    peak_node: int
    """The node during which they are alive."""


def owners(graph: Graph, inplace: bool = False) -> list[int]:
    """For each node the node whose memory its output is: itself but for views.

    With `inplace` an element-wise activation writes over its input.
    """
    found: list[int] = []
    for index, node in enumerate(graph.nodes):
        facts = node.facts
        shares = facts.view or (inplace and facts.elementwise)
        found.append(found[node.inputs[0]] if shares and node.inputs else index)
    return found


def activations(graph: Graph, inplace: bool = False) -> Activations:
    """Owned values and their peak: each is freed after the last use of it or of a view of it.

    The network's input counts, as do a layer's input and output while it runs; outputs of the
    network stay alive to the end.
    """
    nodes = graph.nodes
    owner = owners(graph, inplace)
    last = list(range(len(nodes)))
    for index, use in enumerate(graph.last_uses()):
        if use > last[owner[index]]:
            last[owner[index]] = use
    owned = [node.facts.values if owner[i] == i else 0 for i, node in enumerate(nodes)]
    alive = peak = peak_node = 0
    for index, node in enumerate(nodes):
        alive += owned[index]
        if alive > peak:
            peak, peak_node = alive, index
        if last[owner[index]] == index:
            alive -= owned[owner[index]]
        for taken in set(map(owner.__getitem__, node.inputs)):
            if last[taken] == index and taken != owner[index]:
                alive -= owned[taken]
    return Activations(owned, peak, peak_node)
