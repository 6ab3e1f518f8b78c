"""From layer kinds to Keras' layers: a function a kind, found by the kind's name."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.exchange.writing.keras import windows
from cnncalc.exchange.writing.keras.flat import in_channel_order
from cnncalc.exchange.writing.keras.layer import LayerCalls, Statement, Steps, applied, helped, made
from cnncalc.exchange.writing.python.code import Code, call, quoted
from cnncalc.exchange.writing.python.stated import stated_class
from cnncalc.graph import Graph
from cnncalc.layers.upsample import Upsample


def steps(layer: LayerCalls, graph: Graph) -> Steps:
    """The statements of a layer.

    Raises:
        UsageError: Keras has none.
    """
    if layer.kind.name in ("flatten", "reshape"):
        found = _moved(layer, graph)
    else:
        write = WRITERS.get(layer.kind.name)
        if write is None:
            raise layer.refuse("it has no such layer")
        found = write(layer)
    layer.finish()
    return found


# -- norms -------------------------------------------------------------------------------------


def _epsilon(layer: LayerCalls) -> str:
    """What is added to the variance, which Keras has otherwise where it is left out."""
    return layer.value("eps").replace("e-0", "e-")


def batch_norm(layer: LayerCalls) -> Steps:
    if not layer.constant("track_stats"):
        raise layer.refuse("it always stores its statistics")
    affine = layer.constant("affine")
    off = None if affine else "False"
    return [
        made(layer, "layers.BatchNormalization", epsilon=_epsilon(layer), center=off, scale=off)
    ]


def layer_norm(layer: LayerCalls) -> Steps:
    if layer.constant("over") == "all" and layer.rank:
        raise layer.refuse("it is over all axes")
    off = None if layer.constant("affine") else "False"
    return [
        made(layer, "layers.LayerNormalization", epsilon=_epsilon(layer), center=off, scale=off)
    ]


def group_norm(layer: LayerCalls) -> Steps:
    off = None if layer.constant("affine") else "False"
    return [
        made(
            layer, "layers.GroupNormalization", layer.value("groups"),
            epsilon=_epsilon(layer), center=off, scale=off,
        )
    ]  # fmt: skip


# -- activations -------------------------------------------------------------------------------

PLAIN = {
    "relu": "relu", "selu": "selu", "silu": "silu", "mish": "mish", "sigmoid": "sigmoid",
    "tanh": "tanh", "hard_sigmoid": "hard_sigmoid", "hard_swish": "hard_silu",
    "hard_tanh": "hard_tanh", "softplus": "softplus", "softsign": "softsign", "relu6": "relu6",
    "exp": "exponential",
}  # fmt: skip
"""Kinds that are a function by its name."""


def plain(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.Activation", f'"{PLAIN[layer.kind.name]}"')]


def relu(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.ReLU")]


def leaky_relu(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.LeakyReLU", layer.value("slope"))]


def elu(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.ELU", *filter(None, [layer.given("alpha")]))]


def celu(layer: LayerCalls) -> Steps:
    if layer.constant("alpha") != 1:
        raise layer.refuse("its alpha is 1")
    return [made(layer, "layers.Activation", '"celu"')]


def gelu(layer: LayerCalls) -> Steps:
    if layer.constant("approximate") != "none":
        raise layer.refuse("its layer is the exact one")
    return [made(layer, "layers.Activation", '"gelu"')]


def threshold(layer: LayerCalls) -> Steps:
    if layer.constant("value") != 0:
        raise layer.refuse("what is below becomes 0")
    return [made(layer, "layers.ReLU", threshold=layer.value("at"))]


def softmax(layer: LayerCalls) -> Steps:
    axis = layer.constant("axis")
    return [made(layer, "layers.Softmax", axis=str(axis) if axis else None)]


def log_softmax(layer: LayerCalls) -> Steps:
    if layer.constant("axis"):
        raise layer.refuse("it is over the channels")
    return [made(layer, "layers.Activation", '"log_softmax"')]


def prelu(layer: LayerCalls) -> Steps:
    shared = layer.constant("parameters") == "shared"
    axes = tuple(range(1, layer.rank + (2 if shared else 1)))
    return [made(layer, "layers.PReLU", shared_axes=layer.text(axes) if axes else None)]


def dropout(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.Dropout", layer.value("rate"))]


def drop_path(layer: LayerCalls) -> Steps:
    return [helped(layer, "stochastic_depth", layer.value("rate"))]


def identity(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.Identity")]


# -- the others --------------------------------------------------------------------------------


def linear(layer: LayerCalls) -> Steps:
    layer.term("each_position")
    return [made(layer, "layers.Dense", layer.value("features"), use_bias=layer.given("bias"))]


def scale(layer: LayerCalls) -> Steps:
    if layer.constant("axes") != (0,) or layer.constant("bias"):
        raise layer.refuse("it is no factor a channel alone")
    if not layer.constant("trainable"):
        raise layer.refuse("its factors are fixed")
    return [helped(layer, "layer_scale")]


def rescale(layer: LayerCalls) -> Steps:
    return [made(layer, "layers.Rescaling", layer.value("factor"), offset=layer.given("offset"))]


def squeeze_excitation(layer: LayerCalls) -> Steps:
    names = layer.named(activation="activation", gate="gate")
    return [helped(layer, "squeeze_and_excite", layer.value("squeeze"), **names)]


def self_attention(layer: LayerCalls) -> Steps:
    width = layer.value("width") if layer.term("width") is not None else layer.into
    bias = layer.given("bias")
    return [helped(layer, "attend_to_itself", layer.value("heads"), width, use_bias=bias)]


def channel_shuffle(layer: LayerCalls) -> Steps:
    return [helped(layer, "shuffle_channels", layer.value("groups"))]


def _moved(layer: LayerCalls, graph: Graph) -> Steps:
    """Flattened or reshaped, channel after channel as everywhere else."""
    flat = layer.kind.name == "flatten"
    shape = () if flat else layer.constant("shape")
    found: Steps = []
    ordered = {in_channel_order(graph, node) for node in layer.nodes}
    if len(ordered) > 1:
        raise layer.refuse("what is flattened differs between uses of one block")
    if layer.rank and ordered.pop():
        order = (layer.rank + 1, *range(1, layer.rank + 1))
        found.append(applied(call("layers.Permute", layer.text(order))))
    if flat or len(shape) == 1:
        return [*found, made(layer, "layers.Flatten")]
    if len(shape) < 2:
        raise layer.refuse("it makes no map")
    found.append(made(layer, "layers.Reshape", layer.text(tuple(shape))))
    back = (*range(2, len(shape) + 1), 1)
    return [*found, applied(call("layers.Permute", layer.text(back)))]


def permute(layer: LayerCalls) -> Steps:
    order = layer.constant("order")
    rank = len(order)
    # axis 0 stands last, the others one place before where they were
    place = {axis: axis if axis else rank for axis in range(rank)}
    turned = [place[axis] for axis in (*order[1:], order[0])]
    return [made(layer, "layers.Permute", layer.text(tuple(turned)))]


def crop(layer: LayerCalls) -> Steps:
    for key in ("like", "size", "offset"):
        layer.term(key)
    cuts = set()
    for node, before in zip(layer.nodes, layer.inputs, strict=True):
        (windows,) = node.facts.windows
        assert windows is not None
        sizes = zip(before.facts.output[1:], node.facts.output[1:], windows, strict=True)
        fronts = [(size, now, window.spans[0]) for size, now, window in sizes]
        cuts.add(tuple([(one[0], size - now - one[0]) for size, now, one in fronts if one]))
    pairs = layer.one(cuts, "place")
    short = pairs[0] if layer.rank == 1 else pairs
    return [made(layer, layer.axes("Cropping"), layer.text(short))]


def upsample(layer: LayerCalls) -> Steps:
    mode, corners = layer.constant("mode"), layer.constant("align_corners")
    if corners:
        raise layer.refuse("the corners are not aligned there")
    for key in ("like", "size", "scale"):
        layer.term(key)
    sizes = {node.facts.output[1:] for node in layer.nodes}
    factors = set()
    for node, before in zip(layer.nodes, layer.inputs, strict=True):
        pairs = list(zip(node.facts.output[1:], before.facts.output[1:], strict=True))
        factors.add(tuple([a // b if a % b == 0 else 0 for a, b in pairs]))
    same = len(factors) == 1 and 0 not in next(iter(factors))
    linear_ = mode != "nearest"
    if linear_ and layer.rank != 2:
        raise layer.refuse("it interpolates over two axes only")
    assert all(isinstance(node.kind, Upsample) for node in layer.nodes)
    if not same and not linear_:
        raise layer.refuse("rows are repeated a whole number of times there")
    if same:
        factor = next(iter(factors))
        size = layer.text(factor[0] if len(set(factor)) == 1 else factor)
        how = '"bilinear"' if linear_ else None
        return [made(layer, layer.axes("UpSampling"), size, interpolation=how)]
    only = layer.one(sizes, "size")
    return [made(layer, "layers.Resizing", *map(str, only))]


def slice_(layer: LayerCalls) -> Steps:
    axis, step = layer.constant("axis"), layer.given("step")
    start, stop = layer.value("start"), layer.given("stop") or ""
    parts = ["" if start == "0" else start, stop, *([step] if step else [])]
    simple = all(re.fullmatch(r"\w*", one) for one in parts)
    part = ":".join(parts) if simple else " : ".join(parts).strip(" ")
    rest = [":"] * (layer.rank + 2)
    rest[axis or -1] = part
    inside = f"..., {part}" if not axis else ", ".join(rest[: axis + 1])
    return [
        Statement(
            lambda x: call(f"{x}[{inside}]")._replace(head=f"{x}[{inside}]", parts=None, tail="")
        )
    ]


def pad(layer: LayerCalls) -> Steps:
    if layer.constant("mode") != "constant":
        raise layer.refuse("its layers add zeros")
    pairs = layer.constant("padding")
    given = layer.given("value")
    layer.term("channels")
    ends = [Code("0"), Code("0")]
    if "channels" in layer.terms:
        term = layer.terms["channels"]
        if type(term) is not tuple:
            raise layer.refuse("its channels are no pair of numbers")
        ends = [Code(layer.text(one)) for one in term]
    elif given is None:
        short = pairs[0] if layer.rank == 1 else pairs
        return [made(layer, layer.axes("ZeroPadding"), layer.text(short))]
    layer.helper("ops")
    widths = [Code(layer.text(pair)) for pair in ((0, 0), *pairs)]
    inside = Code("(", (*widths, Code("(", tuple(ends), ")")), ")")
    return [Statement(lambda x: call("ops.pad", x, inside, constant_values=given))]


STATED = '''
class {name}(layers.Layer):
    """`{operator}`, of which only the shapes are known: write its `call`."""

    def __init__(self, gives: tuple[int, ...]{parameters}, **options: object) -> None:
        super().__init__(**options)
        self.gives = gives{arrays}

    def compute_output_shape(self, shapes: object) -> tuple[int | None, ...]:
        return (None, *self.gives)

    def call(self, inputs: Tensor) -> Tensor:
        raise NotImplementedError({quoted})
'''


def custom(layer: LayerCalls) -> Steps:
    """A class that has the arrays, and a call to be filled in."""
    found = stated_class(layer)
    shapes = {**found.weights, **found.buffers}
    lines = [
        f'self.{name} = self.add_weight(shape={name}, name="{name}"'
        + (")" if name in found.weights else ", trainable=False)")
        for name in shapes
    ]
    source = STATED.format(
        name="{name}",
        operator=found.operator.replace("\\", "/").replace('"', "'"),
        parameters="".join([f", {name}: tuple[int, ...]" for name in shapes]),
        arrays="".join([f"\n        {line}" for line in lines]),
        quoted=quoted(found.operator),
    )
    name = layer.bring(found.name, source.strip("\n"))
    gives = layer.text((*found.output[1:], found.output[0]))
    return [made(layer, name, gives, **{key: layer.text(one) for key, one in shapes.items()})]


WRITERS: dict[str, Callable[[LayerCalls], Steps]] = {
    **dict.fromkeys(PLAIN, plain),
    **{
        function.__name__.rstrip("_"): function
        for function in (
            windows.conv, windows.depthwise_conv, windows.separable_conv, windows.conv_transpose,
            windows.max_pool, windows.avg_pool, windows.adaptive_avg_pool,
            windows.adaptive_max_pool, windows.global_avg_pool, windows.global_max_pool,
            batch_norm, layer_norm, group_norm, relu, leaky_relu, elu, celu, gelu, threshold,
            softmax, log_softmax, prelu, dropout, drop_path, identity, linear, scale, rescale,
            squeeze_excitation, self_attention, channel_shuffle, permute, crop, upsample, slice_,
            pad, custom,
        )
    },
}  # fmt: skip
"""The function of each kind."""
