"""Where branches meet, and arithmetic of tensors and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.exchange.keras.layers.normalization import written
from cnncalc.exchange.keras.layers.registry import (
    LAYERS,
    OPERATIONS,
    LayerCall,
    Unsupported,
    layer,
    require,
)
from cnncalc.exchange.keras.layers.tensors import normalized, permuted, reshaped_to
from cnncalc.exchange.reading.program import Op
from cnncalc.exchange.reading.shaping import broadcast, product, reduced
from cnncalc.layers.base import LayerError


def _merge(name: str) -> Any:
    def function(call: LayerCall, *tensors: Op) -> Op:
        found, *others = _of_one_rank(call, tensors)
        for one in others:
            found = call.emit(name, [found, one], shape=broadcast(found.shape, one.shape))
        return found

    return function


def _of_one_rank(call: LayerCall, tensors: Sequence[Op]) -> list[Op]:
    """Tensors with as many axes each; Keras puts those that lack behind the batch."""
    rank = max(len(one.shape) for one in tensors)
    return [
        reshaped_to(call, one, (one.shape[0], *[1] * (rank - len(one.shape)), *one.shape[1:]))
        for one in tensors
    ]


for _class, _name in (
    ("Add", "add"), ("Subtract", "sub"), ("Multiply", "mul"), ("Maximum", "maximum"),
    ("Minimum", "minimum"),
):  # fmt: skip
    LAYERS[_class] = _merge(_name)


@layer("Average")
def average(call: LayerCall, *tensors: Op) -> Op:
    """The mean of tensors."""
    total: Op = LAYERS["Add"](call, *tensors)
    return call.emit("div", [total, call.number(len(tensors))], shape=total.shape)


@layer("Concatenate")
def concatenate(call: LayerCall, *tensors: Op) -> Op:
    """Tensors one after the other."""
    sizes = {len(one.shape) for one in tensors}
    require(len(sizes) == 1, "of tensors of unequal rank")
    axis = call.config.get("axis", -1) % len(tensors[0].shape)
    shape = list(tensors[0].shape)
    for place, size in enumerate(shape):
        if place != axis and any(one.shape[place] != size for one in tensors):
            raise LayerError(
                "shape-mismatch",
                "its inputs are "
                + " and ".join(str(list(one.shape[1:])) for one in tensors)
                + f", which differ along another axis than {axis}",
            )
    shape[axis] = sum(one.shape[axis] for one in tensors)
    return call.emit("concat", list(tensors), {"axis": axis}, shape)


@layer("Dot")
def dot(call: LayerCall, a: Op, b: Op) -> Op:
    """Dot products along one axis of each."""
    axes = call.config["axes"]
    first, second = [axes, axes] if isinstance(axes, int) else axes
    first, second = first % len(a.shape), second % len(b.shape)
    require(bool(first and second), "along the batch")
    require(len(a.shape) <= 3 and len(b.shape) <= 3, "of tensors of more than two axes")
    if call.config.get("normalize"):
        a, b = normalized(call, a, [first], 1e-12), normalized(call, b, [second], 1e-12)
    rows = [axis for axis in range(1, len(a.shape)) if axis != first]
    columns = [axis for axis in range(1, len(b.shape)) if axis != second]
    shape = (a.shape[0], *[a.shape[n] for n in rows], *[b.shape[n] for n in columns])
    left = permuted(call, a, (0, *rows, first))
    right = permuted(call, b, (0, second, *columns))
    left = reshaped_to(call, left, (left.shape[0], prod(left.shape[1:-1]), left.shape[-1]))
    right = reshaped_to(call, right, (right.shape[0], right.shape[1], prod(right.shape[2:])))
    found = call.emit("matmul", [left, right], shape=product(left.shape, right.shape))
    return reshaped_to(call, found, shape if len(shape) > 1 else (shape[0], 1))


@layer("CustomScaleLayer")
def custom_scale(call: LayerCall, x: Op, residual: Op) -> Op:
    """Inception-ResNet's sum with a scaled residual."""
    scale = call.number(call.config["scale"])
    scaled = call.emit("mul", [residual, scale], shape=residual.shape)
    return call.emit("add", [x, scaled], shape=x.shape)


def _arithmetic(name: str) -> Any:
    def function(call: LayerCall, a: Any, b: Any) -> Op:
        operands = []
        for one in (a, b):
            if isinstance(one, (int, float)):
                one = call.number(one)
            if isinstance(one, list) and one:
                one = written(one)
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
    def function(call: LayerCall, x: Op, axis: Any = None, keepdims: bool = False) -> Op:
        axis = call.config.get("axis") if axis is None else axis
        keepdims = bool(call.config.get("keepdims") or keepdims)
        require(axis is not None, "over the batch as well")
        axes = sorted({a % len(x.shape) for a in ([axis] if isinstance(axis, int) else axis)})
        options = {"by": by, "axes": axes, "keepdims": keepdims}
        return call.emit("reduce", [x], options, reduced(x.shape, axes, keepdims))

    return function


for _class, _name in (("Mean", "mean"), ("Sum", "sum"), ("Max", "max"), ("Min", "min")):
    OPERATIONS[_class] = _reduction(_name)
