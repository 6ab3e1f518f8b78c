"""Normalizations, as they compute at inference (PyTorch's formulas)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cnncalc.numerics.arrays import Array, per_channel
from cnncalc.numerics.fields.reading import Readers, everything, in_place
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each
from cnncalc.numerics.parts.elementwise import scale_shift
from cnncalc.numerics.parts.gathering import fold_axis
from cnncalc.shapes import Shape, Slide


def batch_norm(
    x: Array,
    mean: Array | None,
    variance: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    eps: float = 1e-5,
) -> Array:
    """``x`` [B, C, *spatial] by the statistics [C] given, or by its own where they are None."""
    if mean is None or variance is None:
        axes = (0, *range(2, x.ndim))
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
    # One factor for each channel, in double precision: the rounding happens once.
    scale = 1 / np.sqrt(variance.astype(np.float64) + eps)
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale
    if bias is not None:
        shift = shift + bias
    return scale_shift(x, scale.astype(x.dtype), shift.astype(x.dtype))


def layer_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    over: Literal["channels", "all"] = "channels",
    eps: float = 1e-5,
) -> Array:
    """Over the channels at each position, weights [C]; or over a whole sample, ``x.shape[1:]``."""
    axes = tuple(range(1, x.ndim)) if over == "all" else (1,)
    return _affine(_normalized(x, axes, eps), weight, bias)


def group_norm(
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    *,
    groups: int,
    eps: float = 1e-5,
) -> Array:
    """Over each group of channels and all positions of a sample; weights [C]."""
    grouped = x.reshape(x.shape[0], groups, -1)
    return _affine(_normalized(grouped, (2,), eps).reshape(x.shape), weight, bias)


def instance_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float = 1e-5
) -> Array:
    """Over the positions of each channel of a sample; weights [C]."""
    return group_norm(x, weight, bias, groups=x.shape[1], eps=eps)


def local_response_norm(
    x: Array, *, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1
) -> Array:
    """``x / (k + alpha/size · Σ x²)^beta`` over ``size`` neighbouring channels.

    Krizhevsky et al. 2012, as PyTorch computes it: the sum is divided by ``size``, and of an
    even size the larger half lies before.
    """
    slide = Slide(x.shape[1], size, 1, size // 2, (size - 1) // 2)
    total = fold_axis(x * x, 1, np.add, 0, slide)
    total *= alpha / size
    total += k
    # the usual power is two roots, which cost a fraction of it
    total = np.sqrt(total) * np.sqrt(np.sqrt(total)) if beta == 0.75 else total**beta
    return np.divide(x, total, out=total)


def _normalized(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    result: Array = x - x.mean(axis=axes, keepdims=True)
    variance = np.square(result).mean(axis=axes, keepdims=True)
    variance += eps
    result /= np.sqrt(variance, out=variance)
    return result


def _affine(x: Array, weight: Array | None, bias: Array | None) -> Array:
    """``x`` times a weight plus a bias, in its place; [C], or a value for each of a sample."""
    for combine, values in ((np.multiply, weight), (np.add, bias)):
        if values is not None:
            wide = per_channel(values, x.ndim - 2) if values.ndim == 1 else values
            combine(x, wide, out=x)
    return x


# -- from layers ------------------------------------------------------------------------------


def _affine_arrays(call: KernelCall, shape: Shape) -> tuple[Array | None, Array | None]:
    if not call.kind.affine:
        return None, None
    return call.arrays.weight("weight", shape), call.arrays.weight("bias", shape)


def _batch_norm(call: KernelCall) -> Array:
    channels = (call.channels,)
    weight, bias = _affine_arrays(call, channels)
    mean = variance = None
    if call.kind.track_stats:
        mean = call.arrays.buffer("running_mean", channels)
        variance = call.arrays.buffer("running_var", channels)
    return batch_norm(call.x, mean, variance, weight, bias, eps=call.kind.eps)


def _layer_norm(call: KernelCall) -> Array:
    over: Literal["channels", "all"] = "all" if call.x.ndim == 2 else call.kind.over
    shape = call.x.shape[1:] if over == "all" else (call.channels,)
    weight, bias = _affine_arrays(call, shape)
    return layer_norm(call.x, weight, bias, over=over, eps=call.kind.eps)


def _reads_layer(kind: Any, before: Shape, after: Shape) -> Readers:
    return None if kind.over == "all" else in_place(kind, before, after)


def _group_norm(call: KernelCall) -> Array:
    weight, bias = _affine_arrays(call, (call.channels,))
    groups = getattr(call.kind, "groups", call.channels)  # of an instance norm each channel is one
    return group_norm(call.x, weight, bias, groups=groups, eps=call.kind.eps)


KERNELS: Kernels = {
    "batch_norm": KernelEntry(_batch_norm),
    "layer_norm": KernelEntry(_layer_norm, _reads_layer),
    "group_norm": KernelEntry(_group_norm, everything),
    "instance_norm": KernelEntry(_group_norm, everything),
    "local_response_norm": each(local_response_norm, "size", "alpha", "beta", "k"),
}
