"""Which kernel computes which layer kind, and from what.

A function here takes a layer apart: its options, the arrays of its inputs, and the weights in
the shapes that those call for. Nothing is read from the layer's facts, which are what the
results are held against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from cnncalc.graph import Graph
from cnncalc.layers.sliding import slides
from cnncalc.numerics.arrays import Array, Indices
from cnncalc.numerics.kernels import (
    activation,
    arithmetic,
    attention,
    conv,
    linear,
    merge,
    norm,
    pool,
    reshape,
    upsample,
)
from cnncalc.numerics.parts.elementwise import NOTHING, Epilogue, scale_shift
from cnncalc.numerics.weights.generated import Supply
from cnncalc.shapes import Shape, Slide


class Surroundings:
    """What a layer may ask of the run: shapes of other layers, and the switches of max pools."""

    __slots__ = ("_switches", "_unpools", "shapes")

    def __init__(self, graph: Graph) -> None:
        self.shapes: dict[int, Shape] = {}
        """Of each node that has run, the shape of its output without the batch."""
        self._switches: dict[int, Indices] = {}
        self._unpools = Counter(
            node.kind.__dict__["pool"].node
            for node in graph.nodes
            if node.kind.name == "max_unpool"
        )

    def is_undone(self, pool: int) -> bool:
        """Whether a later layer takes the switches of this max pool."""
        return pool in self._unpools

    def keep_switches(self, pool: int, switches: Indices) -> None:
        """Keep where a max pool found its maxima; positions, and no activations."""
        self._switches[pool] = switches

    def switches(self, pool: int) -> Indices:
        """The switches of a max pool; forgotten after the last layer that takes them."""
        self._unpools[pool] -= 1
        found = self._switches[pool]
        if not self._unpools[pool]:
            del self._switches[pool]
        return found


class Call(NamedTuple):
    """One layer about to be computed."""

    node: int
    kind: Any
    inputs: list[Array]
    arrays: Supply
    around: Surroundings
    epilogue: Epilogue = NOTHING
    """What follows on every value; only kinds in `FOLLOWED` look at it."""
    reuse: Array | None = None
    """One of the inputs that nobody reads afterwards: the output may be written over it."""

    @property
    def x(self) -> Array:
        """The one input of a layer that takes one."""
        (x,) = self.inputs
        return x


Kernel = Callable[[Call], Array]


def axes(kind: Any, x: Array) -> tuple[Slide, ...]:
    """The kernel of a sliding layer on each axis of ``x`` [B, C, *spatial]."""
    return slides(kind, x.shape[1:])


def pads(found: tuple[Slide, ...]) -> tuple[tuple[int, int], ...]:
    """Padding of each axis."""
    return tuple((slide.before, slide.after) for slide in found)


def _bias(call: Call, shape: Shape) -> Array | None:
    return _owned(call)("bias", shape) if call.kind.bias else None


def _owned(call: Call) -> Callable[[str, Sequence[int]], Array]:
    """How a layer asks for its arrays: they are trained, or stored where it says so."""
    return call.arrays.weight if call.kind.__dict__.get("trainable", True) else call.arrays.buffer


def _conv(call: Call) -> Array:
    kind, x = call.kind, call.x
    weight = _owned(call)("weight", (kind.filters, x.shape[1] // kind.groups, *kind.kernel))
    return conv.conv(
        x,
        weight,
        _bias(call, (kind.filters,)),
        stride=kind.stride,
        padding=pads(axes(kind, x)),
        dilation=kind.dilation,
        groups=kind.groups,
        epilogue=call.epilogue,
    )


def _depthwise_conv(call: Call) -> Array:
    kind, x = call.kind, call.x
    filters = x.shape[1] * kind.multiplier
    return conv.conv(
        x,
        call.arrays.weight("weight", (filters, 1, *kind.kernel)),
        _bias(call, (filters,)),
        stride=kind.stride,
        padding=pads(axes(kind, x)),
        dilation=kind.dilation,
        groups=x.shape[1],
        epilogue=call.epilogue,
    )


def _separable_conv(call: Call) -> Array:
    kind, x = call.kind, call.x
    between, ones = x.shape[1] * kind.multiplier, (1,) * (x.ndim - 2)
    middle = conv.conv(
        x,
        call.arrays.weight("depthwise.weight", (between, 1, *kind.kernel)),
        stride=kind.stride,
        padding=pads(axes(kind, x)),
        dilation=kind.dilation,
        groups=x.shape[1],
    )
    return conv.conv(
        middle,
        call.arrays.weight("pointwise.weight", (kind.filters, between, *ones)),
        _bias(call, (kind.filters,)),
        stride=ones,
        padding=((0, 0),) * len(ones),
        dilation=ones,
        epilogue=call.epilogue,
    )


def _conv_transpose(call: Call) -> Array:
    kind, x = call.kind, call.x
    padding, extra = kind.crops()
    return conv.conv_transpose(
        x,
        call.arrays.weight("weight", (x.shape[1], kind.filters // kind.groups, *kind.kernel)),
        _bias(call, (kind.filters,)),
        stride=kind.stride,
        padding=padding,
        output_padding=extra,
        dilation=kind.dilation,
        groups=kind.groups,
        epilogue=call.epilogue,
    )


def _locally_connected(call: Call) -> Array:
    kind, x = call.kind, call.x
    found = axes(kind, x)
    output = (kind.filters, *(slide.output for slide in found))
    return conv.locally_connected(
        x,
        call.arrays.weight("weight", (*output, x.shape[1] // kind.groups, *kind.kernel)),
        _bias(call, output),
        stride=kind.stride,
        padding=pads(found),
        dilation=kind.dilation,
        groups=kind.groups,
    )


def _max_pool(call: Call) -> Array:
    found = axes(call.kind, call.x)
    options: dict[str, Any] = {
        "kernel": call.kind.kernel,
        "stride": call.kind.stride,
        "padding": pads(found),
        "dilation": call.kind.dilation,
        "output_size": tuple(slide.output for slide in found),
    }
    if not call.around.is_undone(call.node):
        return pool.max_pool(call.x, **options)
    result, switches = pool.max_pool_with_switches(call.x, **options)
    call.around.keep_switches(call.node, switches)
    return result


def _avg_pool(call: Call) -> Array:
    found = axes(call.kind, call.x)
    return pool.avg_pool(
        call.x,
        kernel=call.kind.kernel,
        stride=call.kind.stride,
        padding=pads(found),
        output_size=tuple(slide.output for slide in found),
        count_include_pad=call.kind.count_include_pad,
    )


def _lp_pool(call: Call) -> Array:
    found = axes(call.kind, call.x)
    return pool.lp_pool(
        call.x,
        p=call.kind.p,
        kernel=call.kind.kernel,
        stride=call.kind.stride,
        padding=pads(found),
        output_size=tuple(slide.output for slide in found),
    )


def _adaptive(kernel: Callable[..., Array], call: Call) -> Array:
    # A pool to the size that is there already has nothing to do.
    if call.x.shape[2:] == tuple(call.kind.size):
        return call.x
    return kernel(call.x, size=call.kind.size)


def _max_unpool(call: Call) -> Array:
    pooled = call.kind.pool.node
    (before,) = call.kind.pool.inputs
    return pool.max_unpool(call.x, call.around.switches(pooled), size=before[1:])


def _linear(call: Call) -> Array:
    kind, x = call.kind, call.x
    weight = call.arrays.weight("weight", (kind.features, x.shape[1]))
    return linear.linear(x, weight, _bias(call, (kind.features,)), epilogue=call.epilogue)


def _rbf(call: Call) -> Array:
    kind, x = call.kind, call.x
    take = call.arrays.weight if kind.trainable else call.arrays.buffer
    return linear.rbf(x, take("weight", (kind.features, x.shape[1])))


def _scale(call: Call) -> Array:
    shape = _along(call)
    if call.kind.axes != (0,):
        scaled = call.x * _owned(call)("weight", shape)
        return scaled + _owned(call)("bias", shape) if call.kind.bias else scaled
    return linear.scale(call.x, _owned(call)("weight", shape), _bias(call, shape))


def _along(call: Call) -> Shape:
    """The shape of an array with values along some axes of the input."""
    axes = call.kind.axes
    return tuple(size if axis in axes else 1 for axis, size in enumerate(call.x.shape[1:]))


def _affine(call: Call, shape: Shape) -> tuple[Array | None, Array | None]:
    if not call.kind.affine:
        return None, None
    return call.arrays.weight("weight", shape), call.arrays.weight("bias", shape)


def _batch_norm(call: Call) -> Array:
    channels = (call.x.shape[1],)
    if call.epilogue.scale is not None:
        return scale_shift(call.x, call.epilogue, call.reuse)
    weight, bias = _affine(call, channels)
    mean = variance = None
    if call.kind.track_stats:
        mean = call.arrays.buffer("running_mean", channels)
        variance = call.arrays.buffer("running_var", channels)
    return norm.batch_norm(call.x, mean, variance, weight, bias, eps=call.kind.eps)


def _layer_norm(call: Call) -> Array:
    whole = call.kind.over == "all" or call.x.ndim == 2
    shape = call.x.shape[1:] if whole else call.x.shape[1:2]
    weight, bias = _affine(call, shape)
    over: Any = "all" if whole else "channels"
    return norm.layer_norm(call.x, weight, bias, over=over, eps=call.kind.eps)


def _group_norm(call: Call) -> Array:
    weight, bias = _affine(call, call.x.shape[1:2])
    return norm.group_norm(call.x, weight, bias, groups=call.kind.groups, eps=call.kind.eps)


def _instance_norm(call: Call) -> Array:
    weight, bias = _affine(call, call.x.shape[1:2])
    return norm.instance_norm(call.x, weight, bias, eps=call.kind.eps)


def _local_response_norm(call: Call) -> Array:
    kind = call.kind
    return norm.local_response_norm(
        call.x, size=kind.size, alpha=kind.alpha, beta=kind.beta, k=kind.k
    )


def _prelu(call: Call) -> Array:
    slopes = 1 if call.kind.parameters == "shared" else call.x.shape[1]
    return activation.prelu(call.x, call.arrays.weight("weight", (slopes,)))


def _crop(call: Call) -> Array:
    kind, sizes = call.kind, call.x.shape[2:]
    size = kind.size if kind.like is None else call.around.shapes[kind.like.node][1:]
    offset = kind.offset or tuple((n - cut) // 2 for n, cut in zip(sizes, size, strict=True))
    return reshape.crop(call.x, offset=offset, size=size)


def _slice(call: Call) -> Array:
    axis = call.kind.axis
    stop = call.x.shape[axis + 1] if call.kind.stop is None else call.kind.stop
    return reshape.slice_axis(
        call.x, start=call.kind.start, stop=stop, step=call.kind.step, axis=axis
    )


def upsampled_size(call: Call) -> tuple[int, ...]:
    """The spatial size that an upsampling produces."""
    kind, sizes = call.kind, call.x.shape[2:]
    if kind.scale is not None:
        return tuple(n * factor for n, factor in zip(sizes, kind.scale, strict=True))
    if kind.like is not None:
        return call.around.shapes[kind.like.node][1:]
    size: tuple[int, ...] = kind.size
    return size


def _upsample(call: Call) -> Array:
    size = upsampled_size(call)
    if call.kind.mode == "nearest":
        return upsample.upsample_nearest(call.x, size=size)
    return upsample.upsample_linear(call.x, size=size, align_corners=call.kind.align_corners)


def _squeeze_excitation(call: Call) -> Array:
    kind, channels, take = call.kind, call.x.shape[1], call.arrays.weight
    ones = (1,) * (call.x.ndim - 2)
    return attention.squeeze_excitation(
        call.x,
        take("fc1.weight", (kind.squeeze, channels, *ones)),
        take("fc1.bias", (kind.squeeze,)),
        take("fc2.weight", (channels, kind.squeeze, *ones)),
        take("fc2.bias", (channels,)),
        activation=kind.activation,
        gate=kind.gate,
    )


def _self_attention(call: Call) -> Array:
    kind, channels, take = call.kind, call.x.shape[1], call.arrays.weight
    width = kind.width or channels
    return attention.self_attention(
        call.x,
        take("in_proj_weight", (3 * width, channels)),
        take("in_proj_bias", (3 * width,)) if kind.bias else None,
        take("out_proj.weight", (channels, width)),
        take("out_proj.bias", (channels,)) if kind.bias else None,
        heads=kind.heads,
    )


def activation_of(kind: Any) -> Callable[..., Array] | None:
    """The element-wise function ``f(x, *, out=None)`` of a kind without weights, or None."""
    make = ACTIVATIONS.get(kind.name)
    return None if make is None else make(kind)


ACTIVATIONS: dict[str, Callable[[Any], Callable[..., Array]]] = {
    "relu": lambda kind: activation.relu,
    "relu6": lambda kind: activation.relu6,
    "leaky_relu": lambda kind: partial(activation.leaky_relu, slope=kind.slope),
    "elu": lambda kind: partial(activation.elu, alpha=kind.alpha),
    "selu": lambda kind: activation.selu,
    "celu": lambda kind: partial(activation.celu, alpha=kind.alpha),
    "gelu": lambda kind: partial(activation.gelu, approximate=kind.approximate),
    "silu": lambda kind: activation.silu,
    "mish": lambda kind: activation.mish,
    "sigmoid": lambda kind: activation.sigmoid,
    "tanh": lambda kind: activation.tanh,
    "hard_sigmoid": lambda kind: activation.hard_sigmoid,
    "hard_swish": lambda kind: activation.hard_swish,
    "hard_tanh": lambda kind: activation.hard_tanh,
    "softplus": lambda kind: activation.softplus,
    "softsign": lambda kind: activation.softsign,
    "threshold": lambda kind: partial(activation.threshold, threshold=kind.at, value=kind.value),
    "rescale": lambda kind: partial(arithmetic.rescale, factor=kind.factor, offset=kind.offset),
    "power": lambda kind: partial(arithmetic.power, exponent=kind.exponent),
    "exp": lambda kind: arithmetic.exp,
    "log": lambda kind: arithmetic.log,
    "abs": lambda kind: arithmetic.absolute,
    "clip": lambda kind: partial(arithmetic.clip, low=kind.low, high=kind.high),
}


def _activation(call: Call) -> Array:
    return ACTIVATIONS[call.kind.name](call.kind)(call.x, out=call.reuse)


def _merge(kernel: Callable[..., Array], call: Call) -> Array:
    result = kernel(call.inputs, out=call.reuse)
    follow = call.epilogue.activation
    return result if follow is None else follow(result, out=result)


def _matmul(call: Call) -> Array:
    first, second = call.inputs
    return arithmetic.matmul(
        first,
        second,
        transpose=call.kind.transpose,
        transpose_other=call.kind.transpose_other,
    )


FOLLOWED = frozenset(
    {"conv", "depthwise_conv", "separable_conv", "conv_transpose", "linear", "batch_norm"}
)
"""Kinds that apply a scale, a shift and an activation before their output leaves the cache."""

MERGES = frozenset({"add", "multiply"})
"""Kinds that apply an activation to their output, which may be one of their inputs."""


KERNELS: dict[str, Kernel] = {
    "conv": _conv,
    "depthwise_conv": _depthwise_conv,
    "separable_conv": _separable_conv,
    "conv_transpose": _conv_transpose,
    "locally_connected": _locally_connected,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "lp_pool": _lp_pool,
    "global_avg_pool": lambda call: pool.global_avg_pool(call.x),
    "global_max_pool": lambda call: pool.global_max_pool(call.x),
    "global_lp_pool": lambda call: pool.global_lp_pool(call.x, p=call.kind.p),
    "adaptive_avg_pool": partial(_adaptive, pool.adaptive_avg_pool),
    "adaptive_max_pool": partial(_adaptive, pool.adaptive_max_pool),
    "max_unpool": _max_unpool,
    "linear": _linear,
    "rbf": _rbf,
    "scale": _scale,
    "offset": lambda call: call.x + _owned(call)("bias", _along(call)),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "local_response_norm": _local_response_norm,
    **dict.fromkeys(ACTIVATIONS, _activation),
    "prelu": _prelu,
    "softmax": lambda call: activation.softmax(call.x, axis=call.kind.axis + 1),
    "log_softmax": lambda call: activation.log_softmax(call.x, axis=call.kind.axis + 1),
    "reduce": lambda call: arithmetic.reduce(call.x, by=call.kind.by, axes=call.kind.axes),
    "matmul": _matmul,
    "dropout": lambda call: call.x,
    "drop_path": lambda call: call.x,
    "identity": lambda call: call.x,
    "add": partial(_merge, merge.add),
    "multiply": partial(_merge, merge.multiply),
    "subtract": lambda call: merge.subtract(call.inputs),
    "divide": lambda call: merge.divide(call.inputs),
    "maximum": lambda call: merge.maximum(call.inputs),
    "minimum": lambda call: merge.minimum(call.inputs),
    "concat": lambda call: merge.concat(call.inputs, axis=call.kind.axis + 1),
    "permute": lambda call: reshape.permute(call.x, order=call.kind.order),
    "flatten": lambda call: reshape.flatten(call.x),
    "reshape": lambda call: reshape.reshape(call.x, shape=_target(call)),
    "pad": lambda call: reshape.pad(
        call.x,
        padding=call.kind.padding,
        value=call.kind.value,
        channels=call.kind.channels,
        mode=call.kind.mode,
    ),
    "crop": _crop,
    "slice": _slice,
    "select": lambda call: reshape.select(call.x, channels=call.kind.channels),
    "channel_shuffle": lambda call: reshape.channel_shuffle(call.x, groups=call.kind.groups),
    "upsample": _upsample,
    "pixel_shuffle": lambda call: upsample.pixel_shuffle(call.x, factor=call.kind.factor),
    "pixel_unshuffle": lambda call: upsample.pixel_unshuffle(call.x, factor=call.kind.factor),
    "squeeze_excitation": _squeeze_excitation,
    "self_attention": _self_attention,
}
"""The kernel of every layer kind."""


def _target(call: Call) -> Shape:
    known = int(np.prod([size for size in call.kind.shape if size != -1]))
    values = call.x[0].size
    return tuple(values // known if size == -1 else size for size in call.kind.shape)
