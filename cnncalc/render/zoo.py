"""A list of networks, a row each: table, JSON, Markdown, CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cnncalc.analysis.overview import Overview
from cnncalc.render import escape, numbers
from cnncalc.render.spans import Line, Span, pad, width, wrap
from cnncalc.render.table import GAP, fit

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
CSV_COLUMNS = (
    "name", "title", "year", "input_shape", "output_shape", "params", "macs", "depth",
    "receptive_field", "stride", "start", "source",
)  # fmt: skip
LEGEND = (
    "depth: weighted layers on the longest path",
    "sees: receptive field/stride of the last feature map",
)


class Column(NamedTuple):
    """A column: its titles in the table and in Markdown, how it is filled, and how it looks."""

    title: str
    heading: str
    cell: Callable[[Overview], str]
    style: str = ""
    numeric: bool = False


COLUMNS: dict[str, Column] = {
    "name": Column("name", "Network", lambda row: row.name, "bold"),
    "year": Column("year", "Year", lambda row: str(row.year or ""), "dim"),
    "input": Column("input", "Input", lambda row: numbers.shape(row.input)),
    "params": Column("params", "Parameters", lambda row: numbers.human(row.params), "blue", True),
    "macs": Column("MACs", "MACs", lambda row: numbers.human(row.macs), "magenta", True),
    "depth": Column("depth", "Depth", lambda row: str(row.depth), "yellow", True),
    "field": Column("sees", "Sees", lambda row: numbers.field(row.field), "green", True),
    "source": Column("source", "Source", lambda row: row.source or "", "dim"),
}
NARROWEST = {"source": 20, "field": 8, "input": 11, "name": 12}
"""Columns are narrowed to this, the first first, before one is dropped."""
DROP_ORDER = ("source", "year", "input", "field", "depth")
"""Which columns go first where the terminal is narrow."""


def zoo_lines(rows: Sequence[Overview], total: int, columns: int | None) -> list[Line]:
    """The table as lines of styled text; `total` networks there are, listed or not."""
    cells = {
        key: [escape.plain(column.cell(row)) for row in rows] for key, column in COLUMNS.items()
    }
    natural = {
        key: max(width(COLUMNS[key].title), *map(width, texts)) for key, texts in cells.items()
    }
    layout = fit(natural, columns, narrow=NARROWEST, droppable=DROP_ORDER)

    def line(texts: dict[str, str], style: str | None = None) -> Line:
        spans: Line = []
        for key in layout.columns:
            column = COLUMNS[key]
            text = pad(texts[key], layout.widths[key], column.numeric)
            spans += [Span(text, style or column.style), Span(" " * GAP)]
        return spans[:-1]

    length = sum(layout.widths[key] for key in layout.columns) + GAP * (len(layout.columns) - 1)
    rule = [Span("─" * length, "dim")]
    count = f"{len(rows)} networks" if len(rows) == total else f"{len(rows)} of {total} networks"
    return [
        line({key: column.title for key, column in COLUMNS.items()}, "bold"),
        rule,
        *(line({key: cells[key][place] for key in cells}) for place in range(len(rows))),
        rule,
        *([Span(text, "dim")] for text in wrap(" · ".join((count, *LEGEND)), columns)),
    ]


def zoo_dict(rows: Sequence[Overview]) -> dict[str, Any]:
    """The networks as plain data."""
    networks = []
    for row in rows:
        field = row.field
        networks.append(
            {
                "name": row.name,
                "title": row.title,
                "source": row.source,
                "year": row.year,
                "input_shape": list(row.input),
                "output_shape": list(row.output),
                "params": row.params,
                "macs": row.macs,
                "depth": row.depth,
                "receptive_field": field
                and {key: list(value) for key, value in field._asdict().items()},
            }
        )
    return {"schema": "cnncalc.zoo/1", "networks": networks}


def zoo_json(rows: Sequence[Overview]) -> str:
    """The networks as JSON text."""
    from cnncalc.render.json import dumps

    return dumps(zoo_dict(rows))


def zoo_csv(rows: Sequence[Overview]) -> str:
    """The networks as CSV, exact numbers."""
    import csv
    import io

    from cnncalc.render.csv import axes

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        field = [axes(values) for values in row.field] if row.field else [""] * 3
        shapes = [axes(row.input), axes(row.output)]
        texts = [escape.cell(row.name), escape.cell(row.title), row.year or "", *shapes]
        source = escape.cell(row.source or "")
        writer.writerow([*texts, row.params, row.macs, row.depth, *field, source])
    return text.getvalue()


def zoo_markdown(rows: Sequence[Overview], folder: str | None = None) -> str:
    """The networks as a Markdown table, exact numbers; `folder` is where their files are."""
    lines = [
        _row([column.heading for column in COLUMNS.values()]),
        _row(["--:" if column.numeric else ":--" for column in COLUMNS.values()]),
    ]
    for row in rows:
        cells = {key: escape.markdown(column.cell(row)) for key, column in COLUMNS.items()}
        cells["params"], cells["macs"] = numbers.exact(row.params), numbers.exact(row.macs)
        cells["source"] = ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", cells["source"])
        if folder is not None:
            cells["name"] = f"[{cells['name']}]({folder}/{row.name}.yaml)"
        lines.append(_row(list(cells.values())))
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
