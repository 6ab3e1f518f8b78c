"""The values that a form's expressions and names have for one incoming tensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Refusal, nearest
from cnncalc.graph import Node as GraphNode
from cnncalc.language.elaboration.names import Names, Scope, Unknown
from cnncalc.language.expressions.expression import CHANNELS, Expression
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.form import Dynamic, LayerForm
from cnncalc.language.forms.values import DYNAMIC
from cnncalc.language.text.source import Node
from cnncalc.layers.base import Reference
from cnncalc.layers.options import OptionError

Environment = Mapping[str, Any]


def evaluate(value: Any, env: Environment, node: Node | None) -> Any:
    """The value of an expression that stands at a node, or of a constant.

    Raises:
        Refusal: it has none.
        Unknown: it depends on the channels of what is not known.
    """
    if not isinstance(value, DYNAMIC):
        return value
    try:
        return value.evaluate(env)
    except ExpressionError as refusal:
        if refusal.word in CHANNELS and refusal.rule == "undefined-name":
            if "channels" not in env:
                raise Unknown from None
            refusal.instead = None
            refusal.hint = "it is known inside a block: the channels that reach the block"
        raise refusal.at(node) from None


def option_values(form: LayerForm, env: Environment) -> tuple[Any, ...]:
    """The options in declared order, expressions worked out and checked.

    Raises:
        Refusal: one of them has no value, or one that it does not take.
    """
    if not form.dynamic:
        return form.values
    assert form.kind is not None
    keys = list(form.kind.options)
    values = list(form.values)
    for option in form.dynamic:
        key = keys[option.position]
        try:
            values[option.position] = _checked(key, option, env)
        except Refusal as refusal:
            raise refusal.at(form.given[key]) from None
    return tuple(values)


def _checked(key: str, option: Dynamic, env: Environment) -> Any:
    value = option.value
    try:
        result = value.evaluate(env)
    except ExpressionError as refusal:
        words = getattr(option.type, "words", ())
        if words and isinstance(value, Expression) and value.text.isidentifier():
            raise Refusal(
                "bad-value",
                f"`{key}` must be {option.type.expects}, not `{value.text}`",
                instead=nearest(value.text, words),
                word=value.text,
            ) from None
        raise refusal
    try:
        option.type.check(result)
    except OptionError as refusal:
        if isinstance(value, Expression):
            refusal.message += f" (`{value.text}`)"
        if isinstance(result, float):
            refusal.hint = "`//` divides whole numbers; `round`, `floor` and `ceil` give one"
        refusal.instead = None
        raise refusal.about(f"`{key}`") from None
    return result


def references(
    form: LayerForm, values: tuple[Any, ...], names: Names, nodes: list[GraphNode], scope: Scope
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The options with named layers put in for their names, and those layers.

    Raises:
        Refusal: there is no such layer.
        Unknown: a finding hides it.
    """
    assert form.kind is not None
    keys = list(form.kind.options)
    known = list(values)
    reads = []
    for position in form.references:
        try:
            found = names.find(values[position], scope)
        except Refusal as refusal:
            raise refusal.at(form.given[keys[position]]) from None
        node = nodes[found.node]
        shapes = tuple([nodes[index].facts.output for index in node.inputs])
        name = found.name if scope.gives(values[position]) else values[position]
        known[position] = Reference(name, found.node, node.facts.output, shapes, node.kind)
        reads.append(found.node)
    return tuple(known), tuple(reads)
