"""From layer kinds to PyTorch's modules: a function a kind, found by the kind's name."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.exchange.writing.python.code import Code, before, call, quoted
from cnncalc.exchange.writing.python.stated import stated_class
from cnncalc.exchange.writing.pytorch import windows
from cnncalc.exchange.writing.pytorch.layer import LayerModules, Modules
from cnncalc.exchange.writing.pytorch.windows import bordered
from cnncalc.layers.attention import SqueezeExcitation


def modules(layer: LayerModules) -> Modules:
    """The modules of a layer.

    Raises:
        UsageError: PyTorch has none.
    """
    write = WRITERS.get(layer.kind.name)
    if write is None:
        raise layer.refuse("the kind has no counterpart")
    found = write(layer)
    layer.finish()
    made = [found] if isinstance(found, Code) else found
    if layer.trainable:
        return made
    return [*made[:-1], before("", made[-1], ".requires_grad_(False)")]


# -- norms -------------------------------------------------------------------------------------


def batch_norm(layer: LayerModules) -> Code:
    options = layer.named(eps="eps", affine="affine", track_running_stats="track_stats")
    return call(f"nn.BatchNorm{max(layer.rank, 1)}d", layer.into, **options)


def layer_norm(layer: LayerModules) -> Code:
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


def group_norm(layer: LayerModules) -> Code:
    options = layer.named(eps="eps", affine="affine")
    return call("nn.GroupNorm", layer.value("groups"), layer.into, **options)


def instance_norm(layer: LayerModules) -> Code:
    return call(layer.axes("InstanceNorm"), layer.into, **layer.named(eps="eps", affine="affine"))


def local_response_norm(layer: LayerModules) -> Code:
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


def plain(layer: LayerModules) -> Code:
    return call(f"nn.{PLAIN[layer.kind.name]}")


def one(layer: LayerModules) -> Code:
    name, key = ONE[layer.kind.name]
    value = layer.given(key)
    return call(f"nn.{name}", *([] if value is None else [value]))


def gelu(layer: LayerModules) -> Code:
    return call("nn.GELU", **layer.named(approximate="approximate"))


def threshold(layer: LayerModules) -> Code:
    return call("nn.Threshold", layer.value("at"), layer.value("value"))


def softmax(layer: LayerModules) -> Code:
    name = "LogSoftmax" if layer.kind.name == "log_softmax" else "Softmax"
    return call(f"nn.{name}", dim=str(1 + layer.constant("axis")))


def prelu(layer: LayerModules) -> Code:
    shared = layer.constant("parameters") == "shared"
    return call("nn.PReLU", *([] if shared else [layer.into]))


def drop_path(layer: LayerModules) -> Code:
    return call(layer.helper("DropPath"), layer.value("rate"))


# -- the others --------------------------------------------------------------------------------


def linear(layer: LayerModules) -> Code:
    layer.term("each_position")
    name = "nn.Linear" if layer.rank == 0 else layer.helper("ChannelLinear")
    return call(name, layer.into, layer.value("features"), **layer.named(bias="bias"))


def _places(layer: LayerModules) -> list[str]:
    """The shape of arrays that differ along some axes."""
    axes = layer.constant("axes")
    found = [layer.into if 0 in axes else "1"]
    shapes = {node.facts.output[1:] for node in layer.inputs}
    for axis in range(1, layer.rank + 1):
        sizes = {shape[axis - 1] for shape in shapes}
        if axis in axes and len(sizes) > 1:
            raise layer.refuse("its size differs between uses of one block")
        found.append(str(sizes.pop()) if axis in axes else "1")
    return found


def _fixed(layer: LayerModules, module: Code) -> Code:
    """A module whose arrays are not trained, where that is so."""
    return module if layer.constant("trainable") else before("", module, ".requires_grad_(False)")


def scale(layer: LayerModules) -> Code:
    made = call(layer.helper("Scale"), *_places(layer), **layer.named(bias="bias"))
    return _fixed(layer, made)


def offset(layer: LayerModules) -> Code:
    return _fixed(layer, call(layer.helper("Offset"), *_places(layer)))


def rbf(layer: LayerModules) -> Code:
    return _fixed(layer, call(layer.helper("RadialBasis"), layer.into, layer.value("features")))


def squeeze_excitation(layer: LayerModules) -> Code:
    kinds = [node.kind for node in layer.graph.nodes]
    variants = {(k.activation, k.gate) for k in kinds if isinstance(k, SqueezeExcitation)}
    activation, gate = layer.constant("activation"), layer.constant("gate")
    several = f"{activation}_{gate}".title().replace("_", "") if len(variants) > 1 else ""
    name = layer.helper(
        "SqueezeExcitation",
        f"SqueezeExcitation{several}",
        pool=layer.axes("AdaptiveAvgPool"),
        conv=layer.axes("Conv"),
        activation={"relu": "nn.ReLU()", "silu": "nn.SiLU()"}[activation],
        gate={"sigmoid": "nn.Sigmoid()", "hard_sigmoid": "nn.Hardsigmoid()"}[gate],
    )
    return call(name, layer.into, layer.value("squeeze"))


def self_attention(layer: LayerModules) -> Code:
    width = layer.given("width") or layer.into
    parts = [layer.into, layer.value("heads"), width]
    return call(layer.helper("SelfAttention"), *parts, **layer.named(bias="bias"))


def reshape(layer: LayerModules) -> Modules:
    shape = layer.constant("shape")
    unflatten = call("nn.Unflatten", "1", layer.text(shape))
    if len(shape) == 1:
        return [call("nn.Flatten")]
    return [call("nn.Flatten"), unflatten] if layer.rank else [unflatten]


def permute(layer: LayerModules) -> Code:
    return call(layer.helper("Permute"), *[str(1 + axis) for axis in layer.constant("order")])


def reduce(layer: LayerModules) -> Code:
    name = layer.helper(layer.constant("by").capitalize())
    return call(name, *[str(1 + axis) for axis in layer.constant("axes")])


def crop(layer: LayerModules) -> Code:
    layer.helper("crop")
    size, offset = layer.constant("size"), layer.constant("offset")
    rest = [] if offset is None else [layer.text(offset)]
    return call(layer.helper("Crop"), layer.text(size), *rest)


def upsample(layer: LayerModules) -> Code:
    return call(
        "nn.Upsample",
        **layer.named(size="size", scale_factor="scale", mode="mode"),
        align_corners=layer.given("align_corners"),
    )


def slice_(layer: LayerModules) -> Code:
    axis = layer.constant("axis")
    stop = layer.given("stop") or ("None" if axis else layer.into)
    options = {"step": layer.given("step"), "axis": str(1 + axis) if axis else None}
    return call(layer.helper("Slice"), layer.value("start"), stop, **options)


def select(layer: LayerModules) -> Code:
    return call(layer.helper("Select"), *map(str, layer.constant("channels")))


STATED = '''
class {name}(nn.Module):
    """`{operator}`, of which only the shapes are known: write its `forward`."""

    def __init__(self{parameters}) -> None:
        super().__init__(){arrays}

    def forward(self, *inputs: Tensor) -> Tensor:
        raise NotImplementedError({quoted})
'''


def custom(layer: LayerModules) -> Code:
    """A class that has the arrays, and a forward pass to be filled in."""
    found = stated_class(layer)
    lines = [f"self.{name} = nn.Parameter(torch.zeros({name}))" for name in found.weights]
    lines += [f'self.register_buffer("{name}", torch.zeros({name}))' for name in found.buffers]
    shapes = {**found.weights, **found.buffers}
    source = STATED.format(
        name="{name}",
        operator=found.operator.replace("\\", "/").replace('"', "'"),
        parameters="".join([f", {name}: tuple[int, ...]" for name in shapes]),
        arrays="".join([f"\n        {line}" for line in lines]),
        quoted=quoted(found.operator),
    )
    name = layer.bring(found.name, source.strip("\n"))
    return call(name, **{key: layer.text(shape) for key, shape in shapes.items()})


BORDERS = {"reflect": "ReflectionPad", "replicate": "ReplicationPad", "circular": "CircularPad"}


def pad(layer: LayerModules) -> Modules:
    mode, pairs = layer.constant("mode"), layer.constant("padding")
    layer.term("value")
    if mode != "constant":
        sizes = tuple([size for pair in reversed(pairs) for size in pair])
        return [call(layer.axes(BORDERS[mode]), layer.text(sizes))]
    value = layer.given("value")
    found = bordered(layer, value) if any(map(any, pairs)) else []
    layer.term("padding")
    if "channels" in layer.terms:
        given = layer.term("channels")
        both = type(given) is tuple
        parts = [layer.text(one) for one in given] if both else [f"*{layer.text(given)}"]
        found.append(call(layer.helper("PadChannels"), *parts, value=value))
    return found


def arithmetic(layer: LayerModules) -> Code:
    """Functions of each value that PyTorch has no module for."""
    name, keys = ARITHMETIC[layer.kind.name]
    first = keys[0] if keys else ""
    given = {key: layer.given(key) for key in keys}
    parts = [given.pop(first)] if first and given[first] is not None else []
    return call(layer.helper(name), *[part or "" for part in parts], **given)


ARITHMETIC: dict[str, tuple[str, tuple[str, ...]]] = {
    "abs": ("Abs", ()), "exp": ("Exp", ()), "log": ("Log", ()), "power": ("Power", ("exponent",)),
    "clip": ("Clip", ("low", "high")), "rescale": ("Rescale", ("factor", "offset")),
}  # fmt: skip
"""Helpers with the options that they take; the first stands without its name."""


WRITERS: dict[str, Callable[[LayerModules], Code | Modules]] = {
    **dict.fromkeys(PLAIN, plain),
    **dict.fromkeys(ONE, one),
    **dict.fromkeys(ARITHMETIC, arithmetic),
    **{
        function.__name__.rstrip("_"): function
        for function in (
            windows.conv, windows.depthwise_conv, windows.separable_conv, windows.conv_transpose,
            windows.max_pool, windows.avg_pool, windows.lp_pool, windows.adaptive_avg_pool,
            windows.adaptive_max_pool, windows.global_avg_pool, windows.global_max_pool,
            batch_norm, layer_norm, group_norm, instance_norm, local_response_norm, gelu,
            threshold, softmax, prelu, drop_path, linear, scale, rbf, squeeze_excitation,
            self_attention, reshape, upsample, slice_, select, pad, offset, permute, reduce, crop,
            windows.locally_connected, windows.global_lp_pool, custom,
        )
    },
    "log_softmax": softmax,
}  # fmt: skip
"""The function of each kind."""
