"""Convolutions and linear layers."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.torch.operators.registry import (
    Call,
    computed,
    listed,
    operator,
    require,
    stored,
)


@operator("aten.conv1d", "aten.conv2d", "aten.conv3d")
def conv(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Op:
    """Convolution; padding `same` puts an odd row behind, as ours."""
    x, weight, bias = computed(x), stored(weight, "weight"), stored(bias, "bias")
    assert weight is not None
    rank = len(weight.shape) - 2
    require(len(x.shape) == rank + 2, "without a batch")
    return call.emit(
        "conv",
        [x],
        {
            "filters": weight.shape[0],
            "kernel": weight.shape[2:],
            "stride": listed(stride, rank),
            "padding": padding if isinstance(padding, str) else listed(padding, rank),
            "dilation": listed(dilation, rank),
            "groups": groups,
            "bias": bias is not None,
            **fixed(weight),
        },
        arrays={"weight": weight, "bias": bias},
    )


def fixed(weight: Constant) -> dict[str, bool]:
    """The option of a kernel that is stored and not trained."""
    return {} if weight.role in ("parameter", "stored") else {"trainable": False}


@operator("aten.conv_transpose1d", "aten.conv_transpose2d", "aten.conv_transpose3d")
def conv_transpose(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Op:
    """Transposed convolution."""
    x, weight, bias = computed(x), stored(weight, "weight"), stored(bias, "bias")
    assert weight is not None
    rank = len(weight.shape) - 2
    require(len(x.shape) == rank + 2, "without a batch")
    if x.shape[1] != weight.shape[0]:
        # PyTorch checks it where there are values only
        raise ValueError(f"expected {weight.shape[0]} channels, and {x.shape[1]} arrive")
    return call.emit(
        "conv_transpose",
        [x],
        {
            "filters": weight.shape[1] * groups,
            "kernel": weight.shape[2:],
            "stride": listed(stride, rank),
            "padding": listed(padding, rank),
            "output_padding": listed(output_padding, rank),
            "dilation": listed(dilation, rank),
            "groups": groups,
            "bias": bias is not None,
        },
        arrays={"weight": weight, "bias": bias},
    )


@operator("aten.convolution")
def convolution(
    call: Call,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Op:
    """Both kinds of convolution in one operator, as decomposed programs have them."""
    if transposed:
        return conv_transpose(
            call, x, weight, bias, stride, padding, output_padding, groups, dilation
        )
    return conv(call, x, weight, bias, stride, padding, dilation, groups)


@operator("aten.linear")
def linear(call: Call, x: Any, weight: Any, bias: Any = None) -> Op:
    """A fully connected layer on the last axis."""
    x, weight, bias = computed(x), stored(weight, "weight"), stored(bias, "bias")
    assert weight is not None
    return call.emit(
        "linear",
        [x],
        {"features": weight.shape[0], "bias": bias is not None},
        arrays={"weight": weight, "bias": bias},
        channel=-1,
    )


@operator("aten.addmm")
def addmm(call: Call, bias: Any, x: Any, weight: Any, beta: float = 1, alpha: float = 1) -> Op:
    """A fully connected layer in decomposed programs: the weight comes transposed."""
    require(beta == 1 and alpha == 1, "with factors")
    product = matmul(call, x, weight)
    return call.emit("add", [product, bias])


@operator("aten.einsum")
def einsum(call: Call, equation: str, operands: Any, **options: Any) -> Op:
    """A sum of products of two tensors: a product of matrices between permutations."""
    terms, arrow, result = equation.replace(" ", "").partition("->")
    sides = terms.split(",")
    plain = bool(arrow) and len(sides) == 2 and "." not in equation
    require(plain and all(len(set(side)) == len(side) for side in (*sides, result)), equation)
    first, second = computed(operands[0]), computed(operands[1])
    sizes = dict(zip(sides[0] + sides[1], first.shape + second.shape, strict=True))
    shared = [a for a in sides[0] if a in sides[1] and a in result]
    summed = [a for a in sides[0] if a in sides[1] and a not in result]
    left = [a for a in sides[0] if a not in sides[1]]
    right = [a for a in sides[1] if a not in sides[0]]
    require(set(result) == {*shared, *left, *right}, equation)

    def matrix(x: Op, names: str, rows: list[str], columns: list[str]) -> Op:
        order = [names.index(a) for a in (*shared, *rows, *columns)]
        x = call.emit("permute", [x], {"order": order}, [x.shape[a] for a in order])
        front = [sizes[a] for a in shared]
        shape = (*front, prod([sizes[a] for a in rows]), prod([sizes[a] for a in columns]))
        return call.emit("reshape", [x], shape=shape)

    one, two = matrix(first, sides[0], left, summed), matrix(second, sides[1], summed, right)
    found = call.emit("matmul", [one, two], shape=(*one.shape[:-1], two.shape[-1]))
    names = [*shared, *left, *right]
    found = call.emit("reshape", [found], shape=[sizes[a] for a in names])
    return call.emit("permute", [found], {"order": [names.index(a) for a in result]})


@operator("aten.matmul", "aten.bmm", "aten.mm")
def matmul(call: Call, x: Any, other: Any) -> Op:
    """A matrix product; with a stored matrix on the right a linear layer."""
    if isinstance(other, Constant) and isinstance(x, Op) and len(other.shape) == 2:
        weight = other.mapped(other.shape[::-1], lambda array: array.T)
        return call.emit(
            "linear",
            [x],
            {"features": weight.shape[0], "bias": False},
            arrays={"weight": weight},
            channel=-1,
        )
    if isinstance(x, Constant) and isinstance(other, Op) and len(x.shape) == 2:
        return call.emit(
            "linear",
            [other],
            {"features": x.shape[0], "bias": False},
            arrays={"weight": x},
            channel=-2,
        )
    return call.emit("matmul", [computed(x), computed(other)])
