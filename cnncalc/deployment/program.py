"""A network as an interpreter runs it: operators on numbered tensors, in execution order.

Shapes are per sample and channels last, as TensorFlow Lite has them; a batch of 1 stands in front.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.shapes import Shape, product

ALIGNMENT = 16
"""Bytes to which the interpreter rounds sizes and addresses of buffers."""


class Tensor(NamedTuple):
    """A tensor of a program: an activation, or an array that the file stores."""

    name: str
    shape: Shape
    width: int = 1
    """Bytes a value."""
    scales: int = 0
    """Scales of its quantization: none, one, or one a channel."""
    stored: int | None = None
    """Bytes in the file; `None` for an activation."""
    type: str = "int8"
    quantization: int | None = None
    """Zero points in the file, where they are not as many as scales."""
    rank: int | None = None
    """Axes with the batch, where they are not one more than those of `shape`."""
    variable: bool = False
    """Whether its values last from one run to the next."""

    @property
    def bytes(self) -> int:
        """Bytes of its values."""
        return product(self.shape) * self.width


class Operator(NamedTuple):
    """An operator of a program."""

    operator: str
    """Its name in TensorFlow Lite's schema."""
    inputs: tuple[int, ...]
    """Tensors that it takes, arrays included; −1 for one that is left out."""
    outputs: tuple[int, ...]
    layers: tuple[str, ...] = ()
    """The layers of the network that it comes from."""
    macs: int = 0
    activation: str = ""
    """The activation that was fused into it."""
    rules: tuple[str, ...] = ()
    """The rules that fused or folded its layers."""
    nodes: tuple[int, ...] = ()
    """Indices of these layers in the graph."""
    windows: tuple[tuple[int, int, int, int, int], ...] = ()
    """Kernel, stride, padding in front and behind, and dilation of each spatial axis."""


class Program(NamedTuple):
    """A network as an interpreter runs it."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    dtype: str = "int8"

    def activations(self) -> list[int]:
        """Tensors that live in the arena, in the order of their numbers."""
        used = {*self.inputs, *self.outputs}
        for operator in self.operators:
            used.update(operator.inputs, operator.outputs)
        return [
            number
            for number, tensor in enumerate(self.tensors)
            if tensor.stored is None and not tensor.variable and tensor.bytes and number in used
        ]


class Lifetime(NamedTuple):
    """A buffer of the arena before it has a place."""

    bytes: int
    """Rounded up to 16."""
    first: int
    """The operator that writes it; −1 for an input of the network."""
    last: int
    """The last operator that reads it."""
    tensor: int | None
    """The tensor that it holds; `None` for an operator's scratch."""
    operator: int
    """The operator that writes it; −1 for an input."""


def rounded(size: int) -> int:
    """A size rounded up to the alignment of buffers."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def lifetimes(program: Program, scratch: list[tuple[int, ...]]) -> list[Lifetime]:
    """Return the buffers of a program, tensors first and then each operator's scratch.

    `scratch` holds the sizes that each operator asks for. An output of the network lives until
    the last operator (TensorFlow Lite Micro, `micro_allocation_info.cc`).
    """
    first: dict[int, int] = dict.fromkeys(program.inputs, -1)
    last: dict[int, int] = dict.fromkeys(program.inputs, -1)
    for number, operator in enumerate(program.operators):
        for tensor in operator.outputs:
            first.setdefault(tensor, number)
            last[tensor] = number
        for tensor in operator.inputs:
            last[tensor] = number
    for tensor in program.outputs:
        last[tensor] = len(program.operators) - 1
        first.setdefault(tensor, len(program.operators) - 1)
    found = [
        Lifetime(
            rounded(program.tensors[tensor].bytes), first[tensor], last[tensor], tensor,
            first[tensor],
        )
        for tensor in program.activations()
    ]  # fmt: skip
    for number, sizes in enumerate(scratch):
        found += [Lifetime(rounded(size), number, number, None, number) for size in sizes]
    return found
