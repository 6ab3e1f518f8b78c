"""The text of a model file: its parameters, and the rows `[from, number, module, args]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic, Place, Refusal, SpecError
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source

ROW_LIMIT = 2_000
REPEAT_LIMIT = 500

WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("True", "true", "TRUE"), True),
    **dict.fromkeys(("False", "false", "FALSE"), False),
    **dict.fromkeys(("None", "null", "~", ""), None),
}


class Value(NamedTuple):
    """An argument: what it is, and the node that it is written in."""

    value: Any
    node: Node


class Row(NamedTuple):
    """One line of the model."""

    place: int
    origins: tuple[Value, ...]
    """The rows that it takes, -1 for the one before."""
    several: bool
    """Whether they are written as a list."""
    number: Value
    module: Value
    args: tuple[Value, ...]
    node: Node
    args_node: Node


class File(NamedTuple):
    """A model file."""

    source: Source
    values: Mapping[str, Any]
    """What its keys are, but for the rows."""
    nodes: Mapping[str, Node]
    rows: tuple[Row, ...]


def parsed(source: Source) -> File:
    """The rows and the parameters of a text.

    Raises:
        SpecError: it is no model file; carries every finding.
    """
    root = source.compose()
    if not isinstance(root, MappingNode):
        raise _error(source, "missing-option", "a model file has `backbone` and `head`", root)
    nodes: dict[str, Node] = {}
    for key, node in root.value:
        if isinstance(key, ScalarNode):
            nodes[key.value] = node
    findings: list[Diagnostic] = []
    rows: list[Row] = []
    for part in ("backbone", "head"):
        listed = nodes.get(part)
        if not isinstance(listed, SequenceNode):
            message = f"`{part}` must be a list of rows `[from, number, module, args]`"
            raise _error(source, "missing-option", message, listed or root)
        for node in listed.value:
            try:
                rows.append(_row(source, node, len(rows)))
            except SpecError as error:
                findings += error.diagnostics
                rows.append(_broken(node, len(rows)))
            if len(rows) > ROW_LIMIT:
                raise _error(source, "limit-exceeded", f"more than {ROW_LIMIT:,} rows", node)
    if findings:
        raise SpecError(findings[:100])
    values = {key: plain(node) for key, node in nodes.items() if key not in ("backbone", "head")}
    return File(source, values, nodes, tuple(rows))


def _broken(node: Node, index: int) -> Row:
    nothing = Value(None, node)
    return Row(index, (), False, nothing, nothing, (), node, node)


def _row(source: Source, node: Node, index: int) -> Row:
    if not isinstance(node, SequenceNode) or len(node.value) != 4:
        count = len(node.value) if isinstance(node, SequenceNode) else 1
        message = f"a row is `[from, number, module, args]`, not {count} values"
        raise _error(source, "bad-value", message, node)
    origin, number, module, args = node.value
    origins = origin.value if isinstance(origin, SequenceNode) else [origin]
    taken = [Value(plain(one), one) for one in origins]
    for one in taken:
        if type(one.value) is not int:
            message = f"`from` must be a row's number, not `{text_of(one.node)}`"
            raise _error(source, "bad-value", message, one.node)
    count = plain(number)
    if type(count) is not int or not 0 < count <= REPEAT_LIMIT:
        message = f"the number must be from 1 to {REPEAT_LIMIT}, not `{text_of(number)}`"
        raise _error(source, "bad-value", message, number)
    if not isinstance(module, ScalarNode):
        raise _error(source, "bad-value", "the module must be a name", module)
    if not isinstance(args, SequenceNode):
        message = f"the arguments must be a list, not `{text_of(args)}`"
        raise _error(source, "bad-value", message, args)
    return Row(
        index,
        tuple(taken),
        isinstance(origin, SequenceNode),
        Value(count, number),
        Value(module.value, module),
        tuple([Value(plain(one), one) for one in args.value]),
        node,
        args,
    )


VALUES_LIMIT = 5_000
"""Values in one list, whatever its aliases repeat."""


def plain(node: Node, left: list[int] | None = None) -> Any:
    """A node's value, as Python has it; words stay texts, and what is too much is `None`."""
    left = [VALUES_LIMIT] if left is None else left
    left[0] -= 1
    if left[0] < 0:
        return None
    if isinstance(node, SequenceNode):
        return [plain(one, left) for one in node.value[: left[0] + 1]]
    if isinstance(node, MappingNode):
        return {_key(key): plain(value, left) for key, value in node.value[: left[0] + 1]}
    text: str = node.value
    if isinstance(node, ScalarNode) and node.style in ("'", '"'):
        return WORDS.get(text, text) if text == "None" else text
    if text in WORDS:
        return WORDS[text]
    if re.fullmatch(r"[+-]?\d{1,12}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return float(text)
    return text


def _key(node: Node) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else "?"


def text_of(node: Node) -> str:
    """A node as messages show it."""
    if isinstance(node, ScalarNode):
        return str(node.value)[:40]
    return "a list" if isinstance(node, SequenceNode) else "a mapping"


def _error(source: Source, rule: str, message: str, node: Node | None) -> SpecError:
    place = Place(source.label, 1, 1, 1, 2) if node is None else source.place(node)
    return SpecError([source.finding(Refusal(rule, message), place)])


__all__ = ["File", "Row", "Value", "parsed", "plain", "text_of"]
