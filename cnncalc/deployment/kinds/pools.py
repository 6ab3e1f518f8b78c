"""Pools and reductions."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.kinds.maps import padded_map, target_shape
from cnncalc.deployment.kinds.values import number
from cnncalc.deployment.steps import Builder, channels_last, windows_of
from cnncalc.graph import Node


def max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if any([one > 1 for one in kind.dilation]):
        raise builder.refuse("its pools have no dilation")
    return _pool(builder, node, inputs[0], "MAX_POOL_2D", False)


def avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return _pool(builder, node, inputs[0], "AVERAGE_POOL_2D", kind.count_include_pad)


def _pool(builder: Builder, node: Node, step: int, operator: str, keep: bool) -> int:
    kind: Any = node.kind
    if len(kind.kernel) > 2:
        raise builder.refuse("its pools have two axes")
    step, padding = padded_map(builder, node, step, keep)
    before = builder.steps[step]
    if operator == "MAX_POOL_2D" and before.operator == "PAD" and builder.node in before.nodes:
        # a maximum's padding is the least number there is
        least = number(builder, "least")
        builder.steps[step] = before._replace(operator="PADV2", arrays=(*before.arrays, least))
    return builder.add(
        operator,
        (step,),
        target_shape(builder, node),
        attributes=(padding, kind.kernel, kind.stride),
        windows=windows_of(node.facts.slides, padding),
        name="MaxPool2d" if operator == "MAX_POOL_2D" else "AvgPool",
    )


def reduced(builder: Builder, node: Node, step: int, operator: str, name: str) -> int:
    """All positions of a map as one, whose spatial axes stay."""
    shape = builder.shape(step)
    rank = len(builder.graph.nodes[node.inputs[0]].facts.output)
    step = builder.unmapped(step, rank) if len(shape) > rank else step
    shape = builder.shape(step)
    axes = tuple(range(1, len(shape)))
    array = builder.numbers("axes", axes, (len(axes),) if len(axes) > 1 else ())
    return builder.add(
        operator, (step,), (*[1] * (len(shape) - 1), shape[-1]), arrays=(array,),
        attributes=("keep",), name=name,
    )  # fmt: skip


def global_avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return reduced(builder, node, inputs[0], "MEAN", "Mean")


def global_max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return reduced(builder, node, inputs[0], "REDUCE_MAX", "Max")


def adaptive_avg_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _adaptive(builder, node, inputs[0], "MEAN", "AVERAGE_POOL_2D")


def adaptive_max_pool(builder: Builder, node: Node, inputs: list[int]) -> int:
    return _adaptive(builder, node, inputs[0], "REDUCE_MAX", "MAX_POOL_2D")


def _adaptive(builder: Builder, node: Node, step: int, whole: str, pool: str) -> int:
    if node.facts.view:
        return step
    kind: Any = node.kind
    if set(kind.size) == {1}:
        return reduced(builder, node, step, whole, "Mean")
    source = builder.graph.nodes[node.inputs[0]].facts.output[1:]
    if any([size % wanted for size, wanted in zip(source, kind.size, strict=True)]):
        raise builder.refuse("the sizes of its windows differ")
    kernel = tuple([size // wanted for size, wanted in zip(source, kind.size, strict=True)])
    return builder.add(
        pool, (builder.mapped(step),), target_shape(builder, node),
        attributes=("VALID", kernel, kernel), name="AvgPool",
        windows=tuple([(one, one, 0, 0, 1) for one in kernel]),
    )  # fmt: skip


def reduce(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    rank = len(node.facts.output)
    operator = {"mean": "MEAN", "sum": "SUM", "max": "REDUCE_MAX", "min": "REDUCE_MIN"}[kind.by]
    axes = tuple(sorted([rank if axis == 0 else axis for axis in kind.axes]))
    array = builder.numbers("axes", axes)
    return builder.add(
        operator, inputs[:1], channels_last(node.facts.output), arrays=(array,),
        attributes=("keep",), name="Mean",
    )  # fmt: skip
