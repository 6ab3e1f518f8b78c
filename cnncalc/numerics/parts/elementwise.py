"""Element-wise work in blocks that stay in the cache, on several threads.

``x * scale + shift`` followed by an activation is three passes over the array in NumPy. Done
block by block the second and third pass find their values in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES


class InPlace(Protocol):
    """An element-wise function that may write over its input: ``f(x, out=x)``."""

    def __call__(self, x: Array, *, out: Array | None = None) -> Array: ...


@dataclass(frozen=True, slots=True, eq=False)
class Epilogue:
    """What follows a kernel on every value: ``activation(x * scale + shift)``.

    ``scale`` and ``shift`` are ``[C]``. A batch norm at inference is a scale and a shift; the
    layers after a convolution are applied while its output is still in the cache.
    """

    scale: Array | None = None
    shift: Array | None = None
    activation: InPlace | None = None

    @property
    def empty(self) -> bool:
        """Whether it leaves the values as they are."""
        return self.scale is None and self.shift is None and self.activation is None


NOTHING = Epilogue()


def with_bias(epilogue: Epilogue, bias: Array | None) -> Epilogue:
    """The epilogue that adds ``bias`` [C] first."""
    if bias is None:
        return epilogue
    shift = bias if epilogue.scale is None else bias * epilogue.scale
    if epilogue.shift is not None:
        shift = shift + epilogue.shift
    return Epilogue(epilogue.scale, shift, epilogue.activation)


def in_blocks(
    function: Callable[[Array, Array], object], x: Array, out: Array | None = None, weight: int = 1
) -> Array:
    """``function(x_block, out_block)`` over flat blocks of ``x`` [any shape]; returns ``out``.

    ``out`` may be ``x``. ``weight`` says how many simple operations one value takes.
    """
    if out is None:
        out = np.empty(x.shape, x.dtype)
    if not (x.flags.c_contiguous and out.flags.c_contiguous):
        function(x, out)
        return out
    source, target = x.reshape(-1), out.reshape(-1)
    block = BLOCK_BYTES // x.itemsize

    def work(start: int, stop: int) -> None:
        for begin in range(start, stop, block):
            end = min(begin + block, stop)
            function(source[begin:end], target[begin:end])

    parallel(work, x.size, x.size * weight)
    return out


def scale_shift(x: Array, epilogue: Epilogue, out: Array | None = None) -> Array:
    """Apply an epilogue to ``x`` [B, C, *spatial]; ``out`` may be ``x``."""
    if out is None:
        out = np.empty(x.shape, x.dtype)
    if epilogue.empty:
        if out is not x:
            np.copyto(out, x)
        return out
    source = flat_positions(x)
    # With ``out`` not contiguous a reshape would be a copy, and the result lost.
    target = out.view()
    target.shape = source.shape
    batch, channels, positions = source.shape
    rows = max(1, BLOCK_BYTES // max(1, x.itemsize * positions))

    def work(start: int, stop: int) -> None:
        for sample in range(batch):
            for begin in range(start, stop, rows):
                part = slice(begin, min(begin + rows, stop))
                apply_block(source[sample, part], target[sample, part], epilogue, part)

    parallel(work, channels, x.size * 2)
    return out


def apply_block(x: Array, out: Array, epilogue: Epilogue, channels: slice) -> None:
    """The epilogue on ``x`` [channels, positions], written to ``out`` of the same shape."""
    if epilogue.scale is not None:
        np.multiply(x, epilogue.scale[channels, None], out=out)
        x = out
    if epilogue.shift is not None:
        np.add(x, epilogue.shift[channels, None], out=out)
        x = out
    if epilogue.activation is not None:
        # Not through the function's own blocks: this is one of them.
        epilogue.activation(x, out=out)
    elif x is not out:
        np.copyto(out, x)
