"""Points over two axes as SVG: areas by a third amount, labels that keep clear of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil, cos, floor, log10, pi, sin, sqrt
from typing import NamedTuple

from cnncalc.render.drawing import labels, svg
from cnncalc.render.drawing.routing import n
from cnncalc.render.plot import AxisScale, scaled

WIDTH, HEIGHT, MANY = 820.0, 560.0, 30
"""Size of a drawing of so many labels; one of more is larger, up to twice as wide."""
LEFT, RIGHT, TOP, BOTTOM = 84.0, 30.0, 76.0, 62.0
LABEL, SMALL = 10.5, 10.0
LARGEST, LEAST, DOT = 24.0, 3.0, 3.2
"""Radii: of the largest amount, the least that is drawn, and of points without one."""
POINT, FRONT = ("#4a7fb5", "#2b567f"), ("#d9822b", "#8f4f0f")
"""Ground and line of points, and of those that are chosen."""
GRID = "#e6e9ed"
NEAR, STEP, FAR = 3.0, 9.0, 80.0
"""How far labels stand from their points: at least, further by, at most."""
AROUND = 16
"""Directions in which a label is tried."""


class Mark(NamedTuple):
    """A point."""

    x: float
    y: float
    label: str = ""
    """What stands beside it."""
    about: str = ""
    """What a viewer shows when it is pointed at."""
    amount: float | None = None
    """What its area is proportional to."""
    chosen: bool = False


class Axis(NamedTuple):
    """What an axis tells, and how a value on it is written."""

    title: str
    text: Callable[[int], str]


class Chart(NamedTuple):
    """What a scatter shows."""

    title: str
    subtitle: str
    axes: tuple[Axis, Axis]
    marks: tuple[Mark, ...]
    lines: tuple[tuple[int, ...], ...] = ()
    """Points, by their places, that a line joins."""
    front: tuple[int, ...] = ()
    """Points, by their places, that a line joins as chosen."""
    area: Axis | None = None
    """What areas are."""


class Spot(NamedTuple):
    """A point in its place."""

    x: float
    y: float
    radius: float


class Plane(NamedTuple):
    """The drawing's size, and its two scales."""

    width: float
    height: float
    x: AxisScale
    y: AxisScale

    def spot(self, mark: Mark, radius: float) -> Spot:
        """Where a point stands."""
        x = LEFT + self.x.place(mark.x) * (self.width - LEFT - RIGHT)
        y = self.low - self.y.place(mark.y) * (self.low - TOP)
        return Spot(x, y, radius)

    @property
    def low(self) -> float:
        """Where the axis below is."""
        return self.height - BOTTOM


Rect = tuple[float, float, float, float]


def scatter_svg(chart: Chart) -> str:
    """A scatter as a file; axes that span a decade are logarithmic."""
    marks = chart.marks
    larger = min(max(sqrt(sum(bool(mark.label) for mark in marks) / MANY), 1.0), 2.0)
    plane = Plane(
        WIDTH * larger,
        HEIGHT * larger,
        _wider(scaled([mark.x for mark in marks])),
        _wider(scaled([mark.y for mark in marks])),
    )
    spots = [plane.spot(mark, _size(mark, chart)) for mark in marks]
    lines = [[spots[place] for place in line] for line in (*chart.lines, chart.front)]
    told, lacking = _labels(marks, spots, lines, plane)
    subtitle = chart.subtitle
    if lacking:
        subtitle += f" · {lacking} of them without a name, for want of room"
    body = [
        svg.words(24, 29, labels.cut(chart.title, 80), 16, anchor="start", weight="bold"),
        svg.words(24, 47, labels.cut(subtitle, 130), SMALL, svg.QUIET, "start"),
        *_axis_x(plane, chart.axes[0]),
        *_axis_y(plane, chart.axes[1]),
    ]
    for line in chart.lines:
        body.append(_line([spots[place] for place in line], POINT[0], 1.1))
    if chart.front:
        body.append(_line([spots[place] for place in chart.front], FRONT[0], 1.6))
    # large ones below small ones, the chosen on top
    pairs = sorted(
        zip(marks, spots, strict=True), key=lambda pair: (pair[0].chosen, -pair[1].radius)
    )
    body += [_circle(mark, spot) for mark, spot in pairs]
    body += told
    if chart.area is not None:
        body += _key(chart, plane)
    return svg.document(plane.width, plane.height, body, chart.title, chart.subtitle)


def _wider(scale: AxisScale) -> AxisScale:
    """A scale with some room at both ends."""
    low, high = scale.ends
    if low == high:
        return AxisScale((low * 0.9 - (low == 0), high * 1.1 + (high == 0)), False)
    if scale.logarithmic:
        room = (high / low) ** 0.08
        return AxisScale((low / room, high * room), True)
    room = (high - low) * 0.08
    return AxisScale((max(low - room, 0.0) if low >= 0 else low - room, high + room), False)


def _size(mark: Mark, chart: Chart) -> float:
    return DOT + 0.8 * mark.chosen if mark.amount is None else _radius(mark.amount, chart)


def _radius(amount: float, chart: Chart) -> float:
    most = max([mark.amount or 0 for mark in chart.marks], default=0)
    return max(LARGEST * sqrt(amount / most), LEAST) if most else LEAST


def ticks(scale: AxisScale) -> list[float]:
    """Round values within a scale: 1, 2 and 5 times powers of ten, some four to eight of them."""
    low, high = scale.ends
    if scale.logarithmic:
        decades = range(floor(log10(low)), ceil(log10(high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**power for power in decades for step in steps]
            found = [value for value in found if low <= value <= high]
            if len(found) <= 9:
                break
        return found
    rough = (high - low) / 6
    power = 10.0 ** floor(log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    return [step * place for place in range(ceil(low / step), floor(high / step) + 1)]


def _axis_x(plane: Plane, axis: Axis) -> list[str]:
    low, right = plane.low, plane.width - RIGHT
    found = []
    for value in ticks(plane.x):
        x = LEFT + plane.x.place(value) * (right - LEFT)
        found.append(f'<path d="M{n(x)} {n(TOP)}V{n(low)}" stroke="{GRID}"/>')
        found.append(svg.words(x, low + 16, axis.text(round(value)), SMALL, svg.QUIET))
    found.append(f'<path d="M{n(LEFT)} {n(low)}H{n(right)}" stroke="{svg.LINE}" fill="none"/>')
    found.append(svg.words((LEFT + right) / 2, low + 36, axis.title + plane.x.note, 12))
    return found


def _axis_y(plane: Plane, axis: Axis) -> list[str]:
    low = plane.low
    found = []
    for value in ticks(plane.y):
        y = low - plane.y.place(value) * (low - TOP)
        found.append(f'<path d="M{n(LEFT)} {n(y)}H{n(plane.width - RIGHT)}" stroke="{GRID}"/>')
        found.append(svg.words(LEFT - 7, y + 3.5, axis.text(round(value)), SMALL, svg.QUIET, "end"))
    found.append(f'<path d="M{n(LEFT)} {n(TOP)}V{n(low)}" stroke="{svg.LINE}" fill="none"/>')
    found.append(svg.words(24, TOP - 8, axis.title + plane.y.note, 12, anchor="start"))
    return found


def _line(spots: Sequence[Spot], colour: str, wide: float) -> str:
    path = "L".join([f"{n(spot.x)} {n(spot.y)}" for spot in spots])
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{wide}"/>'


def _circle(mark: Mark, spot: Spot) -> str:
    fill, line = FRONT if mark.chosen else POINT
    return (
        f"<g>{svg.note(mark.about)}"
        f'<circle cx="{n(spot.x)}" cy="{n(spot.y)}" r="{n(spot.radius)}" fill="{fill}" '
        f'fill-opacity="0.45" stroke="{line}"/></g>'
    )


def _labels(
    marks: Sequence[Mark], spots: Sequence[Spot], lines: Sequence[Sequence[Spot]], plane: Plane
) -> tuple[list[str], int]:
    """Each label where it meets no point, line or other label; and how many have no such place."""
    taken = [_around(spot) for spot in (*spots, *_along(lines))]
    found: list[str] = []
    lacking = 0
    # those of small points first: they can be told from their points only when they are near
    for place in sorted(range(len(marks)), key=lambda place: spots[place].radius):
        text = labels.cut(marks[place].label, 32)
        if not text:
            continue
        spot = spots[place]
        rect = _free(spot, labels.width(text, LABEL), taken, plane)
        if rect is None:
            lacking += 1
            continue
        taken.append(rect)
        middle, base = (rect[0] + rect[2]) / 2, rect[3] - 3
        if _away(spot, rect) > spot.radius + 1.5 * STEP:
            x, y = min(max(spot.x, rect[0]), rect[2]), min(max(spot.y, rect[1]), rect[3])
            found.append(
                f'<path d="M{n(spot.x)} {n(spot.y)}L{n(x)} {n(y)}" stroke="{svg.LINE}" '
                'stroke-width="0.6"/>'
            )
        found.append(svg.words(middle, base, text, LABEL))
    return found, lacking


def _along(lines: Sequence[Sequence[Spot]]) -> Iterator[Spot]:
    """Small spots along lines, so near to each other that no label fits between."""
    for line in lines:
        for one, other in pairwise(line):
            count = ceil(max(abs(other.x - one.x), abs(other.y - one.y)) / LABEL)
            for number in range(1, count):
                part = number / count
                x, y = one.x + (other.x - one.x) * part, one.y + (other.y - one.y) * part
                yield Spot(x, y, 1.0)


def _around(spot: Spot) -> Rect:
    reach = spot.radius * 0.9
    return spot.x - reach, spot.y - reach, spot.x + reach, spot.y + reach


def _away(spot: Spot, rect: Rect) -> float:
    dx = max(rect[0] - spot.x, spot.x - rect[2], 0)
    dy = max(rect[1] - spot.y, spot.y - rect[3], 0)
    return sqrt(dx * dx + dy * dy)


def _free(spot: Spot, width: float, taken: Sequence[Rect], plane: Plane) -> Rect | None:
    """The nearest place for a label of a width that nothing else has."""
    for left, top, right, bottom in _places(spot, width):
        inside = left > LEFT and right < plane.width - 4 and top > TOP - 4 and bottom < plane.low
        if inside and not any(
            one[0] < right and one[2] > left and one[1] < bottom and one[3] > top for one in taken
        ):
            return left, top, right, bottom
    return None


def _places(spot: Spot, width: float) -> Iterator[Rect]:
    """Places around a point, the nearest first, at each distance the right side first."""
    high = LABEL + 3
    away = NEAR
    while away <= FAR:
        for turn in range(AROUND):
            angle = 2 * pi * ((turn + 1) // 2) / AROUND * (1 if turn % 2 else -1)
            reach = spot.radius + away
            x = spot.x + reach * cos(angle) + width / 2 * (cos(angle) - 1)
            y = spot.y - reach * sin(angle) - high / 2 * (1 + sin(angle))
            yield x, y, x + width, y + high
        away += STEP


def _key(chart: Chart, plane: Plane) -> list[str]:
    """Two areas with what they are, in the corner at the upper right."""
    assert chart.area is not None
    most = max([mark.amount or 0 for mark in chart.marks], default=0)
    x, found = plane.width - RIGHT, []
    for amount in (most, most / 10):
        radius = _radius(amount, chart)
        text = chart.area.text(round(amount))
        x -= labels.width(text, SMALL)
        found.append(svg.words(x, 50, text, SMALL, svg.QUIET, "start"))
        x -= radius + 5
        found.append(
            f'<circle cx="{n(x)}" cy="46" r="{n(radius)}" fill="none" stroke="{POINT[1]}"/>'
        )
        x -= radius + 12
    found.append(svg.words(x, 50, f"area: {chart.area.title}", SMALL, svg.QUIET, "end"))
    return found
