"""The network as a diagram: the drawing of blocks as places and texts, in one column."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.render.drawing.layout import Box, Frame, TextLine, layout, lines, rounding
from cnncalc.render.drawing.structure import structure
from cnncalc.render.escape import plain
from cnncalc.render.rows import ViewOptions

MARGIN = 12.0


def diagram(report: Report, view: ViewOptions) -> dict[str, Any]:
    """Where everything stands, in pixels.

    - `size`: width and height
    - `frames`: `[x, y, width, height, title, times, first, last]`: blocks and what recurs, with
      the numbers of their first and last layer
    - `boxes`: `[x, y, width, height, radius, role, lines, layers, output]`: units, a line of text
      being `[x, y, text, size, anchor, quiet, times]`, and `layers` the numbers of all layers that
      the unit stands for, the one that is told first (none of an input)
    - `wires`: `[path, kind]`: 0 a tensor, 1 one that skips others, 2 one that is only named
    """
    found = layout(structure(report.graph), view.channels_last, columns=False)
    first, outputs = len(report.inputs), set(report.graph.outputs)
    # shapes beside merges may stand out to the left
    left = min([0.0, *[_left(box) for box in found.boxes]])
    return {
        "size": [_n(found.width - left + 2 * MARGIN), _n(found.height + 2 * MARGIN)],
        "shift": [_n(MARGIN - left), _n(MARGIN)],
        "frames": [_frame(frame, first) for frame in found.frames],
        "boxes": [_box(box, first, outputs) for box in found.boxes],
        "wires": [[wire.path, 2 if wire.named else int(wire.skip)] for wire in found.wires],
    }


def _left(box: Box) -> float:
    return box.x - 5 - len(box.shape) * 5.7 if box.role == "merge" else box.x


def _frame(frame: Frame, first: int) -> list[Any]:
    place = [_n(value) for value in frame[:4]]
    numbered = [min(frame.nodes) - first + 1, max(frame.nodes) - first + 1]
    return [*place, plain(frame.name), frame.times, *numbered]


def _box(box: Box, first: int, outputs: set[int]) -> list[Any]:
    place = [_n(value) for value in (box.x, box.y, box.w, box.h, rounding(box))]
    told = [box.unit.lead, *[index for index in box.unit.nodes if index != box.unit.lead]]
    numbered = [index - first + 1 for index in told if index >= first]
    output = not outputs.isdisjoint(box.unit.nodes)
    return [*place, box.role, [_line(line) for line in lines(box)], numbered, output]


def _line(line: TextLine) -> list[Any]:
    return [_n(line.x), _n(line.y), line.text, *line[3:]]


def _n(value: float) -> int | float:
    """A number with one decimal at most."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
