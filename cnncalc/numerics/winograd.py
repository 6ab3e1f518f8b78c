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
from cnncalc.numerics.choice import Convolution
from cnncalc.numerics.product import count_macs
from cnncalc.numerics.threads import parallel
from cnncalc.numerics.windows import padded
from cnncalc.numerics.workspace import scratch

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
INPUT_BYTES = 16 * 2**20
# Transformed weights and products of as many filters as fit here are made at a time.
WEIGHT_BYTES = 4 * 2**20


def convolve(x: Array, weight: Array, shape: Convolution, out: Array) -> None:
    """``x`` [B, C, H, W], ``weight`` [K, C, 3, 3] into ``out`` [B, K, H', W'].

    Counted are the multiply-accumulates the products stand for: for every output position nine
    times the channels and filters of the matrices multiplied. Issued are 36 for each 16.
    """
    height, width = shape.positions
    down, across = -(-height // TILE), -(-width // TILE)
    (top, bottom), (left, right) = shape.padding
    # The last tiles may reach past the padding; what is computed there is dropped.
    more_rows, more_columns = down * TILE - height, across * TILE - width
    border = ((top, bottom + more_rows), (left, right + more_columns))
    for sample in range(x.shape[0]):
        source = padded(x[sample], border)
        limit = max(1, INPUT_BYTES // (36 * shape.channels * across * x.itemsize))
        count = -(-down // limit)
        for part in range(count):
            first, last = down * part // count, down * (part + 1) // count
            rows = slice(first * TILE, min(last * TILE, height))
            inputs = _transformed_input(source[:, first * TILE :], last - first, across)
            _filter_blocks(inputs, weight, last - first, across, out[sample, :, rows])


def _filter_blocks(inputs: Array, weight: Array, down: int, across: int, out: Array) -> None:
    """Products and output of a block of tiles, some filters at a time."""
    filters, channels = weight.shape[:2]
    tiles = down * across
    size = 36 * max(channels, tiles) * inputs.itemsize
    count = -(-filters // max(16, WEIGHT_BYTES // size))
    for part in range(count):
        chosen = slice(filters * part // count, filters * (part + 1) // count)
        weights = _transformed_weight(weight[chosen])
        products = scratch("products", (36, weights.shape[1], tiles), inputs.dtype)
        np.matmul(weights, inputs, out=products)
        count_macs(weights.shape[1] * inputs.shape[1] * 9 * out.shape[1] * out.shape[2])
        _write_output(products, down, across, out[chosen])


def _transformed_input(source: Array, down: int, across: int) -> Array:
    """Tiles of ``source`` [C, H, W] as ``[36, C, tiles]``."""
    channels = source.shape[0]
    plane, row, item = source.strides
    windows = as_strided(
        source,
        (WINDOW, WINDOW, channels, down, across),
        (row, item, plane, TILE * row, TILE * item),
        writeable=False,
    )
    tiles = scratch("tiles", windows.shape, source.dtype)

    def work(start: int, stop: int) -> None:
        np.copyto(tiles[:, :, start:stop], windows[:, :, start:stop])

    parallel(work, channels, windows.size)
    result = scratch("inputs", (36, channels, down * across), source.dtype)
    transform = np.kron(_INPUT, _INPUT).astype(source.dtype)
    np.matmul(transform, tiles.reshape(36, -1), out=result.reshape(36, -1))
    return result


def _transformed_weight(weight: Array) -> Array:
    """``weight`` [K, C, 3, 3] as ``[36, K, C]``."""
    filters, channels = weight.shape[:2]
    result = scratch("weights", (36, filters, channels), weight.dtype)
    transform = np.kron(_WEIGHT, _WEIGHT).astype(weight.dtype)
    flat = weight.reshape(filters * channels, 9)
    np.matmul(transform, flat.T, out=result.reshape(36, -1))
    return result


def _write_output(products: Array, down: int, across: int, out: Array) -> None:
    """``products`` [36, K, tiles] transformed back and laid into ``out`` [K, H, W]."""
    filters = products.shape[1]
    values = scratch("values", (TILE, TILE, filters, down, across), products.dtype)
    transform = np.kron(_OUTPUT, _OUTPUT).astype(products.dtype)
    np.matmul(transform, products.reshape(36, -1), out=values.reshape(16, -1))
    height, width = out.shape[1:]

    def work(start: int, stop: int) -> None:
        for i in range(TILE):
            for j in range(TILE):
                target = out[start:stop, i::TILE, j::TILE]
                rows, columns = target.shape[1:]
                target[...] = values[i, j, start:stop, :rows, :columns]

    parallel(work, filters, filters * height * width)
