"""Arrays handed to the kernels one by one.

A network's arrays are a list with a mapping for each node, names as in ``Facts.weights`` and
``Facts.buffers``. A kernel does not read that mapping: it asks a ``Supply`` for an array of the
shape that its input and options call for. What it asked for is what the layer really used, and
an array that was declared in another shape, or not at all, shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.graph import Node
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import Generator
from cnncalc.shapes import Shape


class Supply:
    """The arrays of one layer, and which of them its kernel asked for."""

    __slots__ = ("_arrays", "_generator", "_node", "buffers", "weights")

    def __init__(self, node: Node, arrays: Arrays, generator: Generator) -> None:
        self._node = node
        self._arrays = arrays
        self._generator = generator
        self.weights: list[Array] = []
        """Trainable arrays that were asked for."""
        self.buffers: list[Array] = []
        """Stored arrays that were asked for."""

    def weight(self, name: str, shape: Sequence[int]) -> Array:
        """The trainable array of this name, in the shape that the kernel needs."""
        array = self._find(name, tuple(shape))
        self.weights.append(array)
        return array

    def buffer(self, name: str, shape: Sequence[int]) -> Array:
        """The stored array of this name, which is not trained."""
        array = self._find(name, tuple(shape))
        self.buffers.append(array)
        return array

    def _find(self, name: str, shape: Shape) -> Array:
        array = self._arrays.get(name)
        if array is not None and array.shape == shape:
            return array
        # Declared wrongly or not at all: the kernel computes with what it needs, and the count
        # of its values differs from the declaration's.
        return self._generator.draw(self._node, name, shape)


class ArrayCounter:
    """Counts the values of arrays, those of one array only once."""

    def __init__(self) -> None:
        self._counted: dict[int, Array] = {}

    def count(self, arrays: Sequence[Array]) -> int:
        """Values of the arrays that were not counted before."""
        total = 0
        for array in arrays:
            if id(array) not in self._counted:
                self._counted[id(array)] = array  # alive, so that its identity stays its own
                total += array.size
        return total
