"""Our arrays in the shapes and the order that Keras has them in; stated here once.

| ours                                      | Keras                              |
| ----------------------------------------- | ---------------------------------- |
| convolution `[out, in, *kernel]`          | `[*kernel, in, out]`               |
| transposed `[in, out, *kernel]`           | `[*kernel, out, in]`               |
| depthwise `[channels · multiplier, 1, …]` | `[*kernel, channels, multiplier]`  |
| fully connected `[out, in]`               | `[in, out]`, rows in Keras' order  |
| slopes, scales, offsets, statistics `[C]` | `[C]`; slopes `[1, …, C]`          |

A layer's arrays follow each other as in PyTorch: weight, bias; scale, offset, mean, variance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnncalc.exchange.writing.keras.flat import flattened
from cnncalc.graph import Graph, Node
from cnncalc.layers.activation import PRelu
from cnncalc.layers.attention import SelfAttention
from cnncalc.layers.conv import DepthwiseConv
from cnncalc.layers.linear import ElementwiseParameters, Linear
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import declared_arrays


def keras_arrays(graph: Graph, arrays: Sequence[Arrays]) -> list[Array]:
    """The arrays of all layers as Keras has them, in the order of the layers' calls."""
    found: list[Array] = []
    for index, node in enumerate(graph.nodes):
        if node.shares is None:
            found += _layer(graph, index, node, arrays[index])
    return found


def _layer(graph: Graph, index: int, node: Node, arrays: Arrays) -> Iterator[Array]:
    if isinstance(node.kind, SelfAttention):
        yield from _attention(node.kind, arrays)
        return
    for name in declared_arrays(node):
        array = np.asarray(arrays[name], np.float32)
        if isinstance(node.kind, Linear) and name == "weight":
            yield _rows(array, graph, index).T
        elif isinstance(node.kind, PRelu):
            rank = len(node.facts.output) - 1
            yield array.reshape(*[1] * rank, -1)
        elif isinstance(node.kind, ElementwiseParameters):
            yield array.reshape(-1)
        elif array.ndim > 2 or name.endswith("pointwise.weight"):
            yield _kernel(array, node, name)
        else:
            yield array


def _attention(kind: SelfAttention, arrays: Arrays) -> Iterator[Array]:
    """Queries, keys and values apart, and what brings the heads together, by heads."""
    joined = np.asarray(arrays["in_proj_weight"], np.float32)
    for part in range(3):
        weight = np.split(joined, 3)[part]
        yield weight.T.reshape(joined.shape[1], kind.heads, -1)
        if kind.bias:
            yield np.split(np.asarray(arrays["in_proj_bias"]), 3)[part].reshape(kind.heads, -1)
    last = np.asarray(arrays["out_proj.weight"], np.float32)
    yield last.T.reshape(kind.heads, -1, last.shape[0])
    if kind.bias:
        yield np.asarray(arrays["out_proj.bias"])


def _rows(weight: Array, graph: Graph, index: int) -> Array:
    """A fully connected layer's weight, its columns in the order of Keras' flattening."""
    shape = flattened(graph, index)
    if shape is None:
        return weight
    split = weight.reshape(-1, *shape)
    return np.moveaxis(split, 1, -1).reshape(weight.shape)


def _kernel(weight: Array, node: Node, name: str) -> Array:
    """A kernel, its own axes first."""
    axes = tuple(range(2, weight.ndim))
    depthwise = isinstance(node.kind, DepthwiseConv) or name == "depthwise.weight"
    if depthwise:
        multiplier = getattr(node.kind, "multiplier", 1)
        split = weight.reshape(-1, multiplier, *weight.shape[2:])
        return split.transpose(*axes, 0, 1)
    # both kinds have what Keras has last in front: filters, or a transposed one's channels
    return weight.transpose(*axes, 1, 0)
