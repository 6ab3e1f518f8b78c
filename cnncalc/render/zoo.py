"""A list of networks, a row each: table, JSON, Markdown, CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.overview import Overview
from cnncalc.render import escape, markdown, numbers
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from rich.console import RenderableType

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
CSV_COLUMNS = (
    "name", "title", "year", "input_shape", "output_shape", "params", "macs", "depth",
    "receptive_field", "stride", "start", "source",
)  # fmt: skip
LEGEND = (
    "depth: weighted layers on the longest path",
    "sees: receptive field/stride of the last feature map",
)


def inputs(row: Overview, told: Callable[[Shape], str]) -> str:
    """The shapes of a network's inputs, `+` between several."""
    return " + ".join(map(told, row.inputs.values()))


class ZooColumn(NamedTuple):
    """A column: its titles in the table and in Markdown, how it is filled, and how it looks."""

    title: str
    heading: str
    cell: Callable[[Overview], str]
    role: str = ""
    number: bool = False
    least: int | None = None


COLUMNS: dict[str, ZooColumn] = {
    "name": ZooColumn("name", "Network", lambda row: row.name, "strong", least=12),
    "year": ZooColumn("year", "Year", lambda row: str(row.year or ""), "quiet"),
    "input": ZooColumn("input", "Input", lambda row: inputs(row, numbers.shape), least=11),
    "params": ZooColumn(
        "params", "Parameters", lambda row: numbers.human(row.params), "params", True
    ),
    "macs": ZooColumn("MACs", "MACs", lambda row: numbers.human(row.macs), "macs", True),
    "depth": ZooColumn("depth", "Depth", lambda row: str(row.depth), "memory", True),
    "field": ZooColumn("sees", "Sees", lambda row: numbers.field(row.field), "field", True, 8),
    "source": ZooColumn("source", "Source", lambda row: row.source or "", "quiet", least=20),
}
YIELDING = ("source", "year", "input", "field", "depth")
"""Which columns go first where the width is short."""


def zoo_table(rows: Sequence[Overview], total: int) -> RenderableType:
    """The table for people; `total` networks there are, listed or not."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render import listing

    columns = {
        key: listing.ListingColumn(column.title, column.role, column.number, column.least)
        for key, column in COLUMNS.items()
    }
    cells = [[column.cell(row) for column in COLUMNS.values()] for row in rows]
    count = f"{len(rows)} networks" if len(rows) == total else f"{len(rows)} of {total} networks"
    return Group(
        listing.Listing(columns, cells, yielding=YIELDING),
        Text(" · ".join((count, *LEGEND)), "quiet"),
    )


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
                "input_shape": list(next(iter(row.inputs.values()))),
                "inputs": [
                    {"name": name, "shape": list(shape)} for name, shape in row.inputs.items()
                ],
                "output_shape": list(row.output),
                "params": row.params,
                "macs": row.macs,
                "depth": row.depth,
                "receptive_field": field
                and {key: list(value) for key, value in field._asdict().items()},
            }
        )
    return {"schema": "cnncalc.zoo/1", "networks": networks}


def zoo_csv(rows: Sequence[Overview]) -> str:
    """The networks as CSV, exact numbers."""
    from cnncalc.render.columns import axes
    from cnncalc.render.csv import written

    found = []
    for row in rows:
        field = [axes(values) for values in row.field] if row.field else [""] * 3
        shapes = [inputs(row, axes), axes(row.output)]
        texts = [escape.cell(row.name), escape.cell(row.title), row.year or "", *shapes]
        source = escape.cell(row.source or "")
        found.append([*texts, row.params, row.macs, row.depth, *field, source])
    return written(CSV_COLUMNS, found)


def zoo_markdown(rows: Sequence[Overview], folder: str | None = None) -> str:
    """The networks as a Markdown table, exact numbers; `folder` is where their files are."""
    columns = COLUMNS.values()
    lines = [
        markdown.line([column.heading for column in columns]),
        markdown.line(["--:" if column.number else ":--" for column in columns]),
    ]
    for row in rows:
        cells = {key: escape.markdown(column.cell(row)) for key, column in COLUMNS.items()}
        cells["params"], cells["macs"] = numbers.exact(row.params), numbers.exact(row.macs)
        cells["source"] = ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", cells["source"])
        if folder is not None:
            cells["name"] = f"[{cells['name']}]({folder}/{row.name}.yaml)"
        lines.append(markdown.line(cells.values()))
    return "\n".join(lines) + "\n"
