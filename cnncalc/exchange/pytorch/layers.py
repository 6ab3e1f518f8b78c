"""From layer kinds to PyTorch's modules: a function a kind, found by the kind's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.analysis.outline.terms import Operation, Term, simplified
from cnncalc.analysis.outline.types import Item
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.pytorch.channels import put
from cnncalc.exchange.pytorch.code import Code, call, text
from cnncalc.graph import Node

Modules = list[Code]


class Layer:
    """One layer to be written: its options as Python, its channels, its axes."""

    def __init__(
        self,
        item: Item,
        channels: Term,
        nodes: Sequence[Node],
        inputs: Sequence[Node],
        tuples: dict[str, int],
        needs: set[str],
    ) -> None:
        assert item.kind is not None
        self.kind = item.kind
        self.nodes = nodes
        self.inputs = inputs
        self.channels = channels
        self.rank = len(inputs[0].facts.output) - 1
        self.terms = {key: put(term, channels) for key, term in item.options}
        self._tuples = tuples
        self._needs = needs
        self._used: set[str] = set()

    @property
    def into(self) -> str:
        """The channels that reach it."""
        return self.text(self.channels)

    def text(self, term: Term) -> str:
        """A term as Python."""
        return text(term, self._tuples)

    def term(self, key: str) -> Term:
        """An option's term; its default where it is left out."""
        self._used.add(key)
        return self.terms.get(key, self.kind.options[key].default)

    def value(self, key: str) -> str:
        """An option as Python."""
        return self.text(self.term(key))

    def given(self, key: str) -> str | None:
        """An option as Python, if it is given."""
        return self.value(key) if key in self.terms else None

    def named(self, **keys: str) -> dict[str, str | None]:
        """Options under PyTorch's names, those that are given."""
        return {name: self.given(key) for name, key in keys.items()}

    def axes(self, name: str) -> str:
        """A class of PyTorch's for the axes at hand: `nn.Conv2d`."""
        return f"nn.{name}{self.rank}d"

    def helper(self, name: str) -> str:
        """A class that the file brings along."""
        self._needs.add(name)
        return name

    def constant(self, key: str) -> Any:
        """An option that must be the same in all uses."""
        values = {getattr(node.kind, key) for node in self.nodes}
        if len(values) != 1:
            raise self.refuse(f"its `{key}` differs between uses of one block")
        self._used.add(key)
        return values.pop()

    def refuse(self, why: str) -> UsageError:
        """The error for a layer that cannot be written."""
        return UsageError(f"{self.nodes[0].name}: no PyTorch for this `{self.kind.name}`: {why}")

    def finish(self) -> None:
        """Refuse an option that was given and not looked at."""
        left = sorted(self.terms.keys() - self._used)
        if left:
            raise self.refuse(f"its `{left[0]}` has no counterpart")


def modules(layer: Layer) -> Modules:
    """The modules of a layer.

    Raises:
        UsageError: PyTorch has none.
    """
    write = WRITERS.get(layer.kind.name)
    if write is None:
        raise layer.refuse("the kind has no counterpart")
    found = write(layer)
    layer.finish()
    return [found] if isinstance(found, Code) else found


# -- windows -----------------------------------------------------------------------------------


def _padding(layer: Layer, value: str | None = None) -> tuple[Modules, str | None]:
    """What stands in front of a layer, and its own padding."""
    term = layer.term("padding")
    if term == "same" or term == "same_lower":
        if term == "same_lower":
            raise layer.refuse("the odd row of its padding goes before")
        plain = value is None and layer.terms.get("stride", 1) == 1 and "conv" in layer.kind.name
        if plain:
            return [], '"same"'
        kernel, stride = layer.constant("kernel"), layer.constant("stride")
        if any(node.kind.__dict__.get("dilation", (1,))[0] != 1 for node in layer.nodes):
            raise layer.refuse("it pads for a dilated window")
        windows = [layer.text(kernel), layer.text(stride)]
        return [call(layer.helper("SamePad"), *windows, value=value)], None
    if term == "valid":
        return [], None
    if type(term) is tuple and any(type(item) is tuple for item in term):
        sizes = [size for pair in reversed(term) for size in pair]
        if value is None:
            return [call(layer.axes("ZeroPad"), layer.text(tuple(sizes)))], None
        return [call(layer.axes("ConstantPad"), layer.text(tuple(sizes)), value)], None
    return [], layer.given("padding")


def _conv(layer: Layer, groups: str | None, filters: str) -> Modules:
    front, padding = _padding(layer)
    layer.term("bias")
    found = call(
        layer.axes("Conv"), layer.into, filters, layer.value("kernel"),
        stride=layer.given("stride"), padding=padding, dilation=layer.given("dilation"),
        groups=groups, bias=layer.given("bias"),
    )  # fmt: skip
    return [*front, found]


def conv(layer: Layer) -> Modules:
    *front, found = _conv(layer, layer.given("groups"), layer.value("filters"))
    if layer.term("trainable") is False:
        found = Code(found.head, found.parts, ").requires_grad_(False)")
    return [*front, found]


def depthwise_conv(layer: Layer) -> Modules:
    between = simplified(Operation("*", layer.term("multiplier"), layer.channels))
    return _conv(layer, layer.into, layer.text(between))


def separable_conv(layer: Layer) -> Modules:
    between = simplified(Operation("*", layer.term("multiplier"), layer.channels))
    front, padding = _padding(layer)
    depthwise = call(
        layer.axes("Conv"), layer.into, layer.text(between), layer.value("kernel"),
        stride=layer.given("stride"), padding=padding, dilation=layer.given("dilation"),
        groups=layer.into, bias="False",
    )  # fmt: skip
    pointwise = call(
        layer.axes("Conv"), layer.text(between), layer.value("filters"), "1",
        bias=layer.given("bias"),
    )  # fmt: skip
    return [*front, depthwise, pointwise]


def conv_transpose(layer: Layer) -> Code:
    padding = layer.term("padding")
    if type(padding) is str or (type(padding) is tuple and type(padding[0]) is tuple):
        raise layer.refuse(f"padding {padding}")
    options = layer.named(
        stride="stride", padding="padding", output_padding="output_padding", groups="groups",
        bias="bias", dilation="dilation",
    )  # fmt: skip
    filters, kernel = layer.value("filters"), layer.value("kernel")
    return call(layer.axes("ConvTranspose"), layer.into, filters, kernel, **options)


def _pool(layer: Layer, name: str, *extra: str, value: str | None = None) -> Modules:
    front, padding = _padding(layer, value)
    options = layer.named(**{key: key for key in extra})
    parts = [layer.value("kernel")]
    if layer.given("stride") is not None:
        parts.append(layer.value("stride"))
    return [*front, call(layer.axes(name), *parts, padding=padding, **options)]


def max_pool(layer: Layer) -> Modules:
    return _pool(layer, "MaxPool", "dilation", "ceil_mode", value='float("-inf")')


def avg_pool(layer: Layer) -> Modules:
    return _pool(layer, "AvgPool", "ceil_mode", "count_include_pad", value="0.0")


def lp_pool(layer: Layer) -> Code:
    if layer.term("padding") != 0:
        raise layer.refuse("it pads")
    power, kernel = layer.value("p"), layer.value("kernel")
    options = layer.named(stride="stride", ceil_mode="ceil_mode")
    return call(layer.axes("LPPool"), power, kernel, **options)


def adaptive_avg_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), layer.value("size"))


def adaptive_max_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), layer.value("size"))


def global_avg_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveAvgPool"), "1")


def global_max_pool(layer: Layer) -> Code:
    return call(layer.axes("AdaptiveMaxPool"), "1")


# -- norms -------------------------------------------------------------------------------------


def batch_norm(layer: Layer) -> Code:
    options = layer.named(eps="eps", affine="affine", track_running_stats="track_stats")
    return call(f"nn.BatchNorm{max(layer.rank, 1)}d", layer.into, **options)


def layer_norm(layer: Layer) -> Code:
    options = layer.named(eps="eps", elementwise_affine="affine")
    if layer.rank == 0:
        layer.term("over")
        return call("nn.LayerNorm", layer.into, **options)
    if layer.constant("over") == "all":
        shapes = {node.facts.output for node in layer.nodes}
        if len(shapes) > 1:
            raise layer.refuse("its shape differs between uses of one block")
        return call("nn.LayerNorm", layer.text(shapes.pop()), **options)
    return call(layer.helper("ChannelNorm"), layer.into, **options)


def group_norm(layer: Layer) -> Code:
    options = layer.named(eps="eps", affine="affine")
    return call("nn.GroupNorm", layer.value("groups"), layer.into, **options)


def instance_norm(layer: Layer) -> Code:
    return call(layer.axes("InstanceNorm"), layer.into, **layer.named(eps="eps", affine="affine"))


def local_response_norm(layer: Layer) -> Code:
    options = layer.named(alpha="alpha", beta="beta", k="k")
    return call("nn.LocalResponseNorm", layer.value("size"), **options)


# -- activations -------------------------------------------------------------------------------

PLAIN = {
    "relu": "ReLU", "relu6": "ReLU6", "selu": "SELU", "silu": "SiLU", "mish": "Mish",
    "sigmoid": "Sigmoid", "tanh": "Tanh", "hard_sigmoid": "Hardsigmoid",
    "hard_swish": "Hardswish", "hard_tanh": "Hardtanh", "softplus": "Softplus",
    "softsign": "Softsign", "identity": "Identity", "flatten": "Flatten",
}  # fmt: skip
"""Kinds without options."""

ONE = {
    "leaky_relu": ("LeakyReLU", "slope"), "elu": ("ELU", "alpha"), "celu": ("CELU", "alpha"),
    "dropout": ("Dropout", "rate"), "pixel_shuffle": ("PixelShuffle", "factor"),
    "pixel_unshuffle": ("PixelUnshuffle", "factor"),
    "channel_shuffle": ("ChannelShuffle", "groups"),
}  # fmt: skip
"""Kinds with one option, which may be left out."""


def plain(layer: Layer) -> Code:
    return call(f"nn.{PLAIN[layer.kind.name]}")


def one(layer: Layer) -> Code:
    name, key = ONE[layer.kind.name]
    value = layer.given(key)
    return call(f"nn.{name}", *([] if value is None else [value]))


def gelu(layer: Layer) -> Code:
    return call("nn.GELU", **layer.named(approximate="approximate"))


def threshold(layer: Layer) -> Code:
    return call("nn.Threshold", layer.value("at"), layer.value("value"))


def softmax(layer: Layer) -> Code:
    name = "LogSoftmax" if layer.kind.name == "log_softmax" else "Softmax"
    return call(f"nn.{name}", dim=str(1 + layer.constant("axis")))


def prelu(layer: Layer) -> Code:
    shared = layer.constant("parameters") == "shared"
    return call("nn.PReLU", *([] if shared else [layer.into]))


def drop_path(layer: Layer) -> Code:
    return call(layer.helper("DropPath"), layer.value("rate"))


# -- the others --------------------------------------------------------------------------------


def linear(layer: Layer) -> Code:
    layer.term("each_position")
    name = "nn.Linear" if layer.rank == 0 else layer.helper("ChannelLinear")
    return call(name, layer.into, layer.value("features"), **layer.named(bias="bias"))


def scale(layer: Layer) -> Code:
    return call(layer.helper("Scale"), layer.into, str(layer.rank), **layer.named(bias="bias"))


def rbf(layer: Layer) -> Code:
    options = layer.named(trained="trainable")
    return call(layer.helper("RadialBasis"), layer.into, layer.value("features"), **options)


def squeeze_excitation(layer: Layer) -> Code:
    activation = {"relu": "nn.ReLU()", "silu": "nn.SiLU()"}[layer.constant("activation")]
    gate = {"sigmoid": "nn.Sigmoid()", "hard_sigmoid": "nn.Hardsigmoid()"}[layer.constant("gate")]
    name = layer.helper("SqueezeExcitation")
    return call(name, layer.into, layer.value("squeeze"), activation, gate)


def self_attention(layer: Layer) -> Code:
    width = layer.given("width") or layer.into
    parts = [layer.into, layer.value("heads"), width]
    return call(layer.helper("SelfAttention"), *parts, **layer.named(bias="bias"))


def reshape(layer: Layer) -> Code:
    if layer.rank:
        raise layer.refuse("its input is no flat one")
    return call("nn.Unflatten", "1", layer.text(layer.constant("shape")))


def upsample(layer: Layer) -> Code:
    return call(
        "nn.Upsample",
        **layer.named(size="size", scale_factor="scale", mode="mode"),
        align_corners=layer.given("align_corners"),
    )


def slice_(layer: Layer) -> Code:
    start, stop = layer.value("start"), layer.given("stop") or layer.into
    step = layer.given("step")
    return call(layer.helper("Slice"), start, stop, *([] if step is None else [step]))


def select(layer: Layer) -> Code:
    return call(layer.helper("Select"), *map(str, layer.constant("channels")))


def pad(layer: Layer) -> Modules:
    mode, found = layer.constant("mode"), []
    front, sizes = _padding(layer, layer.value("value"))
    found += front
    if sizes is not None:
        name = {"constant": "ConstantPad", "reflect": "ReflectionPad"}
        name |= {"replicate": "ReplicationPad", "circular": "CircularPad"}
        padding = layer.constant("padding")
        flat = tuple(size for pair in reversed(padding) for size in pair)
        rest = [layer.value("value")] if mode == "constant" else []
        found.append(call(layer.axes(name[mode]), layer.text(flat), *rest))
    if "channels" in layer.terms:
        given = layer.term("channels")
        both = type(given) is tuple
        parts = [layer.text(one) for one in given] if both else [f"*{layer.text(given)}"]
        value = layer.given("value")
        found.append(call(layer.helper("PadChannels"), *parts, value=value))
    return found


WRITERS: dict[str, Callable[[Layer], Code | Modules]] = {
    **dict.fromkeys(PLAIN, plain),
    **dict.fromkeys(ONE, one),
    **{
        function.__name__.rstrip("_"): function
        for function in (
            conv, depthwise_conv, separable_conv, conv_transpose, max_pool, avg_pool, lp_pool,
            adaptive_avg_pool, adaptive_max_pool, global_avg_pool, global_max_pool, batch_norm,
            layer_norm, group_norm, instance_norm, local_response_norm, gelu, threshold, softmax,
            prelu, drop_path, linear, scale, rbf, squeeze_excitation, self_attention, reshape,
            upsample, slice_, select, pad,
        )
    },
    "log_softmax": softmax,
}  # fmt: skip
"""The function of each kind."""
