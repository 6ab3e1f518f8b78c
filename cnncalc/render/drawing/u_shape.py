"""Volumes on levels: a network whose maps shrink and grow again stands as a U."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from cnncalc.render.drawing.prisms import GAP, VolumeRow
from cnncalc.render.drawing.structure import Drawn

FALLS = 1.5
"""A map that is so many times smaller or larger is on another level."""


MOST = 4
"""Lanes of a stack that is still a step of a U, and not a network beside another."""


def far(drawn: Drawn, rows: Sequence[Sequence[int]]) -> bool:
    """Whether an edge leads from one row to another past others; rows are `lead`s of units."""
    row_of = {lead: number for number, row in enumerate(rows) for lead in row}
    ends = {row[-1] for row in rows}
    return any(
        row_of[edge.source] != row_of[edge.target] and edge.source not in ends
        for edge in drawn.edges
        if edge.source in row_of and edge.target in row_of and edge.source not in drawn.graph.inputs
    )


def leveled(parts: Sequence[VolumeRow]) -> list[VolumeRow]:
    """A row for each size of maps, all from the same left edge.

    It is one row where no maps grow, or where whole networks stand beside each other.
    """
    levels = _levels(parts)
    stacked = any(len({one.y for one in part.solids}) > MOST for part in parts)
    if stacked or levels == sorted(levels):
        return [parts[0]]
    ends = [0.0] * (max(levels) + 1)
    rows: list[VolumeRow | None] = [None] * len(ends)
    x, before = 0.0, 0
    for part, level in zip(parts, levels, strict=True):
        if level > before:
            # its top is where the way comes down beside what stands before it
            x = max(x + GAP - part.solids[0].middle, ends[level])
        else:
            x = max(x + (GAP if part is not parts[0] else 0.0), ends[level])
        row = rows[level]
        moved = part.moved(x, 0)
        x += part.w
        rows[level] = moved._replace(w=x) if row is None else _with(row, moved, x)
        ends[level], before = x + GAP, level
    return [row for row in rows if row is not None]


def _levels(parts: Sequence[VolumeRow]) -> list[int]:
    """The level of each part, by how the height of its maps changes."""
    found: list[int] = []
    level, height = 0, 0.0
    for part in parts:
        heights = [one.h for one in part.solids if not one.sign and one.dx > 0]
        if heights and height:
            # heights are on a square-root scale
            ratio = (height / heights[-1]) ** 2
            if ratio >= FALLS:
                level += 1
            elif ratio <= 1 / FALLS:
                level = max(level - max(round(log2(1 / ratio)), 1), 0)
        height = heights[-1] if heights else height
        found.append(level)
    return found


def _with(row: VolumeRow, part: VolumeRow, right: float) -> VolumeRow:
    return VolumeRow(
        right,
        max(row.up, part.up),
        max(row.down, part.down),
        (*row.solids, *part.solids),
        (*row.braces, *part.braces),
    )
