"""Sums, products, powers, reductions."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.torch.operators.registry import Call, Ones, computed, operator, require


def operand(call: Call, value: Any) -> Op | Constant:
    """A tensor or a number as an operand."""
    value = 1.0 if isinstance(value, Ones) else value
    return value if isinstance(value, (Op, Constant)) else call.number(value)


@operator("aten.add")
def add(call: Call, x: Any, other: Any, alpha: float = 1) -> Op:
    """A sum; `alpha` scales the second."""
    return call.emit("add", [operand(call, x), _scaled(call, other, alpha)])


@operator("aten.sub")
def sub(call: Call, x: Any, other: Any, alpha: float = 1) -> Op:
    """A difference."""
    return call.emit("sub", [operand(call, x), _scaled(call, other, alpha)])


@operator("aten.rsub")
def rsub(call: Call, x: Any, other: Any, alpha: float = 1) -> Op:
    """A difference the other way round."""
    return call.emit("sub", [operand(call, other), _scaled(call, x, alpha)])


def _scaled(call: Call, value: Any, alpha: float) -> Op | Constant:
    if alpha == 1:
        return operand(call, value)
    if isinstance(value, (int, float)):
        return call.number(alpha * value)
    require(isinstance(value, Op), "a scaled stored array")
    return call.emit("mul", [value, call.number(alpha)], shape=value.shape)


@operator("aten.mul", "aten.multiply")
def mul(call: Call, x: Any, other: Any) -> Op:
    """A product; by ones that are dropped, stochastic depth."""
    if isinstance(other, Ones):
        return call.emit("drop_path", [computed(x)], {"rate": other.rate})
    return call.emit("mul", [operand(call, x), operand(call, other)])


@operator("aten.div", "aten.true_divide")
def div(call: Call, x: Any, other: Any, rounding_mode: str | None = None) -> Op:
    """A quotient."""
    require(rounding_mode is None, "with rounding")
    return call.emit("div", [operand(call, x), operand(call, other)])


@operator("aten.maximum", "aten.max")
def maximum(call: Call, x: Any, other: Any = None, keepdim: bool = False) -> Any:
    """The larger of two tensors; with an axis, the largest along it and its place."""
    if isinstance(other, int):
        call.shape = call.shape[0]
        return _reduced(call, x, [other], keepdim, "max"), None
    require(other is not None, "over everything")
    return call.emit("maximum", [operand(call, x), operand(call, other)])


@operator("aten.minimum", "aten.min")
def minimum(call: Call, x: Any, other: Any = None, keepdim: bool = False) -> Any:
    """The smaller of two tensors; with an axis, the smallest along it and its place."""
    if isinstance(other, int):
        call.shape = call.shape[0]
        return _reduced(call, x, [other], keepdim, "min"), None
    require(other is not None, "over everything")
    return call.emit("minimum", [operand(call, x), operand(call, other)])


@operator("aten.neg")
def neg(call: Call, x: Any) -> Op:
    """The negative."""
    return call.emit("mul", [computed(x), call.number(-1)])


@operator("aten.pow")
def power(call: Call, x: Any, exponent: Any) -> Op:
    """A power with a fixed exponent."""
    require(isinstance(exponent, (int, float)), "with a computed exponent")
    return call.emit("power", [computed(x)], {"exponent": exponent})


@operator("aten.sqrt")
def sqrt(call: Call, x: Any) -> Op:
    """The square root."""
    return call.emit("power", [computed(x)], {"exponent": 0.5})


@operator("aten.rsqrt")
def rsqrt(call: Call, x: Any) -> Op:
    """One over the square root."""
    return call.emit("power", [computed(x)], {"exponent": -0.5})


@operator("aten.reciprocal")
def reciprocal(call: Call, x: Any) -> Op:
    """One over the value."""
    return call.emit("power", [computed(x)], {"exponent": -1})


@operator("aten.square")
def square(call: Call, x: Any) -> Op:
    """The square."""
    return call.emit("power", [computed(x)], {"exponent": 2})


@operator("aten.mean")
def mean(call: Call, x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Op:
    """The mean along axes."""
    return _reduced(call, x, axes, keepdim, "mean")


@operator("aten.sum")
def sum_(call: Call, x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Op:
    """The sum along axes."""
    return _reduced(call, x, axes, keepdim, "sum")


@operator("aten.amax")
def amax(call: Call, x: Any, axes: Any = (), keepdim: bool = False) -> Op:
    """The largest value along axes."""
    return _reduced(call, x, axes, keepdim, "max")


@operator("aten.amin")
def amin(call: Call, x: Any, axes: Any = (), keepdim: bool = False) -> Op:
    """The smallest value along axes."""
    return _reduced(call, x, axes, keepdim, "min")


@operator("aten.norm", "aten.linalg_vector_norm")
def norm(
    call: Call, x: Any, p: Any = 2, axes: Any = None, keepdim: bool = False, dtype: Any = None
) -> Op:
    """The 1-norm or 2-norm along axes: powers summed, and their root."""
    x = computed(x)
    require(p in (1, 2), f"of order {p}")
    inner = (
        call.emit("abs", [x], shape=x.shape)
        if p == 1
        else call.emit("power", [x], {"exponent": 2}, x.shape)
    )
    found = _reduced(call, inner, axes, keepdim, "sum")
    return found if p == 1 else call.emit("power", [found], {"exponent": 0.5})


@operator("aten.var")
def var(
    call: Call,
    x: Any,
    axes: Any = None,
    unbiased: Any = True,
    keepdim: bool = False,
    *,
    correction: Any = None,
) -> Op:
    """The variance along axes: the mean square of the distances to the mean."""
    x = computed(x)
    less = (1 if unbiased else 0) if correction is None else correction
    listed = _listed(x, axes)
    middle = tuple([1 if a in listed else n for a, n in enumerate(x.shape)])
    average = call.emit("reduce", [x], {"by": "mean", "axes": listed, "keepdims": True}, middle)
    distance = call.emit("sub", [x, average], shape=x.shape)
    squares = call.emit("power", [distance], {"exponent": 2}, x.shape)
    found = _reduced(call, squares, listed, keepdim, "mean")
    count = prod([x.shape[a] for a in listed])
    require(count > less, "of a single value")
    return call.emit("mul", [found, call.number(count / (count - less))]) if less else found


@operator("aten.std")
def std(call: Call, x: Any, *args: Any, **options: Any) -> Op:
    """The root of the variance."""
    return call.emit("power", [var(call, x, *args, **options)], {"exponent": 0.5})


def _listed(x: Op, axes: Any) -> list[int]:
    rank = len(x.shape)
    require(axes is not None and axes != [] and axes != (), "over the batch as well")
    return sorted({a % rank for a in ([axes] if isinstance(axes, int) else axes)})


def _reduced(call: Call, x: Any, axes: Any, keepdim: bool, by: str) -> Op:
    x = computed(x)
    return call.emit("reduce", [x], {"by": by, "axes": _listed(x, axes), "keepdims": keepdim})
