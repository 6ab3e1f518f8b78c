"""Convolution as a matrix product: im2col by blocks that stay in the cache.

A block of output positions is gathered into a matrix ``[C/G * taps, positions]``, the weights
``[K/G, C/G * taps]`` multiply it straight into the output, and the bias is added before the block
leaves the cache. Threads take blocks, or parts of a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Ints
from cnncalc.numerics.kernels.choice import Convolution
from cnncalc.numerics.machine.threads import MACS_A_VALUE, parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES, scratch
from cnncalc.numerics.parts.elementwise import add_shift
from cnncalc.numerics.parts.gathering import gathered, padded
from cnncalc.numerics.parts.products import matmul

# Larger blocks make better matrix products, smaller ones stay in the cache: measured, the time
# is flat between 0.5 and 2 MiB on a machine with 512 KiB a core and 32 MiB shared.
COLUMN_BYTES = 2**20

# With fewer positions than this a block's product is too narrow: all of them are gathered.
FEW_POSITIONS = 256


def pointwise(x: Array, weight: Array, shape: Convolution, bias: Array | None, out: Array) -> None:
    """A 1x1 kernel: ``x`` itself is the matrix, or every ``stride``-th of its positions."""
    if any(step != 1 for step in shape.stride):
        some: Index = (..., *(slice(None, None, step) for step in shape.stride))
        x = np.ascontiguousarray(x[some])
    for sample in range(x.shape[0]):
        product(x[sample], weight, shape, bias, out[sample])


def product(
    matrix: Array, weight: Array, shape: Convolution, bias: Array | None, out: Array
) -> None:
    """The weights times ``matrix`` [C * taps, positions] in any shape, into ``out`` likewise."""
    groups, positions = shape.groups, prod(shape.positions)
    length, per_group = shape.channels // groups * shape.taps, shape.filters // groups
    filters = weight.reshape(groups, per_group, length)
    columns = matrix.reshape(groups, length, positions)
    target = out.reshape(groups, per_group, positions)
    flat = out.reshape(shape.filters, positions)

    # What is longer is divided, so that each thread reads little of what the others read.
    def some_groups(first: int, last: int) -> None:
        part = slice(first, last)
        _multiply(filters[part], columns[part], target[part])
        rows = slice(first * per_group, last * per_group)
        add_shift(flat[rows], bias, rows)

    def some_positions(first: int, last: int) -> None:
        step = max(FEW_POSITIONS, BLOCK_BYTES // (shape.filters * out.itemsize))
        for begin in range(first, last, step):
            part = slice(begin, min(begin + step, last))
            matmul(filters[0], columns[0, :, part], target[0, :, part])
            add_shift(flat[:, part], bias)

    def some_filters(first: int, last: int) -> None:
        matmul(filters[0, first:last], columns[0], target[0, first:last])
        step = max(1, BLOCK_BYTES // (positions * out.itemsize))
        for begin in range(first, last, step):
            rows = slice(begin, min(begin + step, last))
            add_shift(flat[rows], bias, rows)

    values = shape.macs // MACS_A_VALUE
    if groups > 1:
        parallel(some_groups, groups, values)
    elif positions > shape.filters:
        parallel(some_positions, positions, values)
    else:
        parallel(some_filters, shape.filters, values)


def convolve(x: Array, weight: Array, shape: Convolution, bias: Array | None, out: Array) -> None:
    """``x`` [B, C, *spatial] with ``weight`` [K, C/G, *kernel] into ``out`` [B, K, *positions]."""
    positions = prod(shape.positions)
    for sample in range(x.shape[0]):
        windows = gathered(
            _padded(x[sample], shape), shape.kernel, shape.stride, shape.dilation, shape.positions
        )
        if positions < FEW_POSITIONS:
            columns = scratch("columns", windows.shape, x.dtype)
            np.copyto(columns, windows)
            product(columns, weight, shape, bias, out[sample])
        else:
            _by_blocks(windows, weight, shape, bias, out[sample])


def by_channels(
    x: Array, weight: Array, shape: Convolution, bias: Array | None, out: Array
) -> None:
    """One input channel a filter: a block of channels is gathered, and a vector multiplies each.

    ``x`` [B, C, *spatial], ``weight`` [C * M, 1, *kernel], ``out`` [B, C * M, *positions].
    """
    channels, taps, positions = shape.channels, shape.taps, prod(shape.positions)
    filters = weight.reshape(channels, -1, taps)
    many = filters.shape[1]
    rows = max(1, COLUMN_BYTES // (taps * positions * x.itemsize))

    def work(start: int, stop: int) -> None:
        for sample in range(x.shape[0]):
            target = out[sample].reshape(channels, many, positions)
            for first in range(start, stop, rows):
                part = slice(first, min(first + rows, stop))
                windows = gathered(
                    _padded(x[sample, part], shape),
                    shape.kernel,
                    shape.stride,
                    shape.dilation,
                    shape.positions,
                )
                columns = scratch("columns", windows.shape, x.dtype)
                np.copyto(columns, windows)
                matmul(filters[part], columns.reshape(-1, taps, positions), target[part])
                some = slice(part.start * many, part.stop * many)
                add_shift(out[sample, some].reshape(-1, positions), bias, some)

    # Half of the time goes into calls that hold the interpreter: only large maps gain.
    parallel(work, channels, x.shape[0] * shape.filters * taps * positions // 4)


def _by_blocks(
    windows: Array, weight: Array, shape: Convolution, bias: Array | None, out: Array
) -> None:
    """Gather, multiply and finish one block of positions after the other."""
    groups = shape.groups
    length, per_group = shape.channels // groups * shape.taps, shape.filters // groups
    filters = weight.reshape(groups, per_group, length)
    target = out.reshape(groups, per_group, -1)
    flat = out.reshape(shape.filters, -1)
    limit = COLUMN_BYTES // (length * groups * out.itemsize)
    everything = (slice(None),) * (1 + len(shape.kernel))

    blocks = list(_blocks(shape.positions, max(64, limit)))

    def work(first: int, last: int) -> None:
        for block, start, stop in blocks[first:last]:
            place: Index = (*everything, *block)
            columns = scratch("columns", windows[place].shape, windows.dtype)
            np.copyto(columns, windows[place])
            part = slice(start, stop)
            _multiply(filters, columns.reshape(groups, length, -1), target[..., part])
            add_shift(flat[:, part], bias)

    parallel(work, len(blocks), shape.macs // MACS_A_VALUE)


def _multiply(filters: Array, columns: Array, target: Array) -> None:
    """A product for each group; one group goes to BLAS without a loop around it."""
    if filters.shape[0] == 1:
        matmul(filters[0], columns[0], target[0])
    else:
        matmul(filters, columns, target)


def _padded(x: Array, shape: Convolution) -> Array:
    """``x`` [C, *spatial] with its border of zeros, in scratch memory."""
    if not any(map(any, shape.padding)):
        return x
    size = tuple(
        n + before + after for n, (before, after) in zip(shape.size, shape.padding, strict=True)
    )
    return padded(x, shape.padding, out=scratch("padded", (x.shape[0], *size), x.dtype))


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
