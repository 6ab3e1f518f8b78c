"""Attention: of channels (squeeze-and-excitation) and of positions (self-attention)."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers.base import (
    Facts,
    Kind,
    LayerError,
    Operations,
    Role,
    check_size,
    single,
    spatial,
)
from cnncalc.layers.options import Bool, Choice, Int, option
from cnncalc.layers.saved import SavedForBackward, SavedTensor
from cnncalc.shapes import Shape, product

EXCITATION_ROLES: Mapping[str, Role] = {
    "fc1.weight": "weight",
    "fc1.bias": "bias",
    "fc2.weight": "weight",
    "fc2.bias": "bias",
}
ATTENTION_ROLES: Mapping[str, Role] = {
    "in_proj_weight": "weight",
    "in_proj_bias": "bias",
    "out_proj.weight": "weight",
    "out_proj.bias": "bias",
}


class SqueezeExcitation(Kind, name="squeeze_excitation"):
    """Squeeze-and-excitation (Hu et al. 2018): channels are scaled by a gate that sees them all.

    Global average, 1×1 convolution to `squeeze` channels, activation, 1×1 convolution back,
    gate, and the product with the input. Weights as in torchvision: `fc1` and `fc2`.
    """

    has_weights = True

    squeeze: int = option(Int(), "channels of the bottleneck", required=True, main=True, mark="→")
    activation: str = option(Choice("relu", "silu"), "after the first layer", default="relu")
    gate: str = option(Choice("sigmoid", "hard_sigmoid"), "after the second", default="sigmoid")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        channels, inner, ones = shape[0], self.squeeze, (1,) * len(sizes)
        weight = channels * inner
        first = inner if self.activation == "relu" else 4 * inner
        return Facts(
            shape,
            weights={
                "fc1.weight": (inner, channels, *ones),
                "fc1.bias": (inner,),
                "fc2.weight": (channels, inner, *ones),
                "fc2.bias": (channels,),
            },
            roles=EXCITATION_ROLES,
            operations=Operations(
                macs=2 * weight,
                bias=inner + channels,
                activation=first + 4 * channels,
                pooling=product(shape),
                elementwise=product(shape),
            ),
            windows=(None,),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        """The input; the means, what enters and leaves each activation, and the gate.

        ReLU and sigmoid keep their outputs, which the second convolution and the product keep
        too; SiLU and the hard sigmoid their inputs beside them. The backward pass holds the
        gradient of the product's two sides at once, each as large as the input.
        """
        channels, inner = output[0], self.squeeze
        first = (SavedTensor(inner),) * (1 if self.activation == "relu" else 2)
        second = (SavedTensor(channels),) * (1 if self.gate == "sigmoid" else 2)
        return SavedForBackward(
            inputs=True,
            arrays=(SavedTensor(channels), *first, *second),
            scratch=product(output),
            multiplies=True,
        )


class SelfAttention(Kind, name="self_attention"):
    """Multi-head self-attention over all positions of a map (Vaswani et al. 2017).

    A non-local block is one with `width` at half the channels and one head. Queries, keys and
    values come from one product (`in_proj`), as in PyTorch's `MultiheadAttention`; the scores
    cost `N² · width` multiply-accumulates for `N` positions, and as much the weighted sum.
    """

    has_weights = True

    heads: int = option(Int(), "heads", default=1, main=True, mark="h")
    width: int | None = option(
        Int(), "channels of queries, keys and values together; the input's where left out", mark="w"
    )
    bias: bool = option(Bool(), "whether biases are added", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        positions = product(spatial(self, shape))
        channels, width = shape[0], self.width or shape[0]
        if width % self.heads:
            raise LayerError(
                "groups-do-not-divide",
                f"{self.heads} heads do not divide a width of {width}",
                option="heads",
            )
        weights: dict[str, Shape] = {"in_proj_weight": (3 * width, channels)}
        if self.bias:
            weights["in_proj_bias"] = (3 * width,)
        weights["out_proj.weight"] = (channels, width)
        if self.bias:
            weights["out_proj.bias"] = (channels,)
        scores = self.heads * positions**2
        check_size((self.heads, positions, positions), "its score matrix")
        return Facts(
            shape,
            weights=weights,
            roles=ATTENTION_ROLES,
            operations=Operations(
                macs=positions * 4 * width * channels + 2 * positions**2 * width,
                bias=positions * (3 * width + channels) if self.bias else 0,
                # softmax over each row of scores, which are scaled first
                activation=5 * scores - 2 * self.heads * positions,
                elementwise=positions * width,
            ),
            windows=(None,),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        """The input turned to positions × channels, and every operand of a product.

        Queries, keys and values in one array, the queries scaled, the scores after softmax, and
        the weighted sums. The mathematics can do without the turned and the scaled copy.
        """
        channels, positions = output[0], product(output[1:])
        width = self.width or channels
        return SavedForBackward(
            takes="low",
            arrays=(
                SavedTensor(positions * channels, for_weights=True),
                SavedTensor(3 * positions * width),
                SavedTensor(positions * width, least=0),
                SavedTensor(self.heads * positions**2),
                SavedTensor(positions * width, for_weights=True),
            ),
        )
