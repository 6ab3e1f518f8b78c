"""Kernels sliding over the spatial axes of an array: padding, gathering, scattering, folding.

Every size comes from ``cnncalc.shapes``. What is written here is only which values of an array
each position of a window reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnncalc.numerics.arrays import Array, Index, Ints, Padding, Slides
from cnncalc.shapes import Slide


def padded(x: Array, padding: Padding, value: float = 0.0, out: Array | None = None) -> Array:
    """``x`` [..., *spatial] with ``value`` around its last ``len(padding)`` axes.

    The input itself where nothing is padded; a negative padding crops.
    """
    if not any(before or after for before, after in padding):
        return x
    axes = len(padding)
    lead = x.shape[: x.ndim - axes]
    if out is None:
        size = tuple(
            n + before + after for n, (before, after) in zip(x.shape[-axes:], padding, strict=True)
        )
        out = np.empty(lead + size, x.dtype)
    inside: Index = (...,)
    for axis, (before, after) in enumerate(padding):
        rest = (slice(None),) * (axes - axis - 1)
        length = out.shape[axis - axes]
        # Only the border is filled: the middle is written once, by the copy.
        if before > 0:
            out[(*inside, slice(0, before), *rest)] = value
        if after > 0:
            out[(*inside, slice(length - after, None), *rest)] = value
        inside = (*inside, slice(max(before, 0), length - max(after, 0)))
    source: Index = tuple(
        slice(max(-before, 0), n - max(-after, 0))
        for n, (before, after) in zip(x.shape[-axes:], padding, strict=True)
    )
    out[inside] = x[(..., *source)]
    return out


def gathered(x: Array, slides: Slides) -> Array:
    """A read-only view ``[..., *kernel, *positions]`` of padded ``x`` [..., *spatial].

    ``view[..., i, j, u, v]`` is what tap (i, j) reads at output position (u, v).
    """
    axes = len(slides)
    for n, slide in zip(x.shape[-axes:], slides, strict=True):
        reach = (slide.output - 1) * slide.stride + slide.extent
        if reach > n:
            raise ValueError(f"the last window ends at {reach}, past the {n} values of its axis")
    steps = list(zip(x.strides[-axes:], slides, strict=True))
    return as_strided(
        x,
        (*x.shape[:-axes], *(one.kernel for one in slides), *(one.output for one in slides)),
        (
            *x.strides[:-axes],
            *(step * slide.dilation for step, slide in steps),
            *(step * slide.stride for step, slide in steps),
        ),
        writeable=False,
    )


def tap_slices(size: int, positions: int, offset: int, stride: int) -> tuple[slice, slice] | None:
    """Which output positions of one tap lie on the axis, and the input units they read.

    Position ``u`` reads unit ``u * stride + offset``; positions that would read outside of the
    ``size`` units are left out. ``None`` where that leaves nothing.
    """
    first = max(0, -(offset // stride)) if offset < 0 else 0
    last = min(positions - 1, (size - 1 - offset) // stride)
    if last < first:
        return None
    start = first * stride + offset
    return slice(first, last + 1), slice(start, last * stride + offset + 1, stride)


def taps(
    slides: Slides, positions: Ints
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """For each tap of the kernel: its index, the positions it serves, the input they read.

    Taps that only ever meet padding are left out, so that no padded copy is needed.
    """
    for index in product(*(range(slide.kernel) for slide in slides)):
        pairs = [
            tap_slices(slide.size, out, tap * slide.dilation - slide.before, slide.stride)
            for slide, tap, out in zip(slides, index, positions, strict=True)
        ]
        found = [pair for pair in pairs if pair is not None]
        if len(found) == len(pairs):
            yield index, tuple(p[0] for p in found), tuple(p[1] for p in found)


def fold_axis(
    x: Array, axis: int, combine: Callable[..., Any], start: float, slide: Slide
) -> Array:
    """Combine the values in each window of one axis, padding contributing ``start``.

    ``combine`` is a binary ufunc (``np.maximum``, ``np.add``) and ``start`` its identity. A fold
    over a window of several axes is a fold over one axis after the other.
    """
    lead = (slice(None),) * axis
    shape = (*x.shape[:axis], slide.output, *x.shape[axis + 1 :])
    parts = [
        tap_slices(slide.size, slide.output, tap * slide.dilation - slide.before, slide.stride)
        for tap in range(slide.kernel)
    ]
    present = [part for part in parts if part is not None]
    whole = [part for part in present if part[0] == slice(0, slide.output)]
    if len(whole) >= 2:
        # Two taps that reach every position start the fold without filling the array first.
        out: Array = combine(x[(*lead, whole[0][1])], x[(*lead, whole[1][1])])
        done = whole[:2]
    else:
        out = np.full(shape, start, x.dtype)
        done = []
    for part in present:
        if part not in done:
            target = out[(*lead, part[0])]
            combine(target, x[(*lead, part[1])], out=target)
    return out
