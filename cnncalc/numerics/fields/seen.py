"""Which input pixels a layer's units see, found by sending the pixels' numbers through the kernels.

Each axis is a ramp of pixel numbers. Instead of multiplying and adding what a window reads, the
lowest and the highest number are kept: every unit ends with the first and the last pixel of its
receptive field. Pools, resampling, cropping and shuffling go through their own kernels,
convolutions through the same gathering of windows as their products.

A receptive field counts what lies in the padding. So the ramps go on beyond the borders of the
input, as far as any later layer reads, and a layer reads its neighbours' numbers where it would
read zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.layers.sliding import slides
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.kernels import pool, reshape, upsample
from cnncalc.numerics.parts.gathering import gathered, taps
from cnncalc.numerics.run.checks import Seen
from cnncalc.shapes import Shape

# Rows of a ramp: the first pixel of each unit, and minus the last one; infinite where a unit
# sees nothing. The union of two windows is the minimum of both rows.
NOTHING = np.inf


@dataclass(frozen=True, slots=True)
class Ramp:
    """What the units from ``start`` on see: ``rows`` [2, units]."""

    start: int
    rows: Array

    def part(self, first: int, stop: int) -> Array:
        """The rows of some units."""
        return self.rows[:, first - self.start : stop - self.start]


class Reader:
    """How the units of a layer's output read those of its input, along one axis."""

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        """Which input units the output units ``first`` up to ``stop`` read."""
        return first, stop

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        """The rows of those output units."""
        return ramp.part(first, stop)


@dataclass(frozen=True, slots=True)
class Broadcast(Reader):
    """The one unit of an axis, repeated."""

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        return 0, 1

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        return np.repeat(ramp.part(0, 1), stop - first, axis=1)


@dataclass(frozen=True, slots=True)
class Sliding(Reader):
    """A kernel's windows."""

    kernel: int
    stride: int
    before: int
    dilation: int
    pools: bool

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        last = (stop - 1) * self.stride - self.before + (self.kernel - 1) * self.dilation
        return first * self.stride - self.before, last + 1

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        rows = ramp.part(*self.needs(first, stop))
        kernel, stride, dilation = (self.kernel,), (self.stride,), (self.dilation,)
        size = (stop - first,)
        if not self.pools:
            lowest: Array = gathered(rows, kernel, stride, dilation, size).min(axis=1)
            return lowest
        highest = pool.max_pool(
            -rows[None],
            kernel=kernel,
            stride=stride,
            padding=((0, 0),),
            dilation=dilation,
            output_size=size,
        )
        result: Array = -highest[0]
        return result


@dataclass(frozen=True, slots=True)
class Spreading(Reader):
    """A transposed convolution's windows, and those of an unpooling: inputs reach outputs."""

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
        places = taps(
            (stop - first,),
            (self.kernel,),
            (self.stride,),
            ((self.before + first - low * self.stride, 0),),
            (self.dilation,),
            (high - low,),
        )
        for _, source, target in places:
            out[:, target[0]] = np.minimum(out[:, target[0]], rows[:, source[0]])
        return out


@dataclass(frozen=True, slots=True)
class Shifted(Reader):
    """A part of the axis, or the axis with a border."""

    offset: int

    def needs(self, first: int, stop: int) -> tuple[int, int]:
        return first + self.offset, stop + self.offset

    def read(self, ramp: Ramp, first: int, stop: int) -> Array:
        offset = first + self.offset - ramp.start
        found: Array = reshape.crop(ramp.rows[None], offset=(offset,), size=(stop - first,))[0]
        return found


@dataclass(frozen=True, slots=True)
class Periodic(Reader):
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


SAME = Reader()
"""Each unit reads the unit at its own place."""

WHOLE = frozenset(
    {
        "global_avg_pool", "global_max_pool", "global_lp_pool", "squeeze_excitation",
        "self_attention", "group_norm", "instance_norm", "flatten", "reshape", "rbf", "permute",
        "matmul",
    }
)  # fmt: skip
"""Kinds each of whose units sees every position."""


def readers(node: Node, number: int, before: Shape, after: Shape) -> tuple[Reader, ...] | None:
    """How a layer reads its input ``number`` of shape ``before``, on each axis.

    ``None``: every unit sees all of it, or there are no axes.
    """
    kind: Any = node.kind
    name, sizes = kind.name, list(zip(before[1:], after[1:], strict=False))
    if name in WHOLE or len(after) == 1:
        return None
    if (name == "linear" and not kind.each_position) or (
        name == "layer_norm" and kind.over == "all"
    ):
        return None
    if (name in ("softmax", "log_softmax", "concat") and kind.axis) or (
        name == "reduce" and kind.axes != (0,)
    ):
        return None
    if name == "slice" and kind.axis:
        return tuple(
            Sliding(1, kind.step, -kind.start, 1, pools=False) if axis == kind.axis else SAME
            for axis in range(1, len(before))
        )
    if name in ("conv", "depthwise_conv", "separable_conv", "locally_connected"):
        return tuple(
            Sliding(axis.kernel, axis.stride, axis.before, axis.dilation, pools=False)
            for axis in slides(kind, before)
        )
    if name in ("max_pool", "avg_pool", "lp_pool"):
        return tuple(
            Sliding(axis.kernel, axis.stride, axis.before, axis.dilation, pools=True)
            for axis in slides(kind, before)
        )
    if name == "conv_transpose":
        return tuple(
            map(Spreading, kind.kernel, kind.stride, _first(kind.crops()[0]), kind.dilation)
        )
    if name == "max_unpool":
        return tuple(
            Spreading(axis.kernel, axis.stride, axis.before, axis.dilation)
            for axis in slides(kind.pool.kind, kind.pool.inputs[0])
        )
    if name == "crop":
        return tuple(
            Shifted(kind.offset[axis] if kind.offset else (n - cut) // 2)
            for axis, (n, cut) in enumerate(sizes)
        )
    if name == "pad":
        return tuple(Shifted(-first) for first, _ in kind.padding)
    if name.startswith("adaptive_"):
        if set(after[1:]) == {1} and before[1:] != after[1:]:
            return None
        return tuple(_pattern(_adaptive, n, m) for n, m in sizes)
    if name == "upsample":
        return tuple(_upsampling(kind, n, m) for n, m in sizes)
    if name == "pixel_shuffle":
        return tuple(Periodic(_shuffled, 1, kind.factor) for _ in sizes)
    if name == "pixel_unshuffle":
        return tuple(Periodic(_unshuffled, kind.factor, 1) for _ in sizes)
    return tuple(SAME if n == m else Broadcast() for n, m in sizes)


def _first(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(before for before, _ in pairs)


def _pattern(kernel: Callable[[Array, int], Array], size: int, output: int) -> Reader:
    if size == output:
        return SAME
    shared = gcd(size, output)
    return Periodic(kernel, size // shared, output // shared)


def _upsampling(kind: Any, size: int, output: int) -> Reader:
    if size == output:
        return SAME
    if kind.mode == "nearest":
        return _pattern(_nearest, size, output)
    if not kind.align_corners:
        return _pattern(_linear, size, output)
    if size == 1 or output == 1:
        return Broadcast()
    shared = gcd(size - 1, output - 1)
    return Periodic(_linear_joined, (size - 1) // shared, (output - 1) // shared, joined=True)


def _adaptive(rows: Array, size: int) -> Array:
    result: Array = -pool.adaptive_max_pool(-rows[None], size=(size,))[0]
    return result


def _nearest(rows: Array, size: int) -> Array:
    result: Array = upsample.upsample_nearest(rows[None], size=(size,))[0]
    return result


def _linear(rows: Array, size: int, align_corners: bool = False) -> Array:
    # Interpolating the units' own places gives the place between two of them that is read.
    places = np.arange(float(rows.shape[1]))[None, None]
    read = upsample.upsample_linear(places, size=(size,), align_corners=align_corners)[0, 0]
    read = np.round(read, 6)
    low, high = np.floor(read).astype(int), np.ceil(read).astype(int)
    result: Array = np.minimum(rows[:, low], rows[:, high])
    return result


def _linear_joined(rows: Array, size: int) -> Array:
    return _linear(rows, size, align_corners=True)


def _shuffled(rows: Array, size: int) -> Array:
    channels = np.repeat(rows[:, None], size // rows.shape[1], axis=1)
    result: Array = upsample.pixel_shuffle(channels, factor=channels.shape[1])[:, 0]
    return result


def _unshuffled(rows: Array, size: int) -> Array:
    found: Array = upsample.pixel_unshuffle(rows[:, None], factor=rows.shape[1] // size)
    lowest: Array = found.min(axis=1)
    return lowest


UNREACHED: tuple[Ramp, ...] = ()
"""What a layer sees of an input on which it does not depend."""


def seen_pixels(graph: Graph, shapes: Sequence[Shape], source: int = 0) -> list[Seen]:
    """For each layer that ran, the pixels of one input that every unit of every axis sees.

    ``shapes`` are those of the arrays that the layers really produced, the inputs' first;
    ``source`` is the input's index.
    """
    nodes = graph.nodes[: len(shapes)]
    read = [
        [readers(node, number, shapes[i], shapes[index]) for number, i in enumerate(node.inputs)]
        for index, node in enumerate(nodes)
    ]
    spans = _spans(nodes, shapes, read)
    ramps: list[tuple[Ramp, ...] | None] = []
    for index, node in enumerate(nodes):
        if not node.inputs:
            own = tuple(map(_pixels, spans[index])) or None
            ramps.append(own if index == source else UNREACHED)
            continue
        branches = [
            _through(ramps[taken], how, spans[index])
            for taken, how in zip(node.inputs, read[index], strict=True)
        ]
        ramps.append(_union(branches, spans[index]))
    first = len(graph.inputs)
    return [
        _intervals(ramp, shape[1:])
        for ramp, shape in zip(ramps[first:], shapes[first:], strict=True)
    ]


Spans = list[tuple[int, int]]
"""For each axis the units, from and up to, that are followed."""


def _spans(
    nodes: Sequence[Node], shapes: Sequence[Shape], read: list[list[tuple[Reader, ...] | None]]
) -> list[Spans]:
    """The units of each layer that any later one reads, those beyond its borders included."""
    spans: list[Spans] = [[(0, size) for size in shape[1:]] for shape in shapes]
    for index in range(len(nodes) - 1, 0, -1):
        for taken, how in zip(nodes[index].inputs, read[index], strict=True):
            for axis, reader in enumerate(how or ()):
                first, stop = reader.needs(*spans[index][axis])
                low, high = spans[taken][axis]
                spans[taken][axis] = (min(low, first), max(high, stop))
    return spans


def _pixels(span: tuple[int, int]) -> Ramp:
    numbers = np.arange(*span, dtype=np.float64)
    return Ramp(span[0], np.stack([numbers, -numbers]))


def _through(
    ramps: tuple[Ramp, ...] | None, how: tuple[Reader, ...] | None, spans: Spans
) -> tuple[Ramp, ...] | None:
    """What a layer's units see through one of its inputs."""
    if ramps is UNREACHED:
        return UNREACHED
    if ramps is None or how is None:
        return None
    found: list[Ramp] = []
    for axis, (ramp, reader, span) in enumerate(zip(ramps, how, spans, strict=True)):
        # Axes that agree are read once: the arrays are the same object.
        if axis and ramp is ramps[0] and reader == how[0] and span == spans[0]:
            found.append(found[0])
        elif reader is SAME and span == (ramp.start, ramp.start + ramp.rows.shape[1]):
            found.append(ramp)
        else:
            found.append(Ramp(span[0], reader.read(ramp, *span)))
    return tuple(found)


def _union(branches: Sequence[tuple[Ramp, ...] | None], spans: Spans) -> tuple[Ramp, ...] | None:
    reached = [branch for branch in branches if branch is not UNREACHED]
    if not reached:
        return UNREACHED
    result = reached[0]
    for branch in reached[1:]:
        if result is None or branch is None:
            return None
        if branch is not result:
            result = tuple(
                one if one is other else Ramp(span[0], np.minimum(one.rows, other.rows))
                for one, other, span in zip(result, branch, spans, strict=True)
            )
    return result


def _intervals(ramps: tuple[Ramp, ...] | None, sizes: Shape) -> Seen:
    if ramps is None:
        return None
    if ramps is UNREACHED:
        return ()
    known: dict[tuple[int, int], Any] = {}
    found = []
    for ramp, size in zip(ramps, sizes, strict=True):
        key = (id(ramp), size)
        if key not in known:
            first, last = ramp.part(0, size)
            known[key] = [
                None if low == NOTHING else (int(low), int(high))
                for low, high in zip(first.tolist(), (-last).tolist(), strict=True)
            ]
        found.append(known[key])
    return found
