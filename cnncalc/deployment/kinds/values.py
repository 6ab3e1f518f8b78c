"""Factors, offsets, normalizations, activations: what is done to each value."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.steps import Array, Builder, Lower, channels_last
from cnncalc.graph import Node
from cnncalc.shapes import Shape


def constant(builder: Builder, key: str, shape: Shape) -> Array:
    return builder.weights(key, shape, 1)


def times(builder: Builder, step: int, array: Array, name: str = "mul") -> int:
    return builder.add("MUL", (step,), builder.shape(step), arrays=(array,), name=name)


def plus(builder: Builder, step: int, array: Array, name: str = "add") -> int:
    return builder.add("ADD", (step,), builder.shape(step), arrays=(array,), name=name)


def batch_norm(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if not kind.track_stats:
        raise builder.refuse("it measures its statistics")
    channels = (node.facts.output[0],)
    step = times(builder, inputs[0], constant(builder, "factor", channels), "batchnorm/mul_1")
    return plus(builder, step, constant(builder, "offset", channels), "batchnorm/add_1")


def layer_norm(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = builder.shape(inputs[0])
    if kind.over == "all" and len(shape) > 1:
        raise builder.refuse("it is over all axes")
    source, one = inputs[0], (*shape[:-1], 1)
    axis = builder.numbers("axes", (len(shape),))
    mean = builder.add("MEAN", (source,), one, arrays=(axis,), name="Mean")
    step = mean
    if builder.dtype == "int8":  # the sign is changed in floats
        step = builder.add("DEQUANTIZE", (step,), one, type="float32", name="Neg")
    step = builder.add("NEG", (step,), one, type="float32", name="Neg")
    if builder.dtype == "int8":
        step = builder.add("QUANTIZE", (step,), one, name="Neg")
    squares = builder.add("SQUARED_DIFFERENCE", (source, mean), shape, name="SquaredDifference")
    spread = builder.add("MEAN", (squares,), one, arrays=(axis,), name="Mean_1")
    spread = plus(builder, spread, number(builder, kind.eps), "add")
    spread = builder.add("RSQRT", (spread,), one, name="Rsqrt")
    if not kind.affine:
        offset = builder.add("MUL", (step, spread), one, name="mul_1")
        scaled = builder.add("MUL", (source, spread), shape, name="mul_2")
        return builder.add("ADD", (scaled, offset), shape, name="add_1")
    ones = (1,) * len(shape)
    array = constant(builder, "gamma", (*ones, shape[-1]))
    spread = builder.add("MUL", (spread,), shape, arrays=(array,), name="mul")
    offset = builder.add("MUL", (step, spread), shape, name="mul_1")
    offset = plus(builder, offset, constant(builder, "beta", (*ones, shape[-1])), "add_1")
    scaled = builder.add("MUL", (source, spread), shape, name="mul_2")
    return builder.add("ADD", (scaled, offset), shape, name="add_2")


def scale(builder: Builder, node: Node, inputs: list[int]) -> int:
    arrays = {**node.facts.weights, **node.facts.buffers}
    shape = _stored(arrays["weight"])
    step = times(builder, inputs[0], constant(builder, "factor", shape))
    return plus(builder, step, constant(builder, "offset", shape)) if "bias" in arrays else step


def offset(builder: Builder, node: Node, inputs: list[int]) -> int:
    arrays = {**node.facts.weights, **node.facts.buffers}
    return plus(builder, inputs[0], constant(builder, "offset", _stored(arrays["bias"])))


def _stored(shape: Shape) -> Shape:
    turned = channels_last(shape)
    while len(turned) > 1 and turned[0] == 1:
        turned = turned[1:]
    return turned


def number(builder: Builder, value: float | str) -> Array:
    """A single number, which equal ones share."""
    type = builder.dtype
    return Array(("number", value), (), builder.width, int(builder.width == 1), type, "number")


def rescale(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    step = inputs[0]
    if kind.factor != 1:
        step = times(builder, step, number(builder, kind.factor))
    return plus(builder, step, number(builder, kind.offset)) if kind.offset else step


def each(operator: str, name: str, *arrays: str) -> Lower:
    """A function of each value."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        return builder.add(operator, inputs[:1], builder.shape(inputs[0]), name=name)

    return lower


def in_floats(operator: str, name: str) -> Lower:
    """A function of each value that has no integer form: between a DEQUANTIZE and a QUANTIZE."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        shape = builder.shape(inputs[0])
        if builder.dtype != "int8":
            return builder.add(operator, inputs[:1], shape, name=name)
        step = builder.add("DEQUANTIZE", inputs[:1], shape, type="float32", name=name)
        step = builder.add(operator, (step,), shape, type="float32", name=name)
        return builder.add("QUANTIZE", (step,), shape, name=name)

    return lower


def silu(builder: Builder, node: Node, inputs: list[int]) -> int:
    return silu_of(builder, inputs[0])


def silu_of(builder: Builder, step: int) -> int:
    shape = builder.shape(step)
    gate = builder.add("LOGISTIC", (step,), shape, name="Sigmoid")
    return builder.add("MUL", (step, gate), shape, name="mul_2")


def hard_sigmoid(builder: Builder, node: Node, inputs: list[int]) -> int:
    return hard_sigmoid_of(builder, inputs[0])


def hard_sigmoid_of(builder: Builder, step: int) -> int:
    step = plus(builder, step, number(builder, 3), "add")
    step = builder.add("RELU6", (step,), builder.shape(step), name="Relu6")
    return times(builder, step, number(builder, 1 / 6), "mul")


def leaky_relu(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return builder.add(
        "LEAKY_RELU", inputs[:1], builder.shape(inputs[0]), attributes=(kind.slope,),
        name="LeakyRelu",
    )  # fmt: skip


def clip(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    low, high = kind.__dict__.get("low", -1.0), kind.__dict__.get("high", 1.0)
    named = {(0, 6): "RELU6", (-1, 1): "RELU_N1_TO_1", (0, 1): "RELU_0_TO_1", (0, None): "RELU"}
    step, shape = inputs[0], builder.shape(inputs[0])
    if (low, high) in named:
        return builder.add(named[low, high], (step,), shape, name="clip")
    if low is not None:
        step = builder.add("MAXIMUM", (step,), shape, arrays=(number(builder, low),), name="max")
    if high is not None:
        step = builder.add("MINIMUM", (step,), shape, arrays=(number(builder, high),), name="min")
    return step


def prelu(builder: Builder, node: Node, inputs: list[int]) -> int:
    shape = builder.shape(inputs[0])
    slopes = node.facts.weights["weight"]
    array = constant(builder, "alpha", (*[1] * (len(shape) - 1), *slopes))
    return builder.add("PRELU", inputs[:1], shape, arrays=(array,), name="add")


def softmax(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.axis:
        raise builder.refuse("it is over the channels")
    operator = "SOFTMAX" if kind.name == "softmax" else "LOG_SOFTMAX"
    return builder.add(operator, inputs[:1], builder.shape(inputs[0]), name="Softmax")


def unchanged(builder: Builder, node: Node, inputs: list[int]) -> int:
    """The input itself: dropout and the like."""
    return inputs[0]
