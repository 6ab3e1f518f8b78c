"""CSV: a row a layer, exact numbers."""

from __future__ import annotations

import csv
import io

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import Report
from cnncalc.render import escape, numbers
from cnncalc.render.rows import rows

COLUMNS = (
    "index", "name", "kind", "options", "output_shape", "receptive_field", "stride", "start",
    "params", "buffers", "macs", "flops", "activation_bytes",
)  # fmt: skip
FIELD = ("receptive_field", "stride", "start")
"""The columns of a receptive field; those of further inputs stand last, with the input's name."""


def report_csv(report: Report, depth: int | None = None, channels_last: bool = False) -> str:
    """A report's layers as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    others = list(report.inputs)[1:]
    further = [f"{column}.{escape.plain(name)}" for name in others for column in FIELD]
    writer.writerow([*COLUMNS, *further])
    for row in rows(report, depth):
        first, *rest = map(_field, row.fields)
        writer.writerow(
            [
                row.number,
                escape.cell(row.name),
                escape.cell(row.kind),
                escape.cell(row.essentials),
                numbers.shape(row.output_shape, channels_last).replace("×", "x"),
                *first,
                row.params,
                row.buffers,
                row.macs,
                row.flops,
                row.memory,
                *[value for field in rest for value in field],
            ]
        )
    return text.getvalue()


def _field(field: ReceptiveField | None) -> tuple[str, str, str]:
    return (axes(field.size), axes(field.stride), axes(field.start)) if field else ("", "", "")


def axes(values: tuple[object, ...]) -> str:
    """One value for each axis, `x` between them; empty where it varies."""
    return "x".join("" if value is None else str(value) for value in values)
