"""What was predicted held against what was measured: the checks of `verify`.

Both sides come from outside: predictions from the analyses, measurements from a run. Nothing
here computes either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.layers.base import Windows
from cnncalc.shapes import Shape, Span, Window

Intervals = Sequence[Span | None]
"""For each unit of an axis the first and last input pixel it sees, or `None`."""

Seen = Sequence[Intervals] | None
"""The intervals of each axis; `None` where a layer sees everything or has no axes, and no axis
(`()`) where it does not depend on the input."""


class Prediction(NamedTuple):
    """What the analyses say of one layer; operations and bytes for the whole batch."""

    name: str
    kind: str
    output_shape: Shape
    params: int
    macs: int
    activation_bytes: int
    fields: tuple[Windows | None, ...]
    """For each input of the network what the layer's units see of it."""


class Measurement(NamedTuple):
    """What happened when one layer ran."""

    output_shape: Shape
    """Shape of the array that the kernel returned, without the batch."""
    walked: tuple[int, ...] | None
    """Spatial sizes counted by moving the kernel step by step; `None` for a layer without one."""
    params: int
    """Values of the trainable arrays that the kernel asked for and no layer before had."""
    macs: int
    """Multiply-accumulates issued to matrix products."""
    activation_bytes: int
    """Bytes of the output's memory; none where it is the memory of an earlier array."""
    alive_bytes: int
    """Bytes of all activations alive when the layer had run."""
    seconds: float


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
    """The outcome of all checks."""

    checks: tuple[Check, ...]
    predicted_peak: int
    measured_peak: int
    seconds: float
    failure: Mismatch | None = None
    """The layer that could not be computed, where one could not."""

    @property
    def passed(self) -> bool:
        """Whether every layer ran and no column differs."""
        return self.failure is None and all(check.passed for check in self.checks)


class Score(NamedTuple):
    """One of the largest values of an output."""

    place: tuple[int, ...]
    """Its index: the channel, then the position."""
    value: float


class Output(NamedTuple):
    """The largest values of one output of the network, for each sample."""

    name: str
    scores: tuple[tuple[Score, ...], ...]


class Run(NamedTuple):
    """A verification, what it measured, and the scores that were asked for."""

    verification: Verification
    measurements: tuple[Measurement, ...]
    outputs: tuple[Output, ...]


COLUMNS: dict[str, Callable[[Any], Any]] = {
    "params": lambda row: row.params,
    "macs": lambda row: row.macs,
    "activation_bytes": lambda row: row.activation_bytes,
}
"""Columns that are compared as they are."""


def compare(
    predictions: Sequence[Prediction],
    measurements: Sequence[Measurement],
    predicted_peak: int,
    peak_layer: str,
    seen: Mapping[str, Sequence[Seen]],
    seconds: float,
    failure: Mismatch | None = None,
) -> Verification:
    """Hold every column against the run; layers in execution order, without the inputs.

    ``seen`` has for each input of the network, by its name, what every layer sees of it.
    Where the run broke off, the layers that ran are compared.
    """
    checks = [_shapes(predictions, measurements)]
    checks += [_column(name, value, predictions, measurements) for name, value in COLUMNS.items()]
    measured_peak = max((row.alive_bytes for row in measurements), default=0)
    wrong = measured_peak != predicted_peak and failure is None
    peak = (Mismatch(peak_layer, predicted_peak, measured_peak),) if wrong else ()
    checks.append(Check("peak_activation_bytes", len(measurements), peak))
    checks.append(_fields(predictions, seen))
    return Verification(tuple(checks), predicted_peak, measured_peak, seconds, failure)


def _shapes(predictions: Sequence[Prediction], measurements: Sequence[Measurement]) -> Check:
    """Output shapes held against the arrays and against the sizes that were counted."""
    mismatches = []
    for told, found in zip(predictions, measurements, strict=False):
        shapes = [found.output_shape]
        if found.walked is not None:
            shapes.append((found.output_shape[0], *found.walked))
        wrong = [shape for shape in shapes if shape != told.output_shape]
        if wrong:
            mismatches.append(Mismatch(told.name, list(told.output_shape), list(wrong[0])))
    return Check("output_shape", len(measurements), tuple(mismatches))


def _column(
    name: str,
    value: Callable[[Any], Any],
    predictions: Sequence[Prediction],
    measurements: Sequence[Measurement],
) -> Check:
    pairs = list(zip(predictions, measurements, strict=False))
    return Check(
        name,
        len(pairs),
        tuple(
            Mismatch(told.name, value(told), value(found))
            for told, found in pairs
            if value(told) != value(found)
        ),
    )


def _fields(predictions: Sequence[Prediction], seen: Mapping[str, Sequence[Seen]]) -> Check:
    mismatches = []
    layers = min(map(len, seen.values()))
    for told, *found in zip(predictions, *seen.values(), strict=False):
        for name, field, pixels in zip(seen, told.fields, found, strict=True):
            difference = field_difference(field, pixels)
            if difference is not None:
                layer = told.name if len(seen) == 1 else f"{told.name}, of {name}"
                mismatches.append(Mismatch(layer, *difference))
                break
    return Check("receptive_field", layers, tuple(mismatches))


def field_difference(field: Windows | None, seen: Seen) -> tuple[Any, Any] | None:
    """Where a field differs from what units see: on the first axis and unit, both sides.

    Every unit of every axis is compared, over the plane that goes on beyond the input's
    borders: a window that begins in the padding begins at a negative pixel on both sides.
    """
    nothing = field is not None and all(window.spans == (None,) for window in field)
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
    if step is not None and len(spans) == 1 and spans[0] is not None:
        first, last = spans[0]
        return (
            [(first + shift, last + shift) for shift in range(0, count * step, step)]
            if (step)
            else [spans[0]] * count
        )
    return map(window.at, range(count))


def _told(field: object, nothing: bool = False) -> str:
    return "nothing" if nothing else "the whole input" if field is None else "a window"
