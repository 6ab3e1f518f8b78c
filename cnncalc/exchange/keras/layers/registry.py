"""The tables of Keras' classes, and what a function of them may ask and emit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, TypeVar

from cnncalc.exchange.keras.weights import Slot, Store
from cnncalc.exchange.reading.calls import Call as Shared
from cnncalc.exchange.reading.calls import Unsupported, require
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import applied

F = TypeVar("F", bound=Callable[..., Any])

LAYERS: dict[str, Callable[..., Any]] = {}
"""Functions by the class of a layer; each is given the call, its inputs and its config."""

OPERATIONS: dict[str, Callable[..., Any]] = {}
"""Functions by the class of an operation of `keras.ops`, on the call's own arguments."""

STATED: dict[str, Callable[..., Any]] = {}
"""Functions by the class of a layer: what is known where no kind of ours stands for it."""

NOTHING = frozenset(
    {
        "GaussianNoise", "GaussianDropout", "ActivityRegularization", "Identity", "RandomFlip",
        "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness",
        "RandomCrop", "StochasticDepth", "Masking", "RandomHeight", "RandomWidth", "RandomHue",
        "RandomSaturation", "RandomGrayscale", "RandomSharpness", "RandomShear", "RandomErasing",
        "RandomInvert", "RandomPosterization", "RandomColorJitter", "RandomColorDegeneration",
        "RandomPerspective", "RandomGaussianBlur", "RandomElasticTransform", "RandAugment",
        "AugMix", "AutoContrast", "MixUp", "CutMix", "Solarization", "Equalization",
    }
)  # fmt: skip
"""Layers that do nothing at inference."""

__all__ = [
    "LAYERS",
    "NOTHING",
    "OPERATIONS",
    "STATED",
    "LayerCall",
    "Unsupported",
    "layer",
    "require",
]


class LayerCall(Shared):
    """One call of a layer: its config, and where its arrays are kept."""

    config: dict[str, Any]
    arguments: dict[str, Any]
    """Further arguments of the call, by name."""
    first: Any = None
    """What it is called on: a tensor, several, or a constant."""
    store: Store
    where: str = ""
    """The path of its arrays in the archive."""
    names: tuple[str, ...] = ()
    """Its own name and those of the models around it, outermost first."""
    timed: int = 0
    """As many axes behind the batch each have the layer applied along them (`TimeDistributed`)."""

    used: dict[str, int]
    """How many arrays were taken of each part of the layer."""

    def prepare(self, tensors: Sequence[Op]) -> None:
        """Write the config for inputs with axes of time in front: windows are 1 along them."""
        self.used = {}
        if self.timed:
            rank = len(tensors[0].shape) - 2
            self.config = timed_config(self.config, self.timed, rank)

    def array(
        self, name: str, shape: Sequence[int], role: str = "parameter", part: str = ""
    ) -> Constant:
        """The layer's next array, in Keras' order."""
        place = self.used.get(part, 0)
        slot = Slot(self.where, self.names, part, place, sum(self.used.values()))
        self.used[part] = place + 1
        found = self.store.constant(slot, name, tuple(shape), role)
        found.frozen = role == "parameter" and (
            self.config.get("trainable") is False or self._is_quantized(name)
        )
        return found

    def _is_quantized(self, name: str) -> bool:
        """Whether `quantize()` has made whole numbers of an array, which are not trained."""
        return name in ("kernel", "embeddings") and bool(self.config.get("quantization_config"))

    def kernel(self, name: str, window: Sequence[int], *rest: int) -> Constant:
        """The next array, which has a window in front; stored without the axes of time."""
        found = self.array(name, (*window[self.timed :], *rest))
        shape = (*window, *rest)
        return found.mapped(shape, lambda array: array.reshape(shape)) if self.timed else found

    def opaque(
        self,
        inputs: Sequence[Op],
        shape: Sequence[int],
        arrays: Mapping[str, Constant],
        macs: int | None,
        part: str = "",
        *,
        flops: int | None = None,
        channel: int = -1,
    ) -> Op:
        """A layer that no kind of ours stands for; `macs` and `flops` are for a sample."""
        operator = f"{self.name}.{part}" if part else self.name
        op = Op(
            "opaque", inputs, shape,
            {"operator": f"{operator} {self.reason}".strip(), "macs": macs, "flops": flops},
            arrays=arrays, channel=channel % len(shape), origin=self.origin,
        )  # fmt: skip
        self.ops.append(op)
        return op

    reason: str = ""
    """Why no kind of ours stands for the layer in this form."""

    def channel(self, x: Op) -> int:
        """The axis of the channels."""
        return channels(self.config, len(x.shape), self.timed)

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


def channels(config: dict[str, Any], rank: int, timed: int = 0) -> int:
    """The axis of the channels: the last, unless a layer says that it is the first."""
    return 1 + timed if config.get("data_format") == "channels_first" else rank - 1


WINDOWED = ("kernel_size", "strides", "dilation_rate", "pool_size", "size")
BORDERED = ("padding", "cropping")


def timed_config(config: dict[str, Any], timed: int, rank: int) -> dict[str, Any]:
    """A config for maps of `rank` axes of which the first `timed` are time."""
    found = dict(config)
    inner = rank - timed
    require(rank <= 3 or not any(key in config for key in WINDOWED), f"along {rank} axes")
    for key in WINDOWED:
        if found.get(key) is not None:
            found[key] = [1] * timed + list(listed(found[key], inner))
    for key in BORDERED:
        if isinstance(found.get(key), (int, list, tuple)):
            found[key] = [[0, 0]] * timed + [list(pair) for pair in pairs(found[key], inner)]
    for key in ("axis", "axes"):
        value = found.get(key)
        if isinstance(value, int) and value > 0:
            found[key] = value + timed
        elif isinstance(value, list):
            found[key] = [one + timed if one > 0 else one for one in value]
    return found


def pairs(value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """Rows before and after on each axis."""
    if isinstance(value, int):
        return ((value, value),) * rank
    if rank == 1 and all(isinstance(one, int) for one in value):
        return (tuple(value),) if len(value) == 2 else ((value[0], value[0]),)
    return tuple([(one, one) if isinstance(one, int) else tuple(one) for one in value])


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
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)
