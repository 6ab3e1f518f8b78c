"""Pooling: sliding, global and adaptive windows, and unpooling with a pool's switches.

A window's maximum or sum is separable: it is folded along one axis after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, Indices, Ints, Slides
from cnncalc.numerics.fields.reading import Readers, everything, periodic, scattered
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each, slid
from cnncalc.numerics.machine.threads import parallel
from cnncalc.numerics.machine.workspace import BLOCK_BYTES
from cnncalc.numerics.parts.gathering import fold_axis, gathered, padded
from cnncalc.shapes import Shape, Slide


def max_pool(x: Array, *, slides: Slides) -> Array:
    """The largest value of each window of ``x`` [B, C, *spatial]; [B, C, *positions]."""
    return _fold(x, np.maximum, -np.inf, slides)


def max_pool_with_switches(x: Array, *, slides: Slides) -> tuple[Array, Indices]:
    """``max_pool`` and where each maximum was: a flat index into the spatial axes of ``x``.

    Of equal values the first in row-major order counts (PyTorch, ``return_indices=True``).
    """
    # Windows of ceil mode may reach past the padding.
    border = [
        (
            one.before,
            max(one.after, (one.output - 1) * one.stride + one.extent - one.size - one.before),
        )
        for one in slides
    ]
    places = np.arange(prod(x.shape[2:]), dtype=np.float64).reshape(x.shape[2:])
    windows = gathered(padded(x, border, -np.inf), slides)
    numbers = gathered(padded(places, border, -1), slides).astype(np.int64)
    shape = (*x.shape[:2], *(one.output for one in slides))
    best = np.full(shape, -np.inf, x.dtype)
    switches = np.full(shape, -1, np.int64)
    for tap in np.ndindex(*(one.kernel for one in slides)):
        value, number = windows[(slice(None), slice(None), *tap)], numbers[tap]
        # A window whose values are all -inf still has a first unit.
        better = ((value > best) | np.isnan(value) | (switches < 0)) & (number >= 0)
        best[better] = value[better]
        switches[better] = np.broadcast_to(number, shape)[better]
    return best, switches


def max_unpool(x: Array, switches: Indices, *, size: Ints) -> Array:
    """Each value of ``x`` [B, C, *spatial] put where its switch says; zeros elsewhere."""
    batch, channels = x.shape[:2]
    out = np.zeros((batch, channels, prod(size)), x.dtype)
    flat = switches.reshape(batch, channels, -1)
    np.put_along_axis(out, flat, x.reshape(batch, channels, -1), axis=2)
    return out.reshape(batch, channels, *size)


def avg_pool(x: Array, *, slides: Slides, count_include_pad: bool = True) -> Array:
    """The mean of each window; padding counts among the values unless told otherwise.

    What ceil mode adds behind the padding never counts (PyTorch, ``AvgPool2d``).
    """
    total = _fold(x, np.add, 0, slides)
    for axis, one in enumerate(slides):
        first = np.arange(one.output) * one.stride - one.before
        low, high = (-one.before, one.size + one.after) if count_include_pad else (0, one.size)
        counts = np.minimum(first + one.kernel, high) - np.maximum(first, low)
        total /= counts.reshape((-1,) + (1,) * (len(slides) - axis - 1)).astype(x.dtype)
    return total


def lp_pool(x: Array, *, slides: Slides, p: float) -> Array:
    """The p-norm ``(Σ|x|^p)^(1/p)`` of each window of ``x`` [B, C, *spatial]."""
    total: Array = _fold(np.abs(x) ** p, np.add, 0, slides) ** (1 / p)
    return total


def global_avg_pool(x: Array) -> Array:
    """The mean of each map of ``x`` [B, C, *spatial]; [B, C, 1, ...]."""
    return np.asarray(x.mean(axis=_spatial(x), keepdims=True))


def global_max_pool(x: Array) -> Array:
    """The largest value of each map; [B, C, 1, ...]."""
    return np.asarray(x.max(axis=_spatial(x), keepdims=True))


def global_lp_pool(x: Array, *, p: float) -> Array:
    """The p-norm of each map; [B, C, 1, ...]."""
    return np.asarray((np.abs(x) ** p).sum(axis=_spatial(x), keepdims=True) ** (1 / p))


def adaptive_avg_pool(x: Array, *, size: Ints) -> Array:
    """The mean of ``size`` windows that share out each axis; [B, C, *size].

    Window ``o`` is ``floor(o·n/size)`` up to ``ceil((o + 1)·n/size)``; a mean over several axes
    is the mean of means, since the windows of an axis do not depend on the others.
    """
    return _adaptive_pool(x, size, np.mean)


def adaptive_max_pool(x: Array, *, size: Ints) -> Array:
    """The largest value of ``size`` windows that share out each axis; [B, C, *size]."""
    return _adaptive_pool(x, size, np.max)


def _adaptive_pool(x: Array, size: Ints, reduce: Callable[..., Any]) -> Array:
    for axis, count in enumerate(size, start=2):
        lead, n = (slice(None),) * axis, x.shape[axis]
        bounds = [(part * n // count, -(-(part + 1) * n // count)) for part in range(count)]
        shares = [reduce(x[(*lead, slice(*bound))], axis=axis) for bound in bounds]
        x = np.stack(shares, axis=axis)
    return x


def _fold(x: Array, combine: np.ufunc, start: float, slides: Slides) -> Array:
    """Fold every axis, blocks of channels on several threads."""
    out = np.empty((*x.shape[:2], *(slide.output for slide in slides)), x.dtype)
    # Few channels at a time, so that what lies between two axes stays in the cache.
    block = max(1, BLOCK_BYTES // max(1, x[0, :1].nbytes))

    def work(start_channel: int, stop_channel: int) -> None:
        for sample in range(x.shape[0]):
            for first in range(start_channel, stop_channel, block):
                channels = slice(first, min(first + block, stop_channel))
                part = x[sample, channels]
                for axis, slide in enumerate(slides, start=1):
                    part = fold_axis(part, axis, combine, start, slide)
                out[sample, channels] = part

    parallel(work, x.shape[1], x.size * len(slides))
    return out


def _spatial(x: Array) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


# -- from layers ------------------------------------------------------------------------------


def _max_pool(call: KernelCall) -> Array:
    if not call.around.is_undone(call.node):
        return max_pool(call.x, slides=call.slides)
    result, switches = max_pool_with_switches(call.x, slides=call.slides)
    call.around.keep_switches(call.node, switches)
    return result


def _max_unpool(call: KernelCall) -> Array:
    (before,) = call.kind.pool.inputs
    return max_unpool(call.x, call.around.switches(call.kind.pool.node), size=before[1:])


def _adaptive(kernel: Callable[..., Array]) -> KernelEntry:
    def compute(call: KernelCall) -> Array:
        # A pool to the size that is there already has nothing to do.
        if call.x.shape[2:] == tuple(call.kind.size):
            return call.x
        return kernel(call.x, size=call.kind.size)

    return KernelEntry(compute, _shared_out)


def _lowest(rows: Array, slide: Slide) -> Array:
    found: Array = -max_pool(-rows[None], slides=(slide,))[0]
    return found


def _lowest_share(rows: Array, size: int) -> Array:
    found: Array = -adaptive_max_pool(-rows[None], size=(size,))[0]
    return found


def _shared_out(kind: Any, before: Shape, after: Shape) -> Readers:
    if set(after[1:]) == {1} and before[1:] != after[1:]:
        return None
    sizes = zip(before[1:], after[1:], strict=True)
    return tuple(periodic(_lowest_share, n, m) for n, m in sizes)


def _undone(kind: Any, before: Shape, after: Shape) -> Readers:
    return scattered(kind.pool.kind.slides(kind.pool.inputs[0]))


KERNELS: Kernels = {
    "max_pool": slid(_max_pool, _lowest),
    "avg_pool": slid(
        lambda call: avg_pool(
            call.x, slides=call.slides, count_include_pad=call.kind.count_include_pad
        ),
        _lowest,
    ),
    "lp_pool": slid(lambda call: lp_pool(call.x, slides=call.slides, p=call.kind.p), _lowest),
    "global_avg_pool": each(global_avg_pool, reads=everything),
    "global_max_pool": each(global_max_pool, reads=everything),
    "global_lp_pool": each(global_lp_pool, "p", reads=everything),
    "adaptive_avg_pool": _adaptive(adaptive_avg_pool),
    "adaptive_max_pool": _adaptive(adaptive_max_pool),
    "max_unpool": KernelEntry(_max_unpool, _undone, undoes=lambda kind: int(kind.pool.node)),
}
