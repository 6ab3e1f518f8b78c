"""Fully connected layers, distances to centres, and the trainable scale of each channel."""

from __future__ import annotations

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions, per_channel
from cnncalc.numerics.machine.threads import MACS_A_VALUE, parallel
from cnncalc.numerics.parts.elementwise import NOTHING, Epilogue, scale_shift, with_bias
from cnncalc.numerics.parts.products import count_macs, matmul


def linear(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    epilogue: Epilogue = NOTHING,
    out: Array | None = None,
) -> Array:
    """``x`` [B, N] times ``weight`` [K, N] transposed, plus ``bias`` [K]; [B, K].

    With ``x`` [B, C, *spatial] and ``weight`` [K, C], the same at every position.
    """
    if out is None:
        out = np.empty((x.shape[0], weight.shape[0], *x.shape[2:]), x.dtype)
    if x.ndim == 2:
        # Weights first: their rows are read once, in order, whatever the batch.
        columns, target = x.T, out.T
    else:
        columns, target = flat_positions(x), out.reshape(*out.shape[:2], -1)

    def work(start: int, stop: int) -> None:
        matmul(weight[start:stop], columns, target[..., start:stop, :])

    # Reading a weight takes as long as an element-wise value, or longer.
    parallel(work, weight.shape[0], weight.size + weight.size * target.shape[-1] // MACS_A_VALUE)
    return scale_shift(out, with_bias(epilogue, bias), out)


def rbf(x: Array, weight: Array) -> Array:
    """Squared distances of ``x`` [B, N] to the centres ``weight`` [K, N]; [B, K].

    Of differences, not as |x|² − 2xw + |w|²: near a centre that would cancel.
    """
    out = np.empty((x.shape[0], weight.shape[0]), x.dtype)
    for place, centre in enumerate(weight):
        apart = x - centre
        np.einsum("bn,bn->b", apart, apart, out=out[:, place])
        count_macs(apart.size)
    return out


def scale(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """``x`` [B, C, *spatial] times ``weight`` [C] or [C, 1, ...], plus ``bias`` likewise."""
    axes = x.ndim - 2
    shift = None if bias is None else bias.reshape(-1)
    if axes == 0:
        return x * weight.reshape(-1) if shift is None else x * weight.reshape(-1) + shift
    result = scale_shift(x, Epilogue(weight.reshape(-1), shift))
    assert result.shape == np.broadcast_shapes(x.shape, per_channel(weight.reshape(-1), axes).shape)
    return result
