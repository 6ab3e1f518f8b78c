"""The table of modules, and how their arguments are taken from a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, NoReturn

from cnncalc.diagnostics import Edit, Fix, Place, Refusal
from cnncalc.exchange.reading.maps import Map
from cnncalc.exchange.ultralytics.block import Block
from cnncalc.exchange.ultralytics.rows import Row, Value

Function = Callable[..., Any]


class Module(NamedTuple):
    """A module that rows may name."""

    function: Function
    scaled: bool
    """Whether its first argument is a width, which the model's scale changes."""
    repeats: bool
    """Whether the number of a row is an argument; else the module stands there as often."""
    several: bool
    """Whether it takes several maps."""


MODULES: dict[str, Module] = {}

REFUSED: Mapping[str, str] = {
    "TorchVision": "a network of torchvision: give that as package.module:NAME",
    **dict.fromkeys(
        (
            "C2fAttn",
            "ImagePoolingAttn",
            "WorldDetect",
            "YOLOEDetect",
            "YOLOESegment",
            "YOLOESegment26",
        ),
        "guided by a text, whose network is another one, and is not read",
    ),
    "Index": "a part of a network of torchvision",
}
"""Modules that are known and not read."""


def module(
    *names: str, scaled: bool = True, repeats: bool = False, several: bool = False
) -> Callable[[Function], Function]:
    """Register a function under names of modules.

    It is given the block, its input or inputs, and the arguments of the row; its own signature
    says how many those are and of what types.
    """

    def register(function: Function) -> Function:
        for name in names:
            MODULES[name] = Module(function, scaled, repeats, several)
        return function

    return register


class Stop(Exception):
    """The row is wrong, which has been noted."""


class Model(NamedTuple):
    """What the file says for all of its rows."""

    values: Mapping[str, Any]
    classes: int
    depth: float
    width: float
    most: float
    """The most channels that are scaled."""
    scale: str
    training: bool
    """Whether heads end with their maps, as in training."""
    deployed: bool
    """Whether of two heads only the one is there that is used."""
    older: bool
    """Whether heads are those of version 8 and before."""


class Call(NamedTuple):
    """One row at work."""

    block: Block
    row: Row
    model: Model

    def refuse(
        self,
        rule: str,
        message: str,
        at: Value | None = None,
        hint: str | None = None,
        instead: str | None = None,
    ) -> NoReturn:
        """Note what is wrong, at a value of the row.

        Raises:
            Stop: always.
        """
        place = self.place(at)
        fix = None
        if instead is not None and at is not None:
            fix = Fix(f"write `{instead}`", False, (Edit(place, instead),))
        refusal = Refusal(rule, message, hint=hint)
        self.block.maps.note(refusal, self.block.origin, place, fix)
        raise Stop

    def place(self, at: Value | None) -> Place:
        """Where a value is written; else the row."""
        assert self.block.span is not None
        if at is None:
            return self.block.span.place
        start, end = at.node.start_mark, at.node.end_mark
        file = self.block.span.place.file
        return Place(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


class Parameter(NamedTuple):
    """An argument that a row may give to a module."""

    name: str
    type: str
    required: bool


@cache
def parameters(function: Function) -> tuple[Parameter, ...]:
    """The arguments that a row may give to a module, by its signature."""
    code = function.__code__  # `inspect` takes as long to import as all modules here
    names = code.co_varnames[: code.co_argcount]
    required = len(names) - len(function.__defaults__ or ())
    return tuple(
        [
            Parameter(name, str(function.__annotations__.get(name)), place < required)
            for place, name in enumerate(names)
        ][2:]
    )


def checked(call: Call, name: str, function: Function, args: Sequence[Any]) -> None:
    """Refuse arguments that a module does not take.

    Raises:
        Stop: there are too few or too many, or one is of another type.
    """
    known = parameters(function)
    written = call.row.args
    # arguments that the scale or the number of the row added are not the file's
    if len(args) > len(known):
        extra = len(args) - len(known)
        most = max(len(written) - extra, 0)
        surplus = written[most] if most < len(written) else None
        call.refuse("bad-value", f"`{name}` takes {most} arguments, not {len(written)}", surplus)
    needed = [one.name for one in known if one.required]
    if len(args) < len(needed):
        missing = ", ".join(needed[len(args) :])
        call.refuse("missing-option", f"`{name}` needs {missing}", Value(None, call.row.args_node))
    for value, one in zip(args, known, strict=False):
        allowed = TYPES.get(one.type)
        if allowed is not None and not isinstance(value, allowed):
            at = next((arg for arg in written if arg.value is value or arg.value == value), None)
            text = f"`{one.name}` of `{name}` must be {WORDS[allowed]}, not `{str(value)[:40]}`"
            call.refuse("bad-value", text, at)
        if type(value) is int and abs(value) > 1_000_000:
            at = next((arg for arg in written if arg.value == value), None)
            call.refuse("limit-exceeded", f"`{value}` is beyond what is read", at)


TYPES: Mapping[str, Any] = {
    "int": int,
    "bool": (bool, int),
    "float": (int, float),
    "list[int]": (list, tuple),
    "Size": (int, list, tuple),
}
WORDS: Mapping[Any, str] = {
    int: "a whole number",
    (bool, int): "True or False",
    (int, float): "a number",
    (list, tuple): "a list",
    (int, list, tuple): "a whole number or two",
}

__all__ = ["MODULES", "REFUSED", "Call", "Map", "Model", "Module", "Stop", "checked", "module"]
