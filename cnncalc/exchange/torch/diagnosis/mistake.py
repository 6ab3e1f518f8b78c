"""A mistake of a network, before it is known where in a file it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.diagnostics import Place

Sizes = tuple[int, ...]


class Argument(NamedTuple):
    """Arguments of the call that made a module, to be written anew."""

    path: tuple[str, ...]
    values: Mapping[str, str]
    """Text in Python by the name of the parameter."""


class ClassName(NamedTuple):
    """Another class in the call that made a module."""

    path: tuple[str, ...]
    name: str


class Before(NamedTuple):
    """A module in front of another one, in an `nn.Sequential` or in the call of `forward`."""

    path: tuple[str, ...]
    module: str
    """As in `nn.Sequential`: `Flatten()`."""
    method: str
    """As of a tensor in `forward`: `flatten(1)`."""
    call: Place | None


class CallArgument(NamedTuple):
    """An argument of a call in `forward`, by its position."""

    call: Place
    position: int
    text: str


class Method(NamedTuple):
    """Another method in a call in `forward`."""

    call: Place
    name: str


Change = Argument | ClassName | Before | CallArgument | Method


class Repair(NamedTuple):
    """Changes of the user's code that belong together."""

    description: str
    changes: tuple[Change, ...] = ()
    safe: bool = False
    """Whether it is the one thing that can have been meant."""


class Mistake(NamedTuple):
    """What a module or an operator refuses."""

    rule: str
    message: str
    path: tuple[str, ...] = ()
    """The module."""
    calls: tuple[Place, ...] = ()
    """The user's lines that called it, innermost first."""
    argument: str | None = None
    """The parameter of the module's class to look at."""
    repairs: tuple[Repair, ...] = ()
    shape: Sizes | None = None
    """What it would give all the same, the batch included; `None` where that is not certain."""
    hint: str | None = None
    shapes: tuple[Sizes, ...] = ()
    """The shapes that meet and do not go together, without the batch."""
    of_sizes: bool = False
    """Whether another size of the input may be all that is wrong."""


def sizes_text(shape: Sizes) -> str:
    """A shape without its batch: `32×7×7`."""
    return "×".join(map(str, shape[1:])) or "a number a sample"
