"""What is certain of a layer on inputs of which not all sizes are known.

The layer is stated for several sizes in the place of each unknown one. What comes out alike for
all of them does not depend on what is unknown; the rest is unknown too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import Refusal
from cnncalc.layers.base import (
    UNKNOWN_ARRAYS,
    UNKNOWN_OPERATIONS,
    Facts,
    Kind,
    Operations,
    Windows,
    unknown_windows,
)
from cnncalc.shapes import UNKNOWN_SHAPE, Shape
from cnncalc.unknown import UNKNOWN, is_known

CHANNELS = (5040, 10_080, 15_120)
"""Channels that many groups divide."""

SIZES = (1920, 3840, 5760)
"""Sizes that many strides and factors divide; along further axes some more."""

ODD_CHANNELS, ODD_SIZE = 10_007, 2003
"""Sizes that nothing divides: a layer need not take them, and must agree where it does."""


def unknown_facts(output: Shape, inputs: int) -> Facts:
    """The facts of a layer of which at most parts of the output's shape are known."""
    return Facts(
        output,
        weights=UNKNOWN_ARRAYS,
        buffers=UNKNOWN_ARRAYS,
        roles={"?": "weight"},
        operations=UNKNOWN_OPERATIONS,
        windows=(unknown_windows(output),) * inputs,
    )


def certain_facts(
    kind: type[Kind], values: tuple[Any, ...], inputs: tuple[Shape, ...], rank: int
) -> Facts | None:
    """What a kind with these options states whatever the unknown sizes of its inputs are.

    `None` where there is no such layer on any of them. An input of unknown rank may be flat, or
    have `rank` spatial axes.
    """
    found: list[Facts] = []
    for shapes in _ranked(inputs, rank):
        stated = [_facts(kind, values, _put(shapes, number)) for number in range(len(SIZES))]
        known = [facts for facts in stated if facts is not None]
        if len(known) < len(stated):
            continue
        odd = _facts(kind, values, _put(shapes, None))
        found += known if odd is None else [*known, odd]
    return _common(found, len(inputs)) if found else None


def _ranked(inputs: tuple[Shape, ...], rank: int) -> Iterator[tuple[Shape, ...]]:
    """The inputs with an unknown rank put in: flat, and with spatial axes."""
    if not any([shape is UNKNOWN_SHAPE for shape in inputs]):
        yield inputs
        return
    for axes in sorted({1, rank + 1}):
        yield tuple([(UNKNOWN,) * axes if one is UNKNOWN_SHAPE else one for one in inputs])


def _put(inputs: tuple[Shape, ...], number: int | None) -> tuple[Shape, ...]:
    """The inputs with numbers in the places of unknown sizes; `None`: those that are odd."""

    def size(axis: int) -> int:
        if axis == 0:
            return ODD_CHANNELS if number is None else CHANNELS[number]
        return ODD_SIZE + 2 * axis if number is None else SIZES[number] + 640 * (axis - 1)

    return tuple(
        [
            tuple([size(axis) if one is UNKNOWN else one for axis, one in enumerate(shape)])
            for shape in inputs
        ]
    )


def _facts(kind: type[Kind], values: tuple[Any, ...], inputs: tuple[Shape, ...]) -> Facts | None:
    try:
        return kind(values, len(inputs[0]) - 1).facts(inputs)
    except Refusal:
        return None


def _common(found: Sequence[Facts], inputs: int) -> Facts:
    """What several facts have in common; the rest is unknown."""
    first = found[0]
    output = common_shape([one.output for one in found])
    windows = [
        _same_windows([one.windows[place] for one in found], output) for place in range(inputs)
    ]
    weights = _arrays([one.weights for one in found])
    buffers = _arrays([one.buffers for one in found])
    operations = Operations(
        *[
            terms[0] if len({*terms}) == 1 else UNKNOWN
            for terms in zip(*[one.operations for one in found], strict=True)
        ]
    )
    return Facts(
        output,
        weights=weights,
        buffers=buffers,
        roles={**first.roles, "?": "weight"},
        operations=operations,
        windows=tuple(windows),
        view=all([one.view for one in found]),
        elementwise=all([one.elementwise for one in found]),
    )


def common_shape(shapes: Sequence[Shape]) -> Shape:
    """The sizes that shapes agree in; of unknown rank where they have different ones."""
    if len({len(shape) for shape in shapes}) > 1:
        return UNKNOWN_SHAPE
    return tuple(
        [
            sizes[0] if is_known(sizes) and len({*sizes}) == 1 else UNKNOWN
            for sizes in zip(*shapes, strict=True)
        ]
    )


def _arrays(found: Sequence[Mapping[str, Shape]]) -> Mapping[str, Shape]:
    names = [*found[0]]
    if any([[*one] != names for one in found]):
        return UNKNOWN_ARRAYS
    return {name: common_shape([one[name] for one in found]) for name in names}


def _same_windows(found: Sequence[Windows | None], output: Shape) -> Windows | None:
    same = all([one == found[0] for one in found])
    return found[0] if same else unknown_windows(output)
