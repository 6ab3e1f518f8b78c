"""Depthwise convolution: one input channel a filter, so there is no matrix to multiply.

A block of channels is padded, split into its stride phases, and laid out flat. In the flat
layout the input of a tap is the block itself shifted by a constant, so every tap is one
multiplication and one addition of long contiguous rows, in buffers that stay in the cache.
The shift runs over the row ends: the few values computed there belong to no output position
and are dropped when the block is copied out.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Index
from cnncalc.numerics.choice import Convolution
from cnncalc.numerics.elementwise import Epilogue, apply_block
from cnncalc.numerics.product import count_macs
from cnncalc.numerics.threads import parallel
from cnncalc.numerics.workspace import BLOCK_BYTES, scratch


class _Layout:
    """The flat phase-split layout of one padded channel."""

    def __init__(self, shape: Convolution) -> None:
        self.phases = shape.stride
        # Phase p of an axis holds the padded units p, p + S, p + 2S, ...
        self.plane = tuple(
            positions + (k - 1) * d // s
            for s, k, d, positions in zip(
                shape.stride, shape.kernel, shape.dilation, shape.positions, strict=True
            )
        )
        steps = [prod(self.plane[axis + 1 :]) for axis in range(len(self.plane))]
        self.length = sum(
            (positions - 1) * step for positions, step in zip(shape.positions, steps, strict=True)
        ) + 1  # fmt: skip
        self.taps: list[tuple[int, int]] = []
        for index in product(*map(range, shape.kernel)):
            offsets = [i * d for i, d in zip(index, shape.dilation, strict=True)]
            phase = 0
            for offset, s in zip(offsets, shape.stride, strict=True):
                phase = phase * s + offset % s
            shift = sum(
                offset // s * step
                for offset, s, step in zip(offsets, shape.stride, steps, strict=True)
            )
            self.taps.append((phase, shift))
        # Where the input's own values go: for each phase, the slice of the plane and of the input.
        self.places = [self._place(shape, phase) for phase in product(*map(range, shape.stride))]

    def _place(
        self, shape: Convolution, phase: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        target, source = [], []
        for p, n, (before, _), s, extent in zip(
            phase, shape.size, shape.padding, shape.stride, self.plane, strict=True
        ):
            first = max(0, -(-(before - p) // s))
            start = first * s + p - before
            count = max(0, min(-(-(n - start) // s), extent - first))
            target.append(slice(first, first + count))
            source.append(slice(start, start + (count - 1) * s + 1, s) if count else slice(0, 0))
        return tuple(target), tuple(source)


def convolve(x: Array, weight: Array, shape: Convolution, epilogue: Epilogue, out: Array) -> None:
    """``x`` [B, C, *spatial], ``weight`` [C * M, 1, *kernel] into ``out`` [B, C * M, *positions].

    Filter ``c * M + m`` reads channel ``c``. Counted are the multiply-accumulates whose result
    is kept.
    """
    layout = _Layout(shape)
    channels = shape.channels
    multiplier = shape.filters // channels
    taps = weight.reshape(channels, multiplier, shape.taps)
    batch = x.shape[0]
    values = prod(layout.plane) * prod(layout.phases)
    rows = max(1, BLOCK_BYTES // (x.itemsize * (values + 2 * layout.length)))

    def work(start: int, stop: int) -> None:
        for sample in range(batch):
            for first in range(start, stop, rows):
                part = slice(first, min(first + rows, stop))
                planes = _split(x[sample, part], layout)
                for m in range(multiplier):
                    flat = _accumulate(planes, taps[part, m], layout)
                    _copy_out(flat, layout, shape, out[sample], part, m, multiplier, epilogue)

    parallel(work, channels, channels * multiplier * layout.length * shape.taps)


def _split(x: Array, layout: _Layout) -> Array:
    """``x`` [C, *spatial] padded with zeros and split, ``[C, phases, plane]``."""
    count = len(layout.places)
    planes = scratch("planes", (x.shape[0], count, *layout.plane), x.dtype)
    planes[...] = 0
    for phase, (target, source) in enumerate(layout.places):
        place: Index = (slice(None), phase, *target)
        planes[place] = x[(slice(None), *source)]
    return planes.reshape(x.shape[0], count, prod(layout.plane))


def _accumulate(planes: Array, taps: Array, layout: _Layout) -> Array:
    """Sum over the taps of ``taps`` [C, taps] times the shifted plane: ``[C, length]``."""
    rows, length = planes.shape[0], layout.length
    total = scratch("total", (rows, length), planes.dtype)
    term = scratch("term", (rows, length), planes.dtype)
    for tap, (phase, shift) in enumerate(layout.taps):
        source = planes[:, phase, shift : shift + length]
        if tap == 0:
            np.multiply(source, taps[:, tap, None], out=total)
        else:
            np.multiply(source, taps[:, tap, None], out=term)
            np.add(total, term, out=total)
    return total


def _copy_out(
    flat: Array,
    layout: _Layout,
    shape: Convolution,
    out: Array,
    part: slice,
    m: int,
    multiplier: int,
    epilogue: Epilogue,
) -> None:
    """Drop the values between the rows, apply the epilogue, write ``out`` [C * M, *positions]."""
    rows = flat.shape[0]
    filters = slice(part.start * multiplier + m, (part.stop - 1) * multiplier + m + 1, multiplier)
    target = out[filters]
    item = flat.itemsize
    steps = tuple(prod(layout.plane[axis + 1 :]) * item for axis in range(len(layout.plane)))
    kept = np.lib.stride_tricks.as_strided(
        flat, (rows, *shape.positions), (flat.strides[0], *steps), writeable=False
    )
    target[...] = kept
    count_macs(kept.size * len(layout.taps))
    block = target.reshape(rows, -1)  # a view: only the first axis has gaps
    apply_block(block, block, epilogue, filters)
