"""Attention: of channels (squeeze-and-excitation) and of positions (self-attention)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions
from cnncalc.numerics.fields.reading import everything
from cnncalc.numerics.kernels.activation import hard_sigmoid, relu, sigmoid, silu, softmax
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels
from cnncalc.numerics.kernels.linear import linear
from cnncalc.numerics.kernels.merge import multiply
from cnncalc.numerics.kernels.pool import global_avg_pool
from cnncalc.numerics.machine.workspace import BLOCK_BYTES
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
    squeezed = _ACTIVATIONS[activation](squeezed)
    gates = linear(squeezed, fc2_weight.reshape(fc2_weight.shape[:2]), fc2_bias)
    gates = _GATES[gate](gates)
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
    batch, width = x.shape[0], in_weight.shape[0] // 3
    values = flat_positions(x)
    positions = values.shape[2]
    mixed = linear(values, in_weight, in_bias).reshape(batch, 3, heads, width // heads, positions)
    heard = np.empty((batch, heads, width // heads, positions), x.dtype)
    # Some positions at a time: the scores of all would be the square of their number.
    step = max(1, BLOCK_BYTES // (positions * x.itemsize))
    for place in np.ndindex(batch, heads):
        queries, keys, contents = mixed[place[0], :, place[1]]  # each [width / heads, positions]
        queries *= (width // heads) ** -0.5
        for start in range(0, positions, step):
            part = slice(start, start + step)
            scores = softmax(matmul(queries[:, part].T, keys), axis=1)  # [from, to]
            heard[place][:, part] = matmul(contents, scores.T)
    return linear(heard.reshape(batch, width, positions), out_weight, out_bias).reshape(x.shape)


# -- from layers ------------------------------------------------------------------------------


def _squeeze_excitation(call: KernelCall) -> Array:
    kind, channels, take = call.kind, call.channels, call.arrays.weight
    ones = (1,) * (call.x.ndim - 2)
    return squeeze_excitation(
        call.x,
        take("fc1.weight", (kind.squeeze, channels, *ones)),
        take("fc1.bias", (kind.squeeze,)),
        take("fc2.weight", (channels, kind.squeeze, *ones)),
        take("fc2.bias", (channels,)),
        activation=kind.activation,
        gate=kind.gate,
    )


def _self_attention(call: KernelCall) -> Array:
    kind, channels, take = call.kind, call.channels, call.arrays.weight
    width = kind.width or channels
    return self_attention(
        call.x,
        take("in_proj_weight", (3 * width, channels)),
        take("in_proj_bias", (3 * width,)) if kind.bias else None,
        take("out_proj.weight", (channels, width)),
        take("out_proj.bias", (channels,)) if kind.bias else None,
        heads=kind.heads,
    )


KERNELS: Kernels = {
    "squeeze_excitation": KernelEntry(_squeeze_excitation, everything),
    "self_attention": KernelEntry(_self_attention, everything),
}
