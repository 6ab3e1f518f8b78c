"""Where branches meet: sum, product, concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import in_place
from cnncalc.numerics.kernels.call import KernelEntry, Kernels
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES


def concat(inputs: Sequence[Array], *, axis: int = 1) -> Array:
    """The channels of all inputs, one after the other; [B, ΣC, *spatial]. Or of another axis."""
    return np.concatenate(inputs, axis)


def _merged(combine: np.ufunc, inputs: Sequence[Array]) -> Array:
    """Arrays [B, C, *spatial], one after the other; axes of size 1 are broadcast."""
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    wide = [np.broadcast_to(x, shape) for x in inputs]
    if len(wide) == 1:
        return wide[0].copy()
    out = np.empty(shape, inputs[0].dtype)

    def work(start: int, stop: int) -> None:
        for sample, first in product(range(shape[0]), range(start, stop, rows)):
            part = (sample, slice(first, min(first + rows, stop)))
            target = out[part]
            # quotients by zero are what they are in every framework
            with np.errstate(invalid="ignore", divide="ignore"):
                combine(wide[0][part], wide[1][part], out=target)
                for other in wide[2:]:
                    combine(target, other[part], out=target)

    # Two inputs need no blocks for the cache's sake: every value is touched once.
    row_bytes = max(1, out[0, :1].nbytes)
    rows = shape[1] if len(inputs) == 2 else max(1, BLOCK_BYTES // row_bytes)
    parallel(work, shape[1], out.size * (len(inputs) - 1))
    return out


add = partial(_merged, np.add)
multiply = partial(_merged, np.multiply)
subtract = partial(_merged, np.subtract)
divide = partial(_merged, np.divide)
maximum = partial(_merged, np.maximum)
minimum = partial(_merged, np.minimum)


# -- from layers ------------------------------------------------------------------------------


KERNELS: Kernels = {
    "add": KernelEntry(lambda call: add(call.inputs)),
    "multiply": KernelEntry(lambda call: multiply(call.inputs)),
    "subtract": KernelEntry(lambda call: subtract(call.inputs)),
    "divide": KernelEntry(lambda call: divide(call.inputs)),
    "maximum": KernelEntry(lambda call: maximum(call.inputs)),
    "minimum": KernelEntry(lambda call: minimum(call.inputs)),
    "concat": KernelEntry(
        lambda call: concat(call.inputs, axis=call.kind.axis + 1),
        lambda kind, before, after: None if kind.axis else in_place(kind, before, after),
    ),
}
