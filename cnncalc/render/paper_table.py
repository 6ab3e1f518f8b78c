"""A network as a paper's table folds it: stages, in them blocks of layers that recur.

What computes with weights, pools or resamples is told; normalizations, activations and what
only arranges values are not, nor the projection on the shortcut of an addition (ResNet's
table 1). A term is such a layer, a block of terms, or a merge of them side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from cnncalc.analysis.depth import weighted
from cnncalc.analysis.report import Report
from cnncalc.graph import Graph, Node
from cnncalc.layers.activation import Relu
from cnncalc.layers.base import Kind
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import Add
from cnncalc.layers.norm import BatchNorm
from cnncalc.layers.pool import MaxPool
from cnncalc.layers.upsample import Upsample
from cnncalc.render.folding import Label, Several, Term, runs
from cnncalc.unknown import least


class Stage(NamedTuple):
    """A line of the table."""

    name: str
    nodes: tuple[int, ...]
    """The graph's nodes, in execution order."""
    terms: tuple[Term, ...]


class PaperRow(NamedTuple):
    """A layer or block with the nodes in it; no term where nothing of it is told."""

    nodes: frozenset[int]
    term: Term | None


def stages(report: Report, depth: int = 1) -> list[Stage]:
    """The lines of a network's table: its blocks at the level `depth`.

    Single layers stand with the block or the layers beside them that have maps of the same
    size, as the first pool of a ResNet stands with `conv2_x`.
    """
    graph = report.graph
    skipped = projections(graph)
    paths = [tuple(node.name.split(".")) for node in graph.nodes]
    found: list[Stage] = []
    for head, level, nodes in _units(graph, paths, depth, skipped):
        terms = runs(_terms(graph, nodes, paths, level, skipped), outermost=True)
        stage = Stage(".".join(head), nodes, terms)
        if found and _joins(graph, found[-1], stage):
            before = found.pop()
            name = max(before, stage, key=lambda one: _params(graph, one)).name
            joined = runs([*before.terms, *stage.terms], outermost=True)
            stage = Stage(name, before.nodes + nodes, joined)
        found.append(stage)
    return found


def _units(
    graph: Graph, paths: Sequence[tuple[str, ...]], depth: int, skipped: frozenset[int]
) -> list[tuple[tuple[str, ...], int, tuple[int, ...]]]:
    """Names, levels and nodes of the blocks at a level; branches outside of blocks are one unit."""
    found: list[tuple[tuple[str, ...], int, tuple[int, ...]]] = []
    layers = range(len(graph.inputs), len(graph.nodes))
    for head, group in groupby(layers, key=lambda index: paths[index][:depth]):
        nodes = tuple(group)
        level = len(head)
        if len(nodes) == 1 and graph.nodes[nodes[0]].kind.branches:
            own = frozenset(range(len(graph.inputs), nodes[0]))
            ways = [_way(graph, taken, own) for taken in graph.nodes[nodes[0]].inputs]
            stem = frozenset.intersection(*ways)
            lanes = [
                {n for n in way - stem - skipped if describe(graph.nodes[n]) is not None}
                for way in ways
            ]
            if sum(map(bool, lanes)) > 1:
                first = min(set().union(*lanes))
                while found and nodes[0] > first:
                    head, _, before = found.pop()
                    nodes, level = before + nodes, depth - 1
        found.append((head, level, nodes))
    return found


def _joins(graph: Graph, one: Stage, other: Stage) -> bool:
    """Whether two lines are one: single layers on maps of one size, or nothing told before."""
    if not one.terms:
        return True
    sizes = [_size(graph.nodes[stage.nodes[-1]].facts.output[1:]) for stage in (one, other)]
    return sizes[0] == sizes[1] and min(_count_of(one), _count_of(other)) < 2


def _params(graph: Graph, stage: Stage) -> int:
    return sum(least(graph.nodes[index].params) for index in stage.nodes)


def _size(spatial: tuple[int, ...]) -> tuple[int, ...]:
    """A map's size; a vector's is that of a map of one position."""
    return spatial if any(size != 1 for size in spatial) else ()


def _count_of(stage: Stage) -> int:
    return sum(map(_count, stage.terms))


def _count(term: Term) -> int:
    return 1 if isinstance(term, Label) else term.times * sum(map(_count, term.terms))


def describe(node: Node) -> Label | None:
    """A layer as a paper's table has it; `None` for what is not told."""
    kind, values = node.kind, vars(node.kind)
    if not weighted(node) and kind.family not in (MaxPool.family, Upsample.family):
        return None
    name = kind.name.replace("_", " ")
    kernel = values.get("kernel")
    stride = _unlike(values.get("stride"), 1)
    size = "×".join(map(str, kernel)) if isinstance(kernel, tuple) else ""
    channels = str(node.facts.output[0])
    if isinstance(kind, Linear):
        return Label(f"{kind.features}-d fc")
    if kind.family == Conv.family and size:
        depthwise = values.get("groups") == node.facts.output[0] > 1
        plain = "depthwise" if depthwise else "" if isinstance(kind, Conv) else name
        text = f"{size} {plain}".strip() + f", {channels}"
        return Label(text + _details(kind, depthwise), stride)
    text = f"{size} {name}".strip()
    if kind.family != MaxPool.family:
        text += f", {channels}"
    return Label(text, stride)


def _unlike(value: object, usual: int) -> str:
    """`stride 2`; nothing where it is usual on every axis."""
    if not isinstance(value, tuple) or all(item == usual for item in value):
        return ""
    return "stride " + ("×".join(map(str, value)) if len(set(value)) > 1 else str(value[0]))


def _details(kind: Kind, depthwise: bool) -> str:
    values = vars(kind)
    groups, dilation = values.get("groups", 1), values.get("dilation")
    text = f", {groups} groups" if groups != 1 and not depthwise else ""
    unlike = _unlike(dilation, 1)
    return text + (f", {unlike.replace('stride', 'dilation')}" if unlike else "")


def projections(graph: Graph) -> frozenset[int]:
    """The 1×1 convolutions that stand alone on the shortcut of an addition."""
    found = set()
    for index, node in enumerate(graph.nodes):
        if not isinstance(node.kind, Add) or len(node.inputs) != 2:
            continue
        for taken in node.inputs:
            while graph.nodes[taken].kind.family in (BatchNorm.family, Relu.family):
                taken = graph.nodes[taken].inputs[0]
            conv = graph.nodes[taken]
            if not isinstance(conv.kind, Conv) or any(side != 1 for side in conv.kind.kernel):
                continue
            between = range(conv.inputs[0] + 1, index)
            others = [n for n in between if n != taken and weighted(graph.nodes[n])]
            fork = sum(conv.inputs[0] in graph.nodes[n].inputs for n in between)
            if fork > 1 and len(others) > 1:
                found.add(taken)
    return frozenset(found)


def _terms(
    graph: Graph,
    nodes: Sequence[int],
    paths: Sequence[tuple[str, ...]],
    level: int,
    skipped: frozenset[int],
) -> tuple[Term, ...]:
    """The terms of a block's nodes; inner blocks that stand once are their terms."""
    parts: list[PaperRow] = []
    for head, group in groupby(nodes, key=lambda index: paths[index][: level + 1]):
        inner = tuple(group)
        if len(inner) > 1 or len(paths[inner[0]]) > level + 1:
            terms = _terms(graph, inner, paths, len(head), skipped)
            term: Term | None = None
            if terms:
                entry = graph.nodes[graph.nodes[inner[0]].inputs[0]].facts.output[0]
                term = terms[0] if len(terms) == 1 else Several(terms, entry=entry)
            parts.append(PaperRow(frozenset(inner), term))
        elif graph.nodes[inner[0]].kind.branches:
            _merge(graph, parts, inner[0])
        else:
            node = None if inner[0] in skipped else describe(graph.nodes[inner[0]])
            parts.append(PaperRow(frozenset(inner), node))
    return runs([part.term for part in parts if part.term is not None])


def _merge(graph: Graph, parts: list[PaperRow], merge: int) -> None:
    """Put what leads to a merge side by side, where more than one branch has something told."""
    own = frozenset().union(*[part.nodes for part in parts])
    ways = [_way(graph, taken, own) for taken in graph.nodes[merge].inputs]
    stem = frozenset.intersection(*ways)
    lanes: list[list[PaperRow]] = []
    claimed: set[int] = set()
    for way in ways:
        lane = [
            (number, part)
            for number, part in enumerate(parts)
            if number not in claimed and not part.nodes.isdisjoint(way - stem)
        ]
        claimed |= {number for number, _ in lane}
        lanes.append([part for _, part in lane])
    shown = [
        terms
        for lane in lanes
        if (terms := runs([part.term for part in lane if part.term is not None]))
    ]
    if len(shown) < 2:
        parts.append(PaperRow(frozenset((merge,)), None))
        return
    sides = tuple(terms[0] if len(terms) == 1 else Several(terms) for terms in shown)
    nodes = frozenset((merge,)).union(*[parts[number].nodes for number in claimed])
    parts[:] = [part for number, part in enumerate(parts) if number not in claimed]
    parts.append(PaperRow(nodes, Several(sides, aside=True)))


def _way(graph: Graph, start: int, own: frozenset[int]) -> frozenset[int]:
    """The nodes of `own` that lead to a node, itself among them."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        index = waiting.pop()
        if index in own and index not in found:
            found.add(index)
            waiting += graph.nodes[index].inputs
    return frozenset(found)
