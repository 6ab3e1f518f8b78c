"""Arithmetic without weights: functions of each value, reductions of axes, matrix products."""

from __future__ import annotations

import numpy as np

from cnncalc.numerics.arrays import Array, Ints
from cnncalc.numerics.parts.products import matmul as product


def rescale(x: Array, *, factor: float, offset: float, out: Array | None = None) -> Array:
    """``factor · x + offset``."""
    result: Array = np.multiply(x, x.dtype.type(factor), out=out)
    if offset:
        result += x.dtype.type(offset)
    return result


def power(x: Array, *, exponent: float, out: Array | None = None) -> Array:
    """``x`` to a fixed power."""
    if exponent == 2:
        return np.square(x, out=out)
    # roots of negative numbers are no numbers, as in every framework
    with np.errstate(invalid="ignore", divide="ignore"):
        if exponent == 0.5:
            return np.sqrt(x, out=out)
        result: Array = np.power(x, x.dtype.type(exponent), out=out)
    return result


def exp(x: Array, *, out: Array | None = None) -> Array:
    """The exponential."""
    return np.exp(x, out=out)


def log(x: Array, *, out: Array | None = None) -> Array:
    """The natural logarithm."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(x, out=out)


def absolute(x: Array, *, out: Array | None = None) -> Array:
    """The absolute value."""
    return np.abs(x, out=out)


def clip(x: Array, *, low: float | None, high: float | None, out: Array | None = None) -> Array:
    """Values kept between two numbers, of which either may be missing."""
    result: Array = np.clip(
        x,
        None if low is None else x.dtype.type(low),
        None if high is None else x.dtype.type(high),
        out=out,
    )
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
