"""What the parameters of a block stand for in one use of it: values, and layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Refusal, misspelt
from cnncalc.language.elaboration.names import Names, Scope, Unknown
from cnncalc.language.elaboration.options import Environment, evaluate
from cnncalc.language.expressions.expression import CHANNELS, Expression
from cnncalc.language.expressions.operations import GivenLayer
from cnncalc.language.forms.form import BlockForm, LayerForm
from cnncalc.language.forms.values import LayerPath
from cnncalc.language.text.findings import Findings
from cnncalc.language.text.source import Node


def block_arguments(
    form: LayerForm,
    block: BlockForm,
    outside: Environment,
    parameters: Mapping[str, Any],
    names: Names,
    scope: Scope,
    findings: Findings,
) -> dict[str, Any]:
    """The values of a block's parameters; a default sees the parameters before it.

    A name that is no value there is that of a layer.

    Args:
        outside: the names where the block is used.
        parameters: those of the file, which the block sees too.

    Raises:
        Refusal: an argument has no value.
        Unknown: it depends on what an earlier finding hides.
    """
    env = dict(parameters)
    if "channels" in outside:
        env["entering"] = outside["channels"]
    for parameter, value in zip(block.parameters, form.values, strict=True):
        if parameter.name in form.given:
            env[parameter.name] = _argument(
                value, outside, form.given[parameter.name], names, scope
            )
            continue
        if "channels" in outside:
            env["channels"] = outside["channels"]
        try:
            env[parameter.name] = _default(value, env, names)
        except Refusal as refusal:
            refusal.offset = None  # it counts in the default, and not in the header
            used = scope.use.chain() if scope.use else ()
            findings.add(refusal, block.source, block.header, None, used)
            raise Unknown from None
    return env


def _argument(value: Any, env: Environment, node: Node, names: Names, scope: Scope) -> Any:
    if isinstance(value, LayerPath):
        try:
            return names.find(value.text, scope)
        except Refusal as refusal:
            raise refusal.at(node) from None
    if isinstance(value, Expression):
        text = value.text
        if isinstance(scope.value(text), GivenLayer):
            return scope.value(text)
        if not value.names <= env.keys() and text not in CHANNELS:
            found = names.look(text, scope)
            if found is not None:
                return found
            if text.isidentifier():
                message = f"`{text}` is no value here, and no earlier layer"
                known = {*env, *names.known(scope)}
                raise misspelt("undefined-name", message, text, known).at(node)
    return evaluate(value, env, node)


def _default(value: Expression | None, env: dict[str, Any], names: Names) -> Any:
    if value is None or value.names <= env.keys():
        return evaluate(value, env, None)
    return names.top(value.text) or evaluate(value, env, None)
