"""Activations."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.layers import weighted
from cnncalc.exchange.onnx.operators.registry import (
    OPERATORS,
    NodeCall,
    computed,
    operator,
    require,
)
from cnncalc.exchange.reading.program import Constant, Op

PLAIN = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "HardSwish": "hard_swish",
    "Exp": "exp",
    "Log": "log",
    "Abs": "abs",
    "GlobalAveragePool": "global_avg_pool",
    "GlobalMaxPool": "global_max_pool",
}
"""Operators without options, and the kind of each."""


def _plain(kind: str) -> Any:
    def function(call: NodeCall, x: Any) -> Op:
        return call.layer(kind, computed(x)) if kind.startswith("global") else value(call, kind, x)

    return function


def value(call: NodeCall, kind: str, x: Any, options: dict[str, Any] | None = None) -> Op:
    """A function of each value by itself."""
    x = computed(x)
    return call.emit(kind, [x], options, x.shape)


for _name, _kind in PLAIN.items():
    OPERATORS[_name] = _plain(_kind)


@operator("Erf")
def erf(call: NodeCall, x: Any) -> Op:
    """The error function, which makes a GELU or has no layer."""
    return value(call, "erf", x)


@operator("LeakyRelu")
def leaky_relu(call: NodeCall, x: Any, *, alpha: float = 0.01) -> Op:
    """Leaky ReLU."""
    return value(call, "leaky_relu", x, {"slope": alpha})


@operator("PRelu")
def prelu(call: NodeCall, x: Any, slope: Any) -> Op:
    """ReLU with stored slopes: one, or one for each channel."""
    x, slope = computed(x), weighted(slope, "slope")
    if slope.values == 1:
        one = slope.mapped((1,), lambda array: array.reshape(1))
        return call.emit("prelu", [x], {}, x.shape, arrays={"weight": one})
    channels = x.shape[1]
    fits = (*[1] * (len(x.shape) - 1 - len(slope.shape)), *slope.shape)
    require(fits == (channels, *[1] * (len(x.shape) - 2)), "with slopes for positions")
    flat = slope.mapped((channels,), lambda array: array.reshape(channels))
    options = {"parameters": "channels"}
    return call.emit("prelu", [x], options, x.shape, arrays={"weight": flat})


@operator("Elu")
def elu(call: NodeCall, x: Any, *, alpha: float = 1.0) -> Op:
    """ELU."""
    return value(call, "elu", x, {"alpha": alpha})


@operator("Celu")
def celu(call: NodeCall, x: Any, *, alpha: float = 1.0) -> Op:
    """CELU."""
    return value(call, "celu", x, {"alpha": alpha})


@operator("Selu")
def selu(call: NodeCall, x: Any, *, alpha: float = 1.67326319, gamma: float = 1.05070102) -> Op:
    """SELU with its own constants."""
    require(abs(alpha - 1.67326319) < 1e-5 and abs(gamma - 1.05070102) < 1e-5, "with constants")
    return value(call, "selu", x)


@operator("Gelu")
def gelu(call: NodeCall, x: Any, *, approximate: str = "none") -> Op:
    """GELU."""
    return value(call, "gelu", x, {"approximate": approximate})


@operator("HardSigmoid")
def hard_sigmoid(call: NodeCall, x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Op:
    """`min(max(α x + β, 0), 1)`; with ⅙ and ½ it is PyTorch's."""
    x = computed(x)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return value(call, "hard_sigmoid", x)
    inner = call.emit("mul", [x, call.number(alpha)], shape=x.shape)
    inner = call.emit("add", [inner, call.number(beta)], shape=x.shape)
    return value(call, "clip", inner, {"low": 0.0, "high": 1.0})


@operator("ThresholdedRelu")
def thresholded_relu(call: NodeCall, x: Any, *, alpha: float = 1.0) -> Op:
    """`x` above a threshold, else 0."""
    return value(call, "threshold", x, {"at": alpha, "value": 0})


@operator("Swish")
def swish(call: NodeCall, x: Any, *, alpha: float = 1.0) -> Op:
    """`x · σ(α x)`."""
    require(alpha == 1, "with a factor")
    return value(call, "silu", x)


@operator("Clip")
def clip(call: NodeCall, x: Any, low: Any = None, high: Any = None, **old: Any) -> Op:
    """Values kept between two numbers: inputs from opset 11 on, attributes before."""
    ends = []
    for end, name in ((low, "min"), (high, "max")):
        ends.append(old.get(name))
        if end is not None:
            found = weighted(end, "limit").scalar()
            require(found is not None, "with several limits")
            ends[-1] = found
    low, high = [None if e is None or abs(e) > 1e30 else float(e) for e in ends]
    return value(call, "clip", x, {"low": low, "high": high})


@operator("Softmax", "LogSoftmax")
def softmax(call: NodeCall, x: Any, *, axis: int | None = None) -> Op:
    """Softmax over an axis; before opset 13 over that axis and all behind it."""
    x = computed(x)
    rank = len(x.shape)
    name = "softmax" if call.name == "Softmax" else "log_softmax"
    if call.opset >= 13:
        return value(call, name, x, {"axis": (-1 if axis is None else axis) % rank})
    start = (1 if axis is None else axis) % rank
    behind = [n for n in range(start, rank) if x.shape[n] != 1]
    if len(behind) <= 1:
        return value(call, name, x, {"axis": behind[0] if behind else start})
    joined = 1
    for length in x.shape[start:]:
        joined *= length
    flat = call.emit("reshape", [x], shape=(*x.shape[:start], joined))
    found = value(call, name, flat, {"axis": start})
    return call.emit("reshape", [found], shape=x.shape)


@operator("Dropout")
def dropout(call: NodeCall, x: Any, ratio: Any = None, training: Any = None, **old: Any) -> Any:
    """Dropout, which does nothing at inference."""
    random = isinstance(training, Constant) and bool(training.numbers()[0])
    require(not random, "in training mode, where it is random")
    rate = old.get("ratio", 0.5)
    if isinstance(ratio, Constant):
        rate = ratio.scalar()
        require(rate is not None, "with several ratios")
    found = value(call, "dropout", x, {"rate": round(float(rate), 6)})
    return found if call.results == 1 else (found, None)
