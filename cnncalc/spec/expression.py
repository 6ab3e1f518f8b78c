"""Expressions of the architecture language: parsed into closures, never handed to `eval`.

    expression := or
    or         := and ("or" and)*
    and        := not ("and" not)*
    not        := "not" not | comparison
    comparison := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)*
    sum        := term (("+" | "-") term)*
    term       := factor (("*" | "/" | "//" | "%") factor)*
    factor     := ("+" | "-") factor | atom ("**" factor)?
    atom       := number | "true" | "false" | 'word' | name | name "(" expressions ")" | "(" … ")" | "[" … "]"

Arithmetic on a list works on each of its items. Whole numbers stay whole but for `/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import ceil, floor, isfinite
from typing import Any, NamedTuple, NoReturn

from cnncalc.diagnostics import did_you_mean

TEXT_LIMIT = 500
DEPTH_LIMIT = 40
NUMBER_LIMIT = 2**63
EXPONENT_LIMIT = 64

Environment = Mapping[str, Any]
Evaluate = Callable[[Environment], Any]

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<word>'[^']*'|\"[^\"]*\")|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),\[\]=])|(?P<end>$))"
)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
RESERVED = {"and", "or", "not", "true", "false"}


class ExpressionError(Exception):
    """What is wrong with an expression, and at which character of its text."""

    def __init__(
        self, message: str, offset: int, rule: str = "bad-expression", hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.rule = rule
        self.hint = hint


class Expression(NamedTuple):
    """A parsed expression."""

    text: str
    evaluate: Evaluate
    names: frozenset[str]


class Parameter(NamedTuple):
    """A parameter of a block: its name and default."""

    name: str
    default: Expression | None


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        ExpressionError: the text is no expression, or a longer one than the limits allow.
    """
    parser = _Parser(text)
    evaluate = parser.expression()
    parser.expect_end()
    return Expression(text, evaluate, frozenset(parser.names))


def parse_header(text: str) -> tuple[str, tuple[Parameter, ...]]:
    """Parse a block's header: `conv_bn(filters, kernel=1)` or a bare name."""
    parser = _Parser(text)
    name = parser.take("name", "the block's name")
    parameters: list[Parameter] = []
    if parser.kind != "end":
        parser.take("(", "`(`")
        while parser.token != ")":
            start = parser.offset
            key = parser.take("name", "a parameter's name")
            if key in RESERVED or key in FUNCTIONS or key == "channels":
                raise ExpressionError(f"`{key}` has a meaning of its own here", start)
            if any(key == other.name for other in parameters):
                raise ExpressionError(f"the parameter `{key}` stands here twice", start)
            default = None
            if parser.token == "=":
                parser.advance()
                parser.names, start = set(), parser.offset
                evaluate = parser.expression()
                default = Expression(text[start : parser.offset], evaluate, frozenset(parser.names))
            elif parameters and parameters[-1].default is not None:
                raise ExpressionError(f"`{key}` needs a default, as the ones before it have", start)
            parameters.append(Parameter(key, default))
            if parser.token != ")":
                parser.take(",", "`,` or `)`")
        parser.advance()
        parser.expect_end()
    return name, tuple(parameters)


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > TEXT_LIMIT:
            raise ExpressionError(
                f"an expression of {len(text)} characters; at most {TEXT_LIMIT} are read",
                0,
                "limit-exceeded",
            )
        self.text = text
        self.position = 0
        self.depth = 0
        self.names: set[str] = set()
        self.advance()

    def advance(self) -> None:
        match = TOKEN.match(self.text, self.position)
        if match is None:
            offset = (
                self.position
                + len(self.text[self.position :])
                - len(self.text[self.position :].lstrip())
            )
            raise ExpressionError(f"`{self.text[offset]}` does not belong here", offset)
        self.kind = match.lastgroup or "end"
        self.token = match.group(self.kind)
        self.offset = match.start(self.kind)
        self.position = match.end()

    def fail(self, expected: str) -> NoReturn:
        found = "the end" if self.kind == "end" else f"`{self.token}`"
        raise ExpressionError(f"found {found} where {expected} was expected", self.offset)

    def take(self, what: str, expected: str) -> str:
        token = self.token
        if what not in (self.kind, token):
            self.fail(expected)
        self.advance()
        return token

    def expect_end(self) -> None:
        if self.kind != "end":
            self.fail("an operator or the end")

    def expression(self) -> Evaluate:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise ExpressionError(
                f"more than {DEPTH_LIMIT} levels of nesting", self.offset, "limit-exceeded"
            )
        result = self.either()
        self.depth -= 1
        return result

    def either(self) -> Evaluate:
        left = self.both()
        while self.token == "or":
            self.advance()
            left = _either(left, self.both())
        return left

    def both(self) -> Evaluate:
        left = self.negation()
        while self.token == "and":
            self.advance()
            left = _both(left, self.negation())
        return left

    def negation(self) -> Evaluate:
        if self.token == "not":
            offset = self.offset
            self.advance()
            return _negation(self._nested(self.negation, offset))
        return self.comparison()

    def _nested(self, rule: Callable[[], Evaluate], offset: int) -> Evaluate:
        """A rule that calls itself, counted against the depth limit."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise ExpressionError(
                f"more than {DEPTH_LIMIT} levels of nesting", offset, "limit-exceeded"
            )
        result = rule()
        self.depth -= 1
        return result

    def comparison(self) -> Evaluate:
        terms, signs = [self.sum()], []
        while self.token in COMPARISONS and self.kind == "sign":
            signs.append((self.token, self.offset))
            self.advance()
            terms.append(self.sum())
        return _comparison(terms, signs) if signs else terms[0]

    def sum(self) -> Evaluate:
        left = self.term()
        while self.token in ("+", "-"):
            sign, offset = self.token, self.offset
            self.advance()
            left = _arithmetic(sign, left, self.term(), offset)
        return left

    def term(self) -> Evaluate:
        left = self.factor()
        while self.token in ("*", "/", "//", "%"):
            sign, offset = self.token, self.offset
            self.advance()
            left = _arithmetic(sign, left, self.factor(), offset)
        return left

    def factor(self) -> Evaluate:
        offset = self.offset
        if self.token in ("+", "-"):
            sign = self.token
            self.advance()
            operand = self._nested(self.factor, offset)
            return _arithmetic(sign, _constant(0), operand, offset)
        left = self.atom()
        if self.token == "**":
            offset = self.offset
            self.advance()
            return _arithmetic("**", left, self._nested(self.factor, offset), offset)
        return left

    def atom(self) -> Evaluate:
        kind, token, offset = self.kind, self.token, self.offset
        if kind == "number":
            return _constant(self._number(token, offset))
        if kind == "word":
            self.advance()
            return _constant(token[1:-1])
        if token == "(":
            self.advance()
            inner = self.expression()
            self.take(")", "`)`")
            return inner
        if token == "[":
            self.advance()
            return _listing(self._arguments("]"))
        if kind != "name" or token in ("and", "or", "not"):
            self.fail("a number or a name")
        self.advance()
        if token in ("true", "false"):
            return _constant(token == "true")
        if self.token == "(":
            self.advance()
            return _call(token, self._arguments(")"), offset)
        self.names.add(token)
        return _lookup(token, offset)

    def _number(self, token: str, offset: int) -> int | float:
        self.advance()
        if self.kind == "name" and self.offset == offset + len(token):
            raise ExpressionError(
                f"`{token}{self.token}` is no number",
                offset,
                "bad-value",
                "numbers are decimal: 10, 0.5",
            )
        if token.isdigit():
            if len(token) > 1 and token[0] == "0":
                raise ExpressionError(
                    f"`{token}` begins with a zero",
                    offset,
                    "bad-value",
                    f"write {token.lstrip('0') or '0'}",
                )
            if len(token) > 19:
                raise ExpressionError(f"a number of {len(token)} digits", offset, "limit-exceeded")
            return int(token)
        number = float(token)
        _finite(number, offset)
        return number

    def _arguments(self, closing: str) -> list[Evaluate]:
        arguments: list[Evaluate] = []
        while self.token != closing:
            arguments.append(self.expression())
            if self.token != closing:
                self.take(",", f"`,` or `{closing}`")
        self.advance()
        return arguments


def _constant(value: Any) -> Evaluate:
    return lambda env: value


def _lookup(name: str, offset: int) -> Evaluate:
    def lookup(env: Environment) -> Any:
        try:
            return env[name]
        except KeyError:
            raise ExpressionError(
                f"nothing is called `{name}`", offset, "undefined-name", did_you_mean(name, env)
            ) from None

    return lookup


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda env: bool(left(env)) or bool(right(env))


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda env: bool(left(env)) and bool(right(env))


def _negation(operand: Evaluate) -> Evaluate:
    return lambda env: not operand(env)


def _listing(items: list[Evaluate]) -> Evaluate:
    return lambda env: tuple([item(env) for item in items])


def _comparison(terms: list[Evaluate], signs: list[tuple[str, int]]) -> Evaluate:
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


def _arithmetic(sign: str, left: Evaluate, right: Evaluate, offset: int) -> Evaluate:
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
        return _finite(result, offset)
    if type(a) is tuple or type(b) is tuple:
        return _apply_to_items(operation, sign, a, b, offset)
    for value in (a, b):
        if type(value) not in (int, float):
            raise ExpressionError(f"`{sign}` works on numbers, not on {value!r}", offset)
    try:
        return _finite(operation(a, b), offset)
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


def _finite(value: Any, offset: int) -> Any:
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
    "min": (min, 1, 100),
    "max": (max, 1, 100),
    "abs": (abs, 1, 1),
    "ceil": (ceil, 1, 1),
    "floor": (floor, 1, 1),
    "round": (round, 1, 1),
    "make_divisible": (make_divisible, 2, 2),
}
"""Functions with the least and the greatest number of arguments."""


def _call(name: str, arguments: list[Evaluate], offset: int) -> Evaluate:
    if name not in FUNCTIONS:
        raise ExpressionError(
            f"there is no function `{name}`", offset, hint=did_you_mean(name, FUNCTIONS)
        )
    function, least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"at least {least}"
        raise ExpressionError(f"`{name}` takes {wanted} values, not {len(arguments)}", offset)

    def call(env: Environment) -> Any:
        values = [argument(env) for argument in arguments]
        for value in values:
            if type(value) not in (int, float):
                raise ExpressionError(f"`{name}` works on numbers", offset)
        try:
            return _finite(function(*values), offset)
        except ZeroDivisionError:
            raise ExpressionError("a division by zero", offset) from None

    return call
