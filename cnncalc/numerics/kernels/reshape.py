"""Layers that move, keep or drop values and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Ints, Padding
from cnncalc.numerics.parts.gathering import padded


def flatten(x: Array) -> Array:
    """``x`` [B, ...] as [B, N]; a view."""
    return x.reshape(x.shape[0], -1)


def reshape(x: Array, *, shape: Ints) -> Array:
    """``x`` [B, ...] as [B, *shape]; a view."""
    return x.reshape(x.shape[0], *shape)


NUMPY_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(
    x: Array,
    *,
    padding: Padding,
    value: float = 0,
    channels: tuple[int, int] = (0, 0),
    mode: str = "constant",
) -> Array:
    """``value`` around the spatial axes of ``x`` [B, C, *spatial], and around its channels.

    In other modes the input itself goes on beyond its border.
    """
    if mode != "constant":
        around: Array = np.pad(x, ((0, 0), (0, 0), *padding), mode=NUMPY_MODES[mode])
        return around
    border = (channels, *padding)
    if not any(map(any, border)):
        return x.copy()
    return padded(x, border, value)


def crop(x: Array, *, offset: Ints, size: Ints) -> Array:
    """The ``size`` positions from ``offset`` on; [B, C, *size]."""
    window = tuple(slice(start, start + n) for start, n in zip(offset, size, strict=True))
    # A copy even where it is the whole input: a view would keep all of that alive.
    return x[(slice(None), slice(None), *window)].copy()


def slice_axis(x: Array, *, start: int, stop: int, step: int = 1, axis: int = 0) -> Array:
    """Every ``step``-th channel, or row of another axis, from ``start`` up to ``stop``."""
    return x[(slice(None),) * (axis + 1) + (slice(start, stop, step),)].copy()


def permute(x: Array, *, order: Ints) -> Array:
    """The axes of ``x`` [B, ...] in another order, 0 being the channels; the values are moved."""
    return x.transpose(0, *(axis + 1 for axis in order)).copy()


def select(x: Array, *, channels: Sequence[int]) -> Array:
    """The channels with these indices, in this order."""
    return x[:, list(channels)]


def channel_shuffle(x: Array, *, groups: int) -> Array:
    """Channels dealt out across the groups (Zhang et al. 2018, ShuffleNet)."""
    batch, channels = x.shape[:2]
    grouped = x.reshape(batch, groups, channels // groups, *x.shape[2:])
    return grouped.swapaxes(1, 2).copy().reshape(x.shape)
