"""Depth: how many weighted layers lie between the input and an output."""

from __future__ import annotations

from cnncalc.graph import Graph, Node


def depth(graph: Graph) -> int:
    """Weighted layers on the longest path from the input to an output.

    Convolutions and fully connected layers count, as in the names of VGG-16, ResNet-50 and
    DenseNet-121; normalizations and trainable scales do not. A layer that is several of them
    in a row counts as often: a depthwise separable convolution twice (as in MobileNet's 28
    layers), squeeze-and-excitation twice, self-attention twice (its projections in and out).
    """
    longest: list[int] = []
    for node in graph.nodes:
        before = max([longest[taken] for taken in node.inputs], default=0)
        longest.append(before + weighted(node))
    return max(longest[index] for index in graph.outputs)


def weighted(node: Node) -> int:
    """How many weight arrays a layer multiplies its input with, one after the other."""
    facts = node.facts
    return sum([facts.roles[name] == "weight" for name in (*facts.weights, *facts.buffers)])
