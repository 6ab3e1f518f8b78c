"""The operations of a network as its framework has them, in a form that all formats share.

An operation is either one of our layer kinds, with the kind's own options and its arrays, or a
primitive of tensors (`reshape`, `permute`, `reduce`, ...). Axes are those of the framework, the
batch among them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.exchange.reading.result import Origin
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array


class Constant:
    """An array that does not depend on the input."""

    __slots__ = ("few", "form", "frozen", "made", "name", "read", "role", "shape", "sources")

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        role: str,
        read: Callable[[], Array],
        sources: Mapping[str, int] | None = None,
        form: Hashable = None,
    ) -> None:
        self.name = name
        self.shape: Shape = tuple(shape)
        self.role = role
        """`parameter`: trained; `buffer`: stored with the network; `literal`: written in the
        program; `stored`: one of the first two, where the format does not tell."""
        self.form = form
        """In what order it has the values of its sources; `None`: in theirs."""
        self.read = read
        """Reads its values."""
        self.sources = {name: prod(self.shape)} if sources is None else sources
        """The arrays of the network that it is made of, with their values."""
        self.frozen = False
        """Whether it is a parameter that is not trained."""
        self.made = False
        """Whether the program makes it of numbers that it holds."""
        self.few: list[Any] | None = None
        """Its values in order, where they are few and known without reading an array."""

    @property
    def values(self) -> int:
        """How many values it holds."""
        return prod(self.shape)

    def mapped(
        self,
        shape: Sequence[int],
        change: Callable[[Array], Array],
        form: Hashable = None,
    ) -> Constant:
        """The same array in another form, which is named where values change their order."""
        read = self.read
        whole = self.form if form is None else (self.form, form)
        found = Constant(self.name, shape, self.role, lambda: change(read()), self.sources, whole)
        found.frozen = self.frozen
        return found

    def scalar(self) -> float | None:
        """Its value, where it is a single one that is not trained."""
        if self.values != 1 or self.role in ("parameter", "buffer"):
            return None
        return float(self.numbers()[0])

    def numbers(self) -> list[Any]:
        """Its values in order."""
        found: list[Any] = self.read().reshape(-1).tolist() if self.few is None else self.few
        return found


def part_name(name: str, start: int, sizes: Sequence[int], strides: Sequence[int]) -> str:
    """The name of a part of a stored array: `gains[2]`, `weight[64:128]` or, of an axis that is no
    first one, `weight[0 + 64x16/32]`, sizes over strides."""
    if list(strides) == dense_strides(sizes):
        count = prod(sizes)
        return f"{name}[{start}:{start + count}]" if count != 1 else f"{name}[{start}]"
    axes = "x".join(f"{size}/{stride}" for size, stride in zip(sizes, strides, strict=True))
    return f"{name}[{start} + {axes}]"


def part_values(part: str) -> int:
    """How many values a part has, by what stands in its name behind the bracket."""
    text = part.rstrip("]")
    if " + " in text:
        return prod([int(axis.split("/")[0]) for axis in text.split(" + ")[1].split("x")])
    start, _, stop = text.partition(":")
    return int(stop) - int(start) if stop else 1


def dense_strides(sizes: Sequence[int]) -> list[int]:
    """Strides of an array in row-major order without gaps."""
    strides, count = [], 1
    for size in reversed(sizes):
        strides.append(count)
        count *= size
    return strides[::-1]


class Op:
    """One operation with one result."""

    __slots__ = (
        "arrays", "channel", "depends_on_data", "inputs", "name", "options", "origin", "shape",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        inputs: Sequence[Operand],
        shape: Sequence[int],
        options: Mapping[str, Any] | None = None,
        *,
        arrays: Mapping[str, Constant] | None = None,
        channel: int = 1,
        origin: Origin = Origin(),
    ) -> None:
        self.name = name
        """A kind of ours, or a primitive."""
        self.inputs = list(inputs)
        self.shape: Shape = tuple(shape)
        """Of its result, in the framework's order."""
        self.options = dict(options or {})
        self.arrays = dict(arrays or {})
        """The arrays of a kind, by the kind's names."""
        self.channel = channel
        """The axis that a kind takes as channels."""
        self.origin = origin
        self.depends_on_data = False
        """Whether its shape is known only when it has run."""

    def __repr__(self) -> str:
        return f"{self.name}{list(self.shape)}"

    @property
    def x(self) -> Op:
        """Its first input, which is computed."""
        first = self.inputs[0]
        assert isinstance(first, Op)
        return first


Operand = Op | Constant

OPAQUE = "opaque"
"""The name of an operation that no layer of ours stands for."""


def opaque(
    operator: str,
    inputs: Sequence[Operand],
    shape: Sequence[int] | None,
    *,
    arrays: Mapping[str, Constant] | None = None,
    macs: int | None = None,
    flops: int | None = None,
    channel: int = 1,
    origin: Origin = Origin(),
) -> Op:
    """Return an operation that no layer of ours stands for: it becomes a layer of kind `custom`.

    Args:
        operator: its name in its framework, as in `aten.deform_conv2d`; what follows a space is
            the reason why it has no layer.
        inputs: what it takes, constants included.
        shape: of its result in the framework's order, the batch included; `None` where it
            depends on the data.
        arrays: stored arrays that it reads beside its inputs.
        macs, flops: for one sample, where the framework has a formula.
        channel: the axis of the result that holds the channels.
    """
    options: dict[str, Any] = {"operator": operator, "macs": macs, "flops": flops}
    op = Op(OPAQUE, inputs, shape or (), options, arrays=arrays, channel=channel, origin=origin)
    op.depends_on_data = shape is None
    return op


class Program:
    """All operations in execution order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ops: list[Op] = []
        self.inputs: list[Op] = []
        self.outputs: list[Op] = []
        self.constants: dict[str, Constant] = {}
        """Every array that the network stores."""
        self.distinct = False
        """Whether arrays that are equal have names of their own, unless they are shared."""

    def replace(self, changes: Mapping[Op, Sequence[Op]]) -> None:
        """Put operations, in execution order, in the place of one; the last has its result.

        Operations whose results are no longer used are dropped.
        """
        final: dict[Op, Op] = {}
        ops: list[Op] = []
        for op in self.ops:
            for new in changes.get(op, (op,)):
                new.inputs = [
                    final.get(one, one) if isinstance(one, Op) else one for one in new.inputs
                ]
                ops.append(new)
            final[op] = ops[-1] if changes.get(op, (op,)) else final.get(op.x, op.x)
        self.ops = ops
        self.outputs = [final.get(op, op) for op in self.outputs]
        self.prune()

    def prune(self) -> None:
        """Keep what the outputs depend on, and the inputs."""
        needed = set(self.inputs) | set(self.outputs)
        for op in reversed(self.ops):
            if op in needed:
                needed.update(one for one in op.inputs if isinstance(one, Op))
        self.ops = [op for op in self.ops if op in needed]

    def readers(self) -> dict[Op, list[Op]]:
        """For each operation those that read it; an output is read once more, by nobody."""
        found: dict[Op, list[Op]] = {op: [] for op in self.ops}
        for op in self.ops:
            for one in op.inputs:
                if isinstance(one, Op):
                    found[one].append(op)
        return found
