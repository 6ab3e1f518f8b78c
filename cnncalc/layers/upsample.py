"""Upsampling by interpolation, and between channels and positions."""

from __future__ import annotations

from cnncalc.layers.base import Facts, Kind, LayerError, Operations, Reference, single, spatial
from cnncalc.layers.options import Axes, Bool, Choice, Int, LayerName, option
from cnncalc.layers.reshape import named_size
from cnncalc.layers.saved import NONE
from cnncalc.resampling import linear_window, nearest_window
from cnncalc.shapes import (
    IDENTITY,
    Shape,
    Window,
    product,
    transposed_window,
)

RANK_OF_MODE = {"bilinear": 2, "trilinear": 3}


class Upsample(Kind, name="upsample"):
    """Enlarges every spatial axis by copying or interpolating (PyTorch's `interpolate`).

    By a whole factor, to a size, or to the size of a named layer. Interpolation costs a
    multiplication for each of the `2^axes` neighbours and the additions between them.
    """

    linear = True
    resamples = True

    scale: tuple[int, ...] | None = option(Axes(), "factor of each axis", main=True, mark="×")
    size: tuple[int, ...] | None = option(Axes(), "the output size", mark="→")
    like: Reference | None = option(LayerName(), "the layer whose size is taken", mark="to ")
    mode: str = option(
        Choice("nearest", "linear", "bilinear", "trilinear"),
        "how values are found",
        default="nearest",
        mark="",
    )
    align_corners: bool = option(
        Bool(), "whether the corner values stay at the corners", default=False
    )

    saved = NONE

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        if RANK_OF_MODE.get(self.mode, len(sizes)) != len(sizes):
            raise LayerError(
                "bad-value",
                f"`{self.mode}` does not go with {len(sizes)} spatial axes",
                option="mode",
                hint="`linear` is right for any number of axes",
            )
        if self.scale is None and self.like is None and self.size is None:
            raise LayerError(
                "missing-option",
                "`upsample` needs one of `scale`, `size` and `like`",
                hint="`upsample: 2` doubles every size; `size` is the output's own, and `like` "
                "names the layer whose size is taken",
            )
        if self.scale is None:
            target = named_size(self, self.like, self.size, len(sizes))
        elif self.like is None and self.size is None:
            target = tuple(a * b for a, b in zip(sizes, self.scale, strict=True))
        else:
            raise LayerError("bad-value", "takes one of `scale`, `size` and `like`", option="scale")
        output = (shape[0], *target)
        nearest = self.mode == "nearest"
        windows = tuple(
            IDENTITY
            if size == axis
            else nearest_window(size, axis)
            if nearest
            else linear_window(size, axis, self.align_corners)
            for size, axis in zip(sizes, target, strict=True)
        )
        cost = 0 if nearest else (2 * 2 ** len(sizes) - 1) * product(output)
        return Facts(output, operations=Operations(elementwise=cost), windows=(windows,))


class PixelShuffle(Kind, name="pixel_shuffle"):
    """Groups of `factor^axes` channels become blocks of positions (Shi et al. 2016)."""

    linear = True

    factor: int = option(Int(), "growth of each spatial axis", required=True, main=True, mark="×")

    saved = NONE

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        block = self.factor ** len(sizes)
        if shape[0] % block:
            raise LayerError(
                "groups-do-not-divide",
                f"{shape[0]} channels do not divide into blocks of "
                f"{self.factor}^{len(sizes)} = {block}",
                option="factor",
            )
        output = (shape[0] // block, *(size * self.factor for size in sizes))
        window = transposed_window(self.factor, self.factor, 0, 1)
        return Facts(output, windows=((window,) * len(sizes),))


class PixelUnshuffle(Kind, name="pixel_unshuffle"):
    """Blocks of positions become channels (space to depth)."""

    linear = True

    factor: int = option(
        Int(), "shrinking of each spatial axis", required=True, main=True, mark="/"
    )

    saved = NONE

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        if any(size % self.factor for size in sizes):
            raise LayerError(
                "shape-mismatch",
                f"sizes {list(sizes)} are not all multiples of {self.factor}",
                option="factor",
            )
        output = (
            shape[0] * self.factor ** len(sizes),
            *(size // self.factor for size in sizes),
        )
        window = Window(self.factor, ((0, self.factor - 1),))
        return Facts(output, windows=((window,) * len(sizes),))
