"""Branches that meet, and squeeze-and-excitation."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.kinds.pools import reduced
from cnncalc.deployment.kinds.values import hard_sigmoid_of, silu_of
from cnncalc.deployment.steps import Builder, Lower, channels_last
from cnncalc.graph import Node


def pairwise(operator: str, name: str) -> Lower:
    """Branches combined two by two."""

    def lower(builder: Builder, node: Node, inputs: list[int]) -> int:
        inputs = _level(builder, node, inputs)
        step = inputs[0]
        for other in inputs[1:]:
            first, second = builder.shape(step), builder.shape(other)
            shape = tuple([max(a, b) for a, b in zip(first, second, strict=True)])
            step = builder.add(operator, (step, other), shape, name=name)
        return step

    return lower


def _level(builder: Builder, node: Node, inputs: list[int]) -> list[int]:
    """Branches with as many axes each."""
    rank = len(node.facts.output)
    if all([len(builder.shape(one)) == rank + 1 for one in inputs]):
        return inputs
    return [builder.unmapped(one, rank) for one in inputs]


def concat(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    inputs = _level(builder, node, inputs)
    if len(inputs) == 1:
        return inputs[0]
    rank = len(node.facts.output)
    extra = len(builder.shape(inputs[0])) - rank
    shape = (*[1] * extra, *channels_last(node.facts.output))
    axis = rank + extra if kind.axis == 0 else kind.axis + extra
    return builder.add("CONCATENATION", inputs, shape, attributes=(axis,), name="concat")


def matmul(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    return builder.add(
        "BATCH_MATMUL", inputs, channels_last(node.facts.output),
        attributes=(kind.transpose, kind.transpose_other),
        macs=node.facts.operations.macs, name="MatMul",
    )  # fmt: skip


def squeeze_excitation(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    source = builder.mapped(inputs[0])
    channels, inner = node.facts.output[0], kind.squeeze
    step = reduced(builder, node, source, "MEAN", "Mean")
    step = builder.mapped(step)
    ones = (1,) * (len(builder.shape(step)) - 1)
    half = node.facts.operations.macs // 2
    for key, taken, given in (("fc1", channels, inner), ("fc2", inner, channels)):
        step = builder.add(
            "CONV_2D",
            (step,),
            (*ones, given),
            arrays=(
                builder.weights(key, (given, 1, 1, taken), given),
                builder.bias(given, key),
            ),
            attributes=("VALID", 1, 1),
            macs=half,
            name="BiasAdd;convolution;Squeeze",
            inside=f"-{key}",
        )
        if key == "fc1":
            if kind.activation == "silu":
                step = silu_of(builder, step)
            else:
                step = builder.add("RELU", (step,), builder.shape(step), name="Relu")
    if kind.gate == "sigmoid":
        step = builder.add("LOGISTIC", (step,), builder.shape(step), name="Sigmoid")
    else:
        step = hard_sigmoid_of(builder, step)
    return builder.add("MUL", (source, step), builder.shape(source), name="Mul")
