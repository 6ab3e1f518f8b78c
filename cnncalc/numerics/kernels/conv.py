"""Convolutions: plain, transposed, and with unshared weights.

``conv`` chooses an algorithm for the shape (``choice``); the algorithms are in files of their
own.
"""

from __future__ import annotations

from itertools import product as indices
from math import prod
from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Index, Ints, Padding, Slides
from cnncalc.numerics.fields.brute_force import spread as spread_size
from cnncalc.numerics.fields.reading import Readers, Scattered
from cnncalc.numerics.kernels import columns, shifted_sum
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, slid
from cnncalc.numerics.kernels.choice import Algorithm, ConvolutionShape, choose
from cnncalc.numerics.parts.gathering import gathered, padded
from cnncalc.numerics.parts.products import matmul
from cnncalc.shapes import Shape, Slide, transposed_size

_ALGORITHMS = {
    Algorithm.POINTWISE: columns.pointwise,
    Algorithm.GROUPS: columns.in_groups,
    Algorithm.COLUMNS: columns.convolve,
    Algorithm.SPREAD: shifted_sum.convolve,
}


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    slides: Slides,
    groups: int = 1,
    algorithm: Algorithm | None = None,
) -> Array:
    """Cross-correlation of ``x`` [B, C, *spatial] with ``weight`` [K, C/G, *kernel], plus bias [K].

    Returns [B, K, *positions]. The padding is zeros. ``algorithm`` overrides the choice.
    """
    _check(x, weight, slides, groups)
    shape = ConvolutionShape(x.shape[1], weight.shape[0], slides, groups)
    out = np.empty((x.shape[0], weight.shape[0], *shape.positions), x.dtype)
    _ALGORITHMS[algorithm or choose(shape)](x, weight, shape, bias, out)
    return out


def _check(x: Array, weight: Array, slides: Slides, groups: int) -> None:
    axes = zip(x.shape[2:], weight.shape[2:], strict=True)
    fits = x.shape[1] == weight.shape[1] * groups and weight.shape[0] % groups == 0
    if not fits or [(one.size, one.kernel) for one in slides] != list(axes):
        raise ValueError(f"{x.shape} in {groups} groups does not fit weights {weight.shape}")


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
) -> Array:
    """The gradient of a convolution as a layer: every input value spreads its kernel.

    ``x`` [B, C, *spatial], ``weight`` [C, K/G, *kernel], ``bias`` [K]; returns [B, K, *size]
    (PyTorch, ``ConvTranspose2d``; output padding adds units at the end of an axis).
    """
    channels, per_group = weight.shape[:2]
    kernel = weight.shape[2:]
    if x.shape[1] != channels or channels % groups:
        raise ValueError(f"{x.shape[1]} channels in {groups} groups: weights {weight.shape}")
    before, after = zip(*padding, strict=True)
    size = tuple(
        map(transposed_size, x.shape[2:], kernel, stride, before, after, output_padding, dilation)
    )
    out = np.empty((x.shape[0], per_group * groups, *size), x.dtype)
    # [C, K/G, taps] -> [taps, G, K/G, C/G]
    taps = weight.reshape(groups, channels // groups, per_group, -1).transpose(3, 0, 2, 1)
    slides = [
        Slide(n, k, s, *pair, d)
        for n, k, s, pair, d in zip(size, kernel, stride, padding, dilation, strict=True)
    ]
    shifted_sum.scatter(x, taps, slides, bias, out)
    return out


def locally_connected(
    x: Array, weight: Array, bias: Array | None = None, *, slides: Slides, groups: int = 1
) -> Array:
    """A convolution with its own weights at every position.

    ``x`` [B, C, *spatial], ``weight`` [K, *positions, C/G, *kernel], ``bias`` [K, *positions];
    returns [B, K, *positions].
    """
    axes = x.ndim - 2
    filters, size, kernel = weight.shape[0], weight.shape[1 : 1 + axes], weight.shape[2 + axes :]
    if size != tuple(slide.output for slide in slides):
        raise ValueError(f"weights {weight.shape} do not fit an input of {x.shape}")
    padding = [(slide.before, slide.after) for slide in slides]
    batch, channels = x.shape[:2]
    length = channels // groups * prod(kernel)
    per_group = filters // groups
    windows = gathered(padded(x, padding), slides)
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


# -- from layers ------------------------------------------------------------------------------


def _conv(call: KernelCall) -> Array:
    kind, groups = call.kind, call.kind.groups
    weight = call.own("weight", (kind.filters, call.channels // groups, *kind.kernel))
    bias = call.bias((kind.filters,))
    return conv(call.x, weight, bias, slides=call.slides, groups=groups)


def _depthwise_conv(call: KernelCall) -> Array:
    kind, filters = call.kind, call.channels * call.kind.multiplier
    weight = call.own("weight", (filters, 1, *kind.kernel))
    bias = call.bias((filters,))
    return conv(call.x, weight, bias, slides=call.slides, groups=call.channels)


def _separable_conv(call: KernelCall) -> Array:
    kind, between = call.kind, call.channels * call.kind.multiplier
    ones = (1,) * len(kind.kernel)
    depthwise = call.own("depthwise.weight", (between, 1, *kind.kernel))
    pointwise = call.own("pointwise.weight", (kind.filters, between, *ones))
    middle = conv(call.x, depthwise, slides=call.slides, groups=call.channels)
    slides = [Slide(size, 1) for size in middle.shape[2:]]
    return conv(middle, pointwise, call.bias((kind.filters,)), slides=slides)


def _conv_transpose(call: KernelCall) -> Array:
    kind = call.kind
    padding, extra = kind.crops()
    return conv_transpose(
        call.x,
        call.own("weight", (call.channels, kind.filters // kind.groups, *kind.kernel)),
        call.bias((kind.filters,)),
        stride=kind.stride,
        padding=padding,
        output_padding=extra,
        dilation=kind.dilation,
        groups=kind.groups,
    )


def _locally_connected(call: KernelCall) -> Array:
    kind, groups = call.kind, call.kind.groups
    output = (kind.filters, *(slide.output for slide in call.slides))
    weight = call.own("weight", (*output, call.channels // groups, *kind.kernel))
    bias = call.bias(output)
    return locally_connected(call.x, weight, bias, slides=call.slides, groups=groups)


def lowest(rows: Array, slide: Slide) -> Array:
    """Return the lowest value that a kernel meets at each of its positions."""
    found: Array = gathered(rows, (slide,)).min(axis=1)
    return found


def _reached(kind: Any, before: Shape, after: Shape) -> Readers:
    first = [pair[0] for pair in kind.crops()[0]]
    return tuple(map(Scattered, kind.kernel, kind.stride, first, kind.dilation))


def _laid_down(kind: Any, before: Shape) -> Shape:
    pairs, extras = kind.crops()
    whole = map(spread_size, before[1:], kind.kernel, kind.stride, kind.dilation)
    return tuple(
        size - sum(pair) + extra for size, pair, extra in zip(whole, pairs, extras, strict=True)
    )


KERNELS: Kernels = {
    "conv": slid(_conv, lowest),
    "depthwise_conv": slid(_depthwise_conv, lowest),
    "separable_conv": slid(_separable_conv, lowest),
    "locally_connected": slid(_locally_connected, lowest),
    "conv_transpose": KernelEntry(_conv_transpose, _reached, _laid_down),
}
