"""What a function of a table of operators may ask and emit; every framework has such a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op, Operand
from cnncalc.exchange.reading.result import Origin


class Unsupported(Exception):
    """The operator is known, and not with these options; the text says which."""


def check_arguments(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Check that a call fits the signature of the function that reads an operator.

    The signature names the operands and attributes that an operator may have. A call that does not
    fit it is the file's; an error inside of the function is a defect of ours, and is not caught.

    Raises:
        Unsupported: an operand or an attribute is missing, or is none of the operator's.
    """
    try:
        signature(function).bind(*arguments, **named)
    except TypeError as error:
        raise Unsupported(f"({error})") from None


class Call:
    """One operator's call: where it stands and what shape it has."""

    def __init__(self, name: str, shape: Any, origin: Origin, ops: list[Op]) -> None:
        self.name = name
        self.shape: Any = shape
        """Of its result; a tuple of shapes where it has several."""
        self.origin = origin
        self.ops = ops
        self.arguments: Any = None
        """What the framework's operator was called with, where the reader needs it again."""

    def emit(
        self,
        name: str,
        inputs: Sequence[Operand],
        options: Mapping[str, Any] | None = None,
        shape: Sequence[int] | None = None,
        *,
        arrays: Mapping[str, Constant | None] | None = None,
        channel: int = 1,
    ) -> Op:
        """Add an operation to the program; its result has the call's shape if none is given."""
        if not any(isinstance(one, Op) for one in inputs):
            raise Unsupported("without anything that is computed")
        op = Op(
            name,
            inputs,
            self.shape if shape is None else shape,
            {**(options or {})},
            arrays={key: one for key, one in (arrays or {}).items() if one is not None},
            channel=channel,
            origin=self.origin,
        )
        self.ops.append(op)
        return op

    def number(self, value: float) -> Constant:
        """A number as an operand."""
        return number(value)


def number(value: float) -> Constant:
    """A number as an operand."""

    def read() -> Any:
        import numpy as np

        return np.array(value, dtype=np.float64)

    return Constant("", (), "literal", read, {})


def require(condition: bool, what: str) -> None:
    """Refuse an option that no layer of ours has."""
    if not condition:
        raise Unsupported(what)


def computed(x: Any) -> Op:
    """An operand that must depend on the network's input."""
    require(isinstance(x, Op), "of a stored array")
    found: Op = x
    return found


def stored(x: Any, what: str) -> Constant | None:
    """An operand that must be stored, or none."""
    require(x is None or isinstance(x, Constant), f"with a computed {what}")
    found: Constant | None = x
    return found
