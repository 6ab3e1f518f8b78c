"""What was predicted held against what was measured: the checks of `verify`.

Both sides come from outside: predictions from the analyses, measurements from a run. Nothing
here computes either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cnncalc.analysis.receptive_field import is_known, unseen
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.layers.base import Windows
from cnncalc.numerics.measurement import Measurement, Run, Seen
from cnncalc.shapes import Span, Window, product


class Mismatch(NamedTuple):
    """One layer on which prediction and measurement differ."""

    layer: str
    predicted: Any
    measured: Any


class Check(NamedTuple):
    """One column, held against the run."""

    name: str
    layers: int
    """How many layers were compared."""
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Whether no layer differs."""
        return not self.mismatches


class Verification(NamedTuple):
    """The outcome of all checks, and the run that they were held against."""

    checks: tuple[Check, ...]
    predicted_peak: int
    measured_peak: int
    run: Run
    stated: tuple[str, ...] = ()
    """Layers that only state their facts: a run proves nothing of them."""

    @property
    def passed(self) -> bool:
        """Whether every layer ran and no column differs."""
        return self.run.failure is None and all(check.passed for check in self.checks)


class ComparedColumn(NamedTuple):
    """A column that is compared as it is, layer by layer."""

    predicted: Callable[[LayerReport], int]
    measured: Callable[[Measurement], int]


COLUMNS = {
    "params": ComparedColumn(lambda layer: layer.params, lambda row: row.params),
    "buffers": ComparedColumn(
        lambda layer: sum(map(product, layer.buffers.values())), lambda row: row.buffers
    ),
    "macs": ComparedColumn(lambda layer: layer.macs, lambda row: row.macs),
    "activation_bytes": ComparedColumn(
        lambda layer: layer.activation_bytes, lambda row: row.activation_bytes
    ),
}

RESTING = {"flops": "FLOPs beside MACs", "saved_for_backward": "memory kept for training"}
"""Columns that a run at inference does not show; the tests hold them, kind by kind."""


def compare(report: Report, run: Run) -> Verification:
    """Hold every column against the run. Where that broke off, the layers that ran are compared."""
    pairs = list(zip(report.layers, run.measurements, strict=False))
    stated = tuple([layer.name for layer, _ in pairs if layer.node.kind.is_stated])
    rows = [(layer, row) for layer, row in pairs if not layer.node.kind.is_stated]
    checks = [_shapes(rows)]
    checks += [_column(name, column, rows) for name, column in COLUMNS.items()]
    predicted = report.totals.peak_activation_bytes
    measured = max((row.alive_bytes for row in run.measurements), default=0)
    wrong = measured != predicted and run.failure is None
    peak = (Mismatch(report.peak_layer, predicted, measured),) if wrong else ()
    checks += [Check("peak_activation_bytes", len(rows), peak), _fields(report, run)]
    return Verification(tuple(checks), predicted, measured, run, stated)


Rows = Sequence[tuple[LayerReport, Measurement]]


def _shapes(rows: Rows) -> Check:
    """Output shapes held against the arrays and against the sizes that were counted."""
    mismatches = []
    for told, found in rows:
        shapes = [found.output_shape]
        if found.walked is not None:
            shapes.append((found.output_shape[0], *found.walked))
        wrong = [shape for shape in shapes if shape != told.output_shape]
        if wrong:
            mismatches.append(Mismatch(told.name, list(told.output_shape), list(wrong[0])))
    return Check("output_shape", len(rows), tuple(mismatches))


def _column(name: str, column: ComparedColumn, rows: Rows) -> Check:
    found = [(told.name, column.predicted(told), column.measured(row)) for told, row in rows]
    return Check(name, len(found), tuple(Mismatch(*one) for one in found if one[1] != one[2]))


def _fields(report: Report, run: Run) -> Check:
    """The fields in each input of the network; of a layer the first that differs."""
    mismatches = []
    layers = [
        row
        for row in zip(report.layers, *run.seen, strict=False)
        if not row[0].node.kind.is_stated and all([_is_known(field) for field in row[0].fields])
    ]
    for told, *found in layers:
        for name, field, pixels in zip(report.inputs, told.fields, found, strict=True):
            difference = field_difference(field, pixels)
            if difference is not None:
                layer = told.name if len(report.inputs) == 1 else f"{told.name}, of {name}"
                mismatches.append(Mismatch(layer, *difference))
                break
    return Check("receptive_field", len(layers), tuple(mismatches))


def _is_known(field: Windows | None) -> bool:
    return field is None or is_known(field)


def field_difference(field: Windows | None, seen: Seen) -> tuple[Any, Any] | None:
    """Where a field differs from what units see: on the first axis and unit, both sides.

    Every unit of every axis is compared, over the plane that goes on beyond the input's
    borders: a window that begins in the padding begins at a negative pixel on both sides.
    """
    nothing = field is not None and unseen(field)
    if nothing or seen == ():
        return None if nothing and seen == () else (_told(field, nothing), _told(seen, seen == ()))
    if field is None or seen is None:
        return None if field is None and seen is None else (_told(field), _told(seen))
    if len(field) != len(seen):
        return f"{len(field)} axes", f"{len(seen)} axes"
    compared: set[tuple[int, int]] = set()
    for axis, (window, intervals) in enumerate(zip(field, seen, strict=True)):
        if (id(window), id(intervals)) in compared:
            continue
        compared.add((id(window), id(intervals)))
        for unit, (told, found) in enumerate(
            zip(units(window, len(intervals)), intervals, strict=True)
        ):
            if told != found:
                place = {"axis": axis, "unit": unit}
                return {**place, "pixels": told}, {**place, "pixels": found}
    return None


def units(window: Window, count: int) -> Iterable[Span | None]:
    """What each of `count` units sees."""
    step, spans, _ = window
    if step and len(spans) == 1 and spans[0] is not None:
        first, last = spans[0]
        return [(first + shift, last + shift) for shift in range(0, count * step, step)]
    return map(window.at, range(count))


def _told(field: object, nothing: bool = False) -> str:
    return "nothing" if nothing else "the whole input" if field is None else "a window"
