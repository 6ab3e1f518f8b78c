"""The first layers patch by patch: what it takes in RAM, and what is computed again.

Patch-based inference (Lin et al. 2021, MCUNetV2, arXiv:2110.15352) runs the layers up to a cut once
for each patch of the cut's output, so that of their large maps only the part is there that the
patch sees. Neighbouring patches see a common border, the halo, which is computed again for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from cnncalc.deployment.arena import greedy
from cnncalc.deployment.kernels import scratch_of
from cnncalc.deployment.program import Lifetime, Operator, Program, lifetimes, rounded
from cnncalc.deployment.search import parts
from cnncalc.shapes import product

MOST = 8
"""The most patches along an axis that are tried."""

SLIDING = (
    "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D",
)  # fmt: skip

EACH = (
    "ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "RELU", "RELU6", "LEAKY_RELU", "PRELU",
    "LOGISTIC", "TANH", "HARD_SWISH", "ELU", "GELU", "QUANTIZE", "DEQUANTIZE", "CONCATENATION",
    "RELU_N1_TO_1", "RELU_0_TO_1", "EXP", "ABS",
)  # fmt: skip
"""Operators whose output at a place depends on their inputs at that place alone."""

Interval = tuple[int, int]
"""The first row and the one after the last."""


class Patches(NamedTuple):
    """What a cut and a number of patches come to."""

    operator: int
    """The last operator that runs patch by patch."""
    number: int
    """Patches along each axis."""
    head: int
    """Bytes of the arena's head: of the patches, or of the rest of the network."""
    stage: int
    """Bytes while patches run: the input, the cut's output, and what one patch takes."""
    input: int
    """Bytes of the input among them, which need not be there where a camera gives it in parts."""
    rest: int
    """Bytes while the rest of the network runs."""
    macs: int
    """Multiply-accumulates of the network, those computed again included."""
    again: int
    """Multiply-accumulates that are computed again."""


def patch_table(program: Program) -> list[Patches]:
    """Return what each cut and each number of patches takes; none where no layer can be cut."""
    if len(program.inputs) != 1 or len(program.tensors[program.inputs[0]].shape) != 3:
        return []
    found = []
    for cut in cuts(program):
        rest = _rest(program, cut)
        shape = program.tensors[program.operators[cut].outputs[0]].shape
        for count in range(2, min(MOST, *shape[:2]) + 1):
            found.append(_patched(program, cut, count, rest))
    return found


def cuts(program: Program) -> list[int]:
    """Operators behind which the network can be cut: all before them look at a part of the map."""
    found: list[int] = []
    for part in parts(program):
        for number in part:
            if not _local(program, program.operators[number]):
                return found
        last = program.operators[part[-1]]
        if len(program.tensors[last.outputs[0]].shape) != 3:
            return found
        if set(last.outputs) & set(program.outputs):
            return found
        found.append(part[-1])
    return found


def _local(program: Program, operator: Operator) -> bool:
    """Whether a part of an operator's output needs a part of its inputs."""
    if operator.operator in (*SLIDING, "PAD", "PADV2"):
        return len(operator.windows) == 2
    if operator.operator not in EACH:
        return False
    shape = program.tensors[operator.outputs[0]].shape
    computed = [one for one in operator.inputs if one >= 0 and program.tensors[one].stored is None]
    return len(shape) == 3 and all(
        [program.tensors[one].shape[:2] == shape[:2] for one in computed]
    )


def _rest(program: Program, cut: int) -> int:
    """Bytes of the head while the operators behind a cut run."""
    behind = program._replace(
        operators=program.operators[cut + 1 :], inputs=program.operators[cut].outputs
    )
    return greedy(lifetimes(behind, scratch_of(behind))).head


def _patched(program: Program, cut: int, count: int, rest: int) -> Patches:
    stage = program.operators[: cut + 1]
    output = stage[-1].outputs[0]
    shape = program.tensors[output].shape
    axes = []
    for axis in (0, 1):
        size = shape[axis]
        bounds = [size * n // count for n in range(count + 1)]
        axes.append(
            [_needed(program, stage, output, axis, (low, high)) for low, high in pairwise(bounds)]
        )
    macs = _macs(program, stage, axes)
    rows = _distinct(axes[0])
    columns = _distinct(axes[1])
    working = max([_working(program, stage, one, other) for one in rows for other in columns])
    taken = sum([rounded(program.tensors[one].bytes) for one in program.inputs])
    fixed = rounded(program.tensors[output].bytes) + taken
    whole = sum([one.macs for one in program.operators])
    again = macs - sum([one.macs for one in stage])
    return Patches(
        cut,
        count,
        max(fixed + working, rest),
        fixed + working,
        taken,
        rest,
        whole + again,
        again,
    )


def _needed(
    program: Program, stage: Sequence[Operator], output: int, axis: int, rows: Interval
) -> dict[int, Interval]:
    """The rows of each tensor that rows of the output see."""
    found: dict[int, Interval] = {output: rows}
    for operator in reversed(stage):
        wanted = found.get(operator.outputs[0])
        if wanted is None:
            continue
        for tensor in operator.inputs:
            if tensor < 0 or program.tensors[tensor].stored is not None:
                continue
            size = program.tensors[tensor].shape[axis]
            seen = _seen(program, operator, axis, wanted, size)
            before = found.get(tensor)
            if before is not None:
                seen = min(before[0], seen[0]), max(before[1], seen[1])
            found[tensor] = seen
    return found


def _seen(program: Program, operator: Operator, axis: int, wanted: Interval, size: int) -> Interval:
    """The rows of an input of that size that rows of an output see."""
    low, high = wanted
    if operator.operator in ("PAD", "PADV2"):
        before = operator.windows[axis][2]
        return max(0, low - before), max(0, min(size, high - before))
    if operator.operator in SLIDING:
        kernel, stride, before, _, dilation = operator.windows[axis]
        first = low * stride - before
        last = (high - 1) * stride - before + dilation * (kernel - 1) + 1
        return max(0, first), max(0, min(size, last))
    return low, high


def _distinct(needs: Sequence[dict[int, Interval]]) -> list[dict[int, int]]:
    """The numbers of rows that patches take of each tensor, each set of numbers once."""
    found = {tuple(sorted([(t, high - low) for t, (low, high) in one.items()])) for one in needs}
    return [dict(one) for one in sorted(found)]


def _macs(
    program: Program,
    stage: Sequence[Operator],
    axes: Sequence[Sequence[dict[int, Interval]]],
) -> int:
    """Multiply-accumulates of all patches: rows and columns add up by themselves."""
    total = 0
    for operator in stage:
        if not operator.macs:
            continue
        tensor = operator.outputs[0]
        shape = program.tensors[tensor].shape
        counts = [sum([high - low for low, high in (one[tensor] for one in axis)]) for axis in axes]
        total += operator.macs // product(shape[:2]) * product(tuple(counts))
    return total


def _working(
    program: Program, stage: Sequence[Operator], rows: dict[int, int], columns: dict[int, int]
) -> int:
    """Bytes that one patch takes besides the input and the cut's output."""
    output = stage[-1].outputs[0]
    last: dict[int, int] = {}
    for number, operator in enumerate(stage):
        for tensor in operator.inputs:
            last[tensor] = number
    buffers = []
    for number, operator in enumerate(stage):
        for tensor in operator.outputs:
            if tensor == output:
                continue
            one = program.tensors[tensor]
            size = rounded(rows[tensor] * columns[tensor] * one.shape[2] * one.width)
            buffers.append(Lifetime(size, number, last.get(tensor, number), tensor, number))
    return greedy(buffers).head


def best_patches(table: Sequence[Patches], budget: int | None) -> Patches | None:
    """The patches that compute the least again within a budget; without one, that take least."""
    if not table:
        return None
    if budget is not None:
        fits = [one for one in table if one.head <= budget]
        if fits:
            return min(fits, key=lambda one: (one.again, one.head))
    return min(table, key=lambda one: (one.head, one.again))
