"""What a kernel is given, and what is stated of it.

An adapter takes a layer apart: its options, the arrays of its inputs, and the weights in the
shapes that those call for. Nothing is read from the layer's facts, which are what the results
are held against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from cnncalc.numerics.arrays import Array, Indices
from cnncalc.numerics.fields.brute_force import steps
from cnncalc.numerics.fields.reading import Reads, Taps, in_place
from cnncalc.numerics.weights.supply import Supply
from cnncalc.shapes import Shape, Slide


class RunContext:
    """What a layer may ask of the run: shapes of other layers, and the switches of max pools."""

    __slots__ = ("_switches", "_takers", "shapes")

    def __init__(self, undone: list[int]) -> None:
        """``undone`` has a max pool's node once for each layer that takes its switches."""
        self.shapes: dict[int, Shape] = {}
        """Of each node that has run, the shape of its output without the batch."""
        self._switches: dict[int, Indices] = {}
        self._takers = undone

    def is_undone(self, pool: int) -> bool:
        """Whether a later layer takes the switches of this max pool."""
        return pool in self._takers

    def keep_switches(self, pool: int, switches: Indices) -> None:
        """Keep where a max pool found its maxima; positions, and no activations."""
        self._switches[pool] = switches

    def switches(self, pool: int) -> Indices:
        """The switches of a max pool; forgotten after the last layer that takes them."""
        self._takers.remove(pool)
        return self._switches[pool] if pool in self._takers else self._switches.pop(pool)


class KernelCall(NamedTuple):
    """One layer about to be computed."""

    node: int
    kind: Any
    inputs: list[Array]
    arrays: Supply
    around: RunContext

    @property
    def x(self) -> Array:
        """The one input of a layer that takes one."""
        (x,) = self.inputs
        return x

    @property
    def channels(self) -> int:
        """Channels of that input, or values of a flat one."""
        return int(self.x.shape[1])

    @property
    def slides(self) -> tuple[Slide, ...]:
        """The kernel on each spatial axis, of a layer with one that slides."""
        found: tuple[Slide, ...] = self.kind.slides(self.x.shape[1:])
        return found

    def own(self, name: str, shape: Shape) -> Array:
        """An array of the layer: trained, or stored where the layer says so."""
        trained = getattr(self.kind, "trainable", True)
        return (self.arrays.weight if trained else self.arrays.buffer)(name, shape)

    def bias(self, shape: Shape) -> Array | None:
        """The bias, of a layer that has one."""
        return self.own("bias", shape) if self.kind.bias else None


class KernelEntry(NamedTuple):
    """How a layer kind is computed, and what is known of the way it reads."""

    compute: Callable[[KernelCall], Array]
    reads: Reads = in_place
    """How its units read an input, on each axis; by default the unit at their own place."""
    walk: Callable[[Any, Shape], Shape] | None = None
    """The output's spatial sizes, found by moving the kernel over an input's shape."""
    undoes: Callable[[Any], int] | None = None
    """The node of the max pool whose switches it takes."""


Kernels: TypeAlias = dict[str, KernelEntry]


def each(function: Callable[..., Array], *options: str, reads: Reads = in_place) -> KernelEntry:
    """The kernel of a function of one input and options that have the layer's names."""

    def compute(call: KernelCall) -> Array:
        return function(call.x, **{name: getattr(call.kind, name) for name in options})

    return KernelEntry(compute, reads)


def slid(compute: Callable[[KernelCall], Array], lowest: Callable[..., Array]) -> KernelEntry:
    """A kernel that slides; ``lowest`` finds the lowest value at each position (see `Taps`)."""

    def reads(kind: Any, before: Shape, after: Shape) -> tuple[Taps, ...]:
        return tuple(map(taps, kind.slides(before)))

    def taps(slide: Slide) -> Taps:
        return Taps(slide.kernel, slide.stride, slide.before, slide.dilation, lowest)

    def walk(kind: Any, before: Shape) -> Shape:
        return tuple(map(steps, kind.slides(before)))

    return KernelEntry(compute, reads, walk)
