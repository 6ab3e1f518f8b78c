"""Activations."""

from __future__ import annotations

from math import inf
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.torch.operators.arithmetic import operand
from cnncalc.exchange.torch.operators.registry import (
    OPERATORS,
    Call,
    Ones,
    computed,
    operator,
    require,
    stored,
)

PLAIN = {
    "relu": "relu",
    "relu6": "relu6",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "silu": "silu",
    "mish": "mish",
    "hardswish": "hard_swish",
    "hardsigmoid": "hard_sigmoid",
    "selu": "selu",
    "exp": "exp",
    "log": "log",
    "abs": "abs",
    "erf": "erf",
    "sin": "sin",
    "cos": "cos",
    "sign": "sign",
}
"""Operators without options, and what stands for each."""


def _plain(kind: str) -> Any:
    def function(call: Call, x: Any) -> Op:
        return call.emit(kind, [computed(x)])

    return function


for _name, _kind in PLAIN.items():
    OPERATORS[f"aten.{_name}"] = _plain(_kind)


@operator("aten.gelu")
def gelu(call: Call, x: Any, approximate: str = "none") -> Op:
    """GELU, exact or with tanh."""
    return call.emit("gelu", [computed(x)], {"approximate": approximate})


@operator("aten.hardtanh", "aten.clamp", "aten.clip")
def clamp(call: Call, x: Any, low: Any = None, high: Any = None) -> Op:
    """Values kept between two numbers."""
    if call.name == "aten.hardtanh":
        low, high = -1 if low is None else low, 1 if high is None else high
    tensors = (Op, Constant)
    if isinstance(low, tensors) or isinstance(high, tensors):
        found = computed(x)
        if low is not None:
            found = call.emit("maximum", [found, operand(call, low)])
        return found if high is None else call.emit("minimum", [found, operand(call, high)])
    return call.emit(
        "clip",
        [computed(x)],
        {"low": -inf if low is None else low, "high": inf if high is None else high},
    )


@operator("aten.clamp_min")
def clamp_min(call: Call, x: Any, low: Any) -> Op:
    """Values kept above a number."""
    return clamp(call, x, low, None)


@operator("aten.clamp_max")
def clamp_max(call: Call, x: Any, high: Any) -> Op:
    """Values kept below a number."""
    return clamp(call, x, None, high)


@operator("aten.leaky_relu")
def leaky_relu(call: Call, x: Any, slope: float = 0.01) -> Op:
    """Leaky ReLU."""
    return call.emit("leaky_relu", [computed(x)], {"slope": slope})


@operator("aten.rrelu")
def rrelu(call: Call, x: Any, low: float = 0.125, high: float = 1 / 3, *others: Any) -> Op:
    """At inference a leaky ReLU with the mean slope."""
    return call.emit("leaky_relu", [computed(x)], {"slope": (low + high) / 2})


@operator("aten.elu")
def elu(call: Call, x: Any, alpha: float = 1.0, scale: float = 1, inner: float = 1) -> Op:
    """ELU."""
    require(scale == 1 and inner == 1, "with further scales")
    return call.emit("elu", [computed(x)], {"alpha": alpha})


@operator("aten.celu")
def celu(call: Call, x: Any, alpha: float = 1.0) -> Op:
    """CELU."""
    return call.emit("celu", [computed(x)], {"alpha": alpha})


@operator("aten.softplus")
def softplus(call: Call, x: Any, beta: float = 1, threshold: float = 20) -> Op:
    """Softplus; `beta` scales before and after.

    Above the threshold it is linear, which the usual one of 20 leaves within rounding.
    """
    require(threshold >= 15, f"with a threshold of {threshold:g}")
    if beta == 1:
        return call.emit("softplus", [computed(x)])
    inner = call.emit("mul", [computed(x), call.number(beta)])
    inner = call.emit("softplus", [inner])
    return call.emit("div", [inner, call.number(beta)])


@operator("aten.threshold")
def threshold(call: Call, x: Any, at: float, value: float) -> Op:
    """A fixed value below a threshold."""
    return call.emit("threshold", [computed(x)], {"at": at, "value": value})


@operator("aten.prelu")
def prelu(call: Call, x: Any, weight: Any) -> Op:
    """ReLU with trained slopes."""
    weight = stored(weight, "slope")
    shared = weight is not None and weight.values == 1
    return call.emit(
        "prelu",
        [computed(x)],
        {"parameters": "shared" if shared else "channels"},
        arrays={"weight": weight},
    )


@operator("aten.log_sigmoid")
def log_sigmoid(call: Call, x: Any) -> Op:
    """`log σ(x) = −softplus(−x)`."""
    inner = call.emit("mul", [computed(x), call.number(-1)])
    inner = call.emit("softplus", [inner])
    return call.emit("mul", [inner, call.number(-1)])


@operator("aten.glu")
def glu(call: Call, x: Any, axis: int = -1) -> Op:
    """The first half of an axis, gated by the second."""
    x = computed(x)
    half = x.shape[axis] // 2
    first = call.emit("slice", [x], {"axis": axis, "start": 0, "stop": half, "step": 1})
    second = call.emit("slice", [x], {"axis": axis, "start": half, "stop": 2 * half, "step": 1})
    gate = call.emit("sigmoid", [second])
    return call.emit("mul", [first, gate])


@operator("aten.softmax", "aten._softmax", "aten.log_softmax", "aten._log_softmax")
def softmax(call: Call, x: Any, axis: int, dtype: Any = None) -> Op:
    """Softmax over an axis, or its logarithm."""
    name = "log_softmax" if "log" in call.name else "softmax"
    return call.emit(name, [computed(x)], {"axis": axis})


@operator("aten.new_ones")
def new_ones(call: Call, x: Any, shape: Any, **options: Any) -> Ones:
    """Ones that are made for an input."""
    require(all(size == 1 for size in shape[1:]), "of more than one a sample")
    return Ones()


@operator("aten.dropout", "aten.feature_dropout", "aten.alpha_dropout", "aten.native_dropout")
def dropout(call: Call, x: Any, rate: float, training: bool = False) -> Any:
    """Dropout, which does nothing at inference; of ones, the factors of a dropped path."""
    require(not training, "in training mode")
    if isinstance(x, Ones):
        return Ones(rate)
    return call.emit("dropout", [computed(x)], {"rate": rate})
