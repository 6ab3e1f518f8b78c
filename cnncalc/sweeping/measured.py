"""Figures of one's own for the points of a sweep, such as an accuracy, from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.sweeping.choice import SHORT
from cnncalc.sweeping.grid import Coordinates, Grid
from cnncalc.sweeping.points import COLUMNS

INPUTS = ("input", "input_shape")
IGNORED = (*COLUMNS, "error")
"""Columns of a sweep's own CSV file, which may be the one that figures were added to."""


class Measurement(NamedTuple):
    """A row: the coordinates that it names, as texts, and its figures."""

    coordinates: Mapping[str, str]
    figures: Mapping[str, float]


class Measured(NamedTuple):
    """Figures from a file, and the points that they are of."""

    names: tuple[str, ...] = ()
    rows: tuple[Measurement, ...] = ()

    def of(self, at: Coordinates) -> dict[str, float | None]:
        """The figures of a point; `None` where the file has none."""
        found: dict[str, float | None] = dict.fromkeys(self.names)
        for row in self.rows:
            if all([_is_at(at, name, text) for name, text in row.coordinates.items()]):
                found.update(row.figures)
        return found


def _is_at(at: Coordinates, name: str, text: str) -> bool:
    if name in INPUTS:
        sizes = text.lower().replace("×", "x").split("x")
        shape = tuple(map(str, at.input))
        if len(sizes) == 1:
            return all([size == sizes[0] for size in shape[1:] or shape])
        return tuple(sizes) == shape
    value = at.batch if name == "batch" else at.parameters[name]
    if str(value) == text:
        return True
    try:
        return not isinstance(value, str | bool) and float(text) == float(value)
    except ValueError:
        return False


def measured(path: str, grid: Grid) -> Measured:
    """The figures of a CSV file: a column `input`, `batch` or a parameter says of which points.

    Columns of the sweep's own totals are left alone; every other column is a figure.

    Raises:
        UsageError: it cannot be read, a cell is no number, or two rows are of the same points.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            table = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read {path}: {reason.lower()}") from None
    header = [name.strip() for name in table[0]] if table else []
    keys = [name for name in header if name in (*INPUTS, "batch", *grid.parameters)]
    names = tuple([name for name in header if name not in keys and name not in IGNORED])
    example = "as in `width,accuracy`, then a row a point: `0.5,63.2`"
    if len(set(header)) < len(header) or "" in header:
        raise UsageError(f"{path}: its first line names each column once", example)
    if not keys:
        known = ", ".join(["input", "batch", *grid.parameters])
        raise UsageError(f"{path}: no column says of which point a row is ({known})", example)
    if not names:
        raise UsageError(f"{path}: it has no column of your own", example)
    for name in names:
        if name in (*SHORT, "size"):
            raise UsageError(
                f"{path}: `{name}` is a total of the sweep", "name the column otherwise"
            )
    rows: list[Measurement] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in enumerate(table[1:], 2):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise UsageError(f"{path}:{line}: {len(cells)} cells for {len(header)} columns")
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        place = tuple([row[key] for key in keys])
        if place in seen:
            raise UsageError(f"{path}:{line}: it is of the same point as line {seen[place]}")
        seen[place] = line
        figures = {name: _figure(row[name], path, line, name) for name in names if row[name]}
        rows.append(Measurement({key: row[key] for key in keys}, figures))
    found = Measured(names, tuple(rows))
    _require_match(path, found, grid, keys)
    return found


def _figure(text: str, path: str, line: int, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{path}:{line}: `{name}` must be a number, not `{text[:40]}`")
    return value


def _require_match(path: str, found: Measured, grid: Grid, keys: Sequence[str]) -> None:
    """Refuse a file none of whose rows is of a value that the grid has."""
    inputs = [Coordinates(shape, grid.batches[0], {}) for shape in grid.inputs]
    batches = [Coordinates(grid.inputs[0], batch, {}) for batch in grid.batches]
    for key in keys:
        if key in INPUTS:
            points = inputs
        elif key == "batch":
            points = batches
        else:
            values = grid.parameters[key]
            points = [Coordinates(grid.inputs[0], 1, {key: value}) for value in values]
        cells = {row.coordinates[key] for row in found.rows}
        if not any([_is_at(point, key, cell) for point in points for cell in cells]):
            raise UsageError(f"{path}: no row has a `{key}` of the sweep")
