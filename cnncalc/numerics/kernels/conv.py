"""Convolutions: plain, transposed, and with unshared weights.

``conv`` pads, chooses an algorithm for the shape (``choice``), and applies what follows the
convolution. The algorithms are in files of their own.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product as indices
from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Ints, Padding, per_channel
from cnncalc.numerics.kernels import columns, depthwise, spread, winograd
from cnncalc.numerics.kernels.choice import Algorithm, Convolution, choose
from cnncalc.numerics.parts.elementwise import NOTHING, Epilogue, with_bias
from cnncalc.numerics.parts.gathering import gathered, output_size, padded
from cnncalc.numerics.parts.products import matmul
from cnncalc.shapes import transposed_size

_ALGORITHMS = {
    Algorithm.POINTWISE: columns.pointwise,
    Algorithm.COLUMNS: columns.convolve,
    Algorithm.SPREAD: spread.convolve,
    Algorithm.WINOGRAD: winograd.convolve,
    Algorithm.DEPTHWISE: depthwise.convolve,
}


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: Ints,
    padding: Padding,
    dilation: Ints,
    groups: int = 1,
    epilogue: Epilogue = NOTHING,
    algorithm: Algorithm | None = None,
    out: Array | None = None,
) -> Array:
    """Cross-correlation of ``x`` [B, C, *spatial] with ``weight`` [K, C/G, *kernel].

    Returns [B, K, *positions]. The padding is zeros, (before, after) for each axis. The
    epilogue is applied to the result with its bias [K]. ``algorithm`` overrides the choice.
    """
    kernel = weight.shape[2:]
    size = output_size(x.shape[2:], kernel, stride, padding, dilation)
    _check_channels(x, weight, groups)
    if out is None:
        out = np.empty((x.shape[0], weight.shape[0], *size), x.dtype)
    shape = Convolution(
        x.shape[1],
        weight.shape[0],
        tuple(x.shape[2:]),
        size,
        kernel,
        tuple(stride),
        tuple((before, after) for before, after in padding),
        tuple(dilation),
        groups,
    )
    chosen = choose(shape) if algorithm is None else algorithm
    epilogue = with_bias(epilogue, bias)
    if epilogue.scale is not None and prod(weight.shape[1:]) < prod(size):
        # Fewer weights than outputs: a pass over the weights is the cheaper one.
        weight = weight * per_channel(epilogue.scale, weight.ndim - 1)
        epilogue = replace(epilogue, scale=None)
    _ALGORITHMS[chosen](x, weight, shape, epilogue, out)
    return out


def _check_channels(x: Array, weight: Array, groups: int) -> None:
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError(
            f"{x.shape[1]} channels in {groups} groups do not fit weights {weight.shape}"
        )


def conv_transpose(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: Ints,
    padding: Padding,
    output_padding: Ints,
    dilation: Ints,
    groups: int = 1,
    epilogue: Epilogue = NOTHING,
) -> Array:
    """The gradient of a convolution as a layer: every input value spreads its kernel.

    ``x`` [B, C, *spatial], ``weight`` [C, K/G, *kernel], ``bias`` [K]; returns [B, K, *size]
    (PyTorch, ``ConvTranspose2d``; output padding adds units at the end of an axis).
    """
    channels, per_group = weight.shape[:2]
    kernel = weight.shape[2:]
    if x.shape[1] != channels or channels % groups:
        raise ValueError(f"{x.shape[1]} channels in {groups} groups: weights {weight.shape}")
    size = tuple(
        transposed_size(n, k, s, before, after, extra, d)
        for n, k, s, (before, after), extra, d in zip(
            x.shape[2:], kernel, stride, padding, output_padding, dilation, strict=True
        )
    )
    out = np.empty((x.shape[0], per_group * groups, *size), x.dtype)
    # [C, K/G, taps] -> [taps, G, K/G, C/G]
    taps = weight.reshape(groups, channels // groups, per_group, -1).transpose(3, 0, 2, 1)
    epilogue = with_bias(epilogue, bias)
    spread.scatter(x, taps, kernel, stride, padding, dilation, epilogue, out)
    return out


def locally_connected(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: Ints,
    padding: Padding,
    dilation: Ints,
    groups: int = 1,
) -> Array:
    """A convolution with its own weights at every position.

    ``x`` [B, C, *spatial], ``weight`` [K, *positions, C/G, *kernel], ``bias`` [K, *positions];
    returns [B, K, *positions].
    """
    axes = x.ndim - 2
    filters, size, kernel = weight.shape[0], weight.shape[1 : 1 + axes], weight.shape[2 + axes :]
    if size != output_size(x.shape[2:], kernel, stride, padding, dilation):
        raise ValueError(f"weights {weight.shape} do not fit an input of {x.shape}")
    batch, channels = x.shape[:2]
    length = channels // groups * prod(kernel)
    per_group = filters // groups
    windows = gathered(padded(x, padding), kernel, stride, dilation, size)
    windows = np.moveaxis(windows, 1, 1 + 2 * axes)  # [B, *kernel, *positions, C]
    out = np.empty((batch, filters, *size), x.dtype)
    for group in range(groups):
        filter_part = slice(group * per_group, (group + 1) * per_group)
        channel_part = slice(group * channels // groups, (group + 1) * channels // groups)
        # A row of positions at a time: all windows at once would be a copy of im2col's size.
        for row in indices(*map(range, size[:-1])):
            all_taps = (slice(None),) * (axes + 1)
            at_row: Index = (*all_taps, *row, slice(None), channel_part)
            # [B, *kernel, W, C/G] -> [W, C/G, *kernel, B]
            matrix = np.moveaxis(windows[at_row], (axes + 1, axes + 2), (0, 1))
            matrix = np.moveaxis(matrix, 2, -1).reshape(size[-1], length, batch)
            here: Index = (filter_part, *row)
            own = weight[here].reshape(per_group, size[-1], length)
            result = matmul(own.transpose(1, 0, 2), matrix)  # [W, K/G, B]
            target: Index = (slice(None), filter_part, *row)
            out[target] = result.transpose(2, 1, 0)
    if bias is not None:
        out += bias
    return out
