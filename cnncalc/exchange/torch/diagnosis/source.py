"""The user's Python file: calls in it by their places, and edits of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property

from cnncalc.diagnostics import Edit, Place
from cnncalc.language.text.source import Source

FACTORS = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Tuple, ast.List,
           ast.expr_context)  # fmt: skip
"""What a value is made of that holds no names."""


class PythonFile:
    """A file of Python, parsed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            self.tree = ast.parse(source.text)
        except (SyntaxError, ValueError, RecursionError):
            self.tree = ast.Module([], [])

    @cached_property
    def calls(self) -> Mapping[tuple[int, int, int, int], ast.Call]:
        """All calls by first and last line and column."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                found[self._key(node)] = node
        return found

    def call_at(self, place: Place) -> ast.Call | None:
        """The call that stands at a place."""
        return self.calls.get((place.line, place.column, place.end_line, place.end_column))

    def _key(self, node: ast.expr) -> tuple[int, int, int, int]:
        place = self.place(node)
        return (place.line, place.column, place.end_line, place.end_column)

    def column(self, line: int, offset: int) -> int:
        """The column of a byte of a line; `ast` counts bytes."""
        text = self.source.line(line) or ""
        return len(text.encode()[:offset].decode("utf-8", "replace")) + 1

    def place(self, node: ast.expr) -> Place:
        """Lines and columns of a node."""
        last = node.end_lineno or node.lineno
        return Place(
            self.source.label,
            node.lineno,
            self.column(node.lineno, node.col_offset),
            last,
            self.column(last, node.end_col_offset or node.col_offset),
        )

    def text(self, node: ast.expr) -> str:
        """A node as it is written."""
        return ast.get_source_segment(self.source.text, node) or ""

    def replaced(self, node: ast.expr, text: str) -> Edit:
        """The edit that writes another text in the place of a node."""
        return Edit(self.place(node), text)

    def before(self, node: ast.expr, text: str) -> Edit:
        """The edit that writes a text in front of a node."""
        place = self.place(node)
        return Edit(place._replace(end_line=place.line, end_column=place.column), text)

    def behind(self, node: ast.expr, text: str) -> Edit:
        """The edit that writes a text behind a node."""
        place = self.place(node)
        return Edit(place._replace(line=place.end_line, column=place.end_column), text)

    def argument_added(self, call: ast.Call, name: str, text: str) -> Edit:
        """The edit that gives a call one more argument by name."""
        place = self.place(call)
        lead = ", " if call.args or call.keywords else ""
        at = place._replace(
            line=place.end_line, column=place.end_column - 1, end_column=place.end_column - 1
        )
        return Edit(at, f"{lead}{name}={text}")


def is_literal(node: ast.expr) -> bool:
    """Whether a value is written with numbers alone, as in `16 * 5 * 5`."""
    return all(isinstance(one, FACTORS) for one in ast.walk(node))


def last_name(function: ast.expr) -> str:
    """`Conv2d` of `nn.Conv2d`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def factors(node: ast.expr) -> int:
    """How many factors a product has; 1 of anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return factors(node.left) + factors(node.right)
    return 1


def bound(call: ast.Call, names: Sequence[str]) -> Mapping[str, ast.expr]:
    """The arguments of a call by the names of its function's parameters."""
    found = {one.arg: one.value for one in call.keywords if one.arg is not None}
    if not any(isinstance(one, ast.Starred) for one in call.args):
        found |= dict(zip(names, call.args, strict=False))
    return found
