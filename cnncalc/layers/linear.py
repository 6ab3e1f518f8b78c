"""Fully connected layers, and the trainable scale of each channel."""

from __future__ import annotations

from cnncalc.layers.base import (
    Facts,
    Keeps,
    Kind,
    LayerError,
    Operations,
    check_size,
    pointwise,
    single,
)
from cnncalc.layers.options import Bool, Int, option
from cnncalc.shapes import Shape, product


class Linear(Kind, name="linear"):
    """Fully connected layer.

    Weights `[features, inputs]`; a multiply-accumulate for each weight and position. With
    `each_position` it is applied to the channels at every position of a map, as PyTorch's
    `Linear` on a channels-last tensor (the same numbers as a 1×1 convolution).
    """

    has_weights = True

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
                hint="put `flatten` before it (or `global_avg_pool` and `flatten`)",
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
            keeps=Keeps(inputs=True),
        )


class Scale(Kind, name="scale"):
    """A trainable factor for each channel, and on request a trainable offset.

    ConvNeXt's layer scale; with `bias`, the trainable coefficients of LeNet-5's subsampling.
    One operation a value for the factor, one for the offset.
    """

    has_weights = True

    bias: bool = option(Bool(), "whether an offset is added", default=False)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        array = (shape[0], *(1 for _ in shape[1:]))
        values = product(shape)
        return Facts(
            shape,
            weights={"weight": array, "bias": array} if self.bias else {"weight": array},
            operations=Operations(elementwise=values, bias=values if self.bias else 0),
            windows=(pointwise(shape),),
            keeps=Keeps(inputs=True),
        )
