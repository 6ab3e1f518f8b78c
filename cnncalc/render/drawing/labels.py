"""What stands at a unit of a drawing, and how wide text is."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.depth import weighted
from cnncalc.graph import Graph
from cnncalc.layers.attention import SelfAttention
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.merge import Add, Broadcast
from cnncalc.layers.pool import MaxPool
from cnncalc.layers.upsample import Upsample
from cnncalc.render import numbers
from cnncalc.render.drawing.structure import Unit
from cnncalc.render.escape import plain
from cnncalc.render.paper_table import describe
from cnncalc.shapes import Shape

LONGEST = 40
"""Signs of a line in a drawing; a longer one is cut."""


def role(graph: Graph, unit: Unit) -> str:
    """What its colour tells: the family of the layer that is told, by what it does."""
    node = graph.nodes[unit.lead]
    if unit.block:
        return "block"
    if unit.lead in graph.inputs:
        return "input"
    kind = node.kind
    if kind.branches:
        return "merge"
    if kind.family in (MaxPool.family, Upsample.family, SelfAttention.family):
        return kind.family
    if weighted(node):
        return Linear.family if kind.family == Linear.family else Conv.family
    return "other"


def title(graph: Graph, unit: Unit) -> str:
    """The layer as papers have it (`3×3 conv, 64, stride 2`), or the block's name."""
    node = graph.nodes[unit.lead]
    if unit.block:
        return cut(unit.block)
    if unit.lead in graph.inputs:
        return cut(node.name)
    if node.kind.branches:
        sign = node.kind.sign if isinstance(node.kind, Broadcast) else ""
        return sign or node.kind.name.replace("_", " ")
    found = describe(node)
    if found is None:
        return cut(", ".join([_words(graph, index) for index in unit.nodes[:2]]))
    text = found.text
    if isinstance(node.kind, Conv):
        size, rest = text.split(", ", 1)
        text = f"{size} conv, {rest}" if "depthwise" not in size else text
    return cut(f"{text}, {found.stride}" if found.stride else text)


def _words(graph: Graph, index: int) -> str:
    return graph.nodes[index].kind.name.replace("_", " ")


def shape(graph: Graph, unit: Unit) -> Shape:
    """The output shape: that of the layer that is told, of what recurs that of the last round."""
    node = graph.nodes[unit.lead]
    if unit.times > 1 or unit.block or isinstance(node.kind, Add) or node.kind.branches:
        return graph.nodes[unit.last].facts.output
    return node.facts.output


def about(graph: Graph, unit: Unit, channels_last: bool = False) -> str:
    """All that a unit stands for, a layer a line: what a viewer shows when it is pointed at."""
    lines = []
    for index in unit.nodes[:MOST]:
        node = graph.nodes[index]
        options = f" {node.kind.short_options()}".rstrip()
        size = numbers.shape(node.facts.output, channels_last)
        lines.append(f"{node.name}: {node.kind.name}{options}, {size}")
    if len(unit.nodes) > MOST:
        lines.append(f"and {len(unit.nodes) - MOST} more layers")
    return "\n".join(lines)


MOST = 12
"""Layers that are told of a unit one by one."""


def cut(text: str, most: int = LONGEST) -> str:
    """A text in one line of at most so many signs."""
    text = plain(text)
    return text if len(text) <= most else text[: most - 1] + "…"


NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[] /"), frozenset("mwMW@%—…")


def width(text: str, size: float) -> float:
    """About how wide a text is in a sans serif of a size, rather more than less."""
    units = 0.0
    for sign in text:
        if sign in NARROW:
            units += 0.32
        elif sign in WIDE:
            units += 0.9
        elif sign.isupper():
            units += 0.7
        else:
            units += 0.57 if sign < "\u1100" else 1.05
    return units * size


def widest(lines: Sequence[tuple[str, float]]) -> float:
    """The width of the widest of some texts of a size each."""
    return max([width(text, size) for text, size in lines], default=0.0)
