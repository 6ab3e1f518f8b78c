"""Weight arrays drawn from a seed, such that values stay in size from layer to layer."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Role
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.shapes import Shape
from cnncalc.unknown import is_known

# A prime, so that rows of a weight matrix are no copies of each other; small enough for the cache.
TILE = 65_521


RANGES: dict[Role, tuple[float, float]] = {
    "bias": (-0.1, 0.1),
    "offset": (-0.1, 0.1),
    "mean": (-0.1, 0.1),
    "variance": (0.5, 1.5),
    "scale": (0.4, 1.2),
    "slope": (0.1, 0.4),
}
"""Between which values arrays lie that are not summed over."""


class Generator:
    """Uniform values from a seed, at the speed of memory: one tile is drawn, and repeated.

    Each array begins at another place of the tile. Every page of an array is written once.
    """

    def __init__(self, seed: int, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._tile: Array = self._random.uniform(-1, 1, TILE).astype(dtype)

    def uniform(self, shape: Shape, low: float, high: float) -> Array:
        """An array with values between ``low`` and ``high``."""
        tile = self._tile * self.dtype.type((high - low) / 2)
        tile += self.dtype.type((high + low) / 2)
        offset = int(self._random.integers(TILE))
        array: Array = np.empty(shape, self.dtype)
        flat = array.reshape(-1)
        head = min(TILE - offset, flat.size)
        flat[:head] = tile[offset : offset + head]
        for start in range(head, flat.size, TILE):
            part = flat[start : start + TILE]
            part[...] = tile[: part.size]
        return array

    def draw(self, node: Node, name: str, shape: Shape) -> Array:
        """An array of a layer: values stay in size from layer to layer.

        Weights that are multiplied and summed have the variance 2 over the number of summands
        (He et al. 2015); scales and variances lie around 1, offsets and means around 0.
        """
        role = node.facts.roles.get(name, "weight")
        if role == "weight":
            limit = (6 / _summands(node, shape)) ** 0.5
            return self.uniform(shape, -limit, limit)
        return self.uniform(shape, *RANGES[role])


def _summands(node: Node, shape: Shape) -> float:
    """How many products are summed for one output value."""
    facts = node.facts
    if node.kind.is_stated or list(facts.roles.values()).count("weight") > 1:
        # Several weights in one layer: each is a matrix of its own.
        return max(1, prod(shape[1:]))
    return max(1.0, facts.operations.macs / prod(facts.output))


def generate(graph: Graph, dtype: np.dtype[Any], seed: int = 0) -> list[Arrays]:
    """Arrays for every layer of a graph; none where a layer shares another's."""
    generator = Generator(seed, dtype)
    found: list[Arrays] = []
    for node in graph.nodes:
        declared = {} if node.shares is not None else declared_arrays(node)
        found.append({n: generator.draw(node, n, shape) for n, shape in declared.items()})
    return found


def declared_arrays(node: Node) -> dict[str, Shape]:
    """Shapes of a layer's arrays, trainable or not, in PyTorch's order.

    Those of which the shape is unknown are left out.
    """
    declared = {**node.facts.weights, **node.facts.buffers}
    if node.kind.is_stated:
        return {name: shape for name, shape in declared.items() if is_known(shape)}
    return declared
