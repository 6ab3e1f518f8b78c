"""Convolutions and linear layers."""

from __future__ import annotations

from typing import Any

from cnncalc.deployment.kinds.maps import kernel_of, padded_map, target_shape
from cnncalc.deployment.kinds.shaping import sliced
from cnncalc.deployment.steps import Builder, channels_last, windows_of
from cnncalc.graph import Node
from cnncalc.shapes import product


def conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = padded_map(builder, node, inputs[0])
    kind: Any = node.kind
    arrays = {**node.facts.weights, **node.facts.buffers}
    weight = arrays["weight"]
    filters = weight[0]
    inner = ":convolution" if kind.groups > 1 else "convolution"
    return builder.add(
        "CONV_2D" if len(kind.kernel) < 3 else "CONV_3D",
        (step,),
        target_shape(builder, node),
        arrays=(
            builder.weights("kernel", (filters, *kernel_of(node), weight[1]), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=node.facts.operations.macs,
        windows=windows_of(node.facts.slides, padding),
        name=f"BiasAdd;{inner};Squeeze" if kind.bias else inner,
    )


def depthwise_conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = padded_map(builder, node, inputs[0])
    kind: Any = node.kind
    filters = node.facts.weights["weight"][0]
    return builder.add(
        "DEPTHWISE_CONV_2D",
        (step,),
        target_shape(builder, node),
        arrays=(
            builder.weights("kernel", (1, *kernel_of(node), filters), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=node.facts.operations.macs,
        windows=windows_of(node.facts.slides, padding),
        name="BiasAdd;depthwise;Squeeze" if kind.bias else "depthwise",
    )


def separable_conv(builder: Builder, node: Node, inputs: list[int]) -> int:
    step, padding = padded_map(builder, node, inputs[0])
    kind: Any = node.kind
    inner = node.facts.weights["depthwise.weight"][0]
    target = target_shape(builder, node)
    filters = target[-1]
    positions = product(target[:-1])
    macs = positions * inner * product(kind.kernel)
    step = builder.add(
        "DEPTHWISE_CONV_2D",
        (step,),
        (*target[:-1], inner),
        arrays=(
            builder.weights("depthwise", (1, *kernel_of(node), inner), inner),
            builder.bias(inner, "none"),
        ),
        attributes=(padding, kind.stride, kind.dilation),
        macs=macs,
        windows=windows_of(node.facts.slides, padding),
        name="separable_conv2d/depthwise",
    )
    return builder.add(
        "CONV_2D",
        (step,),
        target,
        arrays=(
            builder.weights("pointwise", (filters, 1, 1, inner), filters),
            builder.bias(filters),
        ),
        attributes=("VALID", 1, 1),
        macs=node.facts.operations.macs - macs,
        name="BiasAdd;separable_conv2d;Squeeze" if kind.bias else "separable_conv2d",
    )


def conv_transpose(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    if kind.groups > 1:
        raise builder.refuse("a transposed convolution has no groups there")
    if any([one > 1 for one in kind.dilation]):
        raise builder.refuse("a transposed convolution has no dilation there")
    rank = len(kind.kernel)
    if rank == 3:
        raise builder.refuse("over three axes there is none")
    step = builder.mapped(inputs[0])
    target = target_shape(builder, node)
    source = builder.graph.nodes[node.inputs[0]].facts.output
    filters = target[-1]
    pairs, extras = kind.crops()
    same = kind.changed({"padding": "same", "output_padding": 0}, rank).crops()
    full = tuple([
        (size - 1) * stride + kernel
        for size, stride, kernel in zip(source[1:], kind.stride, kind.kernel, strict=True)
    ])  # fmt: skip
    alike = node.facts.output[1:] == tuple(
        [size * stride for size, stride in zip(source[1:], kind.stride, strict=True)]
    )
    if (pairs, extras) == same or (builder.same and alike):
        padding, shape = "SAME", target
    else:
        short = tuple([max(s, f) for s, f in zip(node.facts.output[1:], full, strict=True)])
        padding, shape = "VALID", (*((1,) if rank == 1 else ()), *short, filters)
    if rank == 1 and padding == "SAME":
        shape = target
    step = builder.add(
        "TRANSPOSE_CONV",
        (step,),
        shape,
        arrays=(
            builder.numbers("output_shape", (1, *shape)),
            builder.weights("kernel", (filters, *kernel_of(node), source[0]), filters),
            builder.bias(filters),
        ),
        attributes=(padding, kind.stride),
        macs=node.facts.operations.macs,
        name="BiasAdd;conv_transpose;Squeeze" if kind.bias else "conv_transpose",
    )
    if shape == target:
        return step
    return sliced(builder, step, target, tuple([before for before, _ in pairs]))


def linear(builder: Builder, node: Node, inputs: list[int]) -> int:
    kind: Any = node.kind
    features, taken = node.facts.weights["weight"]
    return builder.add(
        "FULLY_CONNECTED",
        (inputs[0],),
        channels_last(node.facts.output),
        arrays=(
            builder.weights("kernel", (features, taken), features),
            builder.bias(features),
        ),
        macs=node.facts.operations.macs,
        name="MatMul;BiasAdd" if kind.bias else "MatMul",
    )
