"""Which algorithm computes a convolution of a given shape.

All of them do the textbook's multiply-accumulates; they differ in what they copy. A small model
of cost, in nanoseconds on one machine; only the ratios matter. The constants are fitted to
``benchmarks/kernels.py``, which prints the time of every algorithm next to the choice made here.
"""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import NamedTuple


class Algorithm(Enum):
    """The ways a convolution is computed."""

    POINTWISE = "pointwise"  # a 1x1 kernel: one matrix product, nothing is copied
    DEPTHWISE = "depthwise"  # one input channel a filter: im2col by blocks of channels
    COLUMNS = "columns"  # im2col by blocks of rows, a product a block
    SPREAD = "spread"  # a product for each tap on the input as it lies, added up shifted


class Convolution(NamedTuple):
    """The shape of a convolution: all that the choice and the algorithms need to know."""

    channels: int
    filters: int
    size: tuple[int, ...]
    positions: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def taps(self) -> int:
        """Positions of the kernel."""
        return prod(self.kernel)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one sample."""
        return prod(self.positions) * self.filters * (self.channels // self.groups) * self.taps


# Nanoseconds for one unit of work beside the products.
GATHER = 0.5  # a value copied into the columns
SPREAD_ADD = 0.9  # a value of a tap's product added to the output
SPREAD_WEIGHT = 1.5  # a weight put in the order of the taps


def choose(shape: Convolution) -> Algorithm:
    """The cheapest algorithm that can compute ``shape``."""
    if shape.groups == shape.channels and shape.groups > 1:
        return Algorithm.DEPTHWISE
    if shape.taps == 1 and not any(map(any, shape.padding)):
        return Algorithm.POINTWISE
    if can_spread(shape) and spread_cost(shape) < columns_cost(shape):
        return Algorithm.SPREAD
    return Algorithm.COLUMNS


def columns_cost(shape: Convolution) -> float:
    """Nanoseconds of im2col."""
    return shape.channels * shape.taps * prod(shape.positions) * GATHER


def can_spread(shape: Convolution) -> bool:
    """Whether every tap reads as many positions as there are outputs, so none is computed idly."""
    return shape.positions == shape.size and all(step == 1 for step in shape.stride)


def spread_cost(shape: Convolution) -> float:
    """Nanoseconds of the shifted additions of each tap's products."""
    added = shape.filters * shape.taps * prod(shape.positions)
    weights = shape.filters * shape.channels // shape.groups * shape.taps
    return added * SPREAD_ADD + weights * SPREAD_WEIGHT
