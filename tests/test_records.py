"""Records: immutable values with named fields, whoever makes them."""

from __future__ import annotations

import copy
import pickle

import pytest

from cnncalc.records import MANY, Record


class Point(Record):
    """Three fields, one with a default."""

    x: int
    y: int
    label: str = "p"


def made() -> list[Point]:
    """More than are made before the class gets a constructor of its own, in every way."""
    ways = [
        lambda n: Point(n, 2),
        lambda n: Point(n, y=2),
        lambda n: Point(y=2, x=n),
        lambda n: Point(n, 2, "p"),
        lambda n: Point(*[n, 2], label="p"),
    ]
    return [way(n) for n in range(MANY) for way in ways]


def test_constructors_agree() -> None:
    found = made()
    assert "__new__" in vars(Point)  # compiled on the way
    assert [tuple(point) for point in found] == [(n, 2, "p") for n in range(MANY) for _ in range(5)]
    assert {type(point) for point in found} == {Point}


@pytest.mark.parametrize("compiled", [False, True])
def test_wrong_fields_are_refused(compiled: bool) -> None:
    class Pair(Record):
        one: int
        two: int

    for number in range(MANY * compiled):
        Pair(number, number)
    assert ("__new__" in vars(Pair)) is compiled
    for call in (lambda: Pair(1), lambda: Pair(1, 2, 3), lambda: Pair(1, three=3)):  # type: ignore
        with pytest.raises(TypeError):
            call()


def test_copies() -> None:
    point = Point(1, 2, "a")
    assert point._replace(y=5) == Point(1, 5, "a")
    assert point._asdict() == {"x": 1, "y": 2, "label": "a"}
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point
    assert repr(point) == "Point(x=1, y=2, label='a')"
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]
