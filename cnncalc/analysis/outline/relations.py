"""Terms that tell one column of values from others: `4 * width`, `kernel // 2`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnncalc.analysis.outline.keys import is_width, stem
from cnncalc.analysis.outline.terms import Operation, Term, apply

ABSENT: Any = object()
"""In a column: the instance has no such value, and any will do."""

Column = list[Any]
"""The values of one option or parameter in all instances."""

Atoms = list[tuple[Term, Column]]


def _usable(atoms: Atoms, known: list[int]) -> Atoms:
    """The atoms that have a value in the known instances, with those values."""
    return [
        (term, [values[index] for index in known])
        for term, values in atoms
        if all(values[index] is not ABSENT and values[index] is not None for index in known)
    ]


def of_one(key: str, atoms: Atoms, column: Column, known: list[int]) -> Term | None:
    """A term of one atom that gives the column."""
    wanted = [column[index] for index in known]
    told = is_width(key) and stem(key) != "expand"
    builders = (_same, _multiple, _part) if told or stem(key) == "padding" else (_same,)
    for build in builders:
        for term, values in _usable(atoms, known):
            found = build(term, values, wanted)
            if found is not None:
                return found
    return None


def _same(term: Term, values: Column, wanted: Column) -> Term | None:
    return term if values == wanted else None


def _multiple(term: Term, values: Column, wanted: Column) -> Term | None:
    """`4 * width`."""
    first, target = values[0], wanted[0]
    if type(first) is not int or type(target) is not int or first < 1 or target % first:
        return None
    factor = target // first
    if factor < 2 or any(
        type(a) is not int or type(b) is not int or factor * a != b
        for a, b in zip(values, wanted, strict=True)
    ):
        return None
    return Operation("*", factor, term)


def _part(term: Term, values: Column, wanted: Column) -> Term | None:
    """`kernel // 2`, `channels // 16`."""
    factors = {2}
    for value, target in zip(values, wanted, strict=True):
        if type(value) is int and type(target) is int and target > 0:
            factors = {2, value // target}
            break
    for factor in factors:
        if factor < 2:
            continue
        if all(_divided(a, factor) == b for a, b in zip(values, wanted, strict=True)):
            return Operation("//", term, factor)
    return None


def _divided(value: Any, factor: int) -> Any:
    """A whole number, or each of some, divided; one number where all agree."""
    if type(value) is int:
        return value // factor
    if type(value) is tuple and all(type(item) is int for item in value):
        return tuple([item // factor for item in value])
    return ABSENT


def of_two(key: str, atoms: Atoms, column: Column, known: list[int]) -> Term | None:
    """A term of two atoms that gives the column."""
    wanted = [column[index] for index in known]
    numbers = [
        (term, values)
        for term, values in _usable(atoms, known)
        if all(type(value) is int for value in values)
    ]
    if any(type(value) is not int for value in wanted):
        return None
    padding = stem(key) == "padding"
    for sign, test in PAIRS:
        if padding != (sign == "//*"):
            continue
        for one, first in numbers:
            for other, second in numbers:
                if one != other and all(
                    test(a, b) == target for a, b, target in zip(first, second, wanted, strict=True)
                ):
                    if padding:
                        return Operation("*", Operation("//", one, 2), other)
                    return Operation(sign, one, other)
    for one, first in numbers:
        for part in () if padding else (2, 3, 4, 6, 8):
            if all(
                apply("make_divisible", value // part, 8) == target
                for value, target in zip(first, wanted, strict=True)
            ):
                return Operation("make_divisible", Operation("//", one, part), 8)
    return None


PAIRS: Sequence[tuple[str, Callable[[int, int], Any]]] = (
    ("*", lambda a, b: a * b),
    ("//*", lambda a, b: a // 2 * b),
    ("-", lambda a, b: a - b),
    ("//", lambda a, b: a // b if b else None),
)
