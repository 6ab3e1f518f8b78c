"""Values of parameters in words: `width=0.5` of `--set`, `mobilenet_v2?width=0.5` of a network."""

from __future__ import annotations

import os
import re
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.language.expressions.expression import parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.values import Word


def parse_change(text: str, option: str = "--set ") -> tuple[str, Any]:
    """`NAME=VALUE` as a name and a value; `option` is what stands in front of it in messages.

    Raises:
        UsageError: it is none, or the value is no constant and no word.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise UsageError(f"`{option}{text}` must be NAME=VALUE", "as in `--set classes=10`")
    try:
        expression = parse(value.strip())
        return name.strip(), expression.evaluate({})
    except ExpressionError as error:
        message = f"`{option}{text}`: {error.message}"
        if re.fullmatch(r"\w*[A-Za-z]\w*", value.strip()):
            return name.strip(), Word(value.strip(), message)
        raise UsageError(message) from None


def variant(net: str) -> tuple[str, dict[str, Any]]:
    """A network's name or path, and the parameters that stand behind its `?`.

    Several are separated by `&`. A file whose name has a `?` is that file.

    Raises:
        UsageError: what stands behind the `?` are no parameters.
    """
    name, sign, changes = net.partition("?")
    if not sign or not name or os.path.exists(net):
        return net, {}
    return name, dict([parse_change(change, f"{name}?") for change in changes.split("&")])
