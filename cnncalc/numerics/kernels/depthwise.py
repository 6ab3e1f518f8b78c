"""Depthwise convolution: one input channel a filter, so the products are vectors by matrices.

A block of channels is padded, split into its stride phases, and laid out flat. In the flat
layout the input of a tap is the block itself shifted by a constant, so the input of all taps is
copied in long contiguous rows, and the taps of a channel multiply it: ``[1, taps] @
[taps, positions]``. The shift runs over the row ends: the few values computed there belong to
no output position and are dropped when the block is copied out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import gcd, prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnncalc.numerics.arrays import Array, Index, per_channel
from cnncalc.numerics.kernels.choice import Convolution
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import scratch
from cnncalc.numerics.parts.elementwise import Epilogue, apply_block
from cnncalc.numerics.parts.products import count_macs

# Few long NumPy calls a block; the cache matters less than the calls.
BLOCK_BYTES = 4 * 2**20


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
        self.length = (
            sum(
                (positions - 1) * step
                for positions, step in zip(shape.positions, steps, strict=True)
            )
            + 1
        )
        self.steps = steps
        self.kernel = shape.kernel
        # Taps of one phase are a constant shift apart: for each axis, (first tap, every, phase,
        # first shift, shift between them).
        self.groups = [
            _tap_groups(k, s, d)
            for k, s, d in zip(shape.kernel, shape.stride, shape.dilation, strict=True)
        ]
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


def _tap_groups(kernel: int, stride: int, dilation: int) -> list[tuple[int, int, int, int, int]]:
    every = stride // gcd(stride, dilation)
    return [
        (tap, every, tap * dilation % stride, tap * dilation // stride, every * dilation // stride)
        for tap in range(min(every, kernel))
    ]


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
    rows = max(1, BLOCK_BYTES // (x.itemsize * (values + (1 + shape.taps) * layout.length)))

    def work(start: int, stop: int) -> None:
        for sample in range(batch):
            for first in range(start, stop, rows):
                part = slice(first, min(first + rows, stop))
                planes = _split(x[sample, part], layout)
                for m in range(multiplier):
                    flat = _accumulate(planes, taps[part, m], layout)
                    _copy_out(flat, layout, shape, out[sample], part, m, multiplier, epilogue)

    # Half of the time goes into calls that hold the interpreter: only large maps gain.
    parallel(work, channels, batch * channels * multiplier * shape.taps * layout.length // 4)


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
    rows, length, item = planes.shape[0], layout.length, planes.itemsize
    shifted = scratch("shifted", (rows, *layout.kernel, length), planes.dtype)
    for group in product(*layout.groups):
        phase = shift = 0
        moves = []
        for (_, _, p, first, move), s, step in zip(group, layout.phases, layout.steps, strict=True):
            phase = phase * s + p
            shift += first * step
            moves.append(move * step * item)
        # One long copy for all taps of a phase.
        chosen: Index = (slice(None), *(slice(tap, None, every) for tap, every, *_ in group))
        target = shifted[chosen]
        source = planes[:, phase, shift:]
        target[...] = as_strided(
            source, target.shape, (source.strides[0], *moves, item), writeable=False
        )
    total = scratch("total", (rows, 1, length), planes.dtype)
    np.matmul(taps[:, None], shifted.reshape(rows, -1, length), out=total)
    return total[:, 0]


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
    kept = as_strided(flat, (rows, *shape.positions), (flat.strides[0], *steps), writeable=False)
    if epilogue.scale is None and epilogue.shift is not None:
        # The copy adds the bias on its way.
        np.add(kept, per_channel(epilogue.shift[filters], len(shape.positions)), out=target)
        epilogue = replace(epilogue, shift=None)
    else:
        target[...] = kept
    count_macs(kept.size * prod(layout.kernel))
    block = target.reshape(rows, -1)  # a view: only the first axis has gaps
    if not epilogue.empty:
        apply_block(block, block, epilogue, filters)
