"""Layers that bring branches together."""

from __future__ import annotations

from typing import Any, ClassVar

from cnncalc.layers.base import Facts, Kind, LayerError, Operations, Windows
from cnncalc.layers.options import Branches, Int, option
from cnncalc.layers.saved import INPUTS, SavedForBackward, SavedTensor
from cnncalc.shapes import FIXED, IDENTITY, Shape, product


class Merge(Kind):
    """A layer with several inputs."""

    branches = True
    inputs: Any = option(Branches(), "the branches that meet", required=True, main=True)


class Broadcast(Merge):
    """Branches combined value by value; an axis of size 1 is repeated along the others."""

    sign: ClassVar[str] = ""
    """What a formula writes between the branches; none where it is a function's name."""

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        output = _broadcast(self, inputs)
        return Facts(
            output,
            operations=Operations(elementwise=(len(inputs) - 1) * product(output)),
            windows=tuple(_windows(shape, output) for shape in inputs),
        )


class Add(Broadcast, name="add"):
    """Sum of the branches: an addition a value for every branch but the first.

    It keeps nothing. The gradient of a branch is that of the sum itself, but for one that is
    repeated along an axis.
    """

    verb = "adds"
    sign = "+"

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(passes=tuple([shape == output for shape in inputs]))

    linear = True


class Multiply(Broadcast, name="multiply"):
    """Product of the branches: a multiplication a value for every branch but the first."""

    verb = "multiplies"
    sign = "×"

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        between, shape = [], inputs[0]
        for other in inputs[1:-1]:  # the product so far, a factor of the next
            shape = tuple(map(max, shape, other))
            between.append(SavedTensor(product(shape), least=0))
        repeated = sum([product(output) for shape in inputs if shape != output])
        return SavedForBackward(others=True, arrays=tuple(between), scratch=repeated)


class Pairwise(Broadcast):
    """Two branches combined value by value."""

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        if len(inputs) != 2:
            raise LayerError("bad-value", f"takes two branches, not {len(inputs)}")
        return super().facts(inputs)


class Subtract(Pairwise, name="subtract"):
    """The first branch less the second: a subtraction a value."""

    sign = "−"

    linear = True

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(passes=(inputs[0] == output, False))


class Divide(Pairwise, name="divide"):
    """The first branch over the second: a division a value."""

    sign = "÷"

    saved = INPUTS


class Extreme(Broadcast):
    """The largest or the smallest of the branches, which are compared one after the other."""

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        between, shape = [], inputs[0]
        for other in inputs[1:-1]:
            shape = tuple(map(max, shape, other))
            between.append(SavedTensor(product(shape), least=0))
        return SavedForBackward(inputs=True, arrays=tuple(between))


class Maximum(Extreme, name="maximum"):
    """The largest of the branches: a comparison a value for every branch but the first."""


class Minimum(Extreme, name="minimum"):
    """The smallest of the branches: a comparison a value for every branch but the first."""


class Concat(Merge, name="concat"):
    """The branches' channels one after the other; their other sizes must agree.

    Along another `axis`, their rows.
    """

    verb = "joins"
    joins = True
    linear = True

    axis: int = option(Int(0), "the axis, from 0 for the channels", default=0, mark="axis ")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        first, axis = inputs[0], self.axis
        if axis >= len(first):
            raise LayerError(
                "bad-value", f"axis {axis} is not among those of {list(first)}", option="axis"
            )
        for number, shape in enumerate(inputs[1:], 2):
            if len(shape) != len(first) or any(
                a != b for n, (a, b) in enumerate(zip(first, shape, strict=True)) if n != axis
            ):
                which = f"size {axis}" if axis else "channels"
                raise LayerError(
                    "shape-mismatch",
                    f"branch 1 is {list(first)} and branch {number} is {list(shape)}: "
                    f"only their {which} may differ",
                    hint=_size_hint(first, shape),
                    shapes=(first, shape),
                )
        size = sum(shape[axis] for shape in inputs)
        window = (IDENTITY,) * (len(first) - 1) if axis == 0 else None
        return Facts((*first[:axis], size, *first[axis + 1 :]), windows=(window,) * len(inputs))

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(passes=(True,) * len(inputs))


def _broadcast(kind: Kind, inputs: tuple[Shape, ...]) -> Shape:
    output = inputs[0]
    for number, shape in enumerate(inputs[1:], 2):
        if shape == output:
            continue
        fits = len(shape) == len(output) and all(
            a == b or 1 in (a, b) for a, b in zip(shape, output, strict=True)
        )
        if not fits:
            raise LayerError(
                "shape-mismatch",
                f"branch 1 is {list(inputs[0])} and branch {number} is {list(shape)}: "
                f"they cannot {kind.name}",
                hint=_projection_hint(output, shape, number) or _size_hint(output, shape),
                shapes=(inputs[0], shape),
            )
        output = tuple(max(a, b) for a, b in zip(output, shape, strict=True))
    return output


def projection(target: Shape, shape: Shape) -> tuple[str, str] | None:
    """The layer that makes a shape another one, as on a ResNet's shortcut: in words, and written.

    A 1×1 convolution gives `ceil(size / stride)` units. `None` where no stride gives the target.
    """
    if len(target) != len(shape):
        return None
    if len(shape) == 1:
        return f"a linear layer with {target[0]} features", f"linear: {target[0]}"
    sizes = list(zip(target[1:], shape[1:], strict=True))
    strides = [-(-size // wanted) for wanted, size in sizes]
    if any(-(-size // s) != wanted for (wanted, size), s in zip(sizes, strides, strict=True)):
        return None
    kernel = "×".join("1" * len(sizes))
    words = f"a {kernel} convolution with {target[0]} filters"
    written = f"filters: {target[0]}, kernel: 1"
    if max(strides) > 1:
        step = str(strides[0]) if len(set(strides)) == 1 else str(strides)
        words, written = f"{words} and stride {step}", f"{written}, stride: {step}"
    return words, f"conv: {{{written}}}"


def _projection_hint(first: Shape, second: Shape, number: int) -> str | None:
    """The layer that would make the larger of two branches the smaller one."""
    if len(first) != len(second) or first[1:] == second[1:]:
        return None
    larger = 1 if product(first[1:]) >= product(second[1:]) else number
    found = projection(second, first) if larger == 1 else projection(first, second)
    return None if found is None else f"{found[0]} in branch {larger} would fit"


def _size_hint(first: Shape, second: Shape) -> str | None:
    if len(first) != len(second):
        return "`flatten` or `reshape` one of them"
    if first[0] != second[0] and first[1:] == second[1:]:
        return f"a 1×1 convolution with {first[0]} filters in the second would fit"
    if (len(first) > 1 and first[0] == second[0]) or first[1:] != second[1:]:
        larger = 1 if product(first[1:]) >= product(second[1:]) else 2
        return f"crop or pool branch {larger}, or pad or upsample the other"
    return None


def _windows(shape: Shape, output: Shape) -> Windows:
    """Identity on the axes that agree, the one unit on those that are repeated."""
    return tuple(
        IDENTITY if size == whole else FIXED
        for size, whole in zip(shape[1:], output[1:], strict=True)
    )
