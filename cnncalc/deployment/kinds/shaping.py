"""Layers that move, cut or add values."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.kinds.maps import target_shape
from cnncalc.deployment.steps import Builder, channels_last, pad
from cnncalc.graph import Node
from cnncalc.shapes import Shape, product


def flatten(builder: Builder, node: Node, inputs: list[int]) -> int:
    step = inputs[0]
    before = builder.steps[step]
    if before.operator in ("MEAN", "REDUCE_MAX", "SUM") and before.attributes == ("keep",):
        source = builder.graph.nodes[node.inputs[0]]
        if builder.values[node.inputs[0]] == step and source.name not in _read_by_others(
            builder, node
        ):
            # the axes go with the mean: nothing else wants them
            builder.steps[step] = before._replace(
                shape=before.shape[-1:], attributes=("drop",), nodes=(*before.nodes, builder.node)
            )
            return step
    return builder.reshape(step, (product(builder.shape(step)),))


def _read_by_others(builder: Builder, node: Node) -> set[str]:
    """The input of a layer, where other layers read it too or it is an output."""
    graph = builder.graph
    source = node.inputs[0]
    users = [one for one in graph.nodes if source in one.inputs]
    if len(users) > 1 or source in graph.outputs:
        return {graph.nodes[source].name}
    return set()


def reshape(builder: Builder, node: Node, inputs: list[int]) -> int:
    before, after = builder.shape(inputs[0]), channels_last(node.facts.output)
    step = inputs[0]
    spatial = product(before[:-1]) > 1
    if spatial and len(after) > 1 and before[-1] != after[-1]:
        step = _turned(builder, step, (len(before) - 1, *range(len(before) - 1)))
        step = builder.reshape(step, node.facts.output)
        return _turned(builder, step, (*range(1, len(after)), 0))
    return builder.reshape(step, after)


def _turned(builder: Builder, step: int, order: tuple[int, ...]) -> int:
    """The axes in another order."""
    if order == tuple(range(len(order))):
        return step
    shape = builder.shape(step)
    array = builder.numbers("order", (0, *[one + 1 for one in order]))
    return builder.add(
        "TRANSPOSE", (step,), tuple([shape[one] for one in order]), arrays=(array,),
        attributes=order, name="transpose",
    )  # fmt: skip


def permute(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    rank = len(kind.order)
    place = {axis: axis - 1 if axis else rank - 1 for axis in range(rank)}
    order = tuple([place[axis] for axis in (*kind.order[1:], kind.order[0])])
    return _turned(builder, inputs[0], order)


def padding(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.mode == "constant":
        if kind.value:
            step = pad(builder, inputs[0], kind.padding, kind.channels, own=True)
            builder.steps[step] = builder.steps[step]._replace(operator="PADV2")
            return step
        return pad(builder, inputs[0], kind.padding, kind.channels, own=True)
    if kind.mode != "reflect":
        raise builder.refuse("only `constant` and `reflect` are there")
    step = pad(builder, inputs[0], kind.padding, own=True)
    builder.steps[step] = builder.steps[step]._replace(operator="MIRROR_PAD")
    return step


def sliced(
    builder: Builder, step: int, shape: Shape, begin: tuple[int, ...], stride: int = 1,
    channel: int = 0,
) -> int:  # fmt: skip
    """A part of a map."""
    rank = len(shape)
    begin = (0,) * (rank - 1 - len(begin)) + begin
    # an end of 0 stands for the rest of an axis that is taken whole
    source = builder.shape(step)
    starts = (0, *begin, channel)
    ends = (0, *[
        0 if size == whole else at + size
        for at, size, whole in zip(starts[1:], shape, source, strict=True)
    ])  # fmt: skip
    arrays = (
        builder.numbers("numbers", starts),
        builder.numbers("numbers", ends),
        builder.numbers("numbers", (1,) * rank + (stride,)),
    )
    return builder.add(
        "STRIDED_SLICE", (step,), shape, arrays=arrays, attributes=(starts, stride),
        name="strided_slice",
    )  # fmt: skip


def crop(builder: Builder, node: Node, inputs: list[int]) -> int:
    (windows,) = node.facts.windows
    assert windows is not None
    begin = tuple([window.start for window in windows])
    return sliced(builder, inputs[0], channels_last(node.facts.output), begin)


def slice_(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = channels_last(node.facts.output)
    if kind.axis:
        begin = tuple([kind.start if one == kind.axis else 0 for one in range(1, len(shape))])
        return sliced(builder, inputs[0], shape, begin, kind.step)
    if builder.shape(inputs[0]) == shape:
        return inputs[0]
    return sliced(builder, inputs[0], shape, (0,) * (len(shape) - 1), kind.step, kind.start)


def select(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    array = builder.numbers("indices", kind.channels)
    return builder.add(
        "GATHER", inputs[:1], channels_last(node.facts.output), arrays=(array,),
        attributes=kind.channels, name="GatherV2",
    )  # fmt: skip


def channel_shuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    shape = builder.shape(inputs[0])
    groups, each = kind.groups, shape[-1] // kind.groups
    step = builder.reshape(inputs[0], (*shape[:-1], groups, each))
    rank = len(shape) + 1
    step = _turned(builder, step, (*range(rank - 2), rank - 1, rank - 2))
    return builder.reshape(step, shape)


def upsample(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if len(node.facts.output) > 3:
        raise builder.refuse("over three axes there is none")
    target = target_shape(builder, node)
    step = builder.mapped(inputs[0])
    if builder.shape(step) == target:
        return step
    near = kind.mode == "nearest"
    array = builder.numbers("size", target[:2])
    return builder.add(
        "RESIZE_NEAREST_NEIGHBOR" if near else "RESIZE_BILINEAR", (step,), target,
        arrays=(array,), attributes=(kind.align_corners,),
        name="ResizeNearestNeighbor" if near else "ResizeBilinear",
    )  # fmt: skip


def pixel_shuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _blocks(builder, node, inputs[0], "DEPTH_TO_SPACE")


def pixel_unshuffle(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _blocks(builder, node, inputs[0], "SPACE_TO_DEPTH")


def _blocks(builder: Builder, node: Node, step: int, operator: str) -> int:
    kind: Any = node.kind
    if len(node.facts.output) != 3:
        raise builder.refuse("it has two spatial axes")
    return builder.add(
        operator, (step,), channels_last(node.facts.output), attributes=(kind.factor,),
        name="DepthToSpace",
    )  # fmt: skip
