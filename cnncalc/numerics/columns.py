"""Convolution as a matrix product: im2col by blocks that stay in the cache.

A block of output positions is gathered into a matrix ``[C/G * taps, positions]``, which the
weights ``[K/G, C/G * taps]`` multiply straight into the output. The gather runs on several
threads, the product on those of the BLAS library.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Ints
from cnncalc.numerics.choice import Convolution
from cnncalc.numerics.product import matmul
from cnncalc.numerics.threads import parallel
from cnncalc.numerics.windows import gathered, padded
from cnncalc.numerics.workspace import scratch

# Larger blocks make better matrix products, smaller ones stay in the cache: measured, the time
# is flat between 1 and 4 MiB on a machine with 512 KiB a core and 32 MiB shared.
COLUMN_BYTES = 2 * 2**20


def pointwise(x: Array, weight: Array, shape: Convolution, out: Array) -> None:
    """A 1x1 kernel: ``x`` itself is the matrix, or every ``stride``-th of its positions."""
    if any(step != 1 for step in shape.stride):
        some: Index = (..., *(slice(None, None, step) for step in shape.stride))
        x = x[some]
    batch, groups, positions = x.shape[0], shape.groups, prod(shape.positions)
    matrix = x.reshape(batch, groups, shape.channels // groups, positions)
    filters = weight.reshape(groups, shape.filters // groups, shape.channels // groups)
    target = out.reshape(batch, groups, shape.filters // groups, positions)
    for sample in range(batch):
        if groups == 1:
            matmul(filters[0], matrix[sample, 0], target[sample, 0])
        else:
            matmul(filters, matrix[sample], target[sample])


def convolve(x: Array, weight: Array, shape: Convolution, out: Array) -> None:
    """``x`` [B, C, *spatial] with ``weight`` [K, C/G, *kernel] into ``out`` [B, K, *positions]."""
    batch, groups = x.shape[0], shape.groups
    length = shape.channels // groups * shape.taps
    filters = weight.reshape(groups, shape.filters // groups, length)
    target = out.reshape(batch, groups, shape.filters // groups, -1)
    row_bytes = shape.channels * shape.taps * x.itemsize
    source = _padded(x, shape)
    for sample in range(batch):
        windows = gathered(
            source[sample], shape.kernel, shape.stride, shape.dilation, shape.positions
        )
        for block, start, stop in _blocks(shape.positions, COLUMN_BYTES // row_bytes):
            matrix = _gather(windows[(slice(None), *(slice(None),) * len(block), *block)])
            matrix = matrix.reshape(groups, length, stop - start)
            part = target[sample, :, :, start:stop]
            if groups == 1:
                matmul(filters[0], matrix[0], part[0])
            else:
                matmul(filters, matrix, part)


def _padded(x: Array, shape: Convolution) -> Array:
    if not any(map(any, shape.padding)):
        return x
    size = tuple(
        n + before + after for n, (before, after) in zip(shape.size, shape.padding, strict=True)
    )
    result = scratch("padded", (*x.shape[:2], *size), x.dtype)

    def work(start: int, stop: int) -> None:
        padded(x[:, start:stop], shape.padding, out=result[:, start:stop])

    parallel(work, shape.channels, x.size)
    return result


def _gather(windows: Array) -> Array:
    """``windows`` [C, *kernel, *block] copied into scratch memory of the same shape."""
    columns = scratch("columns", windows.shape, windows.dtype)

    def work(start: int, stop: int) -> None:
        np.copyto(columns[start:stop], windows[start:stop])

    parallel(work, windows.shape[0], windows.size)
    return columns


def _blocks(positions: Ints, limit: int) -> Iterator[tuple[tuple[slice, ...], int, int]]:
    """Blocks of at most ``limit`` positions (or one row): their slices, and their flat range.

    Leading axes are taken one index at a time until the rest is small enough to be cut along
    one axis, so that a block is contiguous in the flat output.
    """
    first, rest = positions[0], positions[1:]
    inner = prod(rest)
    if rest and inner > limit:
        for index in range(first):
            for block, start, stop in _blocks(rest, limit):
                offset = index * inner
                yield (slice(index, index + 1), *block), offset + start, offset + stop
        return
    count = -(-first // max(1, limit // inner))
    whole = tuple(slice(0, n) for n in rest)
    for part in range(count):
        start, stop = first * part // count, first * (part + 1) // count
        yield (slice(start, stop), *whole), start * inner, stop * inner
