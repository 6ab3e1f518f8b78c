"""What layers on maps share: their input padded, and shapes with two spatial axes."""

from __future__ import annotations

from cnncalc.deployment.steps import Builder, channels_last, padded, slides_of
from cnncalc.graph import Node
from cnncalc.shapes import Shape


def target_shape(builder: Builder, node: Node) -> Shape:
    """The output shape of a layer on maps, with two spatial axes."""
    shape = channels_last(node.facts.output)
    return (1, *shape) if len(shape) == 2 else shape


def kernel_of(node: Node) -> Shape:
    kernel: tuple[int, ...] = node.kind.__dict__["kernel"]
    return (1, *kernel) if len(kernel) == 1 else kernel


def padded_map(builder: Builder, node: Node, step: int, keep: bool = False) -> tuple[int, str]:
    """The padded input of a sliding layer as a map with two spatial axes, and its padding."""
    step, padding = padded(builder, step, slides_of(node), keep=keep)
    return builder.mapped(step), padding
