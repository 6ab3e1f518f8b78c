"""Mermaid's flowcharts, which GitHub shows: a node a layer or folded block."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import UsageError
from cnncalc.render.escape import mermaid, plain
from cnncalc.render.figure import Figure, FigureBox, figure, lines, nested
from cnncalc.render.rows import ViewOptions

EDGES, SIGNS = 500, 50_000
"""Mermaid refuses more (`maxEdges`, `maxTextSize`), and a file cannot ask for more."""


def report_mermaid(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A network as a flowchart; blocks deeper than `view.depth` levels are one node.

    Without a depth it is the deepest that Mermaid takes.

    Raises:
        UsageError: Mermaid would refuse the chart.
    """
    deepest = max(node.name.count(".") + 1 for node in report.graph.nodes)
    depths = range(deepest, 0, -1) if view.depth is None else (view.depth,)
    for depth in depths:
        drawn = figure(report, depth)
        text = _chart(report, drawn, view, depth < deepest)
        if len(drawn.edges) <= EDGES and len(text) < SIGNS:
            return text
    raise UsageError(
        f"the chart has {len(drawn.edges)} edges and {len(text):,} signs: "
        f"Mermaid takes {EDGES} and {SIGNS:,}",
        f"fold more with `--depth {depth - 1}`" if depth > 1 else "a .dot file has no limit",
    )


def _chart(report: Report, drawn: Figure, view: ViewOptions, folded: bool) -> str:
    text = ["---", f'title: "{_title(report.name)}"', "---"]
    if folded and view.depth is None:
        text.append(f"%% blocks are folded: Mermaid takes {EDGES} edges and {SIGNS} signs")
    text.append("flowchart TB")
    blocks = 0
    for level, what in nested(drawn.boxes):
        indent = "  " * (level + 1)
        if what is None:
            text.append(f"{indent}end")
        elif isinstance(what, str):
            blocks += 1
            text.append(f'{indent}subgraph b{blocks}["{mermaid(what)}"]')
        else:
            text.append(f"{indent}n{what}{_node(drawn.boxes[what], view)}")
    for edge in drawn.edges:
        text.append(f"  n{edge.source} {'-.->' if edge.named else '-->'} n{edge.target}")
    return "\n".join(text) + "\n"


def _node(box: FigureBox, view: ViewOptions) -> str:
    label = f'"{"<br/>".join(map(mermaid, lines(box, view.channels_last)))}"'
    if box.family == "input":
        return f"([{label}])"
    return f"[[{label}]]" if box.family == "block" else f"[{label}]"


def _title(name: str) -> str:
    """For a text in YAML's double quotes, which Mermaid shows as it is."""
    return "".join([c if c.isalnum() or c in " -.,()" else f"\\U{ord(c):08x}" for c in plain(name)])
