"""Upsampling by interpolation, and between channels and positions."""

from __future__ import annotations

from math import prod

import numpy as np

from cnncalc.numerics.arrays import Array, Ints


def upsample_nearest(x: Array, *, size: Ints) -> Array:
    """Output ``o`` copies input ``floor(o · n / size)`` on each axis; [B, C, *size]."""
    result = x
    for axis, out in enumerate(size, start=2):
        n = x.shape[axis]
        if n != out:
            # Whole numbers: the quotient in floating point lands below some integers.
            result = result.take(np.arange(out) * n // out, axis=axis)
    return x.copy() if result is x else result


def upsample_linear(x: Array, *, size: Ints, align_corners: bool = False) -> Array:
    """Linear interpolation along each axis in turn; [B, C, *size].

    The source of output ``o`` is ``(o + 1/2) · n/size - 1/2``, not below 0, or with aligned
    corners ``o · (n - 1)/(size - 1)`` (PyTorch, ``area_pixel_compute_source_index``).
    """
    result = x
    for axis, out in enumerate(size, start=2):
        if x.shape[axis] != out:
            result = _along(result, axis, out, align_corners)
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
