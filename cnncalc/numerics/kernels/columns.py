"""Convolution as a matrix product: im2col by blocks that stay in the cache.

A block of output positions is gathered into a matrix ``[C * taps, positions]``, the weights
``[K, C * taps]`` multiply it straight into the output, and the bias is added before the block
leaves the cache. Of a convolution in groups a block is some of the groups, at all positions.
Threads take blocks, or parts of a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Ints
from cnncalc.numerics.kernels.choice import ConvolutionShape
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


def pointwise(
    x: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """A 1x1 kernel: ``x`` itself is the matrix, or every ``stride``-th of its positions."""
    if any(slide.stride != 1 for slide in shape.slides):
        some: Index = (..., *(slice(None, None, slide.stride) for slide in shape.slides))
        x = np.ascontiguousarray(x[some])
    for sample in range(x.shape[0]):
        _product(x[sample], weight, shape, bias, out[sample])


def convolve(
    x: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """``x`` [B, C, *spatial] with ``weight`` [K, C, *kernel] into ``out`` [B, K, *positions]."""
    for sample in range(x.shape[0]):
        windows = _windows(x[sample], shape)
        if prod(shape.positions) < FEW_POSITIONS:
            _product(_copied(windows), weight, shape, bias, out[sample])
        else:
            _by_blocks(windows, weight, shape, bias, out[sample])


def in_groups(
    x: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """Some groups at a time; ``weight`` [K, C/G, *kernel], the rest as for one group."""
    groups, positions = shape.groups, prod(shape.positions)
    many, each = shape.filters // groups, shape.channels // groups
    length = each * shape.taps
    filters = weight.reshape(groups, many, length)
    step = max(1, COLUMN_BYTES // (length * positions * x.itemsize))

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, step):
            last = min(first + step, stop)
            columns = _copied(windows[first * each : last * each])
            rows = slice(first * many, last * many)
            target = out[sample, rows].reshape(last - first, many, positions)
            matmul(filters[first:last], columns.reshape(last - first, length, -1), target)
            add_shift(target.reshape(-1, positions), bias, rows)

    for sample in range(x.shape[0]):
        windows = _windows(x[sample], shape)
        # Half of the time goes into calls that hold the interpreter: only large maps gain.
        parallel(work, groups, shape.filters * shape.taps * positions // 4)


def _product(
    matrix: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """The weights times ``matrix`` [C * taps, positions] in any shape, into ``out`` likewise."""
    filters, positions = shape.filters, prod(shape.positions)
    weights, columns = weight.reshape(filters, -1), matrix.reshape(-1, positions)
    target = out.reshape(filters, positions)

    # What is longer is divided, so that each thread reads little of what the others read.
    def some_positions(first: int, last: int) -> None:
        step = max(FEW_POSITIONS, BLOCK_BYTES // (filters * out.itemsize))
        for begin in range(first, last, step):
            part = slice(begin, min(begin + step, last))
            add_shift(matmul(weights, columns[:, part], target[:, part]), bias)

    def some_filters(first: int, last: int) -> None:
        rows = slice(first, last)
        add_shift(matmul(weights[rows], columns, target[rows]), bias, rows)

    if positions > filters:
        parallel(some_positions, positions, shape.macs // MACS_A_VALUE)
    else:
        parallel(some_filters, filters, shape.macs // MACS_A_VALUE)


def _by_blocks(
    windows: Array, weight: Array, shape: ConvolutionShape, bias: Array | None, out: Array
) -> None:
    """Gather, multiply and finish one block of positions after the other."""
    weights, target = weight.reshape(shape.filters, -1), out.reshape(shape.filters, -1)
    limit = COLUMN_BYTES // (weights.shape[1] * out.itemsize)
    everything = (slice(None),) * (1 + len(shape.slides))
    blocks = list(_blocks(shape.positions, max(64, limit)))

    def work(first: int, last: int) -> None:
        for block, start, stop in blocks[first:last]:
            place: Index = (*everything, *block)
            columns = _copied(windows[place]).reshape(weights.shape[1], -1)
            add_shift(matmul(weights, columns, target[:, start:stop]), bias)

    parallel(work, len(blocks), shape.macs // MACS_A_VALUE)


def _windows(x: Array, shape: ConvolutionShape) -> Array:
    """What the taps read of ``x`` [C, *spatial] at each position: a view."""
    return gathered(_padded(x, shape), shape.slides)


def _copied(windows: Array) -> Array:
    """Columns of windows, in scratch memory."""
    columns = scratch("columns", windows.shape, windows.dtype)
    np.copyto(columns, windows)
    return columns


def _padded(x: Array, shape: ConvolutionShape) -> Array:
    """``x`` [C, *spatial] with its border of zeros, in scratch memory."""
    if not any(map(any, shape.padding)):
        return x
    size = [slide.before + slide.size + slide.after for slide in shape.slides]
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
