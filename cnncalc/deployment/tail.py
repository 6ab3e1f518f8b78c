"""The tail of the arena: what the interpreter keeps beside activations, piece by piece.

Structures are allocated from the end of the arena downwards, each at its own alignment, in the
order of TensorFlow Lite Micro (`micro_allocator.cc`, `micro_interpreter.cc`). Their sizes depend on
the width of a pointer, and on whether the allocator records what it gives, as in the interpreter
that PyPI's `tflite-micro` installs.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.deployment.kernels import KERNELS, Kernel, layout, scratch_of
from cnncalc.deployment.program import ALIGNMENT, Program

EVAL_TENSOR = "ppi"
NODE = "[ppppppi]p"
TENSOR = "[ip][fi]pppiib"
QUANTIZATION = "ppi"
PLANNER = "piippppiipb"
ALLOCATOR = "ppppppppib"
RECORDING = "pppp"
MICRO_ALLOCATOR = "pppppbppp"
RECORDS = "p" + 8 * "[ppp]"
BUILTIN_ALLOCATOR = "pp"
SUBGRAPH = "pp"
COMPRESSED = {
    "FULLY_CONNECTED": "ii",
    "CONCATENATION": "iiiiiiiiii",
    "CONV_2D": "ii",
    "DEPTHWISE_CONV_2D": "ii",
    "TRANSPOSE_CONV": "ii",
}
"""Members that kernels keep besides where the interpreter can unpack compressed weights."""


WHEEL_OPTIONS = {"FULLY_CONNECTED": "iibbiiiii"}
"""Options whose structure is larger in the interpreter of PyPI than in its published source.

Measured: 16 bytes an operator in version 0.dev20261023.
"""


class Tail(NamedTuple):
    """Bytes of the tail, by what they are for."""

    allocator: int
    """The interpreter's own objects: allocator and planner."""
    tensors: int
    """A structure for each tensor of the file."""
    operators: int
    """A structure for each operator."""
    options: int
    """Options of operators, as the file has them."""
    kernels: int
    """What kernels keep, without multipliers."""
    channels: int
    """A multiplier and a shift for each output channel."""
    scratch_handles: int
    variables: int
    ends: int
    """Inputs and outputs as the caller sees them, with their quantization."""

    @property
    def total(self) -> int:
        """Bytes of the tail."""
        return sum(self)


class _End:
    """The end of the free space, which goes down with every allocation."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, size: int, alignment: int) -> int:
        before = self.used
        self.used = -(-(before + size) // alignment) * alignment
        return self.used - before

    def structure(self, members: str, pointer: int, count: int = 1) -> int:
        size, alignment = layout(members, pointer)
        return self.take(size * count, alignment)


def tail(program: Program, pointer: int = 4, recording: bool = False) -> Tail:
    """Return the tail of a program's arena, for pointers of so many bytes."""
    end = _End()
    first = end.structure(ALLOCATOR + (RECORDING if recording else ""), pointer)
    first += end.structure(PLANNER, pointer)
    first += end.structure(MICRO_ALLOCATOR + (RECORDS if recording else ""), pointer)
    first += end.structure(BUILTIN_ALLOCATOR, pointer)
    first += end.structure(SUBGRAPH + ("p" if recording else ""), pointer)
    tensors = end.structure(EVAL_TENSOR, pointer, len(program.tensors))
    operators = end.structure(NODE, pointer, len(program.operators))
    kernels = [KERNELS.get(one.operator, Kernel()) for one in program.operators]
    options = 0
    for kernel, operator in zip(kernels, program.operators, strict=True):
        members = kernel.options
        if recording:
            members = WHEEL_OPTIONS.get(operator.operator, members)
        options += end.structure(members, pointer) if members else 0
    kept = 0
    for kernel, operator in zip(kernels, program.operators, strict=True):
        if kernel.data:
            members = kernel.data + (COMPRESSED.get(operator.operator, "") if recording else "")
            kept += end.take(layout(members, pointer)[0], ALIGNMENT)
    channels = 0
    for kernel, operator in zip(kernels, program.operators, strict=True):
        if kernel.channels:
            count = _channels(program, operator.operator, operator.inputs)
            for _ in range(2 if count else 0):
                channels += end.take(4 * count, ALIGNMENT)
    asked = sum(map(len, scratch_of(program)))
    handles = end.take(pointer * asked, pointer) if asked else 0
    variables = sum(
        [end.take(one.bytes, ALIGNMENT) for one in program.tensors if one.variable and one.bytes]
    )
    ends = 0
    for numbers in (program.inputs, program.outputs):
        ends += end.take(pointer * len(numbers), ALIGNMENT)
        for number in numbers:
            ends += end.structure(TENSOR, pointer)
            scales = program.tensors[number].scales
            if scales:
                ends += end.structure(QUANTIZATION, pointer)
                ends += end.take(4 + 4 * scales, 4)
    return Tail(first, tensors, operators, options, kept, channels, handles, variables, ends)


def _channels(program: Program, operator: str, inputs: tuple[int, ...]) -> int:
    """Output channels of which multipliers are kept."""
    weights = program.tensors[inputs[1]]
    full = weights.shape if weights.rank in (None, len(weights.shape)) else (1, *weights.shape)
    if operator == "FULLY_CONNECTED":
        return weights.scales if weights.scales > 1 else 0
    if not full:
        return 0
    return full[-1] if operator == "DEPTHWISE_CONV_2D" else full[0]
