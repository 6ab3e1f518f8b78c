"""The size of the file that a program is stored in, piece by piece.

A FlatBuffer: a table is an offset to its fields and the fields, a vector its length and its
values, a string its length, its letters and a zero; all are rounded up to four bytes, arrays of
weights to sixteen. What the converter writes around the graph is measured.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.deployment.program import Program, Tensor

FIXED = 600
"""Bytes of what every file has: the root, signature, metadata, tables of fields."""

OPTION_BYTES = {
    "CONV_2D": 18, "DEPTHWISE_CONV_2D": 22, "TRANSPOSE_CONV": 18, "AVERAGE_POOL_2D": 26,
    "MAX_POOL_2D": 26, "FULLY_CONNECTED": 8, "CONCATENATION": 8, "RESHAPE": 12,
    "STRIDED_SLICE": 12, "LEAKY_RELU": 8, "SOFTMAX": 8, "MEAN": 6, "RESIZE_BILINEAR": 8,
    "RESIZE_NEAREST_NEIGHBOR": 8, "GATHER": 8, "ADD": 6, "MUL": 6, "SUB": 6,
}  # fmt: skip
"""Bytes of an operator's options, where they are more than an empty table."""


class Flash(NamedTuple):
    """Bytes of a file, by what they are for."""

    weights: int
    """8-bit weights and factors."""
    biases: int
    """32-bit biases, and numbers that operators take."""
    quantization: int
    """Scales and zero points."""
    graph: int
    """Tensors and operators with their names."""
    other: int

    @property
    def total(self) -> int:
        """Bytes of the file."""
        return sum(self)


def four(size: int) -> int:
    """A size rounded up to four bytes."""
    return -(-size // 4) * 4


def sixteen(size: int) -> int:
    """An array with its length and its table: its values begin at a multiple of sixteen bytes."""
    return -(-(size + 12) // 16) * 16


def flash(program: Program) -> Flash:
    """Return the size of a program's file."""
    weights = biases = quantization = 0
    graph = 4 + 4 * (len(program.tensors) + 3)
    for tensor in program.tensors:
        if tensor.stored is not None:
            size = sixteen(tensor.stored)
            if tensor.width == 4 and tensor.type != "float32":
                biases += size
            else:
                weights += size
        else:
            graph += 4
        quantization += _quantization(program, tensor)
        rank = len(tensor.shape) + 1 if tensor.rank is None else tensor.rank
        graph += 4 + 28 + four(4 + 4 * rank) + four(5 + len(tensor.name.encode()))
    for operator in program.operators:
        graph += 4 + 20 + 4 + 4 * len(operator.inputs) + 4 + 4 * len(operator.outputs)
        graph += four(OPTION_BYTES.get(operator.operator, 4)) - 3
    graph += 20 * len({one.operator for one in program.operators})
    ends = 18 * (len(program.inputs) + len(program.outputs))
    return Flash(weights, biases, quantization, graph, FIXED + ends)


def _quantization(program: Program, tensor: Tensor) -> int:
    """Bytes of a tensor's scales and zero points; a table without any where there are none."""
    count = tensor.scales
    points = count if tensor.quantization is None else tensor.quantization
    if not count:
        return 4
    return 12 + 4 + 4 * count + 4 + 8 * points + 1
