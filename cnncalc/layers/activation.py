"""Activations: ReLU and its family, the sigmoid family, softmax; dropout and identity.

Operations a value are counted as comparisons, elementary functions (exp, log, tanh, erf) and
the four arithmetic operations of the formula each class states.
"""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.base import Facts, Kind, LayerError, Operations, pointwise, single
from cnncalc.layers.options import Choice, Int, Number, Rate, option
from cnncalc.layers.saved import INPUTS, OUTPUT, PASSED, SavedForBackward, SavedTensor
from cnncalc.shapes import Shape, product

SIGNED = SavedForBackward(inputs=True, from_output=True)
"""The sign of the output tells the input's, so that one written in place keeps its output."""


class Elementwise(Kind):
    """A function of each value by itself, which may be written over its input."""

    per_value: ClassVar[int]
    saved = INPUTS

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return Facts(
            shape,
            operations=Operations(activation=self.per_value * product(shape)),
            windows=(pointwise(shape),),
            elementwise=True,
        )


class Relu(Elementwise, name="relu"):
    """`max(x, 0)`: one operation a value."""

    per_value = 1
    saved = OUTPUT


class Relu6(Elementwise, name="relu6"):
    """`min(max(x, 0), 6)`: two operations a value."""

    per_value = 2


class LeakyRelu(Elementwise, name="leaky_relu"):
    """`x` where positive, else `slope · x`: two operations a value."""

    per_value = 2
    saved = SIGNED
    slope: float = option(Number(), "slope below zero", default=0.01, main=True)


class PRelu(Kind, name="prelu"):
    """`x` where positive, else a trained slope times `x` (He et al. 2015): two operations a value.

    One slope for all channels, or one for each.
    """

    has_weights = True
    parameters: str = option(
        Choice("shared", "channels"),
        "one slope, or one for each channel",
        default="shared",
        main=True,
    )

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return Facts(
            shape,
            weights={"weight": (1 if self.parameters == "shared" else shape[0],)},
            roles={"weight": "slope"},
            operations=Operations(activation=2 * product(shape)),
            windows=(pointwise(shape),),
            elementwise=True,
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # the slope's gradient at each value, before the sum
        return SavedForBackward(inputs=True, takes="low", scratch=product(output))


class Elu(Elementwise, name="elu"):
    """`x` where positive, else `α (exp x − 1)`: four operations a value."""

    per_value = 4
    saved = SIGNED
    alpha: float = option(Number(), "scale below zero", default=1.0, main=True)


class Selu(Elementwise, name="selu"):
    """Scaled ELU with fixed constants (Klambauer et al. 2017): five operations a value."""

    per_value = 5
    saved = SIGNED


class Celu(Elementwise, name="celu"):
    """`max(x, 0) + min(0, α (exp(x/α) − 1))`: seven operations a value."""

    per_value = 7
    saved = SIGNED
    alpha: float = option(Number(above=0), "scale below zero", default=1.0, main=True)


class Gelu(Elementwise, name="gelu"):
    """`x · Φ(x)` (Hendrycks and Gimpel 2016): five operations a value with erf, nine with tanh."""

    approximate: str = option(
        Choice("none", "tanh"),
        "exact with erf, or approximated with tanh",
        default="none",
        main=True,
    )

    saved = INPUTS

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        per_value = 5 if self.approximate == "none" else 9
        return Facts(
            shape,
            operations=Operations(activation=per_value * product(shape)),
            windows=(pointwise(shape),),
            elementwise=True,
        )


class Silu(Elementwise, name="silu"):
    """`x / (1 + exp(−x))`, also called swish: four operations a value."""

    per_value = 4


class Mish(Elementwise, name="mish"):
    """`x · tanh(log(1 + exp x))`: five operations a value."""

    per_value = 5


class Sigmoid(Elementwise, name="sigmoid"):
    """`1 / (1 + exp(−x))`: four operations a value."""

    per_value = 4
    saved = OUTPUT


class Tanh(Elementwise, name="tanh"):
    """Hyperbolic tangent: one operation a value."""

    per_value = 1
    saved = OUTPUT


class HardSigmoid(Elementwise, name="hard_sigmoid"):
    """`min(max(x + 3, 0), 6) / 6`: four operations a value."""

    per_value = 4


class HardSwish(Elementwise, name="hard_swish"):
    """`x · min(max(x + 3, 0), 6) / 6` (Howard et al. 2019): five operations a value."""

    per_value = 5


class HardTanh(Elementwise, name="hard_tanh"):
    """`min(max(x, −1), 1)`: two operations a value."""

    per_value = 2


class Softplus(Elementwise, name="softplus"):
    """`log(1 + exp x)`: three operations a value."""

    per_value = 3


class Softsign(Elementwise, name="softsign"):
    """`x / (1 + |x|)`: three operations a value. Its denominator is kept beside its input."""

    per_value = 3

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(inputs=True, arrays=(SavedTensor(product(output), least=0),))


class Threshold(Elementwise, name="threshold"):
    """`x` above the threshold, else a fixed value: one operation a value."""

    per_value = 1
    at: float = option(Number(), "the threshold", required=True, main=True)
    value: float = option(Number(), "the value below it", default=0)


class Softmax(Kind, name="softmax"):
    """`exp x / Σ exp x` over the channels, at each position by itself.

    With the maximum taken off first: `5C − 2` operations for `C` channels. Along another `axis`
    the same for each of its rows.
    """

    operations_saved: ClassVar[int] = 2

    axis: int = option(Int(0), "the axis, from 0 for the channels", default=0, mark="axis ")

    saved = OUTPUT

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        if self.axis >= len(shape):
            raise LayerError(
                "bad-value", f"axis {self.axis} is not among those of {list(shape)}", option="axis"
            )
        size = shape[self.axis]
        return Facts(
            shape,
            operations=Operations(
                activation=(5 * size - self.operations_saved) * (product(shape) // size)
            ),
            windows=(pointwise(shape) if len(shape) > 1 and self.axis == 0 else None,),
        )


class LogSoftmax(Softmax, name="log_softmax"):
    """The logarithm of softmax over the channels: `5C − 1` operations for `C` channels."""

    operations_saved = 1


class PassThrough(Kind):
    """A layer that does nothing at inference: its output is its input."""

    linear = True

    saved = PASSED

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return Facts(shape, windows=(pointwise(shape),), view=True)


class Dropout(PassThrough, name="dropout"):
    """Dropout (Srivastava et al. 2014): nothing at inference; training keeps what it multiplies by.

    PyTorch on a CPU keeps that factor, 0 or `1 / (1 − rate)`, for each value; on a GPU a mask
    of one byte a value, which is also what `cnncalc memory --minimal` counts.
    """

    rate: float = option(Rate(), "probability of a zero", default=0.5, main=True)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        if not self.rate:
            return PASSED
        return SavedForBackward(view=False, arrays=(SavedTensor(product(output), least=1),))


class DropPath(PassThrough, name="drop_path"):
    """Stochastic depth (Huang et al. 2016): drops whole samples of a branch in training."""

    rate: float = option(Rate(), "probability of leaving the branch out", default=0.0, main=True)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # a factor for each sample
        return SavedForBackward(view=False, arrays=(SavedTensor(1),)) if self.rate else PASSED


class Identity(PassThrough, name="identity"):
    """The input itself."""
