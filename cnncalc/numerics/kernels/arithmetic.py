"""Arithmetic without weights: functions of each value, reductions of axes, matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Ints
from cnncalc.numerics.fields.reading import Readers, everything, in_place
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each
from cnncalc.numerics.parts.products import matmul as product
from cnncalc.shapes import Shape


def rescale(x: Array, *, factor: float, offset: float) -> Array:
    """``factor · x + offset``."""
    result: Array = x * factor
    result += offset
    return result


@np.errstate(invalid="ignore", divide="ignore")
def power(x: Array, *, exponent: float) -> Array:
    """``x`` to a fixed power; roots of negative numbers are no numbers, as in every framework."""
    result: Array = x**exponent
    return result


@np.errstate(invalid="ignore", divide="ignore")
def log(x: Array) -> Array:
    """The natural logarithm."""
    return np.log(x)


def clip(x: Array, *, low: float | None, high: float | None) -> Array:
    """Values kept between two numbers, of which either may be missing."""
    result: Array = np.clip(x, low, high)
    return result


REDUCTIONS = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}


def reduce(x: Array, *, by: str, axes: Ints) -> Array:
    """One value for all along some axes of ``x`` [B, ...], 0 being the channels; they stay."""
    places = tuple(axis + 1 for axis in axes)
    result: Array = REDUCTIONS[by](x, axis=places, keepdims=True)  # type: ignore[operator]
    return result


def matmul(
    x: Array, other: Array, *, transpose: bool = False, transpose_other: bool = False
) -> Array:
    """``x`` [B, ..., M, K] times ``other`` [B, ..., K, N], either given transposed."""
    x = x.swapaxes(-1, -2) if transpose else x
    other = other.swapaxes(-1, -2) if transpose_other else other
    if x.shape[:-2] != other.shape[:-2]:
        raise ValueError(f"{x.shape} and {other.shape} cannot be multiplied")
    out = np.empty((*x.shape[:-1], other.shape[-1]), x.dtype)
    product(x, other, out)
    return out


# -- from layers ------------------------------------------------------------------------------


def _matmul(call: KernelCall) -> Array:
    kind, (first, second) = call.kind, call.inputs
    return matmul(first, second, transpose=kind.transpose, transpose_other=kind.transpose_other)


def _reduced(kind: Any, before: Shape, after: Shape) -> Readers:
    """Over the channels alone every place is by itself."""
    return in_place(kind, before, after) if kind.axes == (0,) else None


KERNELS: Kernels = {
    "rescale": each(rescale, "factor", "offset"),
    "power": each(power, "exponent"),
    "exp": each(np.exp),
    "log": each(log),
    "abs": each(np.abs),
    "clip": each(clip, "low", "high"),
    "reduce": each(reduce, "by", "axes", reads=_reduced),
    "matmul": KernelEntry(_matmul, everything),
}
