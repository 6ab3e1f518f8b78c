"""Winograd's minimal filtering F(4x4, 3x3) for dense 3x3 convolutions of stride 1.

Four outputs of a 3-tap filter need six products instead of twelve, so in two dimensions a tile
of 4x4 outputs needs 36 instead of 144 (Lavin and Gray, "Fast Algorithms for Convolutional
Neural Networks", 2016, with the points 0, 1, -1, 2, -2 and infinity). Products over all tiles
and channels are 36 matrix products; the transforms of input, weights and output are matrix
products with constant matrices too.

The rounding error is some ten times a direct convolution's: about 1e-6 relative in float32.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.kernels.choice import Convolution
from cnncalc.numerics.machine.threads import MACS_A_VALUE, parallel
from cnncalc.numerics.machine.workspace import scratch
from cnncalc.numerics.parts.elementwise import Epilogue, apply_block
from cnncalc.numerics.parts.gathering import tap_slices
from cnncalc.numerics.parts.products import count_macs

_INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_WEIGHT = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_OUTPUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
TILE, WINDOW = 4, 6

# Transformed inputs of as many tiles as fit here are multiplied together.
INPUT_BYTES = 8 * 2**20
# A thread transforms as many channels as fit here at a time, and as many filters.
BLOCK_BYTES = 2**20
LEAST_FILTERS = 32


def convolve(x: Array, weight: Array, shape: Convolution, epilogue: Epilogue, out: Array) -> None:
    """``x`` [B, C, H, W], ``weight`` [K, C, 3, 3] into ``out`` [B, K, H', W'].

    Counted are the multiply-accumulates the products stand for: for every output position nine
    times the channels and filters of the matrices multiplied. Issued are 36 for each 16.
    """
    height, width = shape.positions
    down, across = -(-height // TILE), -(-width // TILE)
    rows = max(shape.channels, LEAST_FILTERS)  # of the larger of inputs and products
    fitting = INPUT_BYTES // (36 * rows * (across + 1) * x.itemsize)
    count = -(-down // max(1, fitting))
    for sample in range(x.shape[0]):
        for part in range(count):
            first, last = down * part // count, down * (part + 1) // count
            inputs = _transformed_input(x[sample], shape, first, last - first, across)
            lines = slice(first * TILE, min(last * TILE, height))
            _multiply(inputs, weight, epilogue, last - first, across, out[sample, :, lines])


def _transformed_input(x: Array, shape: Convolution, first: int, down: int, across: int) -> Array:
    """``down`` rows of tiles of ``x`` [C, H, W], transformed: ``[36, C, tiles]``.

    A block of channels is split into its 4x4 phases, so that the values at one place of all
    tiles lie one after the other, and a row of tiles has one more place than tiles. The tiles
    are then 36 shifted copies of long contiguous rows; the one place too many between two rows
    of tiles is carried along and never written out.
    """
    channels = x.shape[0]
    wide, high = across + 1, down + 1
    length = (down - 1) * wide + across
    result = scratch("inputs", (36, channels, length), x.dtype)
    flat = result.reshape(36, channels * length)
    transform = np.kron(_INPUT, _INPUT).astype(x.dtype)
    block = max(1, BLOCK_BYTES // (36 * length * x.itemsize))

    def work(start: int, stop: int) -> None:
        for begin in range(start, stop, block):
            some(begin, min(begin + block, stop))

    def some(begin: int, end: int) -> None:
        planes = _phases(x[begin:end], shape, first * TILE, high, wide)
        # Place (i, j) of a tile: phase (i % 4, j % 4), moved by (i // 4, j // 4) tiles.
        tiles = scratch("tiles", (WINDOW, WINDOW, end - begin, length), x.dtype)
        for i in range(WINDOW):
            for j in range(WINDOW):
                shift = i // TILE * wide + j // TILE
                tiles[i, j] = planes[i % TILE, j % TILE, :, shift : shift + length]
        np.matmul(transform, tiles.reshape(36, -1), out=flat[:, begin * length : end * length])

    parallel(work, channels, 36 * 3 * channels * length)
    return result


def _phases(x: Array, shape: Convolution, top: int, high: int, wide: int) -> Array:
    """Rows from ``top`` on of padded ``x`` [C, H, W] as ``[4, 4, C, high * wide]``.

    Phase (i, j) holds the values at rows ``top + i + 4r`` and columns ``j + 4c``.
    """
    planes = scratch("planes", (TILE, TILE, x.shape[0], high, wide), x.dtype)
    planes[...] = 0
    height, width = x.shape[1:]
    before = (shape.padding[0][0] - top, shape.padding[1][0])
    for i in range(TILE):
        rows = tap_slices(height, high, i - before[0], TILE)
        for j in range(TILE):
            columns = tap_slices(width, wide, j - before[1], TILE)
            if rows is not None and columns is not None:
                planes[i, j, :, rows[0], columns[0]] = x[:, rows[1], columns[1]]
    return planes.reshape(TILE, TILE, x.shape[0], high * wide)


def _multiply(
    inputs: Array, weight: Array, epilogue: Epilogue, down: int, across: int, out: Array
) -> None:
    """All filters on transformed ``inputs`` [36, C, tiles], into ``out`` [K, H, W]."""
    filters, channels = weight.shape[:2]
    length = inputs.shape[2]
    to_weights = np.kron(_WEIGHT, _WEIGHT).astype(weight.dtype)
    to_outputs = np.kron(_OUTPUT, _OUTPUT).astype(weight.dtype)
    fitting = 4 * BLOCK_BYTES // (36 * max(channels, length) * weight.itemsize)
    block = max(LEAST_FILTERS, fitting)

    def work(start: int, stop: int) -> None:
        for begin in range(start, stop, block):
            some(slice(begin, min(begin + block, stop)))

    def some(part: slice) -> None:
        count = part.stop - part.start
        weights = scratch("weights", (36, count, channels), weight.dtype)
        own = weight[part].reshape(count * channels, 9)
        np.matmul(to_weights, own.T, out=weights.reshape(36, -1))
        products = scratch("products", (36, count, length), weight.dtype)
        np.matmul(weights, inputs, out=products)
        count_macs(weights.shape[1] * inputs.shape[1] * 9 * out.shape[1] * out.shape[2])
        values = scratch("values", (16, count * length), weight.dtype)
        np.matmul(to_outputs, products.reshape(36, -1), out=values)
        _write(values.reshape(TILE, TILE, count, length), down, across, out[part])
        flat = out[part].reshape(count, -1)
        apply_block(flat, flat, epilogue, part)

    values = 36 * filters * length * (channels // MACS_A_VALUE + 3)
    parallel(work, filters, values, least=min(block, LEAST_FILTERS))


def _write(values: Array, down: int, across: int, out: Array) -> None:
    """Tiles ``values`` [4, 4, K, tiles] laid into ``out`` [K, H, W]; what is past it is dropped."""
    item = values.itemsize
    tiles = as_strided(
        values,
        (TILE, TILE, values.shape[2], down, across),
        (*values.strides[:3], (across + 1) * item, item),
        writeable=False,
    )
    for i in range(TILE):
        for j in range(TILE):
            target = out[:, i::TILE, j::TILE]
            target[...] = tiles[i, j, :, : target.shape[1], : target.shape[2]]
