"""CSV: a row a layer, exact numbers."""

from __future__ import annotations

import csv
import io

from cnncalc.analysis.report import Report
from cnncalc.render import escape, numbers
from cnncalc.render.rows import rows

COLUMNS = (
    "index", "name", "kind", "options", "output_shape", "receptive_field", "stride", "start",
    "params", "buffers", "macs", "flops", "activation_bytes",
)  # fmt: skip


def report_csv(report: Report, depth: int | None = None, channels_last: bool = False) -> str:
    """A report's layers as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(report, depth):
        field = row.field
        writer.writerow(
            [
                row.number,
                escape.cell(row.name),
                escape.cell(row.kind),
                escape.cell(row.essentials),
                numbers.shape(row.output_shape, channels_last).replace("×", "x"),
                axes(field.size) if field else "",
                axes(field.stride) if field else "",
                axes(field.start) if field else "",
                row.params,
                row.buffers,
                row.macs,
                row.flops,
                row.memory,
            ]
        )
    return text.getvalue()


def axes(values: tuple[object, ...]) -> str:
    """One value for each axis, `x` between them; empty where it varies."""
    return "x".join("" if value is None else str(value) for value in values)
