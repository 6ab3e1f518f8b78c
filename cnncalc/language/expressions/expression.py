"""Expressions of the architecture language: parsed into closures, never handed to `eval`.

    expression := or
    or         := and ("or" and)*
    and        := not ("and" not)*
    not        := "not" not | comparison
    comparison := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)*
    sum        := term (("+" | "-") term)*
    term       := factor (("*" | "/" | "//" | "%") factor)*
    factor     := ("+" | "-") factor | atom ("**" factor)?
    atom       := number | "true" | "false" | 'word' | name | name "(" expressions ")"
                | "(" expression ")" | "[" expressions "]"

Arithmetic on a list works on each of its items. Whole numbers stay whole but for `/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from cnncalc.language.expressions import operations
from cnncalc.language.expressions.operations import (
    COMPARISONS,
    FUNCTIONS,
    Evaluate,
    ExpressionError,
)

TEXT_LIMIT = 500
DEPTH_LIMIT = 40

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<word>'[^']*'|\"[^\"]*\")|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),\[\]=])|(?P<end>$))",
    re.ASCII,
)
YAML_TRUTH = {"yes", "no", "on", "off", "null"}
"""Words that other YAML readers take for a truth value or for nothing: no names."""
CHANNELS = ("channels", "entering")
"""The channels that reach the layer at hand, and those that reached the block around it."""
RESERVED = {"and", "or", "not", "true", "false"}


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
            if key in RESERVED or key.lower() in YAML_TRUTH or key in FUNCTIONS or key in CHANNELS:
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
            left = operations.either(left, self.both())
        return left

    def both(self) -> Evaluate:
        left = self.negation()
        while self.token == "and":
            self.advance()
            left = operations.both(left, self.negation())
        return left

    def negation(self) -> Evaluate:
        if self.token == "not":
            offset = self.offset
            self.advance()
            return operations.negation(self._nested(self.negation, offset))
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
        return operations.comparison(terms, signs) if signs else terms[0]

    def sum(self) -> Evaluate:
        left = self.term()
        while self.token in ("+", "-"):
            sign, offset = self.token, self.offset
            self.advance()
            left = operations.arithmetic(sign, left, self.term(), offset)
        return left

    def term(self) -> Evaluate:
        left = self.factor()
        while self.token in ("*", "/", "//", "%"):
            sign, offset = self.token, self.offset
            self.advance()
            left = operations.arithmetic(sign, left, self.factor(), offset)
        return left

    def factor(self) -> Evaluate:
        offset = self.offset
        if self.token in ("+", "-"):
            sign = self.token
            self.advance()
            operand = self._nested(self.factor, offset)
            return operations.arithmetic(sign, operations.constant(0), operand, offset)
        left = self.atom()
        if self.token == "**":
            offset = self.offset
            self.advance()
            return operations.arithmetic("**", left, self._nested(self.factor, offset), offset)
        return left

    def atom(self) -> Evaluate:
        kind, token, offset = self.kind, self.token, self.offset
        if kind == "number":
            return operations.constant(self._number(token, offset))
        if kind == "word":
            self.advance()
            return operations.constant(token[1:-1])
        if token == "(":
            self.advance()
            inner = self.expression()
            if self.token == ",":
                items = self.text[offset + 1 :].partition(")")[0]
                raise ExpressionError(
                    "parentheses hold one value", self.offset, hint=f"a list is `[{items}]`"
                )
            self.take(")", "`)`")
            return inner
        if token == "[":
            self.advance()
            return operations.listing(self._arguments("]"))
        if kind != "name" or token in ("and", "or", "not"):
            self.fail("a number or a name")
        self.advance()
        if token in ("true", "false"):
            return operations.constant(token == "true")
        if self.token == "(":
            self.advance()
            return operations.call(token, self._arguments(")"), offset)
        self.names.add(token)
        return operations.lookup(token, offset)

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
        operations.finite(number, offset)
        return number

    def _arguments(self, closing: str) -> list[Evaluate]:
        arguments: list[Evaluate] = []
        while self.token != closing:
            arguments.append(self.expression())
            if self.token != closing:
                self.take(",", f"`,` or `{closing}`")
        self.advance()
        return arguments
