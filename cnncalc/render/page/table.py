"""The layer table: blocks as rows above their layers, with their sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import Report
from cnncalc.render.columns import COLUMNS, SHOWN, Column
from cnncalc.render.escape import plain
from cnncalc.render.numbers import kept
from cnncalc.render.rows import Row, ViewOptions, folded, rows
from cnncalc.unknown import least

OPEN = 80
"""As many rows are open at first, where nobody says how deep; at least the outermost blocks are."""

EVERYTHING = 2**62
"""Sorts what sees the whole input behind every size."""


def table(report: Report, view: ViewOptions) -> dict[str, Any]:
    """Columns and rows.

    A row is `[level, name, full name, count, cells, values]`: `count` layers in a block, 0 for a
    layer itself; `cells` the texts of the columns, `values` what they are sorted by (`null` where
    that is the text). The row of a layer that cannot be, or of its block, ends with the reason.
    `asked` says whether just these columns were asked for. `first` counts the
    network's inputs, `busiest` is the number of the layer with the most MACs, and `open` how many
    levels are open at first.
    """
    chosen = [key for key in view.columns or SHOWN if key != "name"]
    columns = [COLUMNS[key] for key in chosen]
    sorts = [_sort(key, COLUMNS[key]) for key in chosen]
    found = rows(report, view._replace(depth=None, kinds=(), with_input=False))
    entries = []
    most = [0] * len(columns)
    for level, label, count, row in _nested(found):
        cells = [column.cell(row, view) for column in columns]
        values = [least(sort(row)) if sort is not None else None for sort in sorts]
        if level == 0:
            most = [max(a, b or 0) for a, b in zip(most, values, strict=True)]
        failed = (plain(row.failed),) if row.failed else ()
        entries.append((level, plain(label), ".".join(row.path), count, cells, values, *failed))
    return {
        "columns": [
            {
                "key": key,
                "title": column.title,
                "number": column.number,
                "most": largest if column.value is not None else None,
            }
            for key, column, largest in zip(chosen, columns, most, strict=True)
        ],
        "asked": bool(view.columns),
        "rows": entries,
        "first": len(report.inputs),
        "busiest": _busiest(report),
        "open": view.depth if view.depth is not None else _opened(entries),
    }


def _nested(found: list[Row]) -> Iterator[tuple[int, str, int, Row]]:
    """Level, label, number of layers in it and row of each block and layer, a block first."""
    heads = [row.path[:-1] for row in found]
    above: tuple[str, ...] = ()
    for place, (row, head) in enumerate(zip(found, heads, strict=True)):
        if head != above:
            shared = 0
            while shared < min(len(head), len(above)) and head[shared] == above[shared]:
                shared += 1
            for level in range(shared, len(head)):
                path = head[: level + 1]
                end = place
                while end < len(found) and heads[end][: level + 1] == path:
                    end += 1
                yield level, head[level], end - place, folded(found[place:end], path)
        yield len(head), row.path[-1], 0, row
        above = head


def _opened(entries: list[tuple[Any, ...]]) -> int:
    """How many levels are open at first: as many as show no more than `OPEN` rows."""
    levels = [entry[0] for entry in entries]
    deepest = max(levels, default=0) + 1
    for depth in range(deepest, 1, -1):
        if sum([level < depth for level in levels]) <= OPEN:
            return depth
    return 1


def _busiest(report: Report) -> int | None:
    """The number of the layer with the most MACs, which is told of where none is pointed at."""
    busiest = max(report.layers, key=lambda layer: least(layer.macs), default=None)
    return busiest.number if busiest is not None and busiest.macs else None


def _sort(key: str, column: Column) -> Callable[[Row], int] | None:
    """What a column is sorted by; `None` for its text."""
    if key in SORTS:
        return SORTS[key]
    if not column.number or column.value is not None:
        return column.value
    (amount,) = column.data.values()
    view = ViewOptions()
    return lambda row: int(amount(row, view) or 0)


@kept
def _size(fields: tuple[ReceptiveField | None, ...]) -> int:
    return max(
        [
            EVERYTHING if field is None else max(map(least, field.size), default=0)
            for field in fields
        ]
    )


@kept
def _start(fields: tuple[ReceptiveField | None, ...]) -> int:
    starts = [min(map(least, field.start), default=0) for field in fields if field is not None]
    return min(starts, default=EVERYTHING)


SORTS: dict[str, Callable[[Row], int]] = {
    "index": lambda row: int(row.number.partition("–")[0]),
    "output": lambda row: prod(row.output_shape),
    "field": lambda row: _size(row.fields),
    "start": lambda row: _start(row.fields),
}
"""Columns whose text tells no single amount."""
