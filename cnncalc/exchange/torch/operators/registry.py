"""The table of ATen operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cnncalc.exchange.reading.calls import Call, Unsupported, computed, require, stored
from cnncalc.shapes import Shape

__all__ = [
    "OPERATORS", "Call", "Ones", "Unsupported", "computed", "listed", "operator", "require",
    "spatial_rank", "stored",
]  # fmt: skip

Function = Callable[..., Any]
F = TypeVar("F", bound=Function)


class Ones:
    """A one for each sample, as stochastic depth multiplies by."""

    def __init__(self, rate: float = 0.0) -> None:
        self.rate = rate
        """With what probability it is dropped."""


OPERATORS: dict[str, Function] = {}
"""Functions by the operator's name without its overload: `aten.conv2d`."""


def operator(*names: str) -> Callable[[F], F]:
    """Register a function under the names of operators."""

    def register(function: F) -> F:
        for name in names:
            OPERATORS[name] = function
        return function

    return register


def listed(value: Any, rank: int) -> tuple[int, ...]:
    """A number for each axis, as PyTorch repeats a single one."""
    if isinstance(value, int):
        return (value,) * rank
    found = tuple(value)
    return found * rank if len(found) == 1 else found


def spatial_rank(shape: Shape) -> int:
    """The number of spatial axes of a batch of maps."""
    return len(shape) - 2
