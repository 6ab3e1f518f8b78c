"""Fully connected layers, distances to centres, and the trainable scale of each channel."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers.base import (
    Facts,
    Kind,
    LayerError,
    Operations,
    Role,
    check_size,
    pointwise,
    single,
)
from cnncalc.layers.options import Bool, Int, SizeList, option
from cnncalc.layers.saved import PRODUCT, SavedForBackward, SavedTensor
from cnncalc.shapes import Shape, product

SCALE_ROLES: Mapping[str, Role] = {"weight": "scale", "bias": "offset"}


class Linear(Kind, name="linear"):
    """Fully connected layer.

    Weights `[features, inputs]`; a multiply-accumulate for each weight and position. With
    `each_position` it is applied to the channels at every position of a map, as PyTorch's
    `Linear` on a channels-last tensor (the same numbers as a 1×1 convolution).
    """

    has_weights = True
    linear = True

    features: int = option(Int(), "output features", required=True, main=True)
    bias: bool = option(Bool(), "whether a bias is added", default=True)
    each_position: bool = option(
        Bool(),
        "apply to the channels at each position of a map",
        default=False,
        mark="each position",
    )

    saved = PRODUCT

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        if len(shape) > 1 and not self.each_position:
            raise LayerError(
                "linear-needs-flatten",
                f"a fully connected layer takes a flat input, and this one is {list(shape)}",
                before="flatten",
                hint="put `flatten` before it (or `global_avg_pool` and `flatten`)",
                output=(self.features,),
            )
        weight = (self.features, shape[0])
        check_size(weight, "its weight")
        positions = product(shape[1:])
        return Facts(
            (self.features, *shape[1:]),
            weights={"weight": weight, "bias": (self.features,)}
            if self.bias
            else {"weight": weight},
            operations=Operations(
                macs=positions * product(weight),
                bias=positions * self.features if self.bias else 0,
            ),
            windows=(pointwise(shape) if self.each_position else None,),
        )


class Rbf(Kind, name="rbf"):
    """Radial basis layer: the squared Euclidean distance of a flat input to each centre.

    `y_i = Σ_j (x_j − w_ij)²` (LeCun et al. 1998, equation 7), with the centres `[features,
    inputs]` as weights, or as a buffer where they are not trained (LeNet-5's fixed codes). For
    each of their values a subtraction, counted as element-wise, and a multiply-accumulate.
    """

    has_weights = True

    features: int = option(Int(), "centres", required=True, main=True)
    trainable: bool = option(Bool(), "whether the centres are trained", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        if len(shape) > 1:
            raise LayerError(
                "linear-needs-flatten",
                f"distances are taken of a flat input, and this one is {list(shape)}",
                before="flatten",
                hint="put `flatten` before it (or `global_avg_pool` and `flatten`)",
                output=(self.features,),
            )
        centres = (self.features, shape[0])
        check_size(centres, "its weight")
        arrays = {"weight": centres}
        return Facts(
            (self.features,),
            weights=arrays if self.trainable else {},
            buffers={} if self.trainable else arrays,
            operations=Operations(macs=product(centres), elementwise=product(centres)),
            windows=(None,),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # all differences, as the square's gradient needs them; they follow from the input
        values = inputs[0][0]
        arrays = (SavedTensor(values), SavedTensor((self.features - 1) * values, least=0))
        return SavedForBackward(arrays=arrays, gives="single")


class ElementwiseParameters(Kind):
    """Arrays of the layer's own that meet its input value by value."""

    has_weights = True
    linear = True

    axes: tuple[int, ...] = option(
        SizeList(0, empty=True),
        "the axes along which the values differ, from 0 for the channels",
        default=(0,),
    )
    trainable: bool = option(Bool(), "whether they are trained", default=True)

    def _facts(self, shape: Shape, names: tuple[str, ...], operations: Operations) -> Facts:
        for axis in self.axes:
            if axis >= len(shape):
                raise LayerError(
                    "bad-value",
                    f"axis {axis} is not among those of {list(shape)}, which count from 0",
                    option="axes",
                )
        array = tuple([size if axis in self.axes else 1 for axis, size in enumerate(shape)])
        arrays = dict.fromkeys(names, array)
        return Facts(
            shape,
            weights=arrays if self.trainable else {},
            buffers={} if self.trainable else arrays,
            roles=SCALE_ROLES,
            operations=operations,
            windows=(pointwise(shape),),
        )


class Scale(ElementwiseParameters, name="scale"):
    """A trainable factor for each channel, and on request a trainable offset.

    ConvNeXt's layer scale; with `bias`, the trainable coefficients of LeNet-5's subsampling.
    With `axes`, a factor for each place on those axes, or a single one. One operation a value
    for the factor, one for the offset.
    """

    bias: bool = option(Bool(), "whether an offset is added", default=False, main=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        values = product(shape)
        operations = Operations(elementwise=values, bias=values if self.bias else 0)
        return self._facts(shape, ("weight", "bias") if self.bias else ("weight",), operations)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # the factor's gradient at each value, before the sum
        scratch = product(output) if self.trainable else 0
        return SavedForBackward(
            inputs=self.trainable, gives="single", scratch=scratch, for_weights=True
        )


class Offset(ElementwiseParameters, name="offset"):
    """A trainable value that is added for each channel, or for each place on the given axes.

    A positional embedding is an offset along all axes. One operation a value.
    """

    saved = SavedForBackward(passes=(True,), gives="single")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return self._facts(shape, ("bias",), Operations(bias=product(shape)))
