"""The columns of a report: what each format calls them, and how a row fills them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cnncalc.render import escape, numbers
from cnncalc.render.rows import Row, ViewOptions
from cnncalc.unknown import UNKNOWN, is_known

Data = dict[str, Callable[[Row, ViewOptions], Any]]
"""Columns of CSV, with exact values."""


class Column(NamedTuple):
    """A column: its titles in the table and in Markdown, and how a row fills it."""

    title: str
    heading: str
    cell: Callable[[Row, ViewOptions], str]
    data: Data
    """Its columns in CSV."""
    role: str = ""
    number: bool = False
    value: Callable[[Row], int] | None = None
    """What its bar shows."""
    least: int | None = None
    """A text may be cut to so many cells before columns are left out."""


def _count(amount: Callable[[Row], int]) -> Callable[[Row, ViewOptions], str]:
    def cell(row: Row, view: ViewOptions) -> str:
        value = amount(row)
        if not value:
            return ""
        return numbers.exact(value) if view.exact else numbers.human(value)

    return cell


def _bytes(row: Row, view: ViewOptions) -> str:
    if not row.memory:
        return ""
    return numbers.exact(row.memory) if view.exact else numbers.human_bytes(row.memory)


def _counted(
    title: str, heading: str, name: str, role: str, amount: Callable[[Row], int], bar: bool = False
) -> Column:
    """A column of whole numbers."""
    return Column(
        title, heading, _count(amount), {name: lambda row, view: cell(amount(row))}, role, True,
        amount if bar else None,
    )  # fmt: skip


def cell(value: int) -> int | str:
    """A number in a cell of CSV, which is empty where it is unknown."""
    return "" if value is UNKNOWN else value


def axes(values: tuple[object, ...]) -> str:
    """One value for each axis, `x` between them; empty where it varies."""
    return "x".join(["" if value is None or value is UNKNOWN else str(value) for value in values])


PARTS = {"receptive_field": 0, "stride": 1, "start": 2}
"""Which of a receptive field's parts stands in a column of CSV."""


def field_data(titles: Sequence[str], place: int = 0, suffix: str = "") -> Data:
    """The CSV columns of the receptive field in one of the network's inputs."""

    def cell(part: int) -> Callable[[Row, ViewOptions], str]:
        def told(row: Row, view: ViewOptions) -> str:
            field = row.fields[place]
            return "" if field is None else axes(field[part])

        return told

    return {title + suffix: cell(PARTS[title]) for title in titles}


def _shape(row: Row, view: ViewOptions) -> str:
    return numbers.shape(row.output_shape, view.channels_last)


COLUMNS: dict[str, Column] = {
    "index": Column(
        "#", "#", lambda row, view: f"✗ {row.number}" if row.failed else row.number,
        {"index": lambda row, view: row.number},
        "index", True,
    ),
    "name": Column(
        "layer", "Layer", lambda row, view: row.name,
        {"name": lambda row, view: escape.cell(row.name)},
        least=18,
    ),
    "kind": Column(
        "kind", "Kind", lambda row, view: f"{row.kind} {row.short_options}".strip(),
        {
            "kind": lambda row, view: escape.cell(row.kind),
            "options": lambda row, view: escape.cell(row.short_options),
        },
        "kind", least=14,
    ),
    "output": Column(
        "output", "Output", _shape,
        {
            "output_shape": lambda row, view: _shape(row, view).replace("×", "x")
            if is_known(row.output_shape) else ""
        },
    ),
    "field": Column(
        "sees", "Receptive field", lambda row, view: numbers.fields(row.fields),
        field_data(("receptive_field", "stride")), "field", True,
    ),
    "start": Column(
        "from", "From", lambda row, view: numbers.starts(row.fields), field_data(("start",)),
        "field", True,
    ),
    "params": _counted(
        "params", "Parameters", "params", "params", lambda row: row.params, bar=True
    ),
    "weights": _counted("weights", "Weights", "weights", "params", lambda row: row.weights),
    "biases": _counted("biases", "Biases", "biases", "params", lambda row: row.biases),
    "buffers": _counted("buffers", "Buffers", "buffers", "params", lambda row: row.buffers),
    "macs": _counted("MACs", "MACs", "macs", "macs", lambda row: row.macs, bar=True),
    "flops": _counted("FLOPs", "FLOPs", "flops", "macs", lambda row: row.flops, bar=True),
    "activations": _counted(
        "activations", "Activations", "activations", "memory", lambda row: row.activations
    ),
    "memory": Column(
        "memory", "Memory", _bytes, {"activation_bytes": lambda row, view: cell(row.memory)},
        "memory", True, lambda row: row.memory,
    ),
}  # fmt: skip
"""Every column that `--columns` can name."""


def titled(key: str, title: str, view: ViewOptions) -> str:
    """A column's title; that of MACs tells whose numbers stand there."""
    return f"{title}, {view.convention}" if key == "macs" and view.convention else title


SHOWN = ("index", "name", "kind", "output", "field", "params", "macs", "memory")
"""The columns of the table and of Markdown where none are named."""
TOLD = (
    "index", "name", "kind", "output", "field", "start", "params", "buffers", "macs", "flops",
    "memory",
)  # fmt: skip
"""The columns of CSV where none are named."""
YIELDING = ("index", "memory", "field", "output", "macs")
"""Which columns go first where the width is short."""
