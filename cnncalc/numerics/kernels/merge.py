"""Where branches meet: sum, product, concatenation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import in_place
from cnncalc.numerics.kernels.call import Kernel, Kernels
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES


def add(inputs: Sequence[Array]) -> Array:
    """The sum of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.add, inputs)


def multiply(inputs: Sequence[Array]) -> Array:
    """The product of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.multiply, inputs)


def subtract(inputs: Sequence[Array]) -> Array:
    """The first array [B, C, *spatial] less the second; axes of size 1 are broadcast."""
    return _merged(np.subtract, inputs)


def divide(inputs: Sequence[Array]) -> Array:
    """The first array [B, C, *spatial] over the second; axes of size 1 are broadcast."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return _merged(np.divide, inputs)


def maximum(inputs: Sequence[Array]) -> Array:
    """The largest of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.maximum, inputs)


def minimum(inputs: Sequence[Array]) -> Array:
    """The smallest of arrays [B, C, *spatial]; axes of size 1 are broadcast."""
    return _merged(np.minimum, inputs)


def concat(inputs: Sequence[Array], *, axis: int = 1) -> Array:
    """The channels of all inputs, one after the other; [B, ΣC, *spatial].

    Along another ``axis`` its rows.
    """
    if axis != 1:
        joined: Array = np.concatenate(inputs, axis)
        return joined
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


def _merged(combine: np.ufunc, inputs: Sequence[Array]) -> Array:
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    wide = [np.broadcast_to(x, shape) for x in inputs]
    if len(wide) == 1:
        return wide[0].copy()
    out = np.empty(shape, inputs[0].dtype)

    def work(start: int, stop: int) -> None:
        for sample in range(shape[0]):
            for first in range(start, stop, rows):
                part = (sample, slice(first, min(first + rows, stop)))
                target = out[part]
                combine(wide[0][part], wide[1][part], out=target)
                for other in wide[2:]:
                    combine(target, other[part], out=target)

    # Two inputs need no blocks for the cache's sake: every value is touched once.
    row_bytes = max(1, out[0, :1].nbytes)
    rows = shape[1] if len(inputs) == 2 else max(1, BLOCK_BYTES // row_bytes)
    parallel(work, shape[1], out.size * (len(inputs) - 1))
    return out


# -- from layers ------------------------------------------------------------------------------


KERNELS: Kernels = {
    "add": Kernel(lambda call: add(call.inputs)),
    "multiply": Kernel(lambda call: multiply(call.inputs)),
    "subtract": Kernel(lambda call: subtract(call.inputs)),
    "divide": Kernel(lambda call: divide(call.inputs)),
    "maximum": Kernel(lambda call: maximum(call.inputs)),
    "minimum": Kernel(lambda call: minimum(call.inputs)),
    "concat": Kernel(
        lambda call: concat(call.inputs, axis=call.kind.axis + 1),
        lambda kind, before, after: None if kind.axis else in_place(kind, before, after),
    ),
}
