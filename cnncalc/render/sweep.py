"""The points of a sweep: rows of CSV and JSON as they come, a table and a plot for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.render import numbers
from cnncalc.render.comparison import METRICS
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, plain
from cnncalc.sweeping.points import METRICS as KEYS
from cnncalc.sweeping.points import Point

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 200
"""Rows of a table for people."""


def point_dict(point: Point) -> dict[str, Any]:
    """A point as plain data."""
    return {
        "input_shape": list(point.input_shape),
        "batch": point.batch,
        "parameters": dict(point.parameters),
        **{key: getattr(point, key) for key in KEYS},
        "error": point.error,
    }


def point_json(point: Point) -> str:
    """A point as a line of JSON."""
    return json.dumps(point_dict(point), ensure_ascii=False)


def csv_titles(names: Sequence[str]) -> str:
    """The first line of a CSV file."""
    return written(["input_shape", "batch", *names, *KEYS, "error"], [])


def point_csv(point: Point) -> str:
    """A point as a line of CSV."""
    row = [
        numbers.shape(point.input_shape).replace("×", "x"),
        point.batch,
        *point.parameters.values(),
        *["" if (value := getattr(point, key)) is None else value for key in KEYS],
        cell(point.error or ""),
    ]
    return written(row, [])


def sweep_table(points: Sequence[Point], names: Sequence[str], more: int) -> RenderableType:
    """Points for people, and how many more there are."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Column, Listing

    columns = {"input": Column("input", "block"), "batch": Column("batch", "quiet", number=True)}
    for name in names:
        columns[f"set {name}"] = Column(name, "kind", number=True)
    for key in KEYS:
        metric = METRICS[key]
        columns[key] = Column(metric.title, metric.role, number=True)
    failed = any([point.error is not None for point in points])
    if failed:
        columns["error"] = Column("", "error", least=10)
    rows = [
        [
            numbers.shape(point.input_shape),
            str(point.batch),
            *[str(value) for value in point.parameters.values()],
            *[_text(point, key) for key in KEYS],
            *([plain(point.error or "")] if failed else []),
        ]
        for point in points
    ]
    listing = Listing(columns, rows, yielding=["batch", "flops", "activation_bytes"])
    if not more:
        return listing
    return Group(listing, Text(f"and {more:,} more: --format csv or jsonl has all", "quiet"))


def _text(point: Point, key: str) -> str:
    value = getattr(point, key)
    return "–" if value is None else METRICS[key].text(value)


def sweep_plot(
    points: Sequence[Point], x: str, y: str, front: Sequence[Point], width: int
) -> RenderableType:
    """A scatter of two metrics; the front stands out."""
    from cnncalc.render.plot import Dot, scatter

    chosen = {_key(point) for point in front}
    dots = [
        Dot(getattr(point, x), getattr(point, y), _key(point) in chosen)
        for point in points
        if point.error is None
    ]
    titles = (METRICS[x].title, METRICS[y].title)
    return scatter(dots, titles, (METRICS[x].text, METRICS[y].text), width)


def _key(point: Point) -> tuple[Any, ...]:
    return (point.input_shape, point.batch, *point.parameters.items())
