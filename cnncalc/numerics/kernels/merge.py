"""Where branches meet: sum, product, concatenation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES


def add(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The sum of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.add, inputs, out)


def multiply(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The product of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.multiply, inputs, out)


def subtract(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The first array [B, C, *spatial] less the second; axes of size 1 are broadcast."""
    return _merged(np.subtract, inputs, out)


def divide(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The first array [B, C, *spatial] over the second; axes of size 1 are broadcast."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return _merged(np.divide, inputs, out)


def maximum(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The largest of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.maximum, inputs, out)


def minimum(inputs: Sequence[Array], *, out: Array | None = None) -> Array:
    """The smallest of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.minimum, inputs, out)


def concat(inputs: Sequence[Array], *, axis: int = 1, out: Array | None = None) -> Array:
    """The channels of all inputs, one after the other; [B, ΣC, *spatial].

    Along another ``axis`` its rows.
    """
    if axis != 1:
        joined: Array = np.concatenate(inputs, axis)
        return joined
    if out is None:
        channels = sum(x.shape[1] for x in inputs)
        out = np.empty((inputs[0].shape[0], channels, *inputs[0].shape[2:]), inputs[0].dtype)
    start = 0
    for x in inputs:
        target = out[:, start : start + x.shape[1]]

        def work(first: int, last: int, x: Array = x, target: Array = target) -> None:
            np.copyto(target[:, first:last], x[:, first:last])

        parallel(work, x.shape[1], x.size)
        start += x.shape[1]
    return out


def _merged(combine: np.ufunc, inputs: Sequence[Array], out: Array | None) -> Array:
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    if out is None:
        out = np.empty(shape, inputs[0].dtype)
    if len(inputs) == 1:
        np.copyto(out, inputs[0])
        return out
    wide = [np.broadcast_to(x, shape) for x in inputs]
    result = out
    pair: Callable[..., object] = combine

    def work(start: int, stop: int) -> None:
        for sample in range(shape[0]):
            for first in range(start, stop, rows):
                part = (sample, slice(first, min(first + rows, stop)))
                target = result[part]
                pair(wide[0][part], wide[1][part], out=target)
                for other in wide[2:]:
                    pair(target, other[part], out=target)

    # Two inputs need no blocks for the cache's sake: every value is touched once.
    row_bytes = max(1, out[0, :1].nbytes)
    rows = shape[1] if len(inputs) == 2 else max(1, BLOCK_BYTES // row_bytes)
    parallel(work, shape[1], out.size * (len(inputs) - 1))
    return out
