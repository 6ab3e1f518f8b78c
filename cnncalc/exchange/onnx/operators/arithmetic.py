"""Sums, products, powers, reductions, matrix products."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.onnx.operators.registry import (
    OPERATORS,
    NodeCall,
    computed,
    ints,
    operator,
    require,
)
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import broadcast, product, reduced

BINARY = {"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div"}


def _binary(name: str) -> Any:
    def function(call: NodeCall, a: Any, b: Any, *, axis: int = 0) -> Op:
        return call.emit(name, [a, b], shape=broadcast(a.shape, b.shape))

    return function


for _name, _op in BINARY.items():
    OPERATORS[_name] = _binary(_op)


def _several(name: str) -> Any:
    def function(call: NodeCall, *tensors: Any) -> Op:
        found = tensors[0]
        for one in tensors[1:]:
            found = call.emit(name, [found, one], shape=broadcast(found.shape, one.shape))
        return computed(found)

    return function


for _name, _op in (("Sum", "add"), ("Max", "maximum"), ("Min", "minimum")):
    OPERATORS[_name] = _several(_op)


@operator("Mean")
def mean(call: NodeCall, *tensors: Any) -> Op:
    """The mean of tensors."""
    total = OPERATORS["Sum"](call, *tensors)
    return call.emit("div", [total, call.number(len(tensors))], shape=total.shape)


@operator("Neg")
def neg(call: NodeCall, x: Any) -> Op:
    """The negative."""
    x = computed(x)
    return call.emit("mul", [x, call.number(-1)], shape=x.shape)


@operator("Pow")
def power(call: NodeCall, x: Any, exponent: Any) -> Op:
    """A power with a fixed exponent."""
    found = exponent.scalar() if isinstance(exponent, Constant) else None
    require(found is not None, "with a computed exponent")
    return _power(call, x, float(found or 0))


def _power(call: NodeCall, x: Any, exponent: float) -> Op:
    x = computed(x)
    number = int(exponent) if exponent == int(exponent) else exponent
    return call.emit("power", [x], {"exponent": number}, x.shape)


@operator("Sqrt")
def sqrt(call: NodeCall, x: Any) -> Op:
    """The square root."""
    return _power(call, x, 0.5)


@operator("Reciprocal")
def reciprocal(call: NodeCall, x: Any) -> Op:
    """One over the value."""
    return _power(call, x, -1)


REDUCTIONS = {"ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min"}


@operator(*REDUCTIONS, "ReduceL1", "ReduceL2", "ReduceSumSquare")
def reduce(
    call: NodeCall, x: Any, over: Any = None, *, axes: Any = None, keepdims: int = 1, **others: Any
) -> Op:
    """One value along axes: an attribute, or an input in later opsets; all where none are named."""
    x = computed(x)
    which = over if over is not None else axes
    named = [] if which is None else ints(which, "axes")
    idle = not named and bool(others.get("noop_with_empty_axes"))
    require(bool(named) or idle, "over the batch as well")
    places = sorted({axis % len(x.shape) for axis in named})
    by, inner = REDUCTIONS.get(call.name, "sum"), x
    if call.name == "ReduceL1":
        inner = call.emit("abs", [x], shape=x.shape)
    elif by == "sum" and call.name != "ReduceSum":
        inner = _power(call, x, 2)
    if idle:
        found = inner
    else:
        options = {"by": by, "axes": places, "keepdims": bool(keepdims)}
        shape = reduced(x.shape, places, bool(keepdims))
        found = call.emit("reduce", [inner], options, shape)
    return _power(call, found, 0.5) if call.name == "ReduceL2" else found


@operator("MatMul")
def matmul(call: NodeCall, a: Any, b: Any) -> Op:
    """A matrix product; with a stored matrix a linear layer."""
    if isinstance(b, Constant) and len(b.shape) == 2 and isinstance(a, Op):
        weight = b.mapped(b.shape[::-1], lambda array: array.T)
        options = {"features": weight.shape[0], "bias": False}
        shape = (*a.shape[:-1], weight.shape[0])
        require(a.shape[-1] == b.shape[0], f"of {list(a.shape)} and {list(b.shape)}")
        return call.emit("linear", [a], options, shape, arrays={"weight": weight}, channel=-1)
    if isinstance(a, Constant) and len(a.shape) == 2 and isinstance(b, Op):
        options = {"features": a.shape[0], "bias": False}
        shape = (*b.shape[:-2], a.shape[0], b.shape[-1])
        return call.emit("linear", [b], options, shape, arrays={"weight": a}, channel=-2)
    a, b = computed(a), computed(b)
    return call.emit("matmul", [a, b], shape=product(a.shape, b.shape))
