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
from cnncalc.layers.keeps import PRODUCT, Keeps, Kept
from cnncalc.layers.options import Bool, Int, option
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

    def keeps(self, inputs: tuple[Shape, ...], output: Shape) -> Keeps:
        return PRODUCT


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

    def keeps(self, inputs: tuple[Shape, ...], output: Shape) -> Keeps:
        # all differences, as the square's gradient needs them; they follow from the input
        values = inputs[0][0]
        arrays = (Kept(values), Kept((self.features - 1) * values, least=0))
        return Keeps(arrays=arrays, gives="single")


class Scale(Kind, name="scale"):
    """A trainable factor for each channel, and on request a trainable offset.

    ConvNeXt's layer scale; with `bias`, the trainable coefficients of LeNet-5's subsampling.
    One operation a value for the factor, one for the offset.
    """

    has_weights = True
    linear = True

    bias: bool = option(Bool(), "whether an offset is added", default=False)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        array = (shape[0], *(1 for _ in shape[1:]))
        values = product(shape)
        return Facts(
            shape,
            weights={"weight": array, "bias": array} if self.bias else {"weight": array},
            roles=SCALE_ROLES,
            operations=Operations(elementwise=values, bias=values if self.bias else 0),
            windows=(pointwise(shape),),
        )

    def keeps(self, inputs: tuple[Shape, ...], output: Shape) -> Keeps:
        return Keeps(inputs=True, gives="single")
