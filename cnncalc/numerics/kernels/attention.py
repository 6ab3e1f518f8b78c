"""Attention: of channels (squeeze-and-excitation) and of positions (self-attention)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions
from cnncalc.numerics.kernels.activation import hard_sigmoid, relu, sigmoid, silu, softmax
from cnncalc.numerics.kernels.linear import linear
from cnncalc.numerics.kernels.merge import multiply
from cnncalc.numerics.kernels.pool import global_avg_pool
from cnncalc.numerics.parts.products import matmul

_ACTIVATIONS = {"relu": relu, "silu": silu}
_GATES = {"sigmoid": sigmoid, "hard_sigmoid": hard_sigmoid}


def squeeze_excitation(
    x: Array,
    fc1_weight: Array,
    fc1_bias: Array,
    fc2_weight: Array,
    fc2_bias: Array,
    *,
    activation: Literal["relu", "silu"] = "relu",
    gate: Literal["sigmoid", "hard_sigmoid"] = "sigmoid",
) -> Array:
    """Channels of ``x`` [B, C, *spatial] scaled by a gate that sees them all (Hu et al. 2018).

    ``fc1_weight`` [S, C, 1, ...] and ``fc2_weight`` [C, S, 1, ...] act on the channel means.
    """
    batch, channels = x.shape[:2]
    means = global_avg_pool(x).reshape(batch, channels)
    squeezed = linear(means, fc1_weight.reshape(fc1_weight.shape[:2]), fc1_bias)
    squeezed = _ACTIVATIONS[activation](squeezed, out=squeezed)
    gates = linear(squeezed, fc2_weight.reshape(fc2_weight.shape[:2]), fc2_bias)
    gates = _GATES[gate](gates, out=gates)
    return multiply([x, gates.reshape(batch, channels, *(1,) * (x.ndim - 2))])


def self_attention(
    x: Array,
    in_weight: Array,
    in_bias: Array | None,
    out_weight: Array,
    out_bias: Array | None,
    *,
    heads: int = 1,
) -> Array:
    """Scaled dot-product attention over all positions of ``x`` [B, C, *spatial].

    ``in_weight`` [3W, C] holds queries, keys and values one after the other, ``out_weight``
    [C, W] brings the heads back to the channels (PyTorch, ``MultiheadAttention``; Vaswani et
    al. 2017). Returns the input's shape.
    """
    batch = x.shape[0]
    width = in_weight.shape[0] // 3
    each = width // heads
    values = flat_positions(x)
    positions = values.shape[2]
    mixed = linear(values, in_weight, in_bias).reshape(batch, 3, heads, each, positions)
    queries, keys, contents = mixed[:, 0], mixed[:, 1], mixed[:, 2]
    queries *= each**-0.5
    scores = softmax(matmul(queries.swapaxes(2, 3), keys), axis=3)  # [B, heads, from, to]
    heard = matmul(contents, scores.swapaxes(2, 3))  # [B, heads, each, from]
    result = linear(
        np.ascontiguousarray(heard).reshape(batch, width, positions), out_weight, out_bias
    )
    return result.reshape(x.shape)
