"""What exporters write out, brought back to the one layer that it was."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from cnncalc.exchange.reading.program import Op, Program

Pattern = Callable[[Op], "list[Op] | None"]


def clipped(op: Op) -> list[Op] | None:
    """Values kept between two numbers that make a known activation."""
    low, high = op.options["low"], op.options["high"]
    known = {(0, inf): "relu", (0, 6): "relu6", (-1, 1): "hard_tanh"}.get((low, high))
    if known is not None:
        return [Op(known, op.inputs, op.shape, origin=op.origin)]
    if low == -inf and high == inf:
        return []
    options = {key: value for key, value in (("low", low), ("high", high)) if abs(value) != inf}
    return (
        [Op("clip", op.inputs, op.shape, options, origin=op.origin)]
        if options != op.options
        else None
    )


PATTERNS: dict[str, list[Pattern]] = {"clip": [clipped]}
"""By the operation that a pattern ends with."""


def simplify(program: Program) -> None:
    """Put layers in the place of what exporters made of them, until nothing changes."""
    for _ in range(8):
        changes: dict[Op, list[Op]] = {}
        for op in program.ops:
            for pattern in PATTERNS.get(op.name, ()):
                found = pattern(op)
                if found is not None:
                    changes[op] = found
                    break
        if not changes:
            return
        program.replace(changes)
