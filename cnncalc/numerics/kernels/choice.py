"""Which algorithm computes a convolution of a given shape.

All of them do the textbook's multiply-accumulates; they differ in what they copy.
``benchmarks/kernels.py`` prints the time of every algorithm next to the choice made here.
"""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import NamedTuple

from cnncalc.numerics.arrays import Padding, Slides


class Algorithm(Enum):
    """The ways a convolution is computed."""

    POINTWISE = "pointwise"  # a 1x1 kernel: one matrix product, nothing is copied
    GROUPS = "groups"  # im2col by blocks of groups
    COLUMNS = "columns"  # im2col by blocks of rows, a product a block
    SPREAD = "spread"  # a product for each tap on the input as it lies, added up shifted


class ConvolutionShape(NamedTuple):
    """The shape of a convolution: all that the choice and the algorithms need to know."""

    channels: int
    filters: int
    slides: Slides
    groups: int

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the kernel on each axis."""
        return tuple(slide.output for slide in self.slides)

    @property
    def padding(self) -> Padding:
        """Zeros before and after each axis."""
        return [(slide.before, slide.after) for slide in self.slides]

    @property
    def taps(self) -> int:
        """Values that a filter reads of a channel."""
        return prod(slide.kernel for slide in self.slides)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return prod(self.positions) * self.filters * (self.channels // self.groups) * self.taps


def choose(shape: ConvolutionShape) -> Algorithm:
    """The cheapest algorithm that can compute ``shape``."""
    if shape.groups > 1:
        return Algorithm.GROUPS
    if shape.taps == 1 and not any(map(any, shape.padding)):
        return Algorithm.POINTWISE
    # A tap's product is added up where a tap's input would be copied: twice the work a value.
    if can_spread(shape) and 2 * shape.filters < shape.channels:
        return Algorithm.SPREAD
    return Algorithm.COLUMNS


def can_spread(shape: ConvolutionShape) -> bool:
    """Whether every tap reads as many positions as there are outputs, so none is computed idly."""
    return shape.groups == 1 and all(
        slide.output == slide.size and slide.stride == 1 for slide in shape.slides
    )
