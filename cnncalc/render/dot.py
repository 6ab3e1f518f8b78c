"""Graphviz' language: a node a layer or folded block, a cluster a block around layers."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.render.escape import dot
from cnncalc.render.figure import FigureBox, figure, lines, nested
from cnncalc.render.rows import ViewOptions

SHAPES = {"input": "ellipse", "block": "box3d"}


def report_dot(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A network as a `digraph`; blocks deeper than `view.depth` levels are one node."""
    drawn = figure(report, view.depth)
    text = [
        f'digraph "{dot(report.name)}" {{',
        "  node [shape=box, fontname=Helvetica, fontsize=11];",
        "  edge [arrowsize=0.7];",
        "  graph [fontname=Helvetica, fontsize=11, color=gray, labeljust=l];",
    ]
    clusters = 0
    for level, what in nested(drawn.boxes):
        indent = "  " * (level + 1)
        if what is None:
            text.append(f"{indent}}}")
        elif isinstance(what, str):
            clusters += 1
            text.append(f"{indent}subgraph cluster_{clusters} {{")
            text.append(f'{indent}  label="{dot(what)}";')
        else:
            text.append(f"{indent}n{what} [{_attributes(drawn.boxes[what], view)}];")
    for edge in drawn.edges:
        style = " [style=dashed]" if edge.named else ""
        text.append(f"  n{edge.source} -> n{edge.target}{style};")
    return "\n".join([*text, "}"]) + "\n"


def _attributes(box: FigureBox, view: ViewOptions) -> str:
    label = r"\n".join(map(dot, lines(box, view.channels_last)))
    found = [f'label="{label}"']
    if box.family in SHAPES:
        found.append(f"shape={SHAPES[box.family]}")
    if box.output:
        found.append("penwidth=2")
    return ", ".join(found)
