"""Values of command-line options: shapes, changes of parameters, budgets."""

from __future__ import annotations

from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.language.expressions.expression import parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.budget import COSTS, parse_amount
from cnncalc.language.load import checked_input
from cnncalc.shapes import Shape


def parse_change(text: str) -> tuple[str, Any]:
    """`NAME=VALUE` of `--set`.

    Raises:
        UsageError: it is none, or the value is no constant.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise UsageError(f"`--set {text}` must be NAME=VALUE", "as in `--set classes=10`")
    try:
        expression = parse(value.strip())
        return name.strip(), expression.evaluate({})
    except ExpressionError as error:
        raise UsageError(f"`--set {text}`: {error.message}") from None


def parse_input(text: str) -> Shape:
    """`3x384x384` of `--input`.

    Raises:
        UsageError: it is no shape.
    """
    parts = text.lower().replace("×", "x").replace(",", "x").split("x")
    if not 1 <= len(parts) <= 4 or not all(
        p.isdecimal() and p.isascii() and len(p) < 20 for p in parts
    ):
        raise UsageError(
            f"`--input {text}` must be channels and sizes", "as in `--input 3x224x224`"
        )
    return checked_input(tuple(map(int, parts)), f"`--input {text}`")


def parse_budget(text: str, cost: str) -> int:
    """An amount of `--max-params`, `--max-macs` or `--max-memory`.

    Raises:
        UsageError: it is none.
    """
    amount = parse_amount(text, cost)
    if amount is None:
        raise UsageError(f"`--max-{cost} {text}` is no amount", COSTS[cost])
    return amount
