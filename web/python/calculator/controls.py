"""The file's input and parameters as controls: values, ranges, and where each is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.inputs import written_inputs
from cnncalc.language.forms.values import MixedList
from cnncalc.language.network import Network
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source
from cnncalc.layers.options import Bool

WORDS = re.compile(r"\b(?:and|or|not)\b|[()]")


def controls(network: Network) -> dict[str, Any]:
    """Inputs and parameters with their values, and the edits that change them.

    Raises:
        UsageError: never; no parameter is changed here.
    """
    values = network.values({})
    # a file that is being begun has no input yet, and none is offered
    shapes = network.input_shapes(values) if "input" in network.keys else {}
    return {
        "inputs": [
            {"name": name, "sizes": _sizes(network, name, shape)} for name, shape in shapes.items()
        ],
        "parameters": [
            _parameter(network, name, value)
            for name, value in values.items()
            if isinstance(value, int | float)
        ],
    }


def _sizes(network: Network, name: str, shape: tuple[int, ...]) -> list[dict[str, Any]]:
    """The sizes of an input, channels first, each with where it is written."""
    source, _, node = network.keys["input"]
    written = written_inputs(source, node)[name]
    items = written.value if isinstance(written, SequenceNode) else []
    found = []
    for position, size in enumerate(shape):
        edit = None
        if source is not network.source:
            edit = _own_input(network, shape, position)
        elif position < len(items):
            edit = _replacement(source, items[position])
        found.append({"value": size, "edit": edit, **_range(size, 1)})
    return found


def _own_input(network: Network, shape: tuple[int, ...], position: int) -> dict[str, Any] | None:
    """The edit that gives a file that extends another an input of its own."""
    before, after = (
        ", ".join(map(str, part)) for part in (shape[:position], shape[position + 1 :])
    )
    return (
        _new_line(
            network, f"input: [{before}{', ' * bool(before)}", f"{', ' * bool(after)}{after}]"
        )
        if isinstance(network.keys["input"][2], SequenceNode)
        else None
    )


def _parameter(network: Network, name: str, value: Any) -> dict[str, Any]:
    source, _, node = network.parameters[name]
    edit = _replacement(source, node) if source is network.source else _addition(network, name)
    found = {"name": name, "value": value, "edit": edit}
    if isinstance(value, bool) or (value in (0, 1) and is_switch(network, name)):
        return {**found, "switch": True}
    return {**found, "switch": False, **_range(value, 0)}


def _range(value: int | float, least: int) -> dict[str, Any]:
    """From where to where a slider goes, around the value that is written."""
    if isinstance(value, float):
        top = 1.0 if 0 <= value <= 1 else 2 * abs(value)
        return {"least": min(0.0, -top if value < 0 else 0.0), "most": top, "step": top / 100}
    return {"least": min(least, value), "most": max(2 * value, value + 8), "step": 1}


def _replacement(source: Source, node: Node) -> dict[str, Any] | None:
    """The edit that puts another value in the place of a scalar."""
    if not isinstance(node, ScalarNode):
        return None
    place = source.place(node)
    return _edit(place.line, place.column, place.end_line, place.end_column)


def _addition(network: Network, name: str) -> dict[str, Any] | None:
    """The edit that gives a parameter of an extended file a value in this one."""
    own = network.source
    root = own.compose()
    if not isinstance(root, MappingNode):
        return None
    keys = {key.value: (key, value) for key, value in root.value}
    if "parameters" in keys:
        mapping = keys["parameters"][1]
        if not isinstance(mapping, MappingNode) or not mapping.value:
            return None
        place = own.place(mapping.value[0][0])
        after = ", " if mapping.flow_style else "\n" + " " * (place.column - 1)
        return _edit(place.line, place.column, place.line, place.column, f"{name}: ", after)
    return _new_line(network, f"parameters: {{{name}: ", "}")


def _new_line(network: Network, before: str, after: str) -> dict[str, Any] | None:
    """The edit that puts a line below the one with `extends`."""
    root = network.source.compose()
    if not isinstance(root, MappingNode) or root.flow_style:
        return None
    for key, value in root.value:
        if key.value == "extends":
            place = network.source.place(value)
            return _edit(
                place.line, place.end_column, place.line, place.end_column, "\n" + before, after
            )
    return None


def _edit(
    line: int, column: int, end_line: int, end_column: int, before: str = "", after: str = ""
) -> dict[str, Any]:
    return {
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "before": before,
        "after": after,
    }


def is_switch(network: Network, name: str) -> bool:
    """Whether a parameter stands only where a truth value is meant."""
    found = False
    for expression, truth in _expressions(network):
        if name not in expression.names:
            continue
        found = True
        parts = [part.strip() for part in WORDS.split(expression.text)]
        if not truth or any(part != name for part in parts if re.search(rf"\b{name}\b", part)):
            return False
    return found


def _expressions(network: Network) -> Iterator[tuple[Expression, bool]]:
    """Every expression of the layers, and whether it tells a truth value."""
    seen: set[int] = set()
    waiting: list[LayerForm] = list(network.layers)
    while waiting:
        form = waiting.pop()
        if id(form) in seen:
            continue
        seen.add(id(form))
        yield from _of_form(form)
        waiting += form.group or ()
        for branch in form.branches or ():
            waiting += branch.layers
            if isinstance(branch.condition, Expression):
                yield branch.condition, True
        if form.block is not None:
            waiting += form.block.body
            for parameter in form.block.parameters:
                if parameter.default is not None:
                    yield parameter.default, False


def _of_form(form: LayerForm) -> Iterator[tuple[Expression, bool]]:
    for value in (form.condition, form.is_output):
        if isinstance(value, Expression):
            yield value, True
    if isinstance(form.repeat, Expression):
        yield form.repeat, False
    for dynamic in form.dynamic:
        yield from _inner(dynamic.value, isinstance(dynamic.type, Bool))
    if form.block is not None:
        for value in form.values:
            yield from _inner(value, False)


def _inner(value: Any, truth: bool) -> Iterator[tuple[Expression, bool]]:
    if isinstance(value, Expression):
        yield value, truth
    elif isinstance(value, MixedList):
        for item in value.items:
            yield from _inner(item, False)
