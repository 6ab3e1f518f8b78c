"""Activations: which layers own memory, and the most that is alive at one moment."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.graph import Graph
from cnncalc.unknown import UNKNOWN, least


class Activations(NamedTuple):
    """Activations of one sample, in values."""

    owned: list[int]
    """For each node the values it owns: none where its output is its input's memory."""
    peak: int
    """The most values alive at once, in execution order; unknown ones are left out."""
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


class Lifetimes(NamedTuple):
    """When activations come and go: the same for any sizes of the same layers."""

    owner: list[int]
    """For each node the node whose memory its output is."""
    freed: list[tuple[int, ...]]
    """For each node those whose memory is let go once it has run."""


def lifetimes(graph: Graph, inplace: bool = False) -> Lifetimes:
    """Each is freed after the last use of it or of a view of it.

    Outputs of the network stay alive to the end.
    """
    owner = owners(graph, inplace)
    last = list(range(len(owner)))
    for index, use in enumerate(graph.last_uses()):
        if use > last[owner[index]]:
            last[owner[index]] = use
    freed: list[list[int]] = [[] for _ in owner]
    for index, use in enumerate(last):
        if owner[index] == index and use < len(owner):
            freed[use].append(index)
    return Lifetimes(owner, list(map(tuple, freed)))


def activations(graph: Graph, inplace: bool = False) -> Activations:
    """Owned values and their peak.

    The network's input counts, as do a layer's input and output while it runs.
    """
    return alive(lifetimes(graph, inplace), [node.facts.values for node in graph.nodes])


def alive(times: Lifetimes, values: list[int]) -> Activations:
    """Owned values and their peak, from the values of every node's output."""
    owned = [
        count if owner == index else 0
        for index, (count, owner) in enumerate(zip(values, times.owner, strict=True))
    ]
    certain = list(map(least, owned)) if UNKNOWN in owned else owned
    now = peak = peak_node = 0
    for index, freed in enumerate(times.freed):
        now += certain[index]
        if now > peak:
            peak, peak_node = now, index
        for gone in freed:
            now -= certain[gone]
    return Activations(owned, peak, peak_node)


def schedule(graph: Graph, inplace: bool) -> list[int]:
    """For each node the values of one sample that are alive while it runs, as far as known."""
    times = lifetimes(graph, inplace)
    nodes, now, found = graph.nodes, 0, []
    for index, node in enumerate(nodes):
        if times.owner[index] == index:
            now += least(node.facts.values)
        found.append(now)
        now -= sum([least(nodes[home].facts.values) for home in times.freed[index]])
    return found


def alive_at(graph: Graph, inplace: bool, moment: int) -> list[int]:
    """The nodes whose memory is alive while a node runs, the largest first."""
    times = lifetimes(graph, inplace)
    gone = {home for freed in times.freed[:moment] for home in freed}
    found = [i for i in range(moment + 1) if times.owner[i] == i and i not in gone]
    return sorted(found, key=lambda index: -least(graph.nodes[index].facts.values))
