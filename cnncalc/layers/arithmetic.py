"""Arithmetic without weights: functions of each value, reductions of axes, matrix products.

What networks write out between their layers; one of these is what a tensor library calls an
operator.
"""

from __future__ import annotations

from cnncalc.layers.activation import Elementwise
from cnncalc.layers.base import Facts, Kind, LayerError, Operations, pointwise, single
from cnncalc.layers.merge import Merge
from cnncalc.layers.options import Bool, Choice, Number, SizeList, option
from cnncalc.layers.saved import INPUTS, NONE, OUTPUT, SavedForBackward
from cnncalc.shapes import Shape, product


class Rescale(Kind, name="rescale"):
    """`factor · x + offset` with fixed numbers: an operation a value for each that changes it."""

    linear = True

    factor: float = option(Number(), "multiplied", default=1, main=True, mark="×")
    offset: float = option(Number(), "added", default=0, mark="+")

    saved = NONE

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        steps = (self.factor != 1) + (self.offset != 0)
        return Facts(
            shape,
            operations=Operations(elementwise=steps * product(shape)),
            windows=(pointwise(shape),),
            elementwise=True,
        )


class Power(Elementwise, name="power"):
    """`x` to a fixed power: one operation a value."""

    per_value = 1
    exponent: float = option(Number(), "the power", required=True, main=True, mark="^")


class Exp(Elementwise, name="exp"):
    """The exponential: one operation a value."""

    per_value = 1
    saved = OUTPUT


class Log(Elementwise, name="log"):
    """The natural logarithm: one operation a value."""

    per_value = 1


class Abs(Elementwise, name="abs"):
    """The absolute value: one operation a value."""

    per_value = 1


class Clip(Kind, name="clip"):
    """Values kept between two numbers: a comparison a value for each of them."""

    low: float | None = option(Number(), "the least; none where left out", mark="from ")
    high: float | None = option(Number(), "the most; none where left out", mark="to ")

    saved = INPUTS

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        steps = (self.low is not None) + (self.high is not None)
        return Facts(
            shape,
            operations=Operations(activation=steps * product(shape)),
            windows=(pointwise(shape),),
            elementwise=True,
        )


class Reduce(Kind, name="reduce"):
    """One value for all values along some axes, which stay with size 1.

    Axis 0 is the channels. An operation a value that is read; a mean divides each result too.
    """

    by: str = option(
        Choice("mean", "sum", "max", "min"), "what is taken", default="mean", main=True
    )
    axes: tuple[int, ...] = option(SizeList(0), "the axes, from 0 for the channels", default=(0,))

    @property
    def linear(self) -> bool:
        return self.by in ("mean", "sum")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        check_axes(self.axes, shape, "axes")
        output = tuple([1 if axis in self.axes else size for axis, size in enumerate(shape)])
        return Facts(
            output,
            operations=Operations(pooling=product(shape)),
            windows=(pointwise(shape) if self.axes == (0,) and len(shape) > 1 else None,),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return NONE if self.linear else SavedForBackward(inputs=True, output=True)


class Matmul(Merge, name="matmul"):
    """The matrix product of two branches, over their last two axes.

    `[…, M, K] · […, K, N]` is `[…, M, N]`; the axes before must agree. `M·K·N`
    multiply-accumulates for each of them. Either branch may be taken transposed.
    """

    transpose: bool = option(Bool(), "whether the first branch is transposed", default=False)
    transpose_other: bool = option(Bool(), "whether the second is", default=False)

    saved = SavedForBackward(inputs=True, takes="low")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        if len(inputs) != 2:
            raise LayerError("bad-value", f"multiplies two branches, not {len(inputs)}")
        first = _turned(inputs[0], self.transpose)
        second = _turned(inputs[1], self.transpose_other)
        if (
            len(first) < 2
            or len(first) != len(second)
            or first[:-2] != second[:-2]
            or first[-1] != second[-2]
        ):
            raise LayerError(
                "shape-mismatch",
                f"{list(first)} and {list(second)} are no matrices that can be multiplied: "
                "columns of the first and rows of the second must agree, and the axes before",
            )
        output = (*first[:-1], second[-1])
        return Facts(
            output,
            operations=Operations(macs=product(output) * first[-1]),
            windows=(None, None),
        )


def check_axes(axes: tuple[int, ...], shape: Shape, option: str) -> None:
    """Refuse axes that the input does not have."""
    for axis in axes:
        if axis >= len(shape):
            raise LayerError(
                "bad-value",
                f"axis {axis} is not among those of {list(shape)}, which count from 0",
                option=option,
            )


def _turned(shape: Shape, turned: bool) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if turned and len(shape) > 1 else shape
