"""Where branches meet, and arithmetic of tensors and numbers."""

from __future__ import annotations

from typing import Any

from cnncalc.exchange.keras.layers.registry import (
    LAYERS,
    OPERATIONS,
    Call,
    Unsupported,
    layer,
    require,
)
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import broadcast, reduced


def _merge(name: str) -> Any:
    def function(call: Call, *tensors: Op) -> Op:
        found = tensors[0]
        for one in tensors[1:]:
            found = call.emit(name, [found, one], shape=broadcast(found.shape, one.shape))
        return found

    return function


for _class, _name in (
    ("Add", "add"), ("Subtract", "sub"), ("Multiply", "mul"), ("Maximum", "maximum"),
    ("Minimum", "minimum"),
):  # fmt: skip
    LAYERS[_class] = _merge(_name)


@layer("Average")
def average(call: Call, *tensors: Op) -> Op:
    """The mean of tensors."""
    total: Op = LAYERS["Add"](call, *tensors)
    return call.emit("div", [total, call.number(len(tensors))], shape=total.shape)


@layer("Concatenate")
def concatenate(call: Call, *tensors: Op) -> Op:
    """Tensors one after the other."""
    axis = call.config.get("axis", -1) % len(tensors[0].shape)
    shape = list(tensors[0].shape)
    shape[axis] = sum(one.shape[axis] for one in tensors)
    return call.emit("concat", list(tensors), {"axis": axis}, shape)


@layer("CustomScaleLayer")
def custom_scale(call: Call, x: Op, residual: Op) -> Op:
    """Inception-ResNet's sum with a scaled residual."""
    scale = call.number(call.config["scale"])
    scaled = call.emit("mul", [residual, scale], shape=residual.shape)
    return call.emit("add", [x, scaled], shape=x.shape)


def _arithmetic(name: str) -> Any:
    def function(call: Call, a: Any, b: Any) -> Op:
        operands = []
        for one in (a, b):
            if isinstance(one, (int, float)):
                one = call.number(one)
            if not hasattr(one, "shape"):
                raise Unsupported("with something else than tensors and numbers")
            operands.append(one)
        shape = broadcast(operands[0].shape, operands[1].shape)
        return call.emit(name, operands, shape=shape)

    return function


for _class, _name in (
    ("Add", "add"), ("Subtract", "sub"), ("Multiply", "mul"), ("TrueDivide", "div"),
    ("Divide", "div"), ("Maximum", "maximum"), ("Minimum", "minimum"),
):  # fmt: skip
    OPERATIONS[_class] = _arithmetic(_name)


def _reduction(by: str) -> Any:
    def function(call: Call, x: Op, axis: Any = None, keepdims: bool = False) -> Op:
        axis = call.config.get("axis") if axis is None else axis
        keepdims = bool(call.config.get("keepdims") or keepdims)
        require(axis is not None, "over the batch as well")
        axes = sorted({a % len(x.shape) for a in ([axis] if isinstance(axis, int) else axis)})
        options = {"by": by, "axes": axes, "keepdims": keepdims}
        return call.emit("reduce", [x], options, reduced(x.shape, axes, keepdims))

    return function


for _class, _name in (("Mean", "mean"), ("Sum", "sum"), ("Max", "max"), ("Min", "min")):
    OPERATIONS[_class] = _reduction(_name)
