"""Layers as the operations that a converter sees, before anything is folded or fused.

A step is an operation of TensorFlow Lite on the outputs of earlier steps and on arrays; shapes are
per sample and channels last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.sliding import Sliding
from cnncalc.shapes import Shape, Slide, product, same_padding

Window = tuple[int, int, int, int, int]
"""Kernel, stride, padding in front and behind, dilation."""


class Array(NamedTuple):
    """An array that the file stores; equal ones are stored once."""

    key: tuple[Any, ...]
    shape: Shape
    width: int = 1
    scales: int = 0
    type: str = "int8"
    name: str = ""


class Step(NamedTuple):
    """An operation."""

    operator: str
    inputs: tuple[int, ...]
    """Steps whose outputs it takes."""
    shape: Shape
    nodes: tuple[int, ...] = ()
    """Nodes of the graph that it comes from."""
    arrays: tuple[Array, ...] = ()
    attributes: tuple[Any, ...] = ()
    """What tells it from others of its kind: paddings, an axis, a window."""
    macs: int = 0
    activation: str = ""
    rules: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    type: str = "int8"
    name: str = ""
    place: str = ""
    """The name of its operation in the framework's graph, by which branches are ordered."""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What equal subexpressions have in common."""
        return self.operator, self.inputs, self.shape, self.arrays, self.attributes, self.activation


class Builder:
    """The steps of a graph in the making."""

    def __init__(self, graph: Graph, same: bool = False, dtype: str = "int8") -> None:
        self.graph = graph
        self.same = same
        """Whether padding that a framework adds explicitly is taken as `same`."""
        self.dtype = dtype
        self.steps: list[Step] = []
        self.values: dict[int, int] = {}
        """For each node the step that gives its output."""
        self.node = 0
        self.paddings = 0

    @property
    def width(self) -> int:
        """Bytes of a value."""
        return 1 if self.dtype == "int8" else 4

    def add(self, operator: str, inputs: Sequence[int], shape: Shape, **more: Any) -> int:
        """Append a step of the layer that is being lowered."""
        more.setdefault("type", self.dtype)
        operations, inside = more.pop("name", operator.lower()), more.pop("inside", "")
        layer = more.pop("layer", None)
        name = self.named(operations, inside, layer)
        first = operations.split(";")
        # a bias is added behind what it belongs to
        operation = first[1] if first[0] == "BiasAdd" and len(first) > 1 else first[0]
        place = self.named(operation.lstrip(":"), inside, layer)
        self.steps.append(
            Step(operator, tuple(inputs), shape, (self.node,), name=name, place=place, **more)
        )
        return len(self.steps) - 1

    def named(self, operations: str, inside: str = "", layer: str | None = None) -> str:
        """The names of a layer's operations as the converter has them, `;` between.

        Keras calls a model and its layers a second time when they are exported: `_1`.
        """
        graph = re.sub(r"[^a-z0-9]+", "_", self.graph.name.lower()).strip("_")
        layer = layer or self.graph.nodes[self.node].name.replace(".", "-") + inside
        return ";".join(
            [
                one[1:] if one.startswith(":") else f"{graph}_1/{layer}_1/{one}"
                for one in operations.split(";")
            ]
        )

    def padding_layer(self) -> str:
        """The name of the next layer that does nothing but pad, as Keras counts them."""
        self.paddings += 1
        return f"zero_padding2d_{self.paddings - 1}" if self.paddings > 1 else "zero_padding2d"

    def shape(self, step: int) -> Shape:
        """Output shape of a step."""
        return self.steps[step].shape

    def numbers(self, key: str, values: Sequence[Any], shape: Shape | None = None) -> Array:
        """An array of int32 that an operator takes: paddings, axes, a shape."""
        count = product(shape) if shape is not None else len(values)
        return Array((key, *values), shape or (count,), 4, 0, "int32", key)

    def weights(self, key: str, shape: Shape, scales: int) -> Array:
        """Weights of the layer that is being lowered."""
        owner = self.graph.nodes[self.node].shares
        owner = self.node if owner is None else owner
        return Array(
            ("weights", owner, key), shape, self.width, scales if self.width == 1 else 0,
            self.dtype, key,
        )  # fmt: skip

    def bias(self, channels: int, key: str = "bias") -> Array:
        """Biases: 32 bits."""
        owner = self.graph.nodes[self.node].shares
        owner = self.node if owner is None else owner
        type = "int32" if self.width == 1 else "float32"
        scales = channels if self.width == 1 else 0
        return Array(("bias", owner, key), (channels,), 4, scales, type, key)

    def mapped(self, step: int) -> int:
        """A map with two spatial axes: one with a single axis is reshaped."""
        shape = self.shape(step)
        if len(shape) != 2:
            return step
        return self.reshape(step, (1, *shape))

    def unmapped(self, step: int, rank: int) -> int:
        """The map with as many axes as its layer has."""
        shape = self.shape(step)
        if len(shape) == rank:
            return step
        return self.reshape(step, shape[1:])

    def reshape(self, step: int, shape: Shape) -> int:
        """The same values under another shape."""
        if self.shape(step) == shape:
            return step
        array = self.numbers("shape", (1, *shape))
        return self.add("RESHAPE", (step,), shape, arrays=(array,), name="Reshape")

    def refuse(self, why: str = "") -> UsageError:
        """The error for a layer that has no operator, and why where that lies in its options."""
        node = self.graph.nodes[self.node]
        told = f": {why}" if why else ""
        return UsageError(
            f"{node.name}: TensorFlow Lite has no operator for this `{node.kind.name}`{told}",
            "deploy the part of the network before it, or put another layer in its place",
        )


Lower = Callable[[Builder, Node, list[int]], int]
"""Appends the steps of a layer, and returns the last."""


def steps_of(
    graph: Graph, table: Mapping[str, Lower], same: bool = False, dtype: str = "int8"
) -> tuple[list[Step], list[int]]:
    """Return the steps of a graph, and which of them give the network's outputs.

    `table` says how each layer kind is lowered.

    Raises:
        UsageError: a layer has no operator.
    """
    builder = Builder(graph, same, dtype)
    for index, node in enumerate(graph.nodes):
        builder.node = index
        if index in graph.inputs:
            builder.values[index] = builder.add("INPUT", (), channels_last(node.facts.output))
            continue
        inputs = [builder.values[one] for one in node.inputs]
        lower = table.get(node.kind.name)
        if lower is None:
            raise builder.refuse()
        builder.values[index] = lower(builder, node, inputs)
    outputs = []
    for index in graph.outputs:
        step = builder.values[index]
        rank = len(graph.nodes[index].facts.output)
        if len(builder.shape(step)) == 3 and rank == 2 and builder.shape(step)[0] == 1:
            step = builder.unmapped(step, rank)
        outputs.append(step)
    return builder.steps, outputs


def channels_last(shape: Shape) -> Shape:
    """A shape as TensorFlow has it."""
    return (*shape[1:], shape[0])


def windows_of(slides: Sequence[Slide], padding: str) -> tuple[Window, ...]:
    """The kernels of a sliding layer; what its own padding adds, a PAD before it left out."""
    found = []
    for one in slides:
        before = after = 0
        if padding == "SAME":
            before, after = same_padding(one.size, one.kernel, one.stride, one.dilation, False)
        found.append((one.kernel, one.stride, before, after, one.dilation))
    if len(found) == 1:  # a map of one axis lies in one of two
        found.insert(0, (1, 1, 0, 0, 1))
    return tuple(found)


def read(slide: Slide) -> tuple[int, int]:
    """The rows around an axis that are read."""
    reach = (slide.output - 1) * slide.stride + slide.extent - slide.size - slide.before
    return slide.before, max(reach, 0)


def padded(
    builder: Builder, step: int, slides: Sequence[Slide], *, keep: bool = False
) -> tuple[int, str]:
    """The input of a sliding layer behind its padding, and the padding it does itself.

    `same` where both ends are what TensorFlow's `SAME` adds; else a PAD of its own. With `keep`
    zeros count, so that `SAME` is no way out.
    """
    pairs = [(slide.before, max(slide.after, read(slide)[1])) for slide in slides]
    if not any([any(pair) for pair in pairs]):
        return step, "VALID"
    own = [same_padding(one.size, one.kernel, one.stride, one.dilation, False) for one in slides]
    sizes = [-(-one.size // one.stride) for one in slides]
    equal = [read(one) for one in slides] == own and [one.output for one in slides] == sizes
    alike = builder.same and [one.output for one in slides] == sizes
    if (equal or alike) and not keep:
        return step, "SAME"
    return pad(builder, step, pairs), "VALID"


def pad(
    builder: Builder, step: int, pairs: Sequence[tuple[int, int]],
    channels: tuple[int, int] = (0, 0), *, own: bool = False,
) -> int:  # fmt: skip
    """Zeros around a map; `own` where a layer does nothing else."""
    shape = builder.shape(step)
    spatial = list(shape[:-1])
    if len(spatial) > len(pairs):  # a map of one axis that was made one of two
        step = builder.unmapped(step, len(pairs) + 1)
        spatial = list(builder.shape(step)[:-1])
    sizes = [size + sum(pair) for size, pair in zip(spatial, pairs, strict=True)]
    amounts = ((0, 0), *pairs, channels)
    array = builder.numbers("paddings", amounts, (len(amounts), 2))
    return builder.add(
        "PAD", (step,), (*sizes, shape[-1] + sum(channels)), arrays=(array,),
        attributes=(tuple(amounts),), name="Pad", layer=None if own else builder.padding_layer(),
        windows=tuple([(1, 1, before, after, 1) for before, after in pairs]),
    )  # fmt: skip


def slides_of(node: Node) -> tuple[Slide, ...]:
    """The slides of a layer with a kernel."""
    assert isinstance(node.kind, Sliding)
    return node.facts.slides
