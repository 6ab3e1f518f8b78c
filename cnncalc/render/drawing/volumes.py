"""A network's maps as volumes, as notes and papers draw them: `--style volumes`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.graph import Graph
from cnncalc.render.drawing import labels, svg
from cnncalc.render.drawing.blocks import HEADS, MARGIN, TOP, about, heading, heading_width, ranges
from cnncalc.render.drawing.edges import Way, Ways
from cnncalc.render.drawing.prisms import (
    LABEL,
    LINE,
    MOST,
    SLAB,
    SMALL,
    WIDE,
    Brace,
    Placer,
    Solid,
    VolumeRow,
    beside,
    wrapped,
)
from cnncalc.render.drawing.routing import n
from cnncalc.render.drawing.structure import Drawn, structure, units
from cnncalc.render.drawing.u_shape import far, leveled
from cnncalc.render.rows import ViewOptions

MANY = 44
"""A network of more units is folded until it has fewer."""
ROWS = 40.0
"""Between rows."""
SCALE = (
    "Heights and depths are proportional to the square root of a map's height and width, widths "
    "to that of the channels, bars to that of the features."
)


def report_volumes(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A network as volumes in SVG; blocks deeper than `view.depth` levels are one.

    Without a depth it is the deepest that shows no more than some forty volumes.
    """
    drawn, placed = picture(report.graph, view.depth, view.channels_last)
    body = [f"<defs>{HEADS % svg.LINE}</defs>", *heading(report, view.channels_last)]
    body.append(f'<g transform="translate({n(MARGIN)} {n(TOP + 8)})">')
    body += [_wire(wire) for wire in placed.wires]
    body += [_solid(solid, drawn.graph, view) for solid in placed.solids]
    body += [_brace(brace) for brace in placed.braces]
    body.append("</g>")
    width = max(placed.width, heading_width(report), 420.0) + 2 * MARGIN
    y = TOP + 8 + placed.height + 26
    y, legend = _legend(placed.solids, MARGIN, y, width - 2 * MARGIN)
    return svg.document(width, y + 14, body + legend, report.name, about(report))


def picture(graph: Graph, depth: int | None, channels_last: bool = False) -> tuple[Drawn, Picture]:
    """What is drawn of a graph, and where it stands."""
    drawn = _folded(graph, depth)
    placer = Placer(drawn, channels_last)
    inputs = [placer.solid(unit) for unit in drawn.inputs]
    return drawn, _placed(drawn, placer, [*inputs, *placer.parts(drawn.items)])


def _folded(graph: Graph, depth: int | None) -> Drawn:
    if depth is not None:
        return structure(graph, depth)
    level = max(node.name.count(".") + 1 for node in graph.nodes)
    drawn = structure(graph)
    while len(units(drawn.items)) > MANY and level > 1:
        level -= 1
        drawn = structure(graph, level)
    return drawn


class Picture(NamedTuple):
    """Everything in its place."""

    width: float
    height: float
    solids: tuple[Solid, ...]
    braces: tuple[Brace, ...]
    wires: tuple[Way, ...]


def _placed(drawn: Drawn, placer: Placer, parts: Sequence[VolumeRow]) -> Picture:
    """In rows; as levels below each other where ways lead far across and sizes shrink and grow."""
    rows = [beside(row) for row in wrapped(parts, WIDE)]
    starts = [22.0 if number else 0.0 for number in range(len(rows))]
    levels = False
    if len(rows) > 1 and far(drawn, [[one.unit.lead for one in row.solids] for row in rows]):
        found = leveled(parts)
        levels = len(found) > 1
        if levels:
            rows, starts = found, [0.0] * len(found)
    above = [0.0] * len(rows)
    while True:
        solids, braces, floors = _set(rows, starts, above)
        width = max(one.right for one in solids) + 30
        ways = Ways(drawn, placer.passed, solids, width, [] if levels else floors)
        wires = ways.all()
        lacking = [
            max(top - peak + 4, 0.0)
            for top, peak in zip(_tops(solids, rows, above), ways.peaks(len(rows)), strict=True)
        ]
        if not any(lacking):
            return Picture(width, floors[-1], solids, braces, tuple(wires))
        above = [one + more for one, more in zip(above, lacking, strict=True)]


def _set(
    rows: Sequence[VolumeRow], starts: Sequence[float], above: Sequence[float]
) -> tuple[tuple[Solid, ...], tuple[Brace, ...], list[float]]:
    """The volumes of rows below each other, room for arcs above each; and where each ends."""
    floors: list[float] = []
    found: list[VolumeRow] = []
    y = 0.0
    for number, row in enumerate(rows):
        y += row.up + above[number]
        found.append(row.moved(starts[number], y, number))
        floors.append(y + row.down)
        y += row.down + ROWS
    solids = tuple([solid for row in found for solid in row.solids])
    return solids, tuple([brace for row in found for brace in row.braces]), floors


def _tops(
    solids: Sequence[Solid], rows: Sequence[VolumeRow], above: Sequence[float]
) -> list[float]:
    """Where the room of each row begins."""
    axes = [next(one.y for one in solids if one.row == number) for number in range(len(rows))]
    firsts = [next(iter(row.solids)).y for row in rows]
    return [
        axis - first - row.up - room
        for axis, first, row, room in zip(axes, firsts, rows, above, strict=True)
    ]


def _wire(way: Way) -> str:
    dash = ' stroke-dasharray="4 3"' if way.dashed else ""
    path = (
        f'<path d="{way.path}" fill="none" stroke="{svg.LINE}" stroke-width="1.1"{dash} '
        'marker-end="url(#to)"/>'
    )
    if not way.text:
        return path
    return path + svg.words(*way.at, way.text, SMALL, svg.QUIET)


def _solid(solid: Solid, graph: Graph, view: ViewOptions) -> str:
    fill, line = svg.FILLS[solid.role]
    inside = svg.note(labels.about(graph, solid.unit, view.channels_last))
    if solid.sign:
        middle = solid.x + solid.w / 2
        inside += (
            f'<circle cx="{n(middle)}" cy="{n(solid.y)}" r="{n(solid.w / 2)}" fill="{fill}" '
            f'stroke="{line}"/>'
        )
        inside += svg.words(middle, solid.y + 4.6, solid.sign, 14)
        return f'<g data-nodes="{ranges(solid.unit.nodes)}">{inside}</g>'
    side, top = svg.SHADES[solid.role]
    y = solid.bottom - solid.h
    count = min(solid.unit.times, MOST)
    for number in range(count):
        x = solid.x + number * (solid.w + SLAB + solid.dx * 0.35)
        inside += _cuboid(x, y, solid, (fill, line, side, top))
    for number, text in enumerate(solid.lines):
        last = number == len(solid.lines) - 1
        at = solid.bottom + 6 + LINE * number + 7
        inside += svg.words(
            solid.middle, at, text, SMALL if last else LABEL, svg.QUIET if last else svg.INK,
            times=solid.unit.times if not number else 1,
        )  # fmt: skip
    return f'<g data-nodes="{ranges(solid.unit.nodes)}">{inside}</g>'


def _cuboid(x: float, y: float, solid: Solid, colours: tuple[str, str, str, str]) -> str:
    """Its top, its right side and its front."""
    fill, line, side, top = colours
    w, h, dx, dy = solid.w, solid.h, solid.dx, solid.dy
    stroke = f'stroke="{line}" stroke-width="0.7" stroke-linejoin="round"'
    return (
        f'<path d="M{n(x)} {n(y)}l{n(dx)} {n(-dy)}h{n(w)}l{n(-dx)} {n(dy)}z" '
        f'fill="{top}" {stroke}/>'
        f'<path d="M{n(x + w)} {n(y)}l{n(dx)} {n(-dy)}v{n(h)}l{n(-dx)} {n(dy)}z" '
        f'fill="{side}" {stroke}/>'
        f'<rect x="{n(x)}" y="{n(y)}" width="{n(w)}" height="{n(h)}" fill="{fill}" {stroke}/>'
    )


def _brace(brace: Brace) -> str:
    x, y, w = brace.x, brace.y, brace.w
    path = f"M{n(x)} {n(y)}v4h{n(w)}v-4"
    return (
        f'<path d="{path}" fill="none" stroke="{svg.LINE}"/>'
        + svg.words(x + w / 2, y + 16, brace.name, LABEL, svg.QUIET, times=brace.times)
    )  # fmt: skip


def _legend(solids: Sequence[Solid], x: float, y: float, width: float) -> tuple[float, list[str]]:
    """Colours and scales, and where they end."""
    found, at = [], x
    for role in dict.fromkeys(solid.role for solid in solids):
        if role not in svg.NAMES:
            continue
        fill, line = svg.FILLS[role]
        name = svg.NAMES[role]
        found.append(
            f'<rect x="{n(at)}" y="{n(y - 8)}" width="10" height="10" fill="{fill}" '
            f'stroke="{line}" stroke-width="0.7"/>'
        )
        found.append(svg.words(at + 15, y + 1, name, SMALL, svg.QUIET, "start"))
        at += 15 + labels.width(name, SMALL) + 14
    line = ""
    for word in SCALE.split():
        if labels.width(f"{line} {word}", SMALL) > width:
            y += 13
            found.append(svg.words(x, y + 3, line, SMALL, svg.QUIET, "start"))
            line = ""
        line = f"{line} {word}".strip()
    y += 13
    found.append(svg.words(x, y + 3, line, SMALL, svg.QUIET, "start"))
    return y, found
