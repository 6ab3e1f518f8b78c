"""The program of a TensorFlow Lite file: nothing has to be guessed."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from cnncalc.deployment.program import Operator, Program, Tensor
from cnncalc.deployment.steps import Window
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.tflite.file import FileOperator, FileTensor, TfliteFile
from cnncalc.exchange.tflite.schema import ACTIVATIONS
from cnncalc.shapes import product, same_padding

ACTIVATION_SLOTS = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 3, "ADD": 0,
    "SUB": 0, "MUL": 0, "DIV": 0, "AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5, "CONCATENATION": 1,
    "L2_POOL_2D": 5, "CONV_3D": 4,
}  # fmt: skip
"""Where an operator's options have the activation that was fused into it."""


def layer_name(tensor: str) -> str:
    """The layer that a tensor's name tells: the converter writes `network/layer/operation;…`."""
    parts = tensor.partition(";")[0].split("/")
    return parts[-2] if len(parts) > 1 else tensor


class Slots(NamedTuple):
    """Where a sliding operator's options have its numbers: the width's, the height's behind it."""

    stride: int
    kernel: int | None = None
    dilation: int | None = None


SLIDING_SLOTS = {
    "CONV_2D": Slots(1, None, 4),
    "DEPTHWISE_CONV_2D": Slots(1, None, 5),
    "AVERAGE_POOL_2D": Slots(1, 3),
    "MAX_POOL_2D": Slots(1, 3),
}


def program_of(file: TfliteFile) -> Program:
    """Return the program of a file.

    Raises:
        UsageError: it branches into other graphs, or a size is not known before it runs.
    """
    if file.subgraphs > 1:
        raise UsageError(
            f"{file.label} holds {file.subgraphs} graphs: control flow is not planned",
            "deploy a file with one graph",
        )
    operators = []
    for operator in file.operators:
        if not operator.outputs:
            raise UsageError(
                f"{file.label} holds {operator.name}, which has no output",
                "networks that keep values from run to run are not planned",
            )
        slot = ACTIVATION_SLOTS.get(operator.name)
        fused = 0 if slot is None else operator.option(slot, "<b")
        operators.append(
            Operator(
                operator.name,
                operator.inputs,
                operator.outputs,
                tuple([layer_name(file.tensors[one].name) for one in operator.outputs]),
                macs_of(file, operator),
                ACTIVATIONS[fused] if 0 <= fused < len(ACTIVATIONS) else "",
                windows=windows_of(file, operator),
            )
        )
    tensors = tuple(map(_tensor, file.tensors))
    used = {tensors[one].type for one in (*file.inputs, *file.outputs)}
    weighted = any([tensor.stored and tensor.type == "int8" for tensor in tensors])
    return Program(
        os.path.splitext(os.path.basename(file.label))[0],
        tensors, tuple(operators), file.inputs, file.outputs,
        "int8" if weighted or "int8" in used else "float32",
    )  # fmt: skip


def _tensor(tensor: FileTensor) -> Tensor:
    """A tensor of a program; a batch of 1 is left out of its shape."""
    bits = tensor.type.bits
    shape = tensor.shape
    if bits == 4:  # two values a byte
        shape, bits = (tensor.bytes,), 8
    return Tensor(
        tensor.name,
        shape[1:] if len(shape) > 1 and shape[0] == 1 else shape,
        bits // 8,
        tensor.scales,
        None if tensor.data is None else len(tensor.data),
        tensor.type.name,
        tensor.zero_points,
        len(tensor.shape),
        tensor.variable,
    )


def windows_of(file: TfliteFile, operator: FileOperator) -> tuple[Window, ...]:
    """Kernel, stride, padding and dilation of a sliding operator, and what a PAD adds."""
    if operator.name in ("PAD", "PADV2"):
        amounts = numbers(file, operator.inputs[1])
        if amounts is None or len(amounts) != 8:
            return ()
        pairs = list(zip(amounts[2:6:2], amounts[3:6:2], strict=True))
        return tuple([(1, 1, before, after, 1) for before, after in pairs])
    slots = SLIDING_SLOTS.get(operator.name)
    if slots is None or not operator.inputs:
        return ()
    source = file.tensors[operator.inputs[0]].shape
    if len(source) != 4:
        return ()
    strides = operator.option(slots.stride + 1), operator.option(slots.stride)
    if slots.kernel is None:
        kernel = file.tensors[operator.inputs[1]].shape[1:3]
    else:
        kernel = operator.option(slots.kernel + 1), operator.option(slots.kernel)
    dilations = (1, 1)
    if slots.dilation is not None:
        dilations = tuple([operator.option(slots.dilation + n, default=1) for n in (1, 0)])
    same = operator.option(0, "<b") == 0
    found = []
    if len(kernel) != 2:
        return ()
    for size, wide, stride, dilation in zip(source[1:3], kernel, strides, dilations, strict=True):
        if min(size, wide, stride, dilation) < 1:
            return ()
        before, after = same_padding(size, wide, stride, dilation, False) if same else (0, 0)
        found.append((wide, stride, before, after, dilation))
    return tuple(found)


def numbers(file: TfliteFile, tensor: int) -> tuple[int, ...] | None:
    """The whole numbers that a tensor stores; `None` where it is computed or of another type."""
    found = file.tensors[tensor]
    form = {"int32": "i", "int64": "q"}.get(found.type.name)
    if found.data is None or form is None:
        return None
    return struct.unpack_from(f"<{product(found.shape)}{form}", found.data)


def macs_of(file: TfliteFile, operator: FileOperator) -> int:
    """Multiply-accumulates of an operator: convolutions, linear layers and matrix products."""
    shapes = [file.tensors[one].shape if one >= 0 else () for one in operator.inputs]
    output = file.tensors[operator.outputs[0]].shape
    if operator.name in ("CONV_2D", "CONV_3D", "FULLY_CONNECTED"):
        weights = shapes[1]
        return product(output) * product(
            weights[1:] if operator.name != "CONV_3D" else weights[:-1]
        )
    if operator.name == "DEPTHWISE_CONV_2D":
        return product(output) * product(shapes[1][1:3])
    if operator.name == "TRANSPOSE_CONV":
        return product(shapes[2][:-1]) * product(shapes[1])
    if operator.name == "BATCH_MATMUL":
        taken = shapes[0][-2 if operator.option(0, "<b") else -1] if len(shapes[0]) > 1 else 1
        return product(output) * taken
    return 0
