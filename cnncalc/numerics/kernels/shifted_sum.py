"""Convolution without im2col: a product for each tap, added into the output shifted.

All taps' products come from one multiplication of the input as it lies in memory,
``[taps * K, C] @ [C, positions]``; what remains is adding ``taps`` arrays of the output's size,
each at its place. That is less work than gathering ``taps`` copies of the input wherever the
filters are fewer than the channels, and it is what a transposed convolution does by definition.
"""

from __future__ import annotations

from math import prod
from typing import TypeAlias

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Slides
from cnncalc.numerics.kernels.choice import ConvolutionShape
from cnncalc.numerics.machine.threads import MACS_A_VALUE, parallel
from cnncalc.numerics.machine.workspace import scratch
from cnncalc.numerics.parts.elementwise import add_shift
from cnncalc.numerics.parts.gathering import taps
from cnncalc.numerics.parts.products import matmul

# The products of as many filters as fit here are computed and added up before the next.
PRODUCT_BYTES = 2 * 2**20

# For each tap: its number, where in the output it adds, and which positions it adds there.
_Places: TypeAlias = list[tuple[int, tuple[slice, ...], tuple[slice, ...]]]


def convolve(
    x: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """A convolution of stride 1 whose output has the input's size.

    ``x`` [B, C, *spatial], ``weight`` [K, C, *kernel], ``out`` [B, K, *spatial].
    """
    # [K, C, taps] -> [taps, G, K, C]
    filters = weight.reshape(1, shape.filters, -1, shape.taps).transpose(3, 0, 1, 2)
    found = taps(shape.slides, shape.positions)
    places = [(_number(tap, shape.slides), target, source) for tap, target, source in found]
    _add_up(x, filters, places, bias, out)


def scatter(x: Array, filters: Array, slides: Slides, bias: Array | None, out: Array) -> None:
    """A transposed convolution: ``out`` [B, K, *size] is what each input spreads, added up.

    ``x`` [B, C, *spatial], ``filters`` [taps, G, K/G, C/G]; ``slides`` are those of the convolution
    that it is the gradient of, over the output.
    """
    # The transposed layer reads and writes where the convolution writes and reads.
    found = taps(slides, x.shape[2:])
    places = [(_number(tap, slides), target, source) for tap, source, target in found]
    _add_up(x, filters, places, bias, out)


def _number(tap: tuple[int, ...], slides: Slides) -> int:
    """Which tap of the kernel it is, in row-major order."""
    return int(np.ravel_multi_index(tap, [slide.kernel for slide in slides]))


def _add_up(x: Array, filters: Array, places: _Places, bias: Array | None, out: Array) -> None:
    """``out[b, k, target] = Σ (filters[tap] @ x)[source]`` over every tap and its place."""
    count, groups, per_group, channels = filters.shape
    positions = prod(x.shape[2:])
    rows = max(1, PRODUCT_BYTES // max(1, count * positions * x.itemsize))
    inputs = x.reshape(x.shape[0], groups, channels, positions)

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, rows):
            some(slice(first, min(first + rows, stop)))

    def some(part: slice) -> None:
        for group in range(groups):
            matrix = np.ascontiguousarray(filters[:, group, part]).reshape(-1, channels)
            chosen = slice(group * per_group + part.start, group * per_group + part.stop)
            for sample in range(x.shape[0]):
                products = scratch("products", (matrix.shape[0], positions), x.dtype)
                matmul(matrix, inputs[sample, group], products)
                values = products.reshape(count, part.stop - part.start, *x.shape[2:])
                target = out[sample, chosen]
                _add_shifted(values, places, target)
                add_shift(target.reshape(target.shape[0], -1), bias, chosen)

    outputs = x.shape[0] * groups * per_group * positions * count
    parallel(work, per_group, outputs * (channels // MACS_A_VALUE + 1))


def _add_shifted(values: Array, places: _Places, out: Array) -> None:
    """Sum ``values`` [taps, K, *spatial] into ``out`` [K, *size], each tap at its place."""
    whole = tuple(slice(0, n) for n in out.shape[1:])
    # A tap that reaches every output is copied; without one the sum starts from zeros.
    first = next((place for place in places if place[1] == whole), None)
    if first is None:
        out[...] = 0
    else:
        taken: Index = (first[0], slice(None), *first[2])
        out[...] = values[taken]
    for place in places:
        if place is not first:
            number, target, source = place
            into: Index = (slice(None), *target)
            taken = (number, slice(None), *source)
            part = out[into]
            np.add(part, values[taken], out=part)
