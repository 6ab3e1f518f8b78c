"""What each operator of TensorFlow Lite Micro takes beside its tensors.

Of every operator its structures (`options`, which the interpreter reads from the file, and `data`,
which its kernel keeps) and what they point at: per-channel multipliers and scratch. The layouts
are those of the reference kernels (`tensorflow/lite/micro/kernels/`, with the structures of
`lite/core/c/builtin_op_data.h` and `lite/kernels/internal/types.h`), a letter a member.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.deployment.program import Operator, Program, Tensor
from cnncalc.shapes import product

Scratch = Callable[[Program, Operator], tuple[int, ...]]

SIZES = {"b": 1, "h": 2, "i": 4, "f": 4, "d": 8, "q": 8}
"""Bytes of a member: bool, int16, int32 or enumeration, float, double, int64; `p` is a pointer."""


def layout(members: str, pointer: int) -> tuple[int, int]:
    """Size and alignment of a structure, for pointers of 4 or 8 bytes.

    Brackets hold a structure inside the structure.
    """
    size, alignment, _ = _measure(members, 0, pointer)
    return size, alignment


def _measure(members: str, at: int, pointer: int) -> tuple[int, int, int]:
    size, widest = 0, 1
    while at < len(members) and members[at] != "]":
        letter = members[at]
        if letter == "[":
            bytes_, alignment, at = _measure(members, at + 1, pointer)
        else:
            bytes_ = alignment = pointer if letter == "p" else SIZES[letter]
        size = -(-size // alignment) * alignment + bytes_
        widest = max(widest, alignment)
        at += 1
    return -(-size // widest) * widest, widest, at


def no_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """No scratch."""
    return ()


def mean_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """An int32 sum a result where values are quantized, a counter an axis, the axes."""
    source, axes = program.tensors[operator.inputs[0]], program.tensors[operator.inputs[1]]
    output = program.tensors[operator.outputs[0]]
    sums = (4 * product(output.shape),) if source.type in ("int8", "int16") else ()
    return (*sums, 4 * rank(source), 4 * product(axes.shape))


def extreme_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """A counter an axis, and the axes."""
    source, axes = program.tensors[operator.inputs[0]], program.tensors[operator.inputs[1]]
    return 4 * rank(source), 4 * product(axes.shape)


def transposed_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """An int32 sum a value of the output where values are quantized."""
    output = program.tensors[operator.outputs[0]]
    width = {"int8": 4, "int16": 8}.get(program.tensors[operator.inputs[2]].type)
    return () if width is None else (width * product(output.shape),)


def mirror_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """Values before each axis, of input and output."""
    size = 4 * rank(program.tensors[operator.inputs[0]])
    return size, size


def unpacked_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """Weights of 4 bits as bytes."""
    weights = program.tensors[operator.inputs[1]]
    return (2 * weights.bytes,) if weights.type == "int4" else ()


def rank(tensor: Tensor) -> int:
    """Axes of a tensor with the batch."""
    return len(tensor.shape) + 1 if tensor.rank is None else tensor.rank


def detection_scratch(program: Program, operator: Operator) -> tuple[int, ...]:
    """Boxes decoded, their scores, and the lists of the suppression, by `detection_postprocess.cc`.

    Detections are as many as the first output has boxes; the class of the background is scored and
    not detected.
    """
    boxes = product(program.tensors[operator.inputs[0]].shape) // 4
    classes = product(program.tensors[operator.inputs[1]].shape) // max(boxes, 1)
    most = product(program.tensors[operator.outputs[0]].shape) // 4
    lists = 4 * most * boxes
    return (
        boxes, 16 * boxes, 4 * classes * boxes, 4 * boxes, 4 * boxes, lists, lists, 4 * boxes,
        lists, 4 * max(classes - 1, most) * boxes, 4 * min(boxes, most) * boxes,
    )  # fmt: skip


class Kernel(NamedTuple):
    """What an operator takes in the arena beside its tensors."""

    options: str = ""
    """Members of its options."""
    data: str = ""
    """Members of what its kernel keeps."""
    channels: bool = False
    """Whether it keeps a multiplier and a shift for each output channel."""
    scratch: Scratch = no_scratch


CONVOLUTION = "[iiii]iiiiippiii"
ADDITION = "biiiiiiiiiiii"
REDUCTION = "iiiiiififii"
POOLING = "[iiii]iiff"
CONVOLUTION_PARAMETERS = "[b[hhhh]hhhhiiiiiiiff]"
DETECTION = "TFLite_Detection_PostProcess"
"""The custom operator behind detection networks, which the interpreter has too."""

SLICE = "biiiiibiiiiibiiiiihhhhhb"

KERNELS: dict[str, Kernel] = {
    "CONV_2D": Kernel("iiiiiii", CONVOLUTION, True, unpacked_scratch),
    "DEPTHWISE_CONV_2D": Kernel("iiiiiii", CONVOLUTION, True, unpacked_scratch),
    "TRANSPOSE_CONV": Kernel("iiiii", CONVOLUTION_PARAMETERS + "iipp", True, transposed_scratch),
    "FULLY_CONNECTED": Kernel("iibbi", "iiiiiiiiippb", True, unpacked_scratch),
    "AVERAGE_POOL_2D": Kernel("iiiiii[iiii]", POOLING),
    "MAX_POOL_2D": Kernel("iiiiii[iiii]", POOLING),
    "L2_POOL_2D": Kernel("iiiiii[iiii]", POOLING),
    "MEAN": Kernel("b", REDUCTION, scratch=mean_scratch),
    "SUM": Kernel("b", REDUCTION, scratch=mean_scratch),
    "REDUCE_MAX": Kernel("b", REDUCTION, scratch=extreme_scratch),
    "REDUCE_MIN": Kernel("b", REDUCTION, scratch=extreme_scratch),
    "ADD": Kernel("ib", ADDITION + "ff"),
    "SUB": Kernel("ib", ADDITION),
    "MUL": Kernel("i", "iiiiiiiff"),
    "DIV": Kernel("i", "iiiiiii"),
    "MAXIMUM": Kernel(),
    "MINIMUM": Kernel(),
    "SQUARED_DIFFERENCE": Kernel(data="b[biiiiiiiiiiiiffqqhhiiiii]"),
    "CONCATENATION": Kernel("ii", "ippiif"),
    "PAD": Kernel(data="[biiiiibiiiiib]i"),
    "PADV2": Kernel(data="[biiiiibiiiiib]i"),
    "MIRROR_PAD": Kernel("i", "iiiii", scratch=mirror_scratch),
    "RESHAPE": Kernel("iiiiiiiii"),
    "SQUEEZE": Kernel("iiiiiiiii"),
    "TRANSPOSE": Kernel(),
    "STRIDED_SLICE": Kernel("iiiiib", SLICE),
    "SLICE": Kernel(),
    "SPLIT": Kernel("i"),
    "SPLIT_V": Kernel("i"),
    "PACK": Kernel("ii"),
    "UNPACK": Kernel("ii"),
    "SHAPE": Kernel("i"),
    "GATHER": Kernel("ii"),
    "CAST": Kernel("ii"),
    "ARG_MAX": Kernel("i"),
    "DEPTH_TO_SPACE": Kernel("i"),
    "SPACE_TO_DEPTH": Kernel("i"),
    "RESIZE_BILINEAR": Kernel("bb"),
    "RESIZE_NEAREST_NEIGHBOR": Kernel("bb"),
    "SOFTMAX": Kernel("f", "diiiiiifppppp"),
    "LOG_SOFTMAX": Kernel(data="iiiiipp"),
    "LOGISTIC": Kernel(data="iiii"),
    "TANH": Kernel(data="iiii"),
    "RELU": Kernel(data="[[bii]iiii]"),
    "RELU6": Kernel(data="ii"),
    "LEAKY_RELU": Kernel("f", "iiiiii"),
    "PRELU": Kernel(data="iiiiiii"),
    "ELU": Kernel(data="b" * 256),
    "HARD_SWISH": Kernel(data="hhhihi"),
    "L2_NORMALIZATION": Kernel("i", "i"),
    "QUANTIZE": Kernel(data="[id]iii"),
    "DEQUANTIZE": Kernel(data="[di]iii"),
    "ABS": Kernel(data="iiiibii"),
    "RSQRT": Kernel(data="iiiibii"),
    "SQRT": Kernel(),
    "SQUARE": Kernel(),
    "EXP": Kernel(),
    "LOG": Kernel(),
    "NEG": Kernel(),
    "BATCH_MATMUL": Kernel("bbb", "pppbbb"),
    "SPACE_TO_BATCH_ND": Kernel(data="i"),
    "ARG_MIN": Kernel("i"),
    "SELECT_V2": Kernel(data="b"),
    DETECTION: Kernel(data="iiiffib[ffff]iiiiiiiiiii[fi][fi][fi]", scratch=detection_scratch),
    **dict.fromkeys(
        (
            "BATCH_TO_SPACE_ND", "EXPAND_DIMS", "BROADCAST_TO", "CEIL", "FLOOR", "ROUND", "COS",
            "SIN", "FILL", "FLOOR_DIV", "FLOOR_MOD", "GATHER_ND", "LOGICAL_AND", "LOGICAL_OR",
            "LOGICAL_NOT", "ZEROS_LIKE", "REVERSE_V2", "BROADCAST_ARGS", "DYNAMIC_UPDATE_SLICE",
        ),
        Kernel(),
    ),
}  # fmt: skip
"""Operators that the interpreter has and networks on images use."""


def scratch_of(program: Program) -> list[tuple[int, ...]]:
    """Bytes of scratch that each operator asks for."""
    return [
        KERNELS[operator.operator].scratch(program, operator)
        if operator.operator in KERNELS
        else ()
        for operator in program.operators
    ]


def missing(program: Program) -> list[str]:
    """Operators that the interpreter does not have, each once."""
    return list(
        dict.fromkeys([one.operator for one in program.operators if one.operator not in KERNELS])
    )
