"""Expressions of the architecture language as terms."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from cnncalc.analysis.outline.terms import FUNCTIONS, Name, Operation, Term, simplified
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.values import MixedList

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==",
    ast.NotEq: "!=", ast.And: "and", ast.Or: "or",
}  # fmt: skip


class UnsayableError(Exception):
    """What a file says has no words in an outline."""


def term_of(value: Any, values: Mapping[str, Term]) -> Term:
    """A value of a file as a term, with those put in that names are known to have.

    The language's expressions are Python's but for the words `true` and `false`.

    Raises:
        UnsayableError: there is none.
    """
    if isinstance(value, Expression):
        try:
            return _Terms(values).term(ast.parse(value.text.strip(), mode="eval").body)
        except (SyntaxError, ArithmeticError, ValueError, TypeError, KeyError) as error:
            raise UnsayableError(str(error)) from None
    if isinstance(value, MixedList):
        return tuple([term_of(item, values) for item in value.items])
    return value


class _Terms:
    def __init__(self, values: Mapping[str, Term]) -> None:
        self.values = {"true": True, "false": False, **values}

    def term(self, node: ast.expr) -> Term:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self.values.get(node.id, Name(node.id))
        if isinstance(node, (ast.List, ast.Tuple)):
            return tuple([self.term(item) for item in node.elts])
        if isinstance(node, ast.BinOp):
            left, right = self.term(node.left), self.term(node.right)
            return simplified(Operation(SIGNS[type(node.op)], left, right))
        if isinstance(node, ast.BoolOp):
            return _chained(SIGNS[type(node.op)], [self.term(value) for value in node.values])
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.UnaryOp):
            operand = self.term(node.operand)
            if isinstance(node.op, ast.Not):
                return simplified(Operation("not", operand))
            plus = isinstance(node.op, ast.UAdd)
            return operand if plus else simplified(Operation("-", 0, operand))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            terms = [self.term(one) for one in node.args]
            name = node.func.id
            if FUNCTIONS[name] == 1:
                return simplified(Operation(name, terms[0]))
            return _chained(name, terms)
        raise UnsayableError(f"`{ast.unparse(node)}`")

    def _comparison(self, node: ast.Compare) -> Term:
        terms = [self.term(node.left), *map(self.term, node.comparators)]
        pairs = zip(node.ops, terms[:-1], terms[1:], strict=True)
        each = [simplified(Operation(SIGNS[type(s)], left, right)) for s, left, right in pairs]
        return _chained("and", each)


def _chained(sign: str, terms: list[Term]) -> Term:
    """Terms with a sign between each two, from the left."""
    whole = terms[0]
    for term in terms[1:]:
        whole = simplified(Operation(sign, whole, term))
    return whole
