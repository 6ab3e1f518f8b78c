"""What drawings of a network show: boxes (a layer or a folded block each) and their edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.graph import Graph
from cnncalc.render import numbers
from cnncalc.shapes import Shape


class FigureBox(NamedTuple):
    """A layer, an input, or a block folded into one."""

    path: tuple[str, ...]
    """The name, taken apart at its dots."""
    nodes: tuple[int, ...]
    """The graph's nodes that it stands for, in execution order."""
    kind: str
    """The kind and what matters of its options, or the number of layers of a block."""
    family: str
    """The kind's family; `block` or `input`."""
    shape: Shape
    """Output shape of its last layer."""
    output: bool
    """Whether the network gives out what one of its layers does."""


class FigureEdge(NamedTuple):
    """A tensor that goes from one box to another, both by their places."""

    source: int
    target: int
    named: bool = False
    """The target only names the source, for a size or for a pool's switches."""


class Figure(NamedTuple):
    """A network as boxes in execution order: edges lead forwards."""

    boxes: tuple[FigureBox, ...]
    edges: tuple[FigureEdge, ...]


def figure(report: Report, depth: int | None = None) -> Figure:
    """The boxes of a network; blocks deeper than `depth` levels are one.

    Layers of one block that others interrupt are a box before them and one after them, so that
    the boxes have no cycle.
    """
    graph = report.graph
    first = len(graph.inputs)
    paths = [tuple(node.name.split(".")) for node in graph.nodes]
    boxes = [_box(graph, (index,), paths[index]) for index in graph.inputs]
    layers = range(first, len(graph.nodes))
    for head, group in groupby(layers, key=lambda index: paths[index][:depth]):
        boxes.append(_box(graph, tuple(group), head))
    return Figure(tuple(boxes), _edges(graph, boxes))


def _box(graph: Graph, nodes: tuple[int, ...], path: tuple[str, ...]) -> FigureBox:
    last = graph.nodes[nodes[-1]]
    output = not set(graph.outputs).isdisjoint(nodes)
    if nodes[0] in graph.inputs:
        return FigureBox(path, nodes, "input", "input", last.facts.output, output)
    if len(nodes) == 1 and last.name == ".".join(path):
        kind = f"{last.kind.name} {last.kind.short_options()}".strip()
        if last.shares is not None:
            kind += f" (weights of {graph.nodes[last.shares].name})"
        return FigureBox(path, nodes, kind, last.kind.family, last.facts.output, output)
    kind = f"{len(nodes)} layer{'s' if len(nodes) > 1 else ''}"
    return FigureBox(path, nodes, kind, "block", last.facts.output, output)


def _edges(graph: Graph, boxes: Sequence[FigureBox]) -> tuple[FigureEdge, ...]:
    place = {node: number for number, box in enumerate(boxes) for node in box.nodes}
    found: dict[FigureEdge, None] = {}
    for number, box in enumerate(boxes):
        for index in box.nodes:
            node = graph.nodes[index]
            found |= dict.fromkeys(FigureEdge(place[taken], number) for taken in node.inputs)
            found |= dict.fromkeys(FigureEdge(place[read], number, True) for read in node.reads)
    taken = {edge[:2] for edge in found if not edge.named}
    return tuple(
        edge
        for edge in found
        if edge.source != edge.target and not (edge.named and edge[:2] in taken)
    )


def lines(box: FigureBox, channels_last: bool = False) -> tuple[str, ...]:
    """What stands in a box: its name within its block, its kind, and its output shape.

    A name that the kind begins with is left out.
    """
    name, shape = box.path[-1], numbers.shape(box.shape, channels_last)
    told = f"{box.kind} ".startswith(f"{name} ")
    return (box.kind, shape) if told else (name, box.kind, shape)


def nested(boxes: Sequence[FigureBox]) -> Iterator[tuple[int, int | str | None]]:
    """The boxes within the blocks around them: the level, and what stands there.

    A number is a box, a text opens a block of that name, and `None` closes one.
    """
    above: tuple[str, ...] = ()
    for number, box in enumerate(boxes):
        head = box.path[:-1]
        shared = 0
        while shared < min(len(head), len(above)) and head[shared] == above[shared]:
            shared += 1
        for level in reversed(range(shared, len(above))):
            yield level, None
        for level in range(shared, len(head)):
            yield level, head[level]
        yield len(head), number
        above = head
    for level in reversed(range(len(above))):
        yield level, None
