"""Code of the user's that fails where no layer refuses anything: its line, and what is near."""

from __future__ import annotations

import ast
import inspect
import operator
import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple

import torch

from cnncalc.diagnostics import Diagnostic, Fix, Place, nearest
from cnncalc.exchange.torch.diagnosis.constructors import Constructors, parameters_of
from cnncalc.exchange.torch.diagnosis.source import PythonFile, bound, is_literal, last_name
from cnncalc.exchange.torch.recording.lines import is_own, place_of

LONGEST = 300


class Frame(NamedTuple):
    """A line of the user's code on the way to an error."""

    place: Place
    variables: dict[str, Any]


def failure(error: BaseException, constructors: Constructors) -> Diagnostic | None:
    """The finding about an error; `None` where it did not come from the user's own code."""
    frames = _frames(error.__traceback__)
    if not frames:
        return None
    frame = frames[-1]
    file = constructors.file(frame.place.file)
    own = constructors.own
    if file is not None and own is not None and file.tree is own.tree:
        file = own
    place = frame.place
    if own is not None and file is own:
        place = place._replace(file=own.source.label)
    text = str(error).strip().partition("\n")[0][:LONGEST]
    missing = isinstance(error, (AttributeError, NameError))
    finding = Diagnostic(
        "undefined-name" if missing else "bad-value",
        "error",
        f"{type(error).__name__}: {text}" if text else type(error).__name__,
        place,
        excerpt=None if file is None else file.source.line(place.line),
        used=tuple([one.place for one in reversed(frames[:-1])]),
    )
    call = None if file is None else _call_at(file, place)
    divided = _divides(file, call, error) if file is not None and call is not None else None
    if divided is not None:
        return finding._replace(
            rule=divided.rule, message=divided.message, fixes=divided.fixes, hint=divided.hint
        )
    return finding._replace(hint=_near(error, frame.variables))


def _frames(traceback: TracebackType | None) -> list[Frame]:
    """The lines of the user's code, outermost first."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = code.co_filename
        if is_own(file) and "site-packages" not in file and not file.startswith(PYTHON):
            place = place_of(code, traceback.tb_lasti, traceback.tb_lineno)
            found.append(Frame(place, traceback.tb_frame.f_locals))
        traceback = traceback.tb_next
    return found


PYTHON = inspect.__file__.rpartition("/")[0]
"""The folder of the standard library."""


def _call_at(file: PythonFile, place: Place) -> ast.Call | None:
    """The call at a place, or the only one in its line."""
    exact = file.call_at(place._replace(file=file.source.label))
    if exact is not None:
        return exact
    inside = [
        call
        for key, call in file.calls.items()
        if key[0] == place.line
        and key[1] <= place.column
        and hasattr(torch.nn, last_name(call.func))
    ]
    return inside[0] if len(inside) == 1 else None


class Divided(NamedTuple):
    """A constructor whose numbers do not divide."""

    rule: str
    message: str
    hint: str | None
    fixes: tuple[Fix, ...]


def _divides(file: PythonFile, call: ast.Call, error: BaseException) -> Divided | None:
    """`nn.GroupNorm(32, 48)`, `nn.Conv2d(48, 64, 3, groups=5)`, `nn.MultiheadAttention(100, 8)`."""
    if not re.search("divisible", str(error)):
        return None
    name = last_name(call.func)
    kind = getattr(torch.nn, name, None)
    if not isinstance(kind, type):
        return None
    given = bound(call, parameters_of(kind))
    groups_name, channel_names = {
        "GroupNorm": ("num_groups", ("num_channels",)),
        "MultiheadAttention": ("num_heads", ("embed_dim",)),
    }.get(name, ("groups", ("in_channels", "out_channels")))
    groups = _number(given.get(groups_name))
    channels = [_number(given.get(one)) for one in channel_names]
    if groups is None or None in channels:
        return None
    whole = [one for one in channels if one is not None]
    divisors = [one for one in range(1, min(whole) + 1) if all(c % one == 0 for c in whole)]
    wrong = next(c for c in whole if c % groups)
    what = "heads" if "head" in groups_name else "groups"
    below = max([one for one in divisors if one <= groups], default=1)
    node = given[groups_name]
    fixes: tuple[Fix, ...] = ()
    if is_literal(node):
        fixes = (Fix(f"{below} {what}", True, (file.replaced(node, str(below)),)),)
    listed = ", ".join(map(str, divisors[-8:]))
    message = f"`nn.{name}`: {groups} {what} do not divide {wrong} channels"
    return Divided("groups-do-not-divide", message, f"these do: {listed}", fixes)


OPERATORS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip


def _number(node: ast.expr | None) -> int | None:
    """The whole number that is written, or `16 * 5 * 5`."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _number(node.left), _number(node.right)
        if left is not None and right is not None:
            return OPERATORS[type(node.op)](left, right)
    return None


def _near(error: BaseException, variables: dict[str, Any]) -> str | None:
    """The nearest name to one that is not there."""
    name = getattr(error, "name", None)
    if isinstance(error, AttributeError) and isinstance(name, str):
        owner = variables.get("self")
        known: list[str] = []
        if isinstance(owner, torch.nn.Module):
            known = [*owner._modules, *owner._parameters, *owner._buffers, *vars(owner)]
        close = nearest(name, [one for one in known if not one.startswith("_")])
        return None if close is None else f"did you mean `{close}`?"
    if isinstance(error, NameError) and isinstance(name, str):
        close = nearest(name, variables)
        return None if close is None else f"did you mean `{close}`?"
    return None
