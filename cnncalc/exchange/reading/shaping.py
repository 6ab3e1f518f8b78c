"""Shapes of operations, for formats that do not state them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cnncalc.exchange.reading.calls import Unsupported
from cnncalc.layers import KINDS
from cnncalc.layers.base import check_size
from cnncalc.shapes import Shape


def applied(name: str, options: Mapping[str, Any], shape: Shape, channel: int = 1) -> Shape:
    """The output of one of our kinds on a batch of maps, in the framework's order.

    Raises:
        LayerError: there is no such layer on this shape.
    """
    channel %= len(shape)
    others = [axis for axis in range(1, len(shape)) if axis != channel]
    cls = KINDS[name]
    values = tuple([options.get(key, one.default) for key, one in cls.options.items()])
    given = (shape[channel], *[shape[axis] for axis in others])
    output = cls(values, len(others)).facts((given,)).output
    check_size(output, "its output")
    found = list(shape)
    for axis, length in zip([channel, *others], output, strict=True):
        found[axis] = length
    return tuple(found)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of an operation of several tensors, value by value."""
    rank = max(map(len, shapes))
    padded = [(*[1] * (rank - len(shape)), *shape) for shape in shapes]
    found = tuple(map(max, *padded)) if len(padded) > 1 else padded[0]
    for shape in padded:
        if any(length not in (1, whole) for length, whole in zip(shape, found, strict=True)):
            raise Unsupported(f"of {' and '.join(str(list(one)) for one in shapes)}")
    return found


def reduced(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """The shape without some axes, or with 1 in their place."""
    gone = {axis % len(shape) for axis in axes}
    if keepdims:
        return tuple([1 if axis in gone else length for axis, length in enumerate(shape)])
    return tuple([length for axis, length in enumerate(shape) if axis not in gone])


def reshaped(shape: Shape, target: Sequence[int]) -> Shape:
    """A target shape with its one −1 put in.

    Raises:
        Unsupported: it holds another number of values.
    """
    values, known = prod(shape), prod([length for length in target if length != -1])
    found = tuple([values // known if known and n == -1 else n for n in target])
    if list(target).count(-1) > 1 or prod(found) != values or any(n < 0 for n in found):
        raise Unsupported(f"of {list(shape)} to {list(target)}")
    return found


def product(first: Shape, second: Shape) -> Shape:
    """The shape of a product of matrices."""
    if len(first) < 2 or len(second) < 2 or first[-1] != second[-2]:
        raise Unsupported(f"of {list(first)} and {list(second)}")
    rank = max(len(first), len(second))
    front = broadcast((1, *first[:-2]), (1, *second[:-2]))
    return (*front[len(front) - rank + 2 :], first[-2], second[-1])
