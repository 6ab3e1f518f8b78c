"""Weight arrays: drawn from a seed, and handed to the kernels array by array.

A network's arrays are a list with a mapping for each node, names as in ``Facts.weights`` and
``Facts.buffers``. A kernel does not read that mapping: it asks a ``Supply`` for an array of the
shape that its input and options call for. What it asked for is what the layer really used, and
an array that was declared in another shape, or not at all, shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.numerics.arrays import Array
from cnncalc.shapes import Shape

Arrays: TypeAlias = Mapping[str, Array]

# A prime, so that rows of a weight matrix are no copies of each other; small enough for the cache.
TILE = 65_521


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
        if name.endswith(("bias", "mean")):
            return self.uniform(shape, -0.1, 0.1)
        if name.endswith("var"):
            return self.uniform(shape, 0.5, 1.5)
        if node.kind.name == "prelu":
            return self.uniform(shape, 0.1, 0.4)
        if not node.facts.operations.macs or prod(shape) == shape[0]:
            return self.uniform(shape, 0.4, 1.2)
        limit = (6 / _summands(node, shape)) ** 0.5
        return self.uniform(shape, -limit, limit)


def _summands(node: Node, shape: Shape) -> float:
    """How many products are summed for one output value."""
    facts = node.facts
    if len(facts.weights) > 2:
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
    """Shapes of a layer's arrays, trainable or not, in PyTorch's order."""
    return {**node.facts.weights, **node.facts.buffers}


def total_bytes(graph: Graph, width: int) -> int:
    """Bytes of all weights and buffers at ``width`` bytes a value."""
    return width * sum(
        prod(shape)
        for node in graph.nodes
        if node.shares is None
        for shape in declared_arrays(node).values()
    )


class Supply:
    """The arrays of one layer, and which of them its kernel asked for."""

    __slots__ = ("_arrays", "_generator", "_node", "asked", "params")

    def __init__(self, node: Node, arrays: Arrays, generator: Generator) -> None:
        self._node = node
        self._arrays = arrays
        self._generator = generator
        self.asked: list[Array] = []
        """Trainable arrays that were asked for."""

    def weight(self, name: str, shape: Sequence[int]) -> Array:
        """The trainable array of this name, in the shape that the kernel needs."""
        array = self._find(name, tuple(shape))
        self.asked.append(array)
        return array

    def buffer(self, name: str, shape: Sequence[int]) -> Array:
        """The stored array of this name, which is not trained."""
        return self._find(name, tuple(shape))

    def _find(self, name: str, shape: Shape) -> Array:
        array = self._arrays.get(name)
        if array is not None and array.shape == shape:
            return array
        # Declared wrongly or not at all: the kernel computes with what it needs, and the count
        # of its values differs from the declaration's.
        return self._generator.draw(self._node, name, shape)
