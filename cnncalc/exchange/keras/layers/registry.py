"""The tables of Keras' classes, and what a function of them may ask and emit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar

from cnncalc.exchange.keras.weights import Store
from cnncalc.exchange.reading.calls import Call as Shared
from cnncalc.exchange.reading.calls import Unsupported, require
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import applied

F = TypeVar("F", bound=Callable[..., Any])

LAYERS: dict[str, Callable[..., Any]] = {}
"""Functions by the class of a layer; each is given the call, its inputs and its config."""

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Functions by the class of an operation of `keras.ops`, on the call's own arguments."""

NOTHING = frozenset(
    {
        "GaussianNoise", "GaussianDropout", "ActivityRegularization", "Identity", "RandomFlip",
        "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
        "RandomCrop", "StochasticDepth", "Masking",
    }
)  # fmt: skip
"""Layers that do nothing at inference."""

__all__ = ["LAYERS", "NOTHING", "OPERATIONS", "Call", "Unsupported", "layer", "require"]


class Call(Shared):
    """One call of a layer: its config, and where its arrays are kept."""

    config: dict[str, Any]
    store: Store
    where: str = ""
    """The path of its arrays in the archive."""
    used: int = 0
    """How many of them were taken."""

    def array(self, name: str, shape: Sequence[int], role: str = "parameter") -> Constant:
        """The layer's next array, in Keras' order."""
        found = self.store.constant(self.where, self.used, name, tuple(shape), role)
        self.used += 1
        return found

    def channel(self, x: Op) -> int:
        """The axis of the channels."""
        return channels(self.config, len(x.shape))

    def layer(
        self,
        kind: str,
        x: Op,
        options: dict[str, Any] | None = None,
        arrays: dict[str, Constant | None] | None = None,
    ) -> Op:
        """One of our kinds, whose output shape follows from its options."""
        channel = self.channel(x)
        shape = applied(kind, options or {}, x.shape, channel)
        return self.emit(kind, [x], options, shape, arrays=arrays, channel=channel)


def layer(*names: str) -> Callable[[F], F]:
    """Register a function under the classes of layers."""

    def register(function: F) -> F:
        for name in names:
            LAYERS[name] = function
        return function

    return register


def channels(config: dict[str, Any], rank: int) -> int:
    """The axis of the channels: the last, unless a layer says that it is the first."""
    return 1 if config.get("data_format") == "channels_first" or rank == 2 else rank - 1


def turned(weight: Constant, order: Sequence[int]) -> Constant:
    """A weight with its axes in another order."""
    shape = tuple([weight.shape[axis] for axis in order])
    return weight.mapped(shape, lambda array: array.transpose(order))


def kernel_first(weight: Constant, rank: int) -> Constant:
    """`[*kernel, in, out]` as `[out, in, *kernel]`."""
    return turned(weight, (rank + 1, rank, *range(rank)))


def depthwise(weight: Constant, rank: int) -> Constant:
    """`[*kernel, channels, multiplier]` as `[channels · multiplier, 1, *kernel]`."""
    moved = turned(weight, (rank, rank + 1, *range(rank)))
    shape = (prod(moved.shape[:2]), 1, *moved.shape[2:])
    return moved.mapped(shape, lambda array: array.reshape(shape))


def padded(
    padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Any:
    """What a window's padding is in numbers, where it is the same at any size.

    `same` at stride 1 adds as much on both sides if the kernel is odd, and a kernel of 1 nothing.
    """
    if padding == "valid":
        return 0
    rows = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    fixed = all((s == 1 and row % 2 == 0) or not row for row, s in zip(rows, stride, strict=True))
    return tuple([row // 2 for row in rows]) if padding == "same" and fixed else padding


def listed(value: Any, rank: int) -> tuple[int, ...]:
    """A number for each axis."""
    return (value,) * rank if isinstance(value, int) else tuple(value)
