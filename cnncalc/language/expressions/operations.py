"""What expressions compute: closures over an environment of names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import ceil, floor, isfinite
from typing import Any, NamedTuple

from cnncalc.diagnostics import Refusal, did_you_mean, nearest

NUMBER_LIMIT = 2**63
EXPONENT_LIMIT = 64
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

Environment = Mapping[str, Any]
Evaluate = Callable[[Environment], Any]


class ExpressionError(Refusal):
    """What is wrong with an expression, and at which character of its text."""

    def __init__(
        self,
        message: str,
        offset: int,
        rule: str = "bad-expression",
        hint: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(rule, message, hint=hint, offset=offset, **more)


class GivenLayer(NamedTuple):
    """What a parameter of a block stands for when it is given a layer."""

    name: str
    node: int


def unknown_word(
    message: str, word: str, known: Iterable[str], offset: int, rule: str = "bad-expression"
) -> ExpressionError:
    """The error of a word that nothing knows, with the nearest known one."""
    names = sorted(known)
    hint, close = did_you_mean(word, names), nearest(word, names)
    return ExpressionError(message, offset, rule, hint, instead=close, word=word)


def constant(value: Any) -> Evaluate:
    """The value itself."""
    return lambda env: value


def lookup(name: str, offset: int) -> Evaluate:
    """The value of a name; `undefined-name` where there is none."""

    def found(env: Environment) -> Any:
        try:
            value = env[name]
            if type(value) is GivenLayer:
                message = f"`{name}` is the layer `{value.name}` here, and a value is needed"
                raise ExpressionError(message, offset, "bad-value", word=name)
            return value
        except KeyError:
            raise unknown_word(
                f"nothing is called `{name}`", name, env, offset, "undefined-name"
            ) from None

    return found


def either(left: Evaluate, right: Evaluate) -> Evaluate:
    """`or`, as true or false."""
    return lambda env: bool(left(env)) or bool(right(env))


def both(left: Evaluate, right: Evaluate) -> Evaluate:
    """`and`, as true or false."""
    return lambda env: bool(left(env)) and bool(right(env))


def negation(operand: Evaluate) -> Evaluate:
    """`not`."""
    return lambda env: not operand(env)


def listing(items: list[Evaluate]) -> Evaluate:
    """A list of values."""
    return lambda env: tuple([item(env) for item in items])


def comparison(terms: list[Evaluate], signs: list[tuple[str, int]]) -> Evaluate:
    """A chain of comparisons, as `1 < kernel <= 7`."""

    def compare(env: Environment) -> bool:
        left = terms[0](env)
        for (sign, offset), term in zip(signs, terms[1:], strict=True):
            right = term(env)
            if sign == "==":
                holds = left == right
            elif sign == "!=":
                holds = left != right
            else:
                for value in (left, right):
                    if type(value) not in (int, float):
                        raise ExpressionError(f"`{sign}` compares numbers", offset)
                holds = {
                    "<": left < right,
                    "<=": left <= right,
                    ">": left > right,
                    ">=": left >= right,
                }[sign]
            if not holds:
                return False
            left = right
        return True

    return compare


def arithmetic(sign: str, left: Evaluate, right: Evaluate, offset: int) -> Evaluate:
    """One arithmetic operation."""
    operation = OPERATIONS[sign]

    def compute(env: Environment) -> Any:
        return _apply(operation, sign, left(env), right(env), offset)

    return compute


def _apply(operation: Callable[[Any, Any], Any], sign: str, a: Any, b: Any, offset: int) -> Any:
    if type(a) is int and type(b) is int:
        try:
            result = operation(a, b)
        except ZeroDivisionError:
            raise ExpressionError("a division by zero", offset) from None
        except OverflowError:
            raise ExpressionError("a number beyond all limits", offset, "limit-exceeded") from None
        if type(result) is int and -NUMBER_LIMIT < result < NUMBER_LIMIT:
            return result
        return finite(result, offset)
    if type(a) is tuple or type(b) is tuple:
        return _apply_to_items(operation, sign, a, b, offset)
    for value in (a, b):
        if type(value) not in (int, float):
            raise ExpressionError(f"`{sign}` works on numbers, not on {value!r}", offset)
    try:
        return finite(operation(a, b), offset)
    except ZeroDivisionError:
        raise ExpressionError("a division by zero", offset) from None
    except OverflowError:
        raise ExpressionError("a number beyond all limits", offset, "limit-exceeded") from None


def _apply_to_items(
    operation: Callable[[Any, Any], Any], sign: str, a: Any, b: Any, offset: int
) -> tuple[Any, ...]:
    if type(a) is not tuple:
        a = (a,) * len(b)
    if type(b) is not tuple:
        b = (b,) * len(a)
    if len(a) != len(b):
        raise ExpressionError(f"lists of {len(a)} and {len(b)} items", offset)
    return tuple(_apply(operation, sign, x, y, offset) for x, y in zip(a, b, strict=True))


def finite(value: Any, offset: int) -> Any:
    """The value, if it is a finite number within the limits."""
    if type(value) is complex or not isfinite(value):
        raise ExpressionError("the result is no finite number", offset)
    if abs(value) >= NUMBER_LIMIT:
        raise ExpressionError("a number of 2^63 or more", offset, "limit-exceeded")
    return value


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > EXPONENT_LIMIT and abs(base) > 1:
        raise OverflowError
    return base**exponent


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
}


def make_divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value` and at least 0.9 of it (MobileNetV2's rule)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "min": (min, 2, 100),
    "max": (max, 2, 100),
    "abs": (abs, 1, 1),
    "ceil": (ceil, 1, 1),
    "floor": (floor, 1, 1),
    "round": (round, 1, 1),
    "make_divisible": (make_divisible, 2, 2),
}
"""Functions with the least and the greatest number of arguments."""


def call(name: str, arguments: list[Evaluate], offset: int) -> Evaluate:
    """A function of the language, its number of values checked."""
    if name not in FUNCTIONS:
        raise unknown_word(f"there is no function `{name}`", name, FUNCTIONS, offset)
    function, least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"at least {least}"
        raise ExpressionError(f"`{name}` takes {wanted} values, not {len(arguments)}", offset)

    def called(env: Environment) -> Any:
        values = [argument(env) for argument in arguments]
        for value in values:
            if type(value) not in (int, float):
                raise ExpressionError(f"`{name}` works on numbers", offset)
        try:
            return finite(function(*values), offset)
        except ZeroDivisionError:
            raise ExpressionError("a division by zero", offset) from None

    return called
