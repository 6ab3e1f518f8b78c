"""Layers that move, keep or drop values and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Ints, Padding
from cnncalc.numerics.fields.reading import SAME, Readers, Shifted, Taps, everything
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each
from cnncalc.numerics.parts.gathering import padded
from cnncalc.shapes import Shape, Slide


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


# -- from layers ------------------------------------------------------------------------------


def _reshape(call: KernelCall) -> Array:
    known = prod(size for size in call.kind.shape if size != -1)
    values = call.x[0].size
    return reshape(call.x, shape=[values // known if n == -1 else n for n in call.kind.shape])


def _bordered(kind: Any, before: Shape, after: Shape) -> Readers:
    return tuple(Shifted(-first, _cut) for first, _ in kind.padding)


def _offset(kind: Any, before: Ints, after: Ints) -> Ints:
    """Where a crop begins on each axis: in the middle, unless told."""
    middle = [(n - cut) // 2 for n, cut in zip(before, after, strict=True)]
    offset: Ints = kind.offset or middle
    return offset


def _crop(call: KernelCall) -> Array:
    kind = call.kind
    size = kind.size if kind.like is None else call.around.shapes[kind.like.node][1:]
    return crop(call.x, offset=_offset(kind, call.x.shape[2:], size), size=size)


def _cropped(kind: Any, before: Shape, after: Shape) -> Readers:
    return tuple(Shifted(first, _cut) for first in _offset(kind, before[1:], after[1:]))


def _cut(rows: Array, first: int, count: int) -> Array:
    found: Array = crop(rows[None], offset=(first,), size=(count,))[0]
    return found


def _slice(call: KernelCall) -> Array:
    kind = call.kind
    stop = call.x.shape[kind.axis + 1] if kind.stop is None else kind.stop
    return slice_axis(call.x, start=kind.start, stop=stop, step=kind.step, axis=kind.axis)


def _sliced(kind: Any, before: Shape, after: Shape) -> Readers:
    taken = Taps(1, kind.step, -kind.start, 1, _every)
    return tuple(taken if axis == kind.axis else SAME for axis in range(1, len(before)))


def _every(rows: Array, slide: Slide) -> Array:
    found: Array = slice_axis(rows[None], start=0, stop=slide.size, step=slide.stride, axis=1)[0]
    return found


KERNELS: Kernels = {
    "permute": each(permute, "order", reads=everything),
    "flatten": each(flatten, reads=everything),
    "reshape": KernelEntry(_reshape, everything),
    "pad": each(pad, "padding", "value", "channels", "mode", reads=_bordered),
    "crop": KernelEntry(_crop, _cropped),
    "slice": KernelEntry(_slice, _sliced),
    "select": each(select, "channels"),
    "channel_shuffle": each(channel_shuffle, "groups"),
}
