"""How the units of a layer's output read those of its input, one reader an axis.

A reader says which units are read, and reads them: not values but the numbers of the first and
the last pixel that each unit sees, through the same code that computes the layer. What kind has
which readers stands with its kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import gcd
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.parts.gathering import taps
from cnncalc.shapes import Shape, Slide

# Rows of a ramp: the first pixel of each unit, and minus the last one; infinite where a unit
# sees nothing. The union of two windows is the minimum of both rows.
NOTHING = np.inf


class Ramp(NamedTuple):
    """What the units from ``start`` on see: ``rows`` [2, units]."""

    start: int
    rows: Array

    def part(self, first: int, stop: int) -> Array:
        """The rows of some units."""
        return self.rows[:, first - self.start : stop - self.start]


class Reader(Protocol):
    """How the units of an axis read those of the input's axis."""

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        """Return which input units the output units ``first`` up to ``stop`` read."""
        ...

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        """Return the rows of those output units."""
        ...


class Same(NamedTuple):
    """Each unit reads the unit at its own place."""

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        return first, stop

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        return ramp.part(first, stop)


Readers: TypeAlias = tuple[Reader, ...] | None
"""A reader for each axis; ``None``: every unit sees everything, or there are no axes."""

Reads: TypeAlias = Callable[[Any, Shape, Shape], Readers]
"""How a kind reads an input, from its options, that input's shape and the output's."""

SAME = Same()


class Repeated(NamedTuple):
    """The one unit of an axis, for all."""

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        return 0, 1

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        return np.repeat(ramp.part(0, 1), stop - first, axis=1)


class Taps(NamedTuple):
    """The taps of a kernel that moves along the axis.

    ``lowest(rows, slide)`` are the lowest values [2, positions] that it meets at each position, by
    the code that computes the layer.
    """

    kernel: int
    stride: int
    before: int
    dilation: int
    lowest: Callable[[Array, Slide], Array]

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        last = (stop - 1) * self.stride - self.before + (self.kernel - 1) * self.dilation
        return first * self.stride - self.before, last + 1

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        rows = ramp.part(*self.needs(first, stop))
        slide = Slide(rows.shape[1], self.kernel, self.stride, dilation=self.dilation)
        return self.lowest(rows, slide)


class Scattered(NamedTuple):
    """What a transposed convolution and an unpooling do: inputs reach outputs."""

    kernel: int
    stride: int
    before: int
    dilation: int

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        reach = (self.kernel - 1) * self.dilation
        low = -((reach - first - self.before) // self.stride)
        return low, max((stop - 1 + self.before) // self.stride, low) + 1

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        low, high = self.needs(first, stop)
        rows = ramp.part(low, high)
        out = np.full((2, stop - first), NOTHING)
        before = self.before + first - low * self.stride
        slide = Slide(stop - first, self.kernel, self.stride, before, dilation=self.dilation)
        for _, source, target in taps((slide,), (high - low,)):
            out[:, target[0]] = np.minimum(out[:, target[0]], rows[:, source[0]])
        return out


class Shifted(NamedTuple):
    """A part of the axis, or the axis with a border: ``cut(rows, first, count)`` cuts it out."""

    offset: int
    cut: Callable[[Array, int, int], Array]

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        return first + self.offset, stop + self.offset

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        return self.cut(ramp.rows, first + self.offset - ramp.start, stop - first)


class Periodic(NamedTuple):
    """A pattern of ``inputs`` units in and ``outputs`` units out that repeats.

    The kernel runs on whole patterns, with some to spare on both sides, since it may treat the
    ends of its input in another way. With ``joined`` ends, as in interpolation with aligned
    corners, one pattern begins on the last unit of the one before.
    """

    kernel: Callable[[Array, int], Array]
    inputs: int
    outputs: int
    joined: bool = False

    def _patterns(self, first: int, stop: int) -> tuple[int, int]:
        return first // self.outputs - 1, -(-stop // self.outputs) + 1

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        low, high = self._patterns(first, stop)
        return low * self.inputs, high * self.inputs + self.joined

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        low, high = self._patterns(first, stop)
        size = (high - low) * self.outputs + self.joined
        found = self.kernel(ramp.part(*self.needs(first, stop)), size)
        return found[:, first - low * self.outputs : stop - low * self.outputs]


def in_place(kind: object, before: Shape, after: Shape) -> Readers:
    """Every unit reads that at its own place; an axis of one unit is broadcast."""
    sizes = zip(before[1:], after[1:], strict=True)
    return tuple(SAME if n == m else Repeated() for n, m in sizes)


def everything(kind: object, before: Shape, after: Shape) -> None:
    """Every unit sees every position."""


def scattered(slides: Iterable[Slide]) -> Readers:
    """The readers of a layer that undoes these slides."""
    return tuple(Scattered(one.kernel, one.stride, one.before, one.dilation) for one in slides)


def periodic(kernel: Callable[[Array, int], Array], size: int, output: int) -> Reader:
    """``size`` units that become ``output`` by a pattern as short as both allow."""
    if size == output:
        return SAME
    shared = gcd(size, output)
    return Periodic(kernel, size // shared, output // shared)
