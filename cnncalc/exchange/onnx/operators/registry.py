"""The table of ONNX operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cnncalc.exchange.reading.calls import Call as Shared
from cnncalc.exchange.reading.calls import Unsupported, computed, require, stored
from cnncalc.exchange.reading.program import Constant, Op
from cnncalc.exchange.reading.shaping import applied

F = TypeVar("F", bound=Callable[..., Any])

OPERATORS: dict[str, Callable[..., Any]] = {}
"""Functions by the operator's name, on inputs of which one at least is computed."""

__all__ = [
    "OPERATORS", "NodeCall", "Unsupported", "computed", "ints", "operator", "require",
    "stored",
]  # fmt: skip


class NodeCall(Shared):
    """One node: where it stands, and how many results are wanted."""

    opset: int = 0
    results: int = 1

    def layer(
        self,
        kind: str,
        x: Op,
        options: dict[str, Any] | None = None,
        arrays: dict[str, Constant | None] | None = None,
        channel: int = 1,
    ) -> Op:
        """One of our kinds, whose output shape follows from its options."""
        shape = applied(kind, options or {}, x.shape, channel)
        return self.emit(kind, [x], options, shape, arrays=arrays, channel=channel)


def operator(*names: str) -> Callable[[F], F]:
    """Register a function under the names of operators."""

    def register(function: F) -> F:
        for name in names:
            OPERATORS[name] = function
        return function

    return register


def ints(value: Any, what: str) -> list[int]:
    """Whole numbers from an attribute or from a stored input."""
    if isinstance(value, Constant):
        require(value.values <= 64, f"with {value.values} {what}")
        return [int(one) for one in value.numbers()]
    require(not isinstance(value, Op), f"with computed {what}")
    return [int(one) for one in value]
