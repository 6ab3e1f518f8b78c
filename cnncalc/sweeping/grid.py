"""The grid of a sweep: which points there are, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.shapes import Shape

LIMIT = 10**12
"""A grid may have so many points; nobody waits for more."""

Value = int | float


class Coordinates(NamedTuple):
    """One point of a grid."""

    input: Shape
    batch: int
    parameters: Mapping[str, Any]


class Grid(NamedTuple):
    """The product of inputs, batches and parameters' values; the last varies fastest."""

    inputs: tuple[Shape, ...]
    batches: tuple[int, ...]
    parameters: Mapping[str, tuple[Any, ...]]
    varied: str = "input"
    """What the input that varies is called: of several it is the first."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each axis has, the slowest first."""
        return (
            len(self.inputs),
            len(self.batches),
            *[len(values) for values in self.parameters.values()],
        )

    @property
    def count_of_points(self) -> int:
        """Return the number of points."""
        return prod(self.sizes)

    def point(self, index: int) -> Coordinates:
        """The coordinates of the point with that number, from 0."""
        places: list[int] = []
        for size in reversed(self.sizes):
            index, place = divmod(index, size)
            places.append(place)
        input_, batch, *rest = reversed(places)
        named = zip(self.parameters.items(), rest, strict=True)
        return Coordinates(
            self.inputs[input_],
            self.batches[batch],
            {name: values[place] for (name, values), place in named},
        )

    def number(self, point: Coordinates) -> int:
        """The number of the point with those coordinates.

        Raises:
            ValueError: it is none of the grid's.
        """
        if point.parameters.keys() != self.parameters.keys():
            raise ValueError("other parameters")
        places = [self.inputs.index(point.input), self.batches.index(point.batch)]
        for name, values in self.parameters.items():
            places.append(values.index(point.parameters[name]))
        found = 0
        for size, place in zip(self.sizes, places, strict=True):
            found = found * size + place
        return found


def values(text: str, what: str) -> tuple[Value, ...]:
    """Numbers: `1,8`, `128:512:32` with both ends, `0.25:1.5:0.05`, or several of these.

    Raises:
        UsageError: it is none of them.
    """
    found: list[Value] = []
    for part in text.split(","):
        found.extend(_range(part.strip(), f"`{what}`"))
        if len(found) > LIMIT:
            raise UsageError(f"`{what}` has too many values")
    if len(set(found)) != len(found):
        raise UsageError(f"`{what}` has a value twice")
    return tuple(found)


def _range(text: str, what: str) -> Iterator[Value]:
    ends = [_number(part, what) for part in text.split(":")]
    if len(ends) == 1:
        yield _plain(ends[0])
        return
    if len(ends) > 3:
        raise UsageError(f"{what}: `{text}` is no range", "first:last:step, as in 128:512:32")
    first, last = ends[:2]
    step = ends[2] if len(ends) == 3 else Fraction(1)
    if step <= 0 or last < first:
        raise UsageError(f"{what}: `{text}` holds no value", "first:last:step, the step above 0")
    count = (last - first) // step + 1
    if count > 10_000_000:
        raise UsageError(f"{what}: `{text}` has {count:,} values")
    for number in range(count):
        yield _plain(first + number * step)


def _number(text: str, what: str) -> Fraction:
    try:
        if len(text) > 30 or "/" in text or "e" in text.lower() or "_" in text:
            raise ValueError
        return Fraction(text)
    except ValueError:
        raise UsageError(
            f"{what}: `{text[:40]}` is no number", "as in 1,8 or 128:512:32 or 0.25:1.5:0.05"
        ) from None


def _plain(value: Fraction) -> Value:
    return int(value) if value.denominator == 1 else float(value)


def inputs(text: str, own: Shape) -> tuple[Shape, ...]:
    """Inputs: shapes such as `3x96x128`, or sizes for every spatial axis of the file's own input.

    Raises:
        UsageError: it is none.
    """
    found: list[Shape] = []
    for part in text.split(","):
        if "x" in part.lower():
            sizes = part.lower().strip().split("x")
            if not all(size.isdecimal() and size.isascii() for size in sizes):
                raise UsageError(f"`--input {part}` must be channels and sizes", "as in 3x96x96")
            found.append(tuple(map(int, sizes)))
        else:
            for size in values(part, "--input"):
                if not isinstance(size, int) or size < 1:
                    raise UsageError(f"`--input`: a size of {size} is no whole number from 1 on")
                found.append((own[0], *(size for _ in own[1:])))
    return tuple(found)


def batches(text: str) -> tuple[int, ...]:
    """Whole numbers from 1 on."""
    found = values(text, "--batch")
    for value in found:
        if not isinstance(value, int) or not 1 <= value < 2**31:
            raise UsageError(f"`--batch`: {value} is no whole number from 1 on")
    return tuple([value for value in found if isinstance(value, int)])


def parameters(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """`NAME=VALUES` of each `--set`.

    Raises:
        UsageError: one of them is none, or a name stands twice.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        name, sign, given = text.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier():
            raise UsageError(f"`--set {text}` must be NAME=VALUES", "as in width=0.25:1.5:0.25")
        if name in found:
            raise UsageError(f"`--set {name}` is given twice")
        found[name] = values(given, f"--set {name}")
    return found


def checked(grid: Grid) -> Grid:
    """A grid of a size that ends.

    Raises:
        UsageError: it has more points than anybody waits for.
    """
    if grid.count_of_points > LIMIT:
        raise UsageError(f"the grid has {prod(grid.sizes):,} points")
    return grid
