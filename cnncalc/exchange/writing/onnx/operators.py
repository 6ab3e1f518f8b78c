"""Activations, arithmetic, merges and products in ONNX."""

from __future__ import annotations

import re

from cnncalc.exchange.writing.onnx.building import LayerOperators, Unsayable, writes
from cnncalc.layers import activation, arithmetic, attention, custom, linear, merge
from cnncalc.shapes import product

SINGLE = {
    activation.Relu: "Relu",
    activation.Selu: "Selu",
    activation.Mish: "Mish",
    activation.Sigmoid: "Sigmoid",
    activation.Tanh: "Tanh",
    activation.HardSwish: "HardSwish",
    activation.Softplus: "Softplus",
    activation.Softsign: "Softsign",
    activation.Identity: "Identity",
    activation.DropPath: "Identity",
    arithmetic.Exp: "Exp",
    arithmetic.Log: "Log",
    arithmetic.Abs: "Abs",
}
"""Kinds that are one operator without options."""


@writes(*SINGLE)
def single(layer: LayerOperators) -> str:
    return layer.add(SINGLE[type(layer.kind)], layer.x)


@writes(activation.LeakyRelu)
def leaky_relu(layer: LayerOperators) -> str:
    return layer.add("LeakyRelu", layer.x, alpha=layer.kind.slope)


@writes(activation.Elu)
def elu(layer: LayerOperators) -> str:
    return layer.add("Elu", layer.x, alpha=layer.kind.alpha)


@writes(activation.Celu)
def celu(layer: LayerOperators) -> str:
    return layer.add("Celu", layer.x, alpha=layer.kind.alpha)


@writes(activation.Gelu)
def gelu(layer: LayerOperators) -> str:
    return layer.add("Gelu", layer.x, approximate=layer.kind.approximate)


@writes(activation.Silu)
def silu(layer: LayerOperators) -> str:
    return layer.add("Mul", layer.x, layer.add("Sigmoid", layer.x))


@writes(activation.HardSigmoid)
def hard_sigmoid(layer: LayerOperators) -> str:
    return layer.add("HardSigmoid", layer.x, alpha=1 / 6, beta=0.5)


def _clip(layer: LayerOperators, x: str, low: float | None, high: float | None) -> str:
    ends = [
        "" if end is None else layer.constant(name, end)
        for name, end in (("low", low), ("high", high))
    ]
    return layer.add("Clip", x, *(ends if ends[1] else ends[:1]))


@writes(activation.Relu6)
def relu6(layer: LayerOperators) -> str:
    return _clip(layer, layer.x, 0, 6)


@writes(activation.HardTanh)
def hard_tanh(layer: LayerOperators) -> str:
    return _clip(layer, layer.x, -1, 1)


@writes(arithmetic.Clip)
def clip(layer: LayerOperators) -> str:
    return _clip(layer, layer.x, layer.kind.low, layer.kind.high)


@writes(activation.Threshold)
def threshold(layer: LayerOperators) -> str:
    above = layer.add("Greater", layer.x, layer.constant("at", layer.kind.at))
    return layer.add("Where", above, layer.x, layer.constant("value", layer.kind.value))


@writes(activation.PRelu)
def prelu(layer: LayerOperators) -> str:
    if layer.facts.weights["weight"][0] == 1 or not layer.rank:
        return layer.add("PRelu", layer.x, layer.array("weight"))
    return layer.add("PRelu", layer.x, layer.per_channel("weight"))


@writes(activation.Softmax)
def softmax(layer: LayerOperators) -> str:
    return layer.add("Softmax", layer.x, axis=layer.kind.axis + 1)


@writes(activation.LogSoftmax)
def log_softmax(layer: LayerOperators) -> str:
    return layer.add("LogSoftmax", layer.x, axis=layer.kind.axis + 1)


@writes(activation.Dropout)
def dropout(layer: LayerOperators) -> str:
    return layer.add("Dropout", layer.x, layer.constant("ratio", layer.kind.rate))


# -- arithmetic


@writes(arithmetic.Power)
def power(layer: LayerOperators) -> str:
    return layer.add("Pow", layer.x, layer.constant("exponent", layer.kind.exponent))


@writes(arithmetic.Rescale)
def rescale(layer: LayerOperators) -> str:
    x = layer.x
    if layer.kind.factor != 1:
        x = layer.add("Mul", x, layer.constant("factor", layer.kind.factor))
    if layer.kind.offset or x == layer.x:
        x = layer.add("Add", x, layer.constant("offset", layer.kind.offset))
    return x


REDUCED = {"mean": "ReduceMean", "sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin"}


@writes(arithmetic.Reduce)
def reduce(layer: LayerOperators) -> str:
    if layer.kind.by not in REDUCED:
        raise Unsayable(f"`reduce` by {layer.kind.by}")
    axes = layer.integers("axes", [axis + 1 for axis in layer.kind.axes])
    return layer.add(REDUCED[layer.kind.by], layer.x, axes, keepdims=1)


@writes(arithmetic.Matmul)
def matmul(layer: LayerOperators) -> str:
    kind = layer.kind
    given = []
    turns = (kind.transpose, kind.transpose_other)
    for x, shape, turned in zip(layer.inputs, layer.shapes, turns, strict=True):
        last = len(shape)
        order = [*range(last - 1), last, last - 1]
        given.append(layer.transpose(x, *order) if turned else x)
    return layer.add("MatMul", *given)


# -- merges

MERGES = {
    merge.Add: "Add",
    merge.Multiply: "Mul",
    merge.Subtract: "Sub",
    merge.Divide: "Div",
    merge.Maximum: "Max",
    merge.Minimum: "Min",
}


@writes(*MERGES)
def combined(layer: LayerOperators) -> str:
    result = layer.x
    for other in layer.inputs[1:]:
        result = layer.add(MERGES[type(layer.kind)], result, other)
    return result


@writes(merge.Concat)
def concat(layer: LayerOperators) -> str:
    return layer.add("Concat", *layer.inputs, axis=layer.kind.axis + 1)


# -- products


@writes(linear.Linear)
def fully_connected(layer: LayerOperators) -> str:
    if layer.rank == 0:
        return layer.add("Gemm", layer.x, *layer.arrays("weight", "bias"), transB=1)
    axes = layer.integers("axes", range(2, 2 + layer.rank))
    weight = layer.add("Unsqueeze", layer.array("weight"), axes)
    return layer.add("Conv", layer.x, weight, *layer.arrays("bias"))


@writes(linear.Rbf)
def rbf(layer: LayerOperators) -> str:
    x = layer.add("Unsqueeze", layer.x, layer.integers("axes", [1]))
    apart = layer.add("Sub", x, layer.array("weight"))
    square = layer.add("Mul", apart, apart)
    return layer.add("ReduceSum", square, layer.integers("axes", [2]), keepdims=0)


@writes(linear.Scale)
def scale(layer: LayerOperators) -> str:
    x = layer.add("Mul", layer.x, layer.array("weight"))
    return layer.add("Add", x, layer.array("bias")) if layer.has("bias") else x


@writes(linear.Offset)
def offset(layer: LayerOperators) -> str:
    return layer.add("Add", layer.x, *layer.arrays("bias", "weight"))


@writes(attention.SqueezeExcitation)
def squeeze_excitation(layer: LayerOperators) -> str:
    kind = layer.kind
    x = layer.add("GlobalAveragePool", layer.x)
    x = layer.add("Conv", x, *layer.arrays("fc1.weight", "fc1.bias"))
    if kind.activation == "relu":
        x = layer.add("Relu", x)
    else:
        x = layer.add("Mul", x, layer.add("Sigmoid", x))
    x = layer.add("Conv", x, *layer.arrays("fc2.weight", "fc2.bias"))
    if kind.gate == "sigmoid":
        x = layer.add("Sigmoid", x)
    else:
        x = layer.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)
    return layer.add("Mul", layer.x, x)


@writes(custom.Custom, custom.CustomMerge)
def custom_operator(layer: LayerOperators) -> str:
    """An operator of a domain of its own, with what is stated of its output."""
    name = re.sub(r"\W+", "_", layer.kind.operator).strip("_") or "operator"
    arrays = [name for (index, name) in layer.building.arrays if index == layer.owner]
    shape = list(layer.facts.output)
    return layer.add_custom(name, *layer.inputs, *layer.arrays(*arrays), output_shape=shape)


@writes(attention.SelfAttention)
def self_attention(layer: LayerOperators) -> str:
    """`[N, C, P]` to queries, keys and values `[N, heads, size, P]`, and back."""
    kind = layer.kind
    channels, positions = layer.shape[0], product(layer.shape[1:])
    width = kind.width or channels
    heads, size = kind.heads, width // kind.heads
    flat = layer.reshape(layer.x, channels, positions)
    mixed = layer.add("MatMul", layer.array("in_proj_weight"), flat)
    if kind.bias:
        axes = layer.integers("axes", [1])
        bias = layer.add("Unsqueeze", layer.array("in_proj_bias"), axes)
        mixed = layer.add("Add", mixed, bias)
    parts = []
    for name, start in (("query", 0), ("key", width), ("value", 2 * width)):
        ends = [
            layer.integers(f"{name}_{end}", [at])
            for end, at in (("from", start), ("to", start + width))
        ]
        part = layer.add("Slice", mixed, *ends, layer.integers("axis", [1]))
        parts.append(layer.reshape(part, heads, size, positions))
    query, key, value = parts
    query = layer.add("Mul", query, layer.constant("scale", size**-0.5))
    scores = layer.add("MatMul", layer.transpose(query, 0, 1, 3, 2), key)
    weights = layer.add("Softmax", scores, axis=3)
    seen = layer.add("MatMul", value, layer.transpose(weights, 0, 1, 3, 2))
    seen = layer.reshape(seen, width, positions)
    out = layer.add("MatMul", layer.array("out_proj.weight"), seen)
    if kind.bias:
        bias = layer.add("Unsqueeze", layer.array("out_proj.bias"), layer.integers("axes", [1]))
        out = layer.add("Add", out, bias)
    return layer.reshape(out, *layer.shape)
