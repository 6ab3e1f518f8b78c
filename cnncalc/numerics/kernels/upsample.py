"""Upsampling by interpolation, and between channels and positions."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, prod
from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Ints
from cnncalc.numerics.fields.reading import SAME, Periodic, Reader, Readers, Repeated, periodic
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each
from cnncalc.shapes import Shape


def upsample_nearest(x: Array, *, size: Ints) -> Array:
    """Output ``o`` copies input ``floor(o · n / size)`` on each axis; [B, C, *size]."""
    # Whole numbers: the quotient in floating point lands below some integers.
    return _resized(
        x, size, lambda x, axis, out: x.take(np.arange(out) * x.shape[axis] // out, axis=axis)
    )


def upsample_linear(x: Array, *, size: Ints, align_corners: bool = False) -> Array:
    """Linear interpolation along each axis in turn; [B, C, *size].

    The source of output ``o`` is ``(o + 1/2) · n/size - 1/2``, not below 0, or with aligned
    corners ``o · (n - 1)/(size - 1)`` (PyTorch, ``area_pixel_compute_source_index``).
    """
    return _resized(x, size, lambda x, axis, out: _along(x, axis, out, align_corners))


def _resized(x: Array, size: Ints, along: Callable[[Array, int, int], Array]) -> Array:
    result = x
    for axis, out in enumerate(size, start=2):
        result = result if x.shape[axis] == out else along(result, axis, out)
    return x.copy() if result is x else result


def _along(x: Array, axis: int, out: int, align_corners: bool) -> Array:
    n = x.shape[axis]
    units = np.arange(out)
    # Source positions as fractions with a common divisor: exact, whatever the sizes.
    if align_corners:
        position, divisor = units * (n - 1), max(out - 1, 1)
    else:
        position, divisor = np.maximum((2 * units + 1) * n - out, 0), 2 * out
    low = np.minimum(position // divisor, n - 1)
    high = np.minimum(low + 1, n - 1)
    share = ((position - low * divisor) / divisor).astype(x.dtype)
    share = share.reshape((-1,) + (1,) * (x.ndim - axis - 1))
    result: Array = x.take(high, axis=axis)
    result *= share
    lower = x.take(low, axis=axis)
    lower *= 1 - share
    result += lower
    return result


def pixel_shuffle(x: Array, *, factor: int) -> Array:
    """``[B, C · f^axes, *spatial]`` to ``[B, C, *(f · spatial)]`` (Shi et al. 2016)."""
    axes = x.ndim - 2
    channels = x.shape[1] // factor**axes
    blocks = x.reshape(x.shape[0], channels, *(factor,) * axes, *x.shape[2:])
    # [B, C, f, f, H, W] -> [B, C, H, f, W, f]
    order = [0, 1, *(axis for i in range(axes) for axis in (2 + axes + i, 2 + i))]
    size = tuple(n * factor for n in x.shape[2:])
    return blocks.transpose(order).copy().reshape(x.shape[0], channels, *size)


def pixel_unshuffle(x: Array, *, factor: int) -> Array:
    """``[B, C, *spatial]`` to ``[B, C · f^axes, *(spatial / f)]``: undoes ``pixel_shuffle``."""
    axes = x.ndim - 2
    size = tuple(n // factor for n in x.shape[2:])
    split = [part for n in size for part in (n, factor)]
    blocks = x.reshape(*x.shape[:2], *split)
    # [B, C, H, f, W, f] -> [B, C, f, f, H, W]
    order = [0, 1, *(3 + 2 * i for i in range(axes)), *(2 + 2 * i for i in range(axes))]
    channels = x.shape[1] * prod((factor,) * axes)
    return blocks.transpose(order).copy().reshape(x.shape[0], channels, *size)


# -- from layers ------------------------------------------------------------------------------


def _upsample(call: KernelCall) -> Array:
    kind, sizes = call.kind, call.x.shape[2:]
    if kind.scale is not None:
        size: Ints = [n * factor for n, factor in zip(sizes, kind.scale, strict=True)]
    else:
        size = kind.size if kind.like is None else call.around.shapes[kind.like.node][1:]
    if kind.mode == "nearest":
        return upsample_nearest(call.x, size=size)
    return upsample_linear(call.x, size=size, align_corners=kind.align_corners)


def _upsampled(kind: Any, before: Shape, after: Shape) -> Readers:
    return tuple(_reader(kind, n, m) for n, m in zip(before[1:], after[1:], strict=True))


def _reader(kind: Any, size: int, output: int) -> Reader:
    if size == output:
        return SAME
    if kind.mode == "nearest":
        return periodic(_copied, size, output)
    if not kind.align_corners:
        return periodic(_interpolated, size, output)
    if size == 1 or output == 1:
        return Repeated()
    shared = gcd(size - 1, output - 1)
    return Periodic(_joined, (size - 1) // shared, (output - 1) // shared, joined=True)


def _copied(rows: Array, size: int) -> Array:
    found: Array = upsample_nearest(rows[None], size=(size,))[0]
    return found


def _interpolated(rows: Array, size: int, align_corners: bool = False) -> Array:
    # Interpolating the units' own places gives the place between two of them that is read.
    places = np.arange(float(rows.shape[1]))[None, None]
    read = upsample_linear(places, size=(size,), align_corners=align_corners)[0, 0]
    read = np.round(read, 6)
    low, high = np.floor(read).astype(int), np.ceil(read).astype(int)
    found: Array = np.minimum(rows[:, low], rows[:, high])
    return found


def _joined(rows: Array, size: int) -> Array:
    return _interpolated(rows, size, align_corners=True)


def _shuffled(rows: Array, size: int) -> Array:
    channels = np.repeat(rows[:, None], size // rows.shape[1], axis=1)
    found: Array = pixel_shuffle(channels, factor=channels.shape[1])[:, 0]
    return found


def _unshuffled(rows: Array, size: int) -> Array:
    found: Array = pixel_unshuffle(rows[:, None], factor=rows.shape[1] // size).min(axis=1)
    return found


def _shuffling(function: Callable[..., Array], read: Callable[[Array, int], Array]) -> KernelEntry:
    def reads(kind: Any, before: Shape, after: Shape) -> Readers:
        period = (1, kind.factor) if function is pixel_shuffle else (kind.factor, 1)
        return (Periodic(read, *period),) * (len(after) - 1)

    return each(function, "factor", reads=reads)


KERNELS: Kernels = {
    "upsample": KernelEntry(_upsample, _upsampled),
    "pixel_shuffle": _shuffling(pixel_shuffle, _shuffled),
    "pixel_unshuffle": _shuffling(pixel_unshuffle, _unshuffled),
}
