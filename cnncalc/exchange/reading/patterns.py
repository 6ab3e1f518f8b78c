"""What exporters write out, brought back to the one layer that it was.

A pattern looks at the operation it ends with, and walks up from there. What it leaves without a
reader goes.
"""

from __future__ import annotations

from math import inf, sqrt

from cnncalc.exchange.reading.matching import (
    Found,
    Pattern,
    factors,
    flattened,
    near,
    same,
    scaled,
    shifted,
)
from cnncalc.exchange.reading.patterns_of_norms import (
    across_channels,
    affine,
    grouped,
    layer_normalized,
)
from cnncalc.exchange.reading.program import Constant, Op, Program

ARITHMETIC = frozenset({"add", "sub", "mul", "div", "maximum", "minimum"})


def clipped(op: Op) -> Found:
    """Values kept between two numbers that make a known activation."""
    low, high = op.options.get("low"), op.options.get("high")
    low = -inf if low is None else low
    high = inf if high is None else high
    known = {(0.0, inf): "relu", (0.0, 6.0): "relu6", (-1.0, 1.0): "hard_tanh"}.get((low, high))
    if (low, high) == (0, 1):
        linear = hard_slope(op.x)
        if linear is not None:
            return same(op, "hard_sigmoid", linear)
    if known is not None:
        return same(op, known, op.x)
    if low == -inf and high == inf:
        return []
    options = {key: value for key, value in (("low", low), ("high", high)) if abs(value) != inf}
    return same(op, "clip", op.x, options) if options != op.options else None


def hard_slope(op: Op) -> Op | None:
    """The `x` of `x / 6 + 1/2`."""
    moved = shifted(op)
    if moved is None or not near(moved[1], 0.5):
        return None
    inner = scaled(moved[0])
    return inner[0] if inner is not None and near(inner[1], 1 / 6) else None


def hard_gate(op: Op) -> Found:
    """`min(max(x + 3, 0), 6) / 6`."""
    found = scaled(op)
    if found is None or not near(found[1], 1 / 6) or found[0].name != "relu6":
        return None
    moved = shifted(found[0].x)
    return same(op, "hard_sigmoid", moved[0]) if moved and moved[1] == 3 else None


def gated(op: Op) -> Found:
    """`x · σ(x)` and its kin."""
    found, number = factors(op)
    if len(found) != 2:
        return None
    for x, gate in (found, found[::-1]):
        if gate.inputs and gate.inputs[0] is x and number == 1:
            kind = {"sigmoid": "silu", "hard_sigmoid": "hard_swish"}.get(gate.name)
            if kind is not None:
                return same(op, kind, x)
        if gate.name == "tanh" and gate.x.name == "softplus" and gate.x.x is x and number == 1:
            return same(op, "mish", x)
        if gate.name == "relu6" and near(number, 1 / 6):
            moved = shifted(gate.x)
            if moved and moved[0] is x and moved[1] == 3:
                return same(op, "hard_swish", x)
        gelu = _gelu(op, x, gate, number)
        if gelu is not None:
            return gelu
    return None


def _gelu(op: Op, x: Op, gate: Op, number: float) -> Found:
    """`x · ½ (1 + erf(x / √2))`, or with tanh."""
    moved = shifted(gate)
    if moved is None or moved[1] != 1 or not near(number, 0.5):
        return None
    inner = moved[0]
    if inner.name == "erf":
        argument = scaled(inner.x)
        if argument and argument[0] is x and near(argument[1], 1 / sqrt(2)):
            return same(op, "gelu", x)
    if inner.name == "tanh":
        argument = scaled(inner.x)
        if argument and near(argument[1], sqrt(0.6366197723675814)) and _cubic(argument[0], x):
            return same(op, "gelu", x, {"approximate": "tanh"})
    return None


def _cubic(op: Op, x: Op) -> bool:
    """`x + 0.044715 x³`."""
    if op.name != "add" or x not in op.inputs:
        return False
    other = op.inputs[1] if op.inputs[0] is x else op.inputs[0]
    if not isinstance(other, Op):
        return False
    found, number = factors(other)
    if not near(number, 0.044715):
        return False
    powers = sum(one.options["exponent"] if one.name == "power" else 1 for one in found)
    return powers == 3 and all(one is x or (one.name == "power" and one.x is x) for one in found)


def soft_sign(op: Op) -> Found:
    """`x / (1 + |x|)`."""
    x, below = op.inputs
    moved = shifted(below)
    if moved and moved[1] == 1 and moved[0].name == "abs" and moved[0].x is x:
        return same(op, "softsign", moved[0].x)
    return None


def biased(op: Op) -> Found:
    """A bias added to what a linear layer or a convolution without one gives."""
    for x, bias in (op.inputs, op.inputs[::-1]):
        if not isinstance(x, Op) or not isinstance(bias, Constant) or x.options.get("bias", True):
            continue
        if x.name not in ("linear", "conv", "conv_transpose") or op.shape != x.shape:
            continue
        channel = x.channel % len(x.shape)
        shape = (*[1] * (len(x.shape) - len(bias.shape)), *bias.shape)
        wanted = [size if axis == channel else 1 for axis, size in enumerate(x.shape)]
        if list(shape) != wanted or bias.role in ("literal", "buffer"):
            continue
        flat = (x.shape[channel],)
        arrays = {**x.arrays, "bias": flattened(bias, flat)}
        options = {**x.options, "bias": True}
        return [Op(x.name, x.inputs, op.shape, options, arrays=arrays, channel=x.channel,
                   origin=x.origin if x.origin.path else op.origin)]  # fmt: skip
    return None


PATTERNS: dict[str, list[Pattern]] = {
    "clip": [clipped],
    "mul": [hard_gate, gated],
    "div": [hard_gate, gated, soft_sign, layer_normalized, across_channels],
    "add": [biased, affine],
    "reshape": [grouped],
}
"""By the operation that a pattern ends with."""


def simplify(program: Program) -> None:
    """Put layers in the place of what exporters made of them, until nothing changes."""
    for _ in range(8):
        readers = program.readers()
        changes: dict[Op, list[Op]] = {}
        for op in program.ops:
            if op.name == "expand" and _needless(op, readers[op]) and op not in program.outputs:
                changes[op] = []
                continue
            for pattern in PATTERNS.get(op.name, ()):
                found = pattern(op)
                if found is not None and _closed(op, found, readers, program):
                    changes[op] = found
                    break
        if not changes:
            return
        program.replace(changes)


def _closed(op: Op, found: list[Op], readers: dict[Op, list[Op]], program: Program) -> bool:
    """Whether no array would be used twice: an operation taken in is read by nothing else."""
    if not found or not found[-1].arrays:
        return True
    taken = {one for one in op.inputs if isinstance(one, Op)}
    taken |= {i for one in taken for i in one.inputs if isinstance(i, Op)}
    own = [one for one in taken if one.arrays and one not in found[-1].inputs]
    return all(len(readers[one]) == 1 and one not in program.outputs for one in own)


def _needless(op: Op, readers: list[Op]) -> bool:
    """Whether all that read a repeated tensor would repeat it themselves."""
    if not readers or op.x.shape == op.shape:
        return bool(readers)
    for reader in readers:
        if reader.name not in ARITHMETIC:
            return False
        shapes = [(op.x.shape if one is op else one.shape) for one in reader.inputs]
        rank = len(reader.shape)
        padded = [(*[1] * (rank - len(shape)), *shape) for shape in shapes]
        if tuple(map(max, *padded)) != reader.shape:
            return False
    return True
