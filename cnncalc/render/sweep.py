"""The points of a sweep: rows of CSV and JSON as they come, a table and a plot for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.render import numbers
from cnncalc.render.comparison import METRICS, Metric
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, plain
from cnncalc.sweeping.points import METRICS as KEYS
from cnncalc.sweeping.points import Point
from cnncalc.unknown import or_none

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 200
"""Rows of a table for people."""


def metric_of(key: str) -> Metric:
    """A total, or a figure of one's own."""
    return METRICS.get(key) or Metric(key, "field", lambda report: 0, lambda value: f"{value:g}")


def point_dict(point: Point, keys: Sequence[str] = KEYS) -> dict[str, Any]:
    """A point as plain data."""
    return {
        "input_shape": list(point.input_shape),
        "batch": point.batch,
        "parameters": dict(point.parameters),
        **{key: or_none(point.value(key)) for key in keys},
        "error": point.error,
    }


def point_json(point: Point, keys: Sequence[str] = KEYS) -> str:
    """A point as a line of JSON."""
    return json.dumps(point_dict(point, keys), ensure_ascii=False)


def csv_titles(names: Sequence[str], keys: Sequence[str] = KEYS) -> str:
    """The first line of a CSV file."""
    return written(["input_shape", "batch", *names, *keys, "error"], [])


def point_csv(point: Point, keys: Sequence[str] = KEYS) -> str:
    """A point as a line of CSV."""
    row = [
        numbers.shape(point.input_shape).replace("×", "x"),
        point.batch,
        *point.parameters.values(),
        *["" if (value := or_none(point.value(key))) is None else value for key in keys],
        cell(point.error or ""),
    ]
    return written(row, [])


def sweep_table(
    points: Sequence[Point],
    names: Sequence[str],
    more: int,
    varied: str = "input",
    keys: Sequence[str] = KEYS,
) -> RenderableType:
    """Points for people, and how many more there are; `varied` is the input that varies."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "input": ListingColumn(varied, "block"),
        "batch": ListingColumn("batch", "quiet", number=True),
    }
    for name in names:
        columns[f"set {name}"] = ListingColumn(name, "kind", number=True)
    for key in keys:
        metric = metric_of(key)
        columns[key] = ListingColumn(metric.title, metric.role, number=True)
    failed = any([point.error is not None for point in points])
    if failed:
        columns["error"] = ListingColumn("", "error", least=10)
    rows = [
        [*_cells(point, keys), *([plain(point.error or "")] if failed else [])] for point in points
    ]
    # columns that were asked for stay
    yielding = [
        "batch",
        *[key for key in ("flops", "activation_bytes") if tuple(keys[: len(KEYS)]) == KEYS],
    ]
    listing = Listing(columns, rows, yielding=yielding)
    if not more:
        return listing
    return Group(listing, Text(f"and {more:,} more: --format csv or jsonl has all", "quiet"))


def _text(point: Point, key: str) -> str:
    value = point.value(key)
    return "–" if value is None else metric_of(key).text(value)


def _name(point: Point, varied: Sequence[str]) -> str:
    """What tells a point from the others: `width=0.5, 192×192`."""
    parts = [f"{name}={point.parameters[name]}" for name in point.parameters if name in varied]
    if "input" in varied:
        parts.append(numbers.shape(point.input_shape[1:] or point.input_shape))
    if "batch" in varied:
        parts.append(f"batch {point.batch}")
    return ", ".join(parts)


def _varied(points: Sequence[Point]) -> list[str]:
    """The dimensions of a grid that have more than one value among some points."""
    found = ["input"] if len({point.input_shape for point in points}) > 1 else []
    found += ["batch"] if len({point.batch for point in points}) > 1 else []
    names = points[0].parameters if points else {}
    return found + [name for name in names if len({point.parameters[name] for point in points}) > 1]


def sweep_svg(
    net: str, points: Sequence[Point], x: str, y: str, front: Sequence[Point], dtype: str
) -> str:
    """A scatter of two metrics: a curve where one thing varies, the front as a line of its own.

    Raises:
        UsageError: there is no point to draw.
    """
    from cnncalc.render.drawing.scatter import Axis, Chart, Mark, scatter_svg

    shown = [
        point
        for point in points
        if point.error is None and None not in (point.value(x), point.value(y))
    ]
    if not shown:
        raise UsageError("there is no point to draw", "CSV and JSON tell why of each")
    varied = _varied(shown)
    chosen = {_key(point) for point in front}
    # a few points have names, of many those of the front
    named = chosen or {_key(point) for point in shown if len(shown) <= NAMED}
    marks = [
        Mark(
            point.value(x), point.value(y),
            _name(point, varied) if _key(point) in named else "",
            _about(point), chosen=_key(point) in chosen,
        )
        for point in shown
    ]  # fmt: skip
    places = range(len(marks))
    on_front = sorted(
        [i for i in places if marks[i].chosen], key=lambda i: (marks[i].x, marks[i].y)
    )
    curve = (tuple(places),) if len(varied) == 1 else ()
    told = f"{len(shown):,} points"
    if varied:
        told += f" over {', '.join(varied)}"
    return scatter_svg(
        Chart(
            net,
            f"{told} · {dtype}" + (f" · {len(on_front)} on the Pareto front" if on_front else ""),
            (
                Axis(TITLES.get(x, x), metric_of(x).text),
                Axis(TITLES.get(y, y), metric_of(y).text),
            ),
            tuple(marks),
            lines=curve,
            front=tuple(on_front),
        )
    )


TITLES = {
    "params": "parameters", "macs": "MACs", "flops": "FLOPs", "activation_bytes": "activations",
    "peak_activation_bytes": "activations at the peak", "model_bytes": "model",
    "training_bytes": "training",
}  # fmt: skip
NAMED = 40
"""Of so many points each has its name."""


def _about(point: Point) -> str:
    lines = [f"input {numbers.shape(point.input_shape)}, batch {point.batch}"]
    lines += [f"{name}={value}" for name, value in point.parameters.items()]
    return "\n".join([*lines, *[f"{METRICS[key].title} {_text(point, key)}" for key in KEYS]])


def sweep_html(
    net: str,
    drawing: str,
    points: Sequence[Point],
    names: Sequence[str],
    front: bool,
    more: int,
    keys: Sequence[str] = KEYS,
) -> str:
    """The scatter above a table of the first points; `names` are the input's, the parameters'."""
    from cnncalc.render.page.figure import FigureColumn, FigureRow, figure_html

    columns = [FigureColumn(names[0]), FigureColumn("batch", True)]
    columns += [FigureColumn(name, True) for name in names[1:]]
    columns += [FigureColumn(metric_of(key).title, True) for key in keys]
    if failed := any([point.error is not None for point in points]):
        columns.append(FigureColumn("why there is none"))
    rows = [
        FigureRow((*_cells(point, keys), *([point.error or ""] if failed else [])))
        for point in points
    ]
    caption = "Points on the Pareto front" if front else "Points"
    note = f"and {more:,} more: CSV and JSONL have all" if more else ""
    return figure_html(net, drawing, caption, columns, rows, note)


def _cells(point: Point, keys: Sequence[str] = KEYS) -> list[str]:
    return [
        numbers.shape(point.input_shape),
        str(point.batch),
        *[str(value) for value in point.parameters.values()],
        *[_text(point, key) for key in keys],
    ]


def sweep_plot(
    points: Sequence[Point], x: str, y: str, front: Sequence[Point], width: int
) -> RenderableType:
    """A scatter of two metrics; the front stands out."""
    from cnncalc.render.plot import Dot, scatter

    chosen = {_key(point) for point in front}
    dots = [
        Dot(point.value(x), point.value(y), _key(point) in chosen)
        for point in points
        if point.error is None and None not in (point.value(x), point.value(y))
    ]
    titles = (metric_of(x).title, metric_of(y).title)
    return scatter(dots, titles, (metric_of(x).text, metric_of(y).text), width)


def _key(point: Point) -> tuple[Any, ...]:
    return (point.input_shape, point.batch, *point.parameters.items())
