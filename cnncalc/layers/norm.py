"""Normalizations."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers import saved
from cnncalc.layers.base import (
    Facts,
    Kind,
    Operations,
    Role,
    Windows,
    check_divides,
    pointwise,
    single,
)
from cnncalc.layers.options import Bool, Choice, Int, Number, option
from cnncalc.layers.saved import SINGLE, SavedForBackward, SavedTensor
from cnncalc.shapes import Shape, product

NORM_ROLES: Mapping[str, Role] = {
    "weight": "scale",
    "bias": "offset",
    "running_mean": "mean",
    "running_var": "variance",
}

STATISTICS_OPERATIONS = 5
"""A value: add to the mean, subtract it, square, add to the variance, divide by its root."""

GROUP_OPERATIONS = 2
"""Values with one mean and variance: `eps` added, and the root."""


def affine_arrays(shape: Shape, affine: bool) -> dict[str, Shape]:
    """Scale and offset of a normalization."""
    return {"weight": shape, "bias": shape} if affine else {}


def measured(
    shape: Shape,
    array: Shape,
    affine: bool,
    windows: tuple[Windows | None, ...],
    groups: int,
) -> Facts:
    """Facts of a normalization that measures the statistics of `groups` parts of a sample."""
    return Facts(
        shape,
        weights=affine_arrays(array, affine),
        roles=NORM_ROLES,
        operations=Operations(normalization=measuring(shape, affine, groups)),
        windows=windows,
    )


def measuring(shape: Shape, affine: bool, groups: int) -> int:
    """Operations of a normalization by statistics of its own."""
    return (STATISTICS_OPERATIONS + 2 * affine) * product(shape) + GROUP_OPERATIONS * groups


class BatchNorm(Kind, name="batch_norm"):
    """Batch normalization with the stored statistics (Ioffe and Szegedy 2015).

    Two trainable values a channel, two running statistics (buffers). At inference the
    statistics are constants: a multiplication and an addition a value. Without `track_stats` they
    are measured, as in an instance normalization.
    """

    has_weights = True
    centres = True

    eps: float = option(Number(above=0), "added to the variance", default=1e-5)
    affine: bool = option(Bool(), "whether scale and offset are trained", default=True)
    track_stats: bool = option(Bool(), "whether running statistics are stored", default=True)

    @property
    def linear(self) -> bool:
        return self.track_stats

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        channels = (shape[0],)
        stored = {"running_mean": channels, "running_var": channels} if self.track_stats else {}
        operations = 2 * product(shape)
        if not self.track_stats:
            operations = measuring(shape, self.affine, shape[0])
        return Facts(
            shape,
            weights=affine_arrays(channels, self.affine),
            buffers=stored,
            roles=NORM_ROLES,
            operations=Operations(normalization=operations),
            windows=(pointwise(shape),),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return saved.measured(output[0], per_batch=True)


class LayerNorm(Kind, name="layer_norm"):
    """Layer normalization (Ba et al. 2016), over the channels at each position or over all.

    Over the channels, a position is normalized by itself (ConvNeXt, transformers) with a scale
    and an offset a channel; over all, with a scale and an offset a value. Five operations a
    value, two for scale and offset, and two for what is normalized together.
    """

    has_weights = True

    over: str = option(
        Choice("channels", "all"), "what is normalized together", default="channels", main=True
    )
    eps: float = option(Number(above=0), "added to the variance", default=1e-5)
    affine: bool = option(Bool(), "whether scale and offset are trained", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        whole = self.over == "all" or len(shape) == 1
        return measured(
            shape,
            shape if whole else shape[:1],
            self.affine,
            (None if whole else pointwise(shape),),
            1 if whole else product(shape[1:]),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        whole = self.over == "all" or len(output) == 1
        return saved.measured(1 if whole else product(output[1:]))


class GroupNorm(Kind, name="group_norm"):
    """Group normalization (Wu and He 2018): all positions of a group of channels together.

    A scale and an offset a channel. Five operations a value, two for scale and offset, and two a
    group.
    """

    has_weights = True

    groups: int = option(Int(), "groups of channels", required=True, main=True, mark="g")
    eps: float = option(Number(above=0), "added to the variance", default=1e-5)
    affine: bool = option(Bool(), "whether scale and offset are trained", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        check_divides(self.groups, shape[0], "groups")
        return measured(shape, shape[:1], self.affine, (None,), self.groups)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return saved.measured(self.groups)


class InstanceNorm(Kind, name="instance_norm"):
    """Instance normalization (Ulyanov et al. 2016): all positions of each channel.

    Five operations a value, two for scale and offset, and two a channel.
    """

    has_weights = True
    centres = True

    eps: float = option(Number(above=0), "added to the variance", default=1e-5)
    affine: bool = option(Bool(), "whether scale and offset are trained", default=False)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return measured(shape, shape[:1], self.affine, (None,), shape[0])

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        found = saved.measured(output[0])
        if not self.affine:
            return found
        # PyTorch normalizes all samples as one, with the scale repeated for each
        return found._replace(arrays=(*found.arrays, SavedTensor(output[0], width=SINGLE, least=0)))


class LocalResponseNorm(Kind, name="local_response_norm"):
    """Local response normalization across channels (Krizhevsky et al. 2012).

    `x / (k + α/n · Σ x²)^β` over `size` neighbouring channels, as PyTorch computes it: a square,
    `size − 1` additions, scale, offset, power and division a value.
    """

    size: int = option(Int(), "neighbouring channels", default=5, main=True, mark="n")
    alpha: float = option(Number(), "scale of the sum", default=1e-4)
    beta: float = option(Number(), "the power", default=0.75)
    k: float = option(Number(), "the offset", default=1.0)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        return Facts(
            shape,
            operations=Operations(normalization=(self.size + 4) * product(shape)),
            windows=(pointwise(shape),),
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        """The input; the squares with zeros around, the base of the power, and its result.

        The squares are held for their shape alone, and the base follows from the result.
        """
        values = product(output)
        padded = values + (self.size - 1) * product(output[1:])
        return SavedForBackward(
            inputs=True,
            arrays=(
                SavedTensor(padded, least=0),
                SavedTensor(values, least=0),
                SavedTensor(values),
            ),
            gives="single",
        )
