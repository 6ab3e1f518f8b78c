"""Element-wise work in blocks that stay in the cache, on several threads.

``x * scale + shift`` is two passes over the array in NumPy. Done block by block the second pass
finds its values in the cache.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES


def in_blocks(function: Callable[[Array, Array], object], x: Array, weight: int = 1) -> Array:
    """``function(x_block, out_block)`` over flat blocks of ``x`` [any shape]; a new array.

    ``weight`` says how many simple operations one value takes. What overflows is infinite, as
    the functions want it.
    """
    out = np.empty(x.shape, x.dtype)
    # Of an input that is not contiguous the blocks are those of a copy.
    source, target = x.reshape(-1), out.reshape(-1)
    block = BLOCK_BYTES // x.itemsize

    def work(start: int, stop: int) -> None:
        with np.errstate(over="ignore"):
            for begin in range(start, stop, block):
                end = min(begin + block, stop)
                function(source[begin:end], target[begin:end])

    parallel(work, x.size, x.size * weight)
    return out


def scale_shift(x: Array, scale: Array, shift: Array | None = None) -> Array:
    """``x`` [B, C, *spatial] times ``scale`` [C], plus ``shift`` [C]."""
    source = flat_positions(x)
    batch, channels, positions = source.shape
    target = np.empty(source.shape, x.dtype)
    rows = max(1, BLOCK_BYTES // max(1, x.itemsize * positions))

    def work(start: int, stop: int) -> None:
        for sample in range(batch):
            for begin in range(start, stop, rows):
                part = slice(begin, min(begin + rows, stop))
                block = np.multiply(source[sample, part], scale[part, None], target[sample, part])
                add_shift(block, shift, part)

    parallel(work, channels, x.size * 2)
    return target.reshape(x.shape)


def add_shift(x: Array, shift: Array | None, channels: slice = slice(None)) -> None:
    """Add the ``channels`` of ``shift`` [C] to ``x`` [channels, positions], in its place."""
    if shift is not None:
        np.add(x, shift[channels, None], out=x)
