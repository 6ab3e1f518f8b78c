"""Heads left out, and the number of classes changed."""

from __future__ import annotations

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Kind
from cnncalc.layers.conv import Conv, ConvTranspose
from cnncalc.layers.linear import Linear, Rbf
from cnncalc.layers.merge import Concat
from cnncalc.layers.reshape import Reshape
from cnncalc.transforms.rewriting import GraphChange, sharing


def without_auxiliary(graph: Graph) -> GraphChange:
    """Only the main output is left: the one that depends on the most layers.

    Raises:
        UsageError: there is one output, or two depend on equally many layers.
    """
    behind = {index: graph.ancestors(index) for index in graph.outputs}
    if len(behind) < 2:
        raise UsageError(f"{graph.name} has one output and no auxiliary one")
    order = sorted(behind, key=lambda index: len(behind[index]), reverse=True)
    main, other = order[:2]
    if len(behind[main]) == len(behind[other]):
        raise UsageError(
            f"{graph.nodes[main].name} and {graph.nodes[other].name} depend on equally many "
            "layers, so that neither is auxiliary",
            "take `output: true` from the one to leave out",
        )
    kept = behind[main] | frozenset(graph.inputs)
    gone = [graph.nodes[index].name for index in graph.outputs if index != main]
    pruned = frozenset(range(len(graph.nodes))) - kept
    return GraphChange(pruned=pruned, told=f"without {', '.join(gone)}")


CLASSES = ("classes", "num_classes", "n_classes", "nc")
"""What files call the parameter that is the number of classes."""


def resized(graph: Graph, goal: Graph, classes: int) -> GraphChange:
    """The change to what a parameter of the file makes of the network.

    Raises:
        UsageError: there are as many classes already, or other layers with this number.
    """
    pairs = list(zip(graph.nodes, goal.nodes, strict=False))
    alike = all(type(a.kind) is type(b.kind) and a.inputs == b.inputs for a, b in pairs)
    if len(graph.nodes) != len(goal.nodes) or not alike:
        raise UsageError(f"with {classes} classes {graph.name} is made of other layers")
    own = {i: (a.kind.__dict__, b.kind.__dict__) for i, (a, b) in enumerate(pairs)}
    found = {i: goal.nodes[i].kind for i, (before, after) in own.items() if before != after}
    if not found:
        raise UsageError(f"{graph.name} has {classes} classes already")
    names = ", ".join([graph.nodes[index].name for index in sorted(found)])
    return GraphChange(kinds=found, told=f"{classes} classes: {names}")


def with_classes(graph: Graph, classes: int) -> GraphChange:
    """Another number of classes: the last layers with weights before every output change.

    Raises:
        UsageError: there is no such layer, or there are as many classes already.
    """
    found: dict[int, Kind] = {}
    for output in graph.outputs:
        before = graph.nodes[output].facts.output[0]
        waiting, seen = [output], set()
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            waiting += _back(graph, index, before, classes, found)
    if all([graph.nodes[i].facts.output[0] == classes for i in found]):
        raise UsageError(f"{graph.name} has {classes} classes already")
    for users in sharing(graph).values():
        kinds = [found[index] for index in users if index in found]
        if kinds:
            found.update(dict.fromkeys(users, kinds[0]))
    names = [graph.nodes[index].name for index in sorted(found)]
    return GraphChange(kinds=found, told=f"{classes} classes: {', '.join(names)}")


def _back(
    graph: Graph, index: int, before: int, classes: int, found: dict[int, Kind]
) -> tuple[int, ...]:
    """One layer on the way back from an output; where to go on from there.

    Raises:
        UsageError: the classes are lost on the way.
    """
    node = graph.nodes[index]
    shapes = [graph.nodes[taken].facts.output for taken in node.inputs]
    lost = not node.inputs or isinstance(node.kind, Concat | Reshape)
    if lost or node.facts.output[0] != before:
        raise UsageError(
            f"no layer before {graph.nodes[graph.outputs[-1]].name} decides the number of classes "
            f"alone: {node.name} is in the way"
        )
    rank = len(shapes[0]) - 1
    if isinstance(node.kind, Linear | Rbf):
        found[index] = node.kind.changed({"features": classes}, rank)
        return ()
    if "filters" in node.kind.options:
        groups = _groups(node, shapes[0][0], before, classes)
        found[index] = node.kind.changed({"filters": classes, **groups}, rank)
        # one that only enlarges the scores has as many channels on both sides
        enlarges = isinstance(node.kind, ConvTranspose) and shapes[0][0] == before
        return node.inputs if enlarges else ()
    return node.inputs


def _groups(node: Node, channels: int, before: int, classes: int) -> dict[str, int]:
    """Groups as many as classes stay as many."""
    groups = getattr(node.kind, "groups", 1)
    enlarges = isinstance(node.kind, Conv | ConvTranspose) and channels == before == groups
    return {"groups": classes} if enlarges else {}
