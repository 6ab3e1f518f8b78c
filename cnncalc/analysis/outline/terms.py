"""Terms: the values of options in an outline, constants or expressions of parameters.

A term is a constant (a number, a truth value, a word, a tuple of them), a `Name` or an
`Operation`. `Name("channels")` is the channels of the tensor that reaches the layer at hand.
The text of a term is an expression of the architecture language, and of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil, floor
from typing import Any, NamedTuple

Term = Any


class Name(NamedTuple):
    """A parameter of the block or the file, or `channels`."""

    text: str


class Operation(NamedTuple):
    """A sign between two terms; `not` has none on its right, `make_divisible` is a function."""

    sign: str
    left: Term
    right: Term = None


class Conditional(NamedTuple):
    """One of two terms, as a condition holds or not; not in files, which need none."""

    condition: Term
    yes: Term
    no: Term


CHANNELS = Name("channels")
ENTERING = Name("entering")
"""The channels that reached the block around the layer at hand."""

STRENGTH = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
    "**": 7,
}
"""How tightly a sign binds."""

FUNCTIONS = {"make_divisible": 2, "min": 2, "max": 2, "abs": 1, "ceil": 1, "floor": 1, "round": 1}
"""Signs that are written as functions, with their number of values."""


def make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value` and at least 0.9 of it (MobileNetV2's rule)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


APPLY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "or": lambda a, b: bool(a) or bool(b),
    "and": lambda a, b: bool(a) and bool(b),
    "not": lambda a, b: not a,
    "make_divisible": make_divisible,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "min": min,
    "max": max,
    "abs": lambda a, b: abs(a),
    "ceil": lambda a, b: ceil(a),
    "floor": lambda a, b: floor(a),
    "round": lambda a, b: round(a),
}
ITEMWISE = ("*", "//", "+", "-", "/", "%", "**")
"""Signs that work on each item of a tuple."""


def is_constant(term: Term) -> bool:
    """Whether a term has the same value everywhere."""
    if type(term) is tuple:
        return all([is_constant(item) for item in term])
    return not isinstance(term, (Name, Operation, Conditional))


def evaluate(term: Term, env: Mapping[str, Any]) -> Any:
    """The value of a term; arithmetic works on each item of a tuple."""
    if isinstance(term, Name):
        return env[term.text]
    if isinstance(term, Operation):
        right = None if term.right is None else evaluate(term.right, env)
        return apply(term.sign, evaluate(term.left, env), right)
    if type(term) is tuple:
        return tuple([evaluate(item, env) for item in term])
    if isinstance(term, Conditional):
        return evaluate(term.yes if evaluate(term.condition, env) else term.no, env)
    return term


def apply(sign: str, left: Any, right: Any) -> Any:
    """One operation on values."""
    operation = APPLY[sign]
    if sign in ITEMWISE:
        if type(left) is tuple and type(right) is tuple:
            return tuple([apply(sign, a, b) for a, b in zip(left, right, strict=True)])
        if type(left) is tuple:
            return tuple([apply(sign, item, right) for item in left])
        if type(right) is tuple:
            return tuple([apply(sign, left, item) for item in right])
    return operation(left, right)


def substitute(term: Term, terms: Mapping[str, Term]) -> Term:
    """A term with others put in for names."""
    if isinstance(term, Name):
        return terms.get(term.text, term)
    if isinstance(term, Operation):
        right = None if term.right is None else substitute(term.right, terms)
        return simplified(Operation(term.sign, substitute(term.left, terms), right))
    if type(term) is tuple:
        return tuple([substitute(item, terms) for item in term])
    if isinstance(term, Conditional):
        condition, yes, no = (substitute(part, terms) for part in term)
        if yes == no or is_constant(condition):
            return yes if condition else no
        return Conditional(condition, yes, no)
    return term


def simplified(term: Operation) -> Term:
    """An operation of constants worked out; `2 * (2 * x)` as `4 * x`."""
    sign, left, right = term
    if is_constant(left) and (right is None or is_constant(right)):
        return apply(sign, left, right)
    if sign in ("and", "or"):
        for one, other in ((left, right), (right, left)):
            if is_constant(one):
                return bool(one) if bool(one) == (sign == "or") else other
    if sign in ("ceil", "floor", "round") and _is_whole(left):
        return left
    if sign == "*":
        if left == 1:
            return right
        if right == 1:
            return left
        if (
            type(left) is int
            and isinstance(right, Operation)
            and right.sign == "*"
            and type(right.left) is int
        ):
            return Operation("*", left * right.left, right.right)
    if sign == "//" and right == 1:
        return left
    if sign == "//" and isinstance(right, Name) and isinstance(left, Operation):
        if left.sign == "*" and left.left == right:
            return left.right
        if left.sign == "*" and left.right == right:
            return left.left
    if (
        sign == "//"
        and type(right) is int
        and isinstance(left, Operation)
        and left.sign == "*"
        and type(left.left) is int
        and left.left % right == 0
    ):
        return simplified(Operation("*", left.left // right, left.right))
    if sign in ("+", "-") and right == 0:
        return left
    return term


def _is_whole(term: Term) -> bool:
    """Whether nothing in a term makes a fraction of whole numbers."""
    if isinstance(term, Operation):
        inside = _is_whole(term.left) and (term.right is None or _is_whole(term.right))
        return term.sign not in ("/", "**") and inside
    return not isinstance(term, (float, Conditional))


def names(term: Term) -> Iterator[str]:
    """The names in a term."""
    if isinstance(term, Name):
        yield term.text
    elif isinstance(term, Operation):
        yield from names(term.left)
        yield from names(term.right)
    elif isinstance(term, Conditional) or type(term) is tuple:
        for part in term:
            yield from names(part)


def show(term: Term) -> str:
    """A term as an expression."""
    if isinstance(term, Name):
        return term.text
    if isinstance(term, Operation):
        if term.sign == "not":
            return f"not {_inner(term.left, 3)}"
        if term.sign in FUNCTIONS:
            values = (term.left, term.right)[: FUNCTIONS[term.sign]]
            return f"{term.sign}({', '.join(map(show, values))})"
        strength = STRENGTH[term.sign]
        right = _inner(term.right, strength + (term.sign in ("-", "//", "*", "/", "%")))
        return f"{_inner(term.left, strength)} {term.sign} {right}"
    if type(term) is bool:
        return "true" if term else "false"
    if type(term) is tuple:
        return f"[{', '.join(map(show, term))}]"
    return str(term)


def _inner(term: Term, strength: int) -> str:
    text = show(term)
    if (
        isinstance(term, Operation)
        and term.sign not in FUNCTIONS
        and STRENGTH[term.sign] < strength
    ):
        return f"({text})"
    return text
