"""Where a layer's options are written in Python, and how they are written anew there."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.diagnostics import Place
from cnncalc.exchange.keras.spans import KEYS, written
from cnncalc.language.text.source import Source
from cnncalc.spans import OptionSpan, SourceSpan


class LayerCall(NamedTuple):
    """A call of a layer's class in the user's code."""

    source: Source
    node: ast.expr
    """The call, or what stands at the place where no call is found."""
    arguments: Mapping[str, ast.expr]
    """Its arguments by the names of the class's parameters."""

    @property
    def place(self) -> Place:
        """Where the class is named, or what stands there begins."""
        node = self.node.func if isinstance(self.node, ast.Call) else self.node
        return place_of(self.source, node)

    def argument(self, key: str) -> OptionSpan | None:
        """Where the value of a parameter is written, if it is a literal."""
        node = self.arguments.get(key)
        if node is None:
            return None
        try:
            value = ast.literal_eval(node)
        except ValueError:
            return None
        return OptionSpan(place_of(self.source, node), lambda text: python_value(value, text))

    def span(self) -> SourceSpan:
        """The call with its options by the names of our kinds."""
        options = {}
        for option, keys in KEYS.items():
            found = next((one for key in keys if (one := self.argument(key)) is not None), None)
            if found is not None:
                options[option] = found
        return SourceSpan(self.place, options)


def python_value(old: Any, text: str) -> str | None:
    """A value of ours as Python writes it, in the form of the one that stands there."""
    value = list(old) if isinstance(old, tuple) else old
    found = written(value, text)
    if found is None:
        return None
    if isinstance(old, tuple) and found.startswith("["):
        return f"({found[1:-1]})"
    return {"true": "True", "false": "False"}.get(found, found)


def place_of(source: Source, node: ast.expr) -> Place:
    """Lines and columns of a node; `ast` counts the bytes of a line."""
    end_line = node.end_lineno or node.lineno
    return Place(
        source.label,
        node.lineno,
        _column(source, node.lineno, node.col_offset),
        end_line,
        _column(source, end_line, node.end_col_offset or node.col_offset),
    )


def _column(source: Source, line: int, offset: int) -> int:
    text = source.line(line) or ""
    return len(text.encode()[:offset].decode("utf-8", "replace")) + 1


def layer_call(source: Source, line: int, layer: type, number: int | None) -> LayerCall | None:
    """The call that made a layer, in the statement at a line.

    Args:
        layer: the layer's class.
        number: which of the layers of a `Sequential([…])` it is, from the last, −1.
    """
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for statement in _statements(tree, line):
        node = _listed(statement, number) if number is not None else None
        calls = list(_calls(node if node is not None else statement, layer.__name__))
        near = [one for one in calls if one.lineno <= line <= (one.end_lineno or one.lineno)]
        if calls:
            best = (near or calls)[0]
            return LayerCall(source, best, _arguments(best, layer))
        if node is not None:
            return LayerCall(source, node, {})
    return None


def whole_line(source: Source, line: int) -> Place:
    """The code of a line."""
    text = source.line(line) or ""
    start = len(text) - len(text.lstrip())
    return Place(source.label, line, start + 1, line, max(len(text.rstrip()), start + 1) + 1)


def _statements(tree: ast.Module, line: int) -> list[ast.stmt]:
    """The statements at a line, the innermost first."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return sorted(found, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)


def _calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and _last(one.func) == name:
            yield one


def _last(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _listed(statement: ast.stmt, number: int) -> ast.expr | None:
    """The layer of that number in `Sequential([…])`; none where the list is not written out."""
    for call in _calls(statement, "Sequential"):
        given = [*call.args, *[one.value for one in call.keywords if one.arg == "layers"]]
        if not given or not isinstance(given[0], ast.List):
            continue
        items = given[0].elts
        if any(isinstance(one, ast.Starred) for one in items):
            return None
        return items[number] if -len(items) <= number else None
    return None


def _arguments(call: ast.Call, layer: type) -> dict[str, ast.expr]:
    names = parameters(layer)
    found = {one.arg: one.value for one in call.keywords if one.arg is not None}
    if not any(isinstance(one, ast.Starred) for one in call.args):
        found |= dict(zip(names, call.args, strict=False))
    return found


def parameters(layer: type) -> Sequence[str]:
    """The parameters of a layer's class, in order."""
    try:
        signature = inspect.signature(layer.__init__)  # type: ignore[misc]
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
             inspect.Parameter.KEYWORD_ONLY)  # fmt: skip
    return [one.name for one in signature.parameters.values() if one.kind in kinds][1:]
