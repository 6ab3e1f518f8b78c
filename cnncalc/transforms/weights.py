"""The arrays of a network that was transformed, from those of the network before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnncalc.graph import Graph, Node
from cnncalc.layers.conv import ConvTranspose
from cnncalc.layers.norm import BatchNorm
from cnncalc.numerics.arrays import Array, Arrays
from cnncalc.numerics.weights.generated import Generator, declared_arrays
from cnncalc.shapes import product
from cnncalc.transforms.rewriting import TransformStep


def carried(
    before: Graph, step: TransformStep, arrays: Sequence[Arrays], seed: int
) -> list[Arrays]:
    """Arrays for each node of a step's graph.

    An array that holds as many values is the same in another shape; one of another size (that of
    another number of classes) is drawn from a seed.
    """
    generator = Generator(seed, np.dtype(np.float32))
    found: list[Arrays] = []
    for index, node in enumerate(step.graph.nodes):
        own: Arrays = {}
        if node.shares is None:
            own = arrays[step.origins[index]]
            if index in step.folded:
                own = _folded(before, step, index, arrays)
        declared = declared_arrays(node) if node.shares is None else {}
        found.append(
            {
                name: own[name].reshape(shape)
                if name in own and own[name].size == product(shape)
                else generator.draw(node, name, shape)
                for name, shape in declared.items()
            }
        )
    return found


def drawn(before: Graph, step: TransformStep) -> set[int]:
    """The nodes whose arrays are drawn anew."""
    found = set()
    for index, node in enumerate(step.graph.nodes):
        old = declared_arrays(before.nodes[step.origins[index]])
        new = declared_arrays(node) if index not in step.folded else {}
        if any([name not in old or product(old[name]) != product(new[name]) for name in new]):
            found.add(index)
    return found


def _folded(before: Graph, step: TransformStep, index: int, arrays: Sequence[Arrays]) -> Arrays:
    """A layer's arrays with its batch normalization in them, reckoned in float64."""
    node, origin = step.graph.nodes[index], step.origins[index]
    norm = step.folded[index]
    kind = before.nodes[norm].kind
    assert isinstance(kind, BatchNorm)
    owner = before.nodes[norm].shares
    stored = arrays[norm if owner is None else owner]
    factor = 1 / np.sqrt(stored["running_var"].astype(np.float64) + kind.eps)
    if "weight" in stored:
        factor = factor * stored["weight"]
    own = dict(arrays[origin])
    bias = own.get("bias", np.zeros(len(factor)))
    rest = bias.ndim - 1  # a locally connected layer has a bias at each position
    shift = (bias - _along(stored["running_mean"], rest)) * _along(factor, rest)
    if "bias" in stored:
        shift = shift + _along(stored["bias"], rest)
    name = "pointwise.weight" if "pointwise.weight" in own else "weight"
    own[name] = _scaled(node, own[name], factor).astype(np.float32)
    own["bias"] = shift.astype(np.float32)
    return own


def _along(values: Array, axes: int) -> Array:
    """`[C]` with further axes of size 1."""
    return values.reshape(-1, *(1,) * axes)


def _scaled(node: Node, weight: Array, factor: Array) -> Array:
    """A weight whose outputs are multiplied, each channel by its factor."""
    if not isinstance(node.kind, ConvTranspose):
        return weight * _along(factor, weight.ndim - 1)
    # [channels, filters / groups, *kernel]: the channels of a group give the filters of it
    groups = node.kind.groups
    split = weight.reshape(groups, -1, *weight.shape[1:])
    each = factor.reshape(groups, 1, -1, *(1,) * (weight.ndim - 2))
    scaled: Array = (split * each).reshape(weight.shape)
    return scaled
