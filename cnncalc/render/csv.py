"""CSV: a row a layer, exact numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.analysis.report import Report
from cnncalc.render import escape
from cnncalc.render.columns import COLUMNS, PARTS, TOLD, Data, field_data
from cnncalc.render.rows import ViewOptions, rows


def report_csv(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A report's layers as CSV.

    The receptive fields in further inputs stand last, with the input's name: `stride.depth`.
    """
    chosen: Data = {}
    for key in view.columns or TOLD:
        chosen.update(COLUMNS[key].data)
    fields = [title for title in chosen if title in PARTS]
    for place, name in enumerate(report.inputs):
        if place:
            chosen.update(field_data(fields, place, f".{escape.plain(name)}"))
    cells = chosen.values()
    return written([*chosen], [[cell(row, view) for cell in cells] for row in rows(report, view)])


def written(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV; foreign text in it has passed through `escape.cell`."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(rows)
    return text.getvalue()
