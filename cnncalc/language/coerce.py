"""What a program hands over, made the language's own: numbers of any library, mappings, texts."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.language.expressions.operations import NUMBER_LIMIT
from cnncalc.language.load import find
from cnncalc.language.text.source import Source

Net = str | PathLike[str] | Mapping[str, Any]
"""A path, a shipped network's name, or the keys of an architecture file."""

NESTING_LIMIT = 3


def given_source(net: Net | None, yaml: str | None) -> Source:
    """The source of a network by path, name, mapping or text.

    Raises:
        UsageError: there is no such file or network, or not one of the two is given.
        SpecError: it is no text.
    """
    if (net is None) == (yaml is None):
        raise UsageError("a network is either named or given as `yaml`")
    if yaml is not None:
        if not isinstance(yaml, str):
            raise UsageError(f"`yaml` must be a text, not {type(yaml).__name__}")
        return Source.decode("<yaml>", yaml.encode("utf-8", "surrogatepass"))
    if isinstance(net, Mapping):
        return Source.decode("<mapping>", _text(net).encode("utf-8", "surrogatepass"))
    if not isinstance(net, str | PathLike):
        raise UsageError(f"a network is a path, a name or a mapping, not {type(net).__name__}")
    path = fspath(net)
    if not isinstance(path, str):
        raise UsageError("the path of a network is a text")
    return find(path)


def _text(net: Mapping[str, Any]) -> str:
    """A mapping as text: JSON is YAML."""
    import json

    try:
        return json.dumps(dict(net), ensure_ascii=False, indent=1, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the mapping is no architecture file: {error}") from None


def _plain(value: Any) -> Any:
    """What `json` does not know: mappings, sequences and numbers of other libraries."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return number(value)


def whole(value: Any, what: str) -> int:
    """A whole number: whatever has `__index__`, truth values left out.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise UsageError(f"{what} must be a whole number, not {value!r}")


def number(value: Any) -> bool | int | float:
    """A truth value or number of any library as Python's own.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, bool):
        return value
    if type(value).__name__ in ("bool", "bool_"):  # NumPy's is no number of Python's
        return bool(value)
    try:
        return operator.index(value)
    except TypeError:
        return float(value)


def given_parameters(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Values of parameters by name.

    Raises:
        UsageError: a name is no text, or a value is nothing that a parameter can be.
    """
    found = {}
    for name, value in (parameters or {}).items():
        if not isinstance(name, str):
            raise UsageError(f"the name of a parameter is a text, not {name!r}")
        found[name] = _parameter(value, f"`{name}`")
    return found


def _parameter(value: Any, what: str, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and depth < NESTING_LIMIT:
        return tuple([_parameter(item, what, depth + 1) for item in value])
    try:
        found = number(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{what} must be a number, a text or a list, not {value!r}") from None
    if not abs(found) < NUMBER_LIMIT:  # not a number is no less
        raise UsageError(f"{what} must be a number below 2^63")
    return found


def given_input(shape: Any) -> Any:
    """An input's shape, or shapes by name, with whole numbers of any library as Python's."""
    if isinstance(shape, Mapping):
        return {name: given_input(inner) for name, inner in shape.items()}
    if isinstance(shape, str) or not isinstance(shape, Iterable):
        return shape
    return tuple([whole(size, "a size of `input`") for size in shape])


def given_amount(value: Any, cost: str) -> int | None:
    """A budget: a whole number, or an amount such as `5M` and `512KiB`.

    Raises:
        UsageError: it is neither.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        return whole(value, f"`max_{cost}`")
    from cnncalc.language.forms.budget import COSTS, parse_amount  # for budgets alone

    amount = parse_amount(value, cost)
    if amount is None:
        option = cost.replace("_", "-")
        raise UsageError(f"`--max-{option} {value}` is no amount", COSTS[cost])
    return amount
