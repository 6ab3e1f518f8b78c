"""The outline as boxes: `--style blocks`."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.graph import Graph
from cnncalc.render import numbers, summary
from cnncalc.render.drawing import labels, svg
from cnncalc.render.drawing.layout import (
    FONT,
    SMALL,
    Box,
    BoxLayout,
    Frame,
    layout,
    lines,
    rounding,
)
from cnncalc.render.drawing.routing import n
from cnncalc.render.drawing.structure import structure
from cnncalc.render.rows import ViewOptions

MARGIN, TOP = 24.0, 58.0
HEADS = '<marker id="to" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0.5 1L7.5 4L0.5 7z" fill="%s"/></marker>'


def report_blocks(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A network as boxes in SVG; blocks deeper than `view.depth` levels are one box."""
    drawn = structure(report.graph, view.depth)
    placed = layout(drawn, view.channels_last)
    body = [f"<defs>{HEADS % svg.LINE}</defs>", *heading(report, view.channels_last)]
    body.append(f'<g transform="translate({n(MARGIN)} {n(TOP)})">')
    body += elements(placed, drawn.graph, view)
    body.append("</g>")
    wide = max(placed.width, heading_width(report)) + 2 * MARGIN
    return svg.document(wide, placed.height + TOP + MARGIN, body, report.name, about(report))


def about(report: Report) -> str:
    """A line for those who cannot see the drawing."""
    totals = report.totals
    return (
        f"{report.name}: {totals.layers} layers, {numbers.human(totals.params)} parameters, "
        f"{numbers.human(totals.macs)} MACs"
    )


def heading(report: Report, channels_last: bool) -> list[str]:
    """The network's name, and below it the input and the totals."""
    name, line = _heading(report, channels_last)
    return [
        svg.words(MARGIN, 27, name, 16, anchor="start", weight="bold"),
        svg.words(MARGIN, 44, line, SMALL, svg.QUIET, "start"),
    ]


def heading_width(report: Report) -> float:
    """The room that it takes."""
    name, line = _heading(report, False)
    return max(labels.width(name, 17), labels.width(line, SMALL))


def _heading(report: Report, channels_last: bool) -> tuple[str, str]:
    totals = report.totals
    line = (
        f"{summary.heading(report, channels_last)} · {numbers.human(totals.params)} parameters · "
        f"{numbers.human(totals.macs)} MACs"
    )
    return labels.cut(report.name, 60), labels.cut(line, 160)


def elements(placed: BoxLayout, graph: Graph, view: ViewOptions) -> list[str]:
    """Frames, wires and boxes; those of layers name the graph's nodes in `data-nodes`."""
    found = [_frame(frame) for frame in placed.frames]
    for wire in placed.wires:
        merges = graph.nodes[wire.target].kind.branches
        style = ' stroke-width="1.1"' if wire.skip else ' stroke-width="1.2"'
        style += ' stroke-dasharray="4 3"' if wire.named else ""
        head = "" if merges and not wire.skip else ' marker-end="url(#to)"'
        found.append(f'<path d="{wire.path}" fill="none" stroke="{svg.LINE}"{style}{head}/>')
    found += [_box(box, graph, view) for box in placed.boxes]
    return found


def _frame(frame: Frame) -> str:
    label = svg.words(
        frame.x + 10, frame.y + 16, frame.name, FONT - 1, svg.QUIET, "start", times=frame.times
    )
    return (
        f'<g data-nodes="{ranges(frame.nodes)}"><rect x="{n(frame.x)}" y="{n(frame.y)}" '
        f'width="{n(frame.w)}" height="{n(frame.h)}" rx="8" fill="#54738c" fill-opacity="0.06" '
        f'stroke="#b6c4d0"/>{label}</g>'
    )


def _box(box: Box, graph: Graph, view: ViewOptions) -> str:
    fill, line = svg.FILLS[box.role]
    inside = svg.note(labels.about(graph, box.unit, view.channels_last))
    radius = rounding(box)
    wide = 2 if not set(graph.outputs).isdisjoint(box.unit.nodes) else 1
    inside += (
        f'<rect x="{n(box.x)}" y="{n(box.y)}" width="{n(box.w)}" height="{n(box.h)}" '
        f'rx="{n(radius)}" fill="{fill}" stroke="{line}" stroke-width="{wide}"/>'
    )
    for x, y, told, size, anchor, quiet, times in lines(box):
        inside += svg.words(x, y, told, size, svg.QUIET if quiet else svg.INK, anchor, times=times)
    return f'<g data-nodes="{ranges(box.unit.nodes)}">{inside}</g>'


def ranges(nodes: tuple[int, ...]) -> str:
    """Numbers with those that follow each other as `3-7`."""
    found: list[list[int]] = []
    for node in sorted(nodes):
        if found and found[-1][1] == node - 1:
            found[-1][1] = node
        else:
            found.append([node, node])
    return " ".join([f"{a}-{b}" if a != b else str(a) for a, b in found])
