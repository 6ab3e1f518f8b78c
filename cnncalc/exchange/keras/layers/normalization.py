"""Normalizations and fixed scales."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.keras.layers.registry import LayerCall, layer, require, turned
from cnncalc.exchange.keras.layers.tensors import normalized, powered
from cnncalc.exchange.reading.program import Constant, Op


def affine(call: LayerCall, shape: tuple[int, ...]) -> tuple[Constant | None, Constant | None]:
    """Scale and offset, either of which a layer may do without."""
    config = call.config
    scale = call.array("gamma", shape) if config.get("scale", True) else None
    offset = call.array("beta", shape) if config.get("center", True) else None
    return scale, offset


def applied(call: LayerCall, x: Op, scale: Constant | None, offset: Constant | None) -> Op:
    """A lone scale or offset behind a normalization without either."""
    axis = call.config.get("axis", -1)
    axis = (axis[0] if isinstance(axis, list) else axis) % len(x.shape)

    def spread(one: Constant) -> Constant:
        shape = tuple([n if a == axis else 1 for a, n in enumerate(x.shape)])
        return one.mapped(shape, lambda array: array.reshape(shape))

    if scale is not None:
        x = call.emit("mul", [x, spread(scale)], shape=x.shape)
    return x if offset is None else call.emit("add", [x, spread(offset)], shape=x.shape)


@layer("BatchNormalization")
def batch_norm(call: LayerCall, x: Op) -> Op:
    """Batch normalization."""
    config = call.config
    axis = config.get("axis", -1)
    axis = (axis[0] if isinstance(axis, list) else axis) % len(x.shape)
    shape = (x.shape[axis],)
    scale, offset = affine(call, shape)
    arrays: dict[str, Constant | None] = {
        "running_mean": call.array("moving_mean", shape, "buffer"),
        "running_var": call.array("moving_variance", shape, "buffer"),
    }
    both = scale is not None and offset is not None
    if both:
        arrays = {"weight": scale, "bias": offset, **arrays}
    options = {"eps": config.get("epsilon", 1e-3), "affine": both}
    found = call.emit("batch_norm", [x], options, x.shape, arrays=arrays, channel=axis)
    return found if both else applied(call, found, scale, offset)


@layer("LayerNormalization")
def layer_norm(call: LayerCall, x: Op) -> Op:
    """Layer normalization: over the channels at each position, or over all values of a sample."""
    config = call.config
    require(not config.get("rms_scaling"), "with another scaling")
    axis = config.get("axis", -1)
    axes = sorted({one % len(x.shape) for one in ([axis] if isinstance(axis, int) else axis)})
    options = {"eps": config.get("epsilon", 1e-3)}
    if axes == [len(x.shape) - 1]:
        return _affine(call, x, "layer_norm", options, axes[0])
    require(axes == list(range(1, len(x.shape))), f"over axes {axes} of {len(x.shape)}")
    both = bool(config.get("scale", True))
    require(both == bool(config.get("center", True)), "with one of scale and offset")
    channel = call.channel(x)
    order = [channel - 1, *[axis - 1 for axis in axes if axis != channel]]
    arrays = {}
    if both:
        scale, offset = affine(call, x.shape[1:])
        assert scale is not None
        assert offset is not None
        arrays = {"weight": turned(scale, order), "bias": turned(offset, order)}
    options = {**options, "over": "all", "affine": both}
    return call.emit("layer_norm", [x], options, x.shape, arrays=arrays, channel=channel)


@layer("UnitNormalization")
def unit_norm(call: LayerCall, x: Op) -> Op:
    """Vectors of length 1."""
    axis = call.config.get("axis", -1)
    return normalized(call, x, axis if isinstance(axis, list) else [axis], 1e-12)


@layer("RMSNormalization")
def rms_norm(call: LayerCall, x: Op) -> Op:
    """Division by the root of the mean square along an axis, and a trained factor."""
    config = call.config
    axis = config.get("axis", -1)
    axes = [one % len(x.shape) for one in ([axis] if isinstance(axis, int) else axis)]
    require(axes == [len(x.shape) - 1], "over other axes than the last")
    scale = call.array("scale", (x.shape[-1],))
    squares = call.emit("mul", [x, x], shape=x.shape)
    shape = (*x.shape[:-1], 1)
    options = {"by": "mean", "axes": axes, "keepdims": True}
    mean = call.emit("reduce", [squares], options, shape)
    mean = call.emit("add", [mean, call.number(config.get("epsilon", 1e-6))], shape=shape)
    found = call.emit("mul", [x, powered(call, mean, -0.5)], shape=x.shape)
    return call.emit("mul", [found, scale], shape=x.shape)


@layer("GroupNormalization", "InstanceNormalization")
def group_norm(call: LayerCall, x: Op) -> Op:
    """Group normalization; with a group a channel, instance normalization."""
    config = call.config
    axis = config.get("axis", -1) % len(x.shape)
    groups = -1 if call.name == "InstanceNormalization" else config.get("groups", 32)
    groups = x.shape[axis] if groups == -1 else groups
    options = {"groups": groups, "eps": config.get("epsilon", 1e-3)}
    return _affine(call, x, "group_norm", options, axis)


def _affine(call: LayerCall, x: Op, kind: str, options: dict[str, Any], axis: int) -> Op:
    scale, offset = affine(call, (x.shape[axis],))
    both = scale is not None and offset is not None
    found = call.emit(
        kind,
        [x],
        {**options, "affine": both},
        x.shape,
        arrays={"weight": scale, "bias": offset} if both else {},
        channel=axis,
    )
    return found if both else applied(call, found, scale, offset)


@layer("LayerScale")
def layer_scale(call: LayerCall, x: Op) -> Op:
    """ConvNeXt's trained factor for each channel."""
    scale = call.array("gamma", (call.config["projection_dim"],))
    return call.emit("mul", [x, scale], shape=x.shape)


@layer("Rescaling")
def rescaling(call: LayerCall, x: Op) -> Op:
    """A fixed factor and a fixed offset: numbers, or one for each channel."""
    for name, operation in (("scale", "mul"), ("offset", "add")):
        value = call.config.get(name, 1.0 if name == "scale" else 0.0)
        x = call.emit(operation, [x, written(value)], shape=x.shape)
    return x


def written(value: Any) -> Constant:
    """Numbers of a config as an operand."""
    import numpy as np

    array = np.asarray(value, np.float32)
    return Constant("", array.shape, "literal", lambda: array, {})


@layer("Normalization")
def normalization(call: LayerCall, x: Op) -> Op:
    """Stored means taken off, and stored deviations divided by."""
    import numpy as np

    config = call.config
    require(not config.get("invert"), "inverted")
    axis = config.get("axis", -1)
    axes = [] if axis is None else [axis] if isinstance(axis, int) else list(axis)
    places = {a % len(x.shape) for a in axes}
    shape = tuple([n if a in places else 1 for a, n in enumerate(x.shape)])
    if config.get("mean") is not None:
        mean, variance = written(config["mean"]), written(config["variance"])
    else:
        own = tuple([x.shape[a] for a in sorted(places)])
        mean, variance = call.array("mean", own, "buffer"), call.array("variance", own, "buffer")
    middle = mean.mapped(shape, lambda array: np.broadcast_to(array, shape))
    spread = variance.mapped(
        shape, lambda array: np.broadcast_to(np.maximum(np.sqrt(array), 1e-7), shape)
    )
    x = call.emit("sub", [x, middle], shape=x.shape)
    return call.emit("div", [x, spread], shape=x.shape)


@layer("EinsumDense")
def einsum_dense(call: LayerCall, x: Op) -> Op:
    """A factor a channel, and an offset, as `bhwc,c->bhwc` has it; no other product."""
    config = call.config
    given, _, out = str(config["equation"]).partition("->")
    own, _, weight = given.partition(",")
    each = len(own) == len(x.shape) and out == own and weight == own[-1]
    require(each, f"of {config['equation']}")
    channels = (x.shape[-1],)
    bias = config.get("bias_axes")
    require(bias in (None, weight), f"with a bias along {bias}")
    factor = call.array("kernel", channels)
    return applied(call, x, factor, call.array("bias", channels) if bias else None)
