"""What patterns look for in a program."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.exchange.reading.program import Constant, Op, Operand

Found = list[Op] | None
Pattern = Callable[[Op], Found]


def same(op: Op, name: str, x: Op, options: dict[str, object] | None = None) -> list[Op]:
    """One operation in the place of another."""
    return [Op(name, [x], op.shape, options, origin=op.origin)]


def near(value: float | None, wanted: float) -> bool:
    """Whether a number of a program, which may be a rounded one, is a known one."""
    return value is not None and abs(value - wanted) <= 2e-5 * max(1.0, abs(wanted))


def scaled(operand: Operand) -> tuple[Op, float] | None:
    """`factor · x`, written as a product or a quotient with a number; else the factor is 1."""
    if not isinstance(operand, Op):
        return None
    if operand.name in ("mul", "div") and len(operand.inputs) == 2:
        first, second = operand.inputs
        if isinstance(second, Constant) and isinstance(first, Op):
            value = second.scalar()
            if value:
                return first, (value if operand.name == "mul" else 1 / value)
        if isinstance(first, Constant) and isinstance(second, Op) and operand.name == "mul":
            value = first.scalar()
            if value is not None:
                return second, value
    return operand, 1.0


def shifted(operand: Operand) -> tuple[Op, float] | None:
    """`x + offset`, with a number; else `None`."""
    if not isinstance(operand, Op) or operand.name != "add":
        return None
    for one, other in (operand.inputs, operand.inputs[::-1]):
        if isinstance(one, Op) and isinstance(other, Constant):
            value = other.scalar()
            if value is not None:
                return one, value
    return None


def factors(op: Op) -> tuple[list[Op], float]:
    """The computed factors of a product, and the product of its numbers."""
    found: list[Op] = []
    number = 1.0
    waiting: list[Operand] = [op]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Op) and one.name == "mul" and len(found) + len(waiting) < 4:
            waiting += one.inputs
        elif isinstance(one, Op):
            inner, factor = scaled(one) or (one, 1.0)
            number *= factor
            (found if inner is one else waiting).append(inner)
        else:
            value = one.scalar()
            if value is None:
                return [], 0.0
            number *= value
    return found, number


def flattened(one: Constant, shape: tuple[int, ...]) -> Constant:
    """A constant without its axes of size 1."""
    return one.mapped(shape, lambda array: array.reshape(shape))
