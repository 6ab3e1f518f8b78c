"""Fully connected layers, distances to centres, and the trainable scale of each channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncalc.numerics.arrays import Array, flat_positions, per_channel
from cnncalc.numerics.fields.reading import Readers, everything, in_place
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels
from cnncalc.numerics.machine.threads import MACS_A_VALUE, parallel
from cnncalc.numerics.parts.elementwise import scale_shift
from cnncalc.numerics.parts.products import count_macs, matmul
from cnncalc.shapes import Shape


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """``x`` [B, N] times ``weight`` [K, N] transposed, plus ``bias`` [K]; [B, K].

    With ``x`` [B, C, *spatial] and ``weight`` [K, C], the same at every position.
    """
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
    if bias is not None:
        out += per_channel(bias, out.ndim - 2)
    return out


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
    """``x`` [B, C, *spatial] times ``weight``, plus ``bias``: [C], or a value along some axes."""
    if weight.size == x.shape[1] == weight.shape[0]:
        return scale_shift(x, weight.ravel(), None if bias is None else bias.ravel())
    return x * weight if bias is None else x * weight + bias


# -- from layers ------------------------------------------------------------------------------


def _linear(call: KernelCall) -> Array:
    features = call.kind.features
    weight = call.arrays.weight("weight", (features, call.channels))
    return linear(call.x, weight, call.bias((features,)))


def _reads(kind: Any, before: Shape, after: Shape) -> Readers:
    return in_place(kind, before, after) if kind.each_position else None


def _rbf(call: KernelCall) -> Array:
    return rbf(call.x, call.own("weight", (call.kind.features, call.channels)))


def _scale(call: KernelCall) -> Array:
    shape = _along(call)
    return scale(call.x, call.own("weight", shape), call.bias(shape))


def _along(call: KernelCall) -> Shape:
    """The shape of an array with values along some axes of the input."""
    axes = call.kind.axes
    return tuple(size if axis in axes else 1 for axis, size in enumerate(call.x.shape[1:]))


KERNELS: Kernels = {
    "linear": KernelEntry(_linear, _reads),
    "rbf": KernelEntry(_rbf, everything),
    "scale": KernelEntry(_scale),
    "offset": KernelEntry(lambda call: call.x + call.own("bias", _along(call))),
}
