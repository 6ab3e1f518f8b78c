"""Whole numbers that remember the arithmetic they came from.

A `Traced` number is an `int` in every respect, and carries a term: a symbol, or an operation on
other terms. Code that adds, multiplies and divides whole numbers runs on it unchanged, and what
comes out can be written down in symbols, or with the numbers put in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class TracedTerm(NamedTuple):
    """A symbol (`name`), a number, or an operation on other numbers."""

    sign: str
    """`""` for a symbol or a number; `+ · / % ^` for operations."""
    parts: tuple[int, ...] = ()
    """What is operated on; traced or plain."""
    minus: tuple[bool, ...] = ()
    """For a sum, which of its parts are taken away."""
    name: str = ""


class Traced(int):
    """A whole number with the term that it is the value of."""

    term: TracedTerm

    def __new__(cls, value: int, term: TracedTerm) -> Traced:
        made = super().__new__(cls, value)
        made.term = term
        return made

    def __add__(self, other: int) -> int:
        return _sum(self, other, False)

    def __radd__(self, other: int) -> int:
        return _sum(other, self, False)

    def __sub__(self, other: int) -> int:
        return _sum(self, other, True)

    def __rsub__(self, other: int) -> int:
        return _sum(other, self, True)

    def __neg__(self) -> int:
        return _sum(0, self, True)

    def __mul__(self, other: int) -> int:
        return _product(self, other)

    def __rmul__(self, other: int) -> int:
        return _product(other, self)

    def __floordiv__(self, other: int) -> int:
        return _quotient(self, other)

    def __rfloordiv__(self, other: int) -> int:
        return _quotient(other, self)

    def __mod__(self, other: int) -> int:
        return Traced(int(self) % int(other), TracedTerm("%", (self, other)))

    def __pow__(self, other: Any, modulo: Any = None) -> Any:
        return Traced(int(self) ** int(other), TracedTerm("^", (self, other)))

    def __rpow__(self, other: Any, modulo: Any = None) -> Any:
        return Traced(int(other) ** int(self), TracedTerm("^", (other, self)))


def symbol(name: str, value: int) -> Traced:
    """A number with a name."""
    return Traced(value, TracedTerm("", name=name))


def _sum(one: int, two: int, minus: bool) -> int:
    """A sum, written flat: `a − (b + c)` is `a − b − c`."""
    parts: list[int] = []
    signs: list[bool] = []
    for value, negative in ((one, False), (two, minus)):
        if isinstance(value, Traced) and value.term.sign == "+":
            parts += value.term.parts
            signs += [negative != inner for inner in value.term.minus]
        elif isinstance(value, Traced) or value:
            parts.append(value)
            signs.append(negative)
    total = int(one) - int(two) if minus else int(one) + int(two)
    if len(parts) == 1 and not signs[0]:
        return parts[0]
    return Traced(total, TracedTerm("+", tuple(parts), tuple(signs)))


def _product(one: int, two: int) -> int:
    """A product, written flat; a plain factor of 1 says nothing."""
    parts: list[int] = []
    for value in (one, two):
        if isinstance(value, Traced) and value.term.sign == "·":
            parts += value.term.parts
        elif isinstance(value, Traced) or value != 1:
            parts.append(value)
    if len(parts) == 1:
        return parts[0]
    return Traced(int(one) * int(two), TracedTerm("·", tuple(parts)))


def _quotient(one: int, two: int) -> int:
    if not isinstance(two, Traced) and two == 1:
        return one
    return Traced(int(one) // int(two), TracedTerm("/", (one, two)))


Names = Mapping[int, str]
"""Names of quantities that were stated before, by the identity of their number."""

NONE: Names = {}

EXACT = frozenset(["G", "h"])
"""Divisors that divide, or the layer would have been refused: no floor need be written."""

SUM, PRODUCT, TIGHT = range(3)
"""How tightly an operation binds."""


def formula(value: int, names: Names = NONE) -> str:
    """The term in symbols; a number that was named before stands by its name."""
    return _written(value, lambda term, number: term.name, names)


def numbers(value: int, names: Names = NONE) -> str:
    """The term with the numbers put in."""
    return _written(value, lambda term, number: str(int(number)), dict.fromkeys(names, ""))


def _written(value: int, leaf: Callable[[TracedTerm, int], str], names: Names) -> str:
    """The text of a whole term; its own name is not used for itself."""
    return _text(value, leaf, names, SUM, outermost=True)


def _text(
    value: int,
    leaf: Callable[[TracedTerm, int], str],
    names: Names,
    level: int,
    outermost: bool = False,
) -> str:
    if not isinstance(value, Traced):
        return str(value)
    if not outermost and id(value) in names:
        return names[id(value)] or str(int(value))
    term = value.term

    def inner(part: int, level: int) -> str:
        return _text(part, leaf, names, level)

    if not term.sign:
        return leaf(term, value)
    if term.sign == "+":
        parts, minus = [], []
        for part, negative in zip(term.parts, term.minus, strict=True):
            ceiling = _ceiling(part) if negative else None
            if ceiling is None:
                parts.append(inner(part, PRODUCT))
            else:
                parts.append(f"⌈{inner(ceiling[0], PRODUCT)} / {inner(ceiling[1], TIGHT)}⌉")
            minus.append(negative and ceiling is None)
        text, own = _sum_text(parts, minus), SUM
        if len(parts) == 1 and not minus[0]:
            return text
    elif term.sign == "·":
        text, own = "·".join([inner(part, TIGHT) for part in term.parts]), PRODUCT
    elif term.sign == "/":
        above, below = term.parts
        text = f"{inner(above, PRODUCT)} / {inner(below, TIGHT)}"
        own = SUM
        if not (isinstance(below, Traced) and below.term.name in EXACT):
            return f"⌊{text}⌋"
    elif term.sign == "%":
        text, own = f"{inner(term.parts[0], TIGHT)} mod {inner(term.parts[1], TIGHT)}", SUM
    else:
        text, own = f"{inner(term.parts[0], TIGHT)}^{inner(term.parts[1], TIGHT)}", PRODUCT
    return f"({text})" if own < level else text


def _sum_text(parts: Sequence[str], minus: Sequence[bool]) -> str:
    text = ""
    for part, negative in zip(parts, minus, strict=True):
        if text:
            text += f" {'−' if negative else '+'} {part}"
        else:
            text = f"−{part}" if negative else part
    return text


def _ceiling(part: int) -> tuple[int, int] | None:
    """What `−(−a // b)` rounds up, given `−a // b`: `a` and `b`."""
    if not (isinstance(part, Traced) and part.term.sign == "/"):
        return None
    above, below = part.term.parts
    if isinstance(above, Traced) and above.term.sign == "+" and above.term.minus[0]:
        return _sum(0, above, True), below
    return None
