"""Convolution without im2col: a product for each tap, added into the output shifted.

All taps' products come from one multiplication of the input as it lies in memory,
``[taps * K, C] @ [C, positions]``; what remains is adding ``taps`` arrays of the output's size,
each at its place. That is less work than gathering ``taps`` copies of the input wherever the
filters are fewer than the channels, and it is what a transposed convolution does by definition.
"""

from __future__ import annotations

from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Ints, Padding
from cnncalc.numerics.choice import Convolution
from cnncalc.numerics.product import matmul
from cnncalc.numerics.threads import parallel
from cnncalc.numerics.windows import taps
from cnncalc.numerics.workspace import scratch

# The products of as many filters as fit here are computed and added up before the next.
PRODUCT_BYTES = 4 * 2**20


def convolve(x: Array, weight: Array, shape: Convolution, out: Array) -> None:
    """A convolution of stride 1 whose output has the input's size.

    ``x`` [B, C, *spatial], ``weight`` [K, C/G, *kernel], ``out`` [B, K, *spatial].
    """
    groups, per_group = shape.groups, shape.filters // shape.groups
    # [K, C/G, taps] -> [taps, G, K/G, C/G]
    filters = weight.reshape(groups, per_group, -1, shape.taps).transpose(3, 0, 1, 2)
    places = [
        (index, positions, source)
        for index, positions, source in taps(
            shape.size, shape.kernel, shape.stride, shape.padding, shape.dilation, shape.positions
        )
    ]
    out[...] = 0
    _add_up(x, filters, shape.kernel, [(i, target, source) for i, target, source in places], out)


def scatter(
    x: Array,
    filters: Array,
    kernel: Ints,
    stride: Ints,
    padding: Padding,
    dilation: Ints,
    out: Array,
) -> None:
    """A transposed convolution: add into ``out`` [B, K, *size] what each input spreads.

    ``x`` [B, C, *spatial], ``filters`` [taps, G, K/G, C/G].
    """
    # The transposed layer reads and writes where the convolution writes and reads.
    places = [
        (index, target, source)
        for index, source, target in taps(
            out.shape[2:], kernel, stride, padding, dilation, x.shape[2:]
        )
    ]
    _add_up(x, filters, kernel, places, out)


def _add_up(
    x: Array,
    filters: Array,
    kernel: Ints,
    places: list[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]],
    out: Array,
) -> None:
    """``out[b, k, target] += (filters[tap] @ x)[source]`` for every tap and its place."""
    count, groups, per_group, channels = filters.shape
    positions = prod(x.shape[2:])
    rows = max(1, PRODUCT_BYTES // max(1, count * positions * x.itemsize))
    numbers = np.arange(count).reshape(tuple(kernel))
    for group in range(groups):
        for first in range(0, per_group, rows):
            last = min(first + rows, per_group)
            matrix = filters[:, group, first:last].reshape(count * (last - first), channels)
            for sample in range(x.shape[0]):
                source = x[sample, group * channels : (group + 1) * channels]
                spread = scratch("spread", (matrix.shape[0], positions), x.dtype)
                matmul(matrix, source.reshape(channels, positions), spread)
                values = spread.reshape(count, last - first, *x.shape[2:])
                target = out[sample, group * per_group + first : group * per_group + last]

                def work(
                    start: int, stop: int, values: Array = values, target: Array = target
                ) -> None:
                    for index, into, taken in places:
                        part = target[(slice(start, stop), *into)]
                        part += values[(numbers[index], slice(start, stop), *taken)]

                parallel(work, last - first, values.size)
