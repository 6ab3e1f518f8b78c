"""Which algorithm computes a convolution of a given shape.

A small model of cost, in nanoseconds on one machine; only the ratios matter. The constants are
fitted to ``benchmarks/kernels.py``, which prints the time of every algorithm next to the choice
made here.
"""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import NamedTuple


class Algorithm(Enum):
    """The ways a convolution is computed."""

    POINTWISE = "pointwise"  # a 1x1 kernel: one matrix product, nothing is copied
    DEPTHWISE = "depthwise"  # one input channel a filter: shifted multiply-adds
    COLUMNS = "columns"  # im2col by blocks of rows, a product a block
    SPREAD = "spread"  # a product for each tap on the input as it lies, added up shifted
    WINOGRAD = "winograd"  # F(4x4, 3x3)


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


# Nanoseconds for one unit of work; products on two cores, the rest on one.
PRODUCT = 0.0118  # a multiply-accumulate in a matrix product
GATHER = 0.5  # a value copied into the columns
SPREAD_ADD = 0.9  # a value of a tap's product added to the output
SPREAD_WEIGHT = 1.5  # a weight put in the order of the taps
WINOGRAD_TILE = 1.8  # a value of an input or output tile, transformed and laid out
WINOGRAD_WEIGHT = 0.8  # a value of a transformed weight


def choose(shape: Convolution) -> Algorithm:
    """The cheapest algorithm that can compute ``shape``."""
    if shape.groups == shape.channels and shape.groups > 1:
        return Algorithm.DEPTHWISE
    if shape.taps == 1 and not any(map(any, shape.padding)):
        return Algorithm.POINTWISE
    costs = {Algorithm.COLUMNS: columns_cost(shape)}
    if can_spread(shape):
        costs[Algorithm.SPREAD] = spread_cost(shape)
    if can_winograd(shape):
        costs[Algorithm.WINOGRAD] = winograd_cost(shape)
    return min(costs, key=lambda algorithm: costs[algorithm])


def columns_cost(shape: Convolution) -> float:
    """Nanoseconds of im2col and its products."""
    return shape.macs * PRODUCT + shape.channels * shape.taps * prod(shape.positions) * GATHER


def can_spread(shape: Convolution) -> bool:
    """Whether every tap reads as many positions as there are outputs, so none is computed idly."""
    return shape.positions == shape.size and all(step == 1 for step in shape.stride)


def spread_cost(shape: Convolution) -> float:
    """Nanoseconds of a product for each tap and its shifted additions."""
    added = shape.filters * shape.taps * prod(shape.positions)
    weights = shape.filters * shape.channels // shape.groups * shape.taps
    return shape.macs * PRODUCT + added * SPREAD_ADD + weights * SPREAD_WEIGHT


def can_winograd(shape: Convolution) -> bool:
    """Whether it is a dense 3x3 convolution of stride 1."""
    return (
        shape.kernel == (3, 3)
        and shape.stride == (1, 1)
        and shape.dilation == (1, 1)
        and shape.groups == 1
    )


def winograd_cost(shape: Convolution) -> float:
    """Nanoseconds of Winograd's F(4x4, 3x3), its weights transformed anew each time."""
    tiles = prod(-(-positions // 4) for positions in shape.positions)
    products = 36 * tiles * shape.channels * shape.filters * PRODUCT
    tile_values = 36 * tiles * (shape.channels + shape.filters) * WINOGRAD_TILE
    weights = 36 * shape.channels * shape.filters * WINOGRAD_WEIGHT
    return products + tile_values + weights
