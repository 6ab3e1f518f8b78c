"""Activations: element by element, and the softmaxes over the channels.

Every element-wise function has the same form: ``f(x, **options)`` for ``x`` of any shape; its
formula fills a block of the output. Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import Readers, in_place
from cnncalc.numerics.kernels.call import KernelCall, KernelEntry, Kernels, each
from cnncalc.numerics.parts.elementwise import in_blocks
from cnncalc.numerics.parts.erf import normal_cdf
from cnncalc.shapes import Shape

# What an elementary function costs in simple operations; it decides when a thread is worth it.
_TRANSCENDENTAL = 8

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_GELU_TANH = 0.7978845608028654  # sqrt(2 / pi)


def elementwise(formula: Callable[..., object], cost: int = 1) -> Callable[..., Array]:
    """A function ``f(x, **options)`` from a formula ``(values, out, **options)`` for a block."""

    def function(x: Array, **options: Any) -> Array:
        return in_blocks(partial(formula, **options), x, cost)

    return function


def _clip(x: Array, out: Array, low: float = -1, high: float = 1) -> None:
    np.clip(x, low, high, out=out)


def _exponential(x: Array, out: Array, alpha: float = 1, rate: float = 1, scale: float = 1) -> None:
    """scale · x where positive, scale · alpha · (exp(rate · x) - 1) elsewhere."""
    negative = alpha * scale * np.expm1(rate * np.minimum(x, 0))
    np.add(scale * np.maximum(x, 0), negative, out=out)


def _normal_by_tanh(x: Array) -> Array:
    """Hendrycks and Gimpel's approximation of the normal distribution's Φ."""
    return 0.5 + 0.5 * np.tanh(_GELU_TANH * x * (1 + 0.044715 * x * x))


def _gelu(x: Array, out: Array, approximate: Literal["none", "tanh"] = "none") -> None:
    np.multiply(x, (normal_cdf if approximate == "none" else _normal_by_tanh)(x), out=out)


# `clip` has vector code for a number as its bound, `maximum` only for arrays.
relu = elementwise(partial(_clip, low=0, high=np.inf))
relu6 = elementwise(partial(_clip, low=0, high=6))
hard_tanh = elementwise(_clip)
leaky_relu = elementwise(
    lambda x, out, slope=0.01: np.copyto(out, np.where(x < 0, x * slope, x)), 4
)
elu = elementwise(_exponential, _TRANSCENDENTAL)
selu = elementwise(partial(_exponential, alpha=_SELU_ALPHA, scale=_SELU_SCALE), _TRANSCENDENTAL)
celu = elementwise(lambda x, out, alpha=1: _exponential(x, out, alpha, 1 / alpha), _TRANSCENDENTAL)
sigmoid = elementwise(lambda x, out: np.divide(1, 1 + np.exp(-x), out=out), _TRANSCENDENTAL)
silu = elementwise(lambda x, out: np.divide(x, 1 + np.exp(-x), out=out), _TRANSCENDENTAL)
tanh = elementwise(lambda x, out: np.tanh(x, out=out), _TRANSCENDENTAL)
gelu = elementwise(_gelu, 4 * _TRANSCENDENTAL)
hard_sigmoid = elementwise(lambda x, out: np.divide(np.clip(x + 3, 0, 6), 6, out=out), 4)
hard_swish = elementwise(lambda x, out: np.multiply(x, np.clip(x + 3, 0, 6) / 6, out=out), 5)
softplus = elementwise(lambda x, out: np.logaddexp(0, x, out=out), _TRANSCENDENTAL)
softsign = elementwise(lambda x, out: np.divide(x, 1 + np.abs(x), out=out), 4)
mish = elementwise(
    lambda x, out: np.multiply(x, np.tanh(np.logaddexp(0, x)), out=out), 3 * _TRANSCENDENTAL
)
threshold = elementwise(
    lambda x, out, threshold, value=0: np.copyto(out, np.where(x <= threshold, value, x)), 3
)


def prelu(x: Array, weight: Array) -> Array:
    """Leaky ReLU with trained slopes, ``weight`` [1] or [C], of ``x`` [B, C, ...]."""
    return np.where(x >= 0, x, x * weight.reshape((-1,) + (1,) * (x.ndim - 2)))


def softmax(x: Array, *, axis: int = 1) -> Array:
    """exp(x) over its sum along an axis (the channels)."""
    result: Array = x - x.max(axis=axis, keepdims=True)
    np.exp(result, out=result)
    result /= result.sum(axis=axis, keepdims=True)
    return result


def log_softmax(x: Array, *, axis: int = 1) -> Array:
    """The logarithm of the softmax along an axis (the channels)."""
    result: Array = x - x.max(axis=axis, keepdims=True)
    result -= np.log(np.exp(result).sum(axis=axis, keepdims=True))
    return result


# -- from layers ------------------------------------------------------------------------------


def _prelu(call: KernelCall) -> Array:
    slopes = 1 if call.kind.parameters == "shared" else call.channels
    return prelu(call.x, call.arrays.weight("weight", (slopes,)))


def _over(kind: Any, before: Shape, after: Shape) -> Readers:
    """A softmax over another axis than the channels sees all of it."""
    return None if kind.axis else in_place(kind, before, after)


def _same(call: KernelCall) -> Array:
    return call.x


KERNELS: Kernels = {
    "relu": each(relu),
    "relu6": each(relu6),
    "leaky_relu": each(leaky_relu, "slope"),
    "prelu": KernelEntry(_prelu),
    "elu": each(elu, "alpha"),
    "selu": each(selu),
    "celu": each(celu, "alpha"),
    "gelu": each(gelu, "approximate"),
    "silu": each(silu),
    "mish": each(mish),
    "sigmoid": each(sigmoid),
    "tanh": each(tanh),
    "hard_sigmoid": each(hard_sigmoid),
    "hard_swish": each(hard_swish),
    "hard_tanh": each(hard_tanh),
    "softplus": each(softplus),
    "softsign": each(softsign),
    "threshold": KernelEntry(
        lambda call: threshold(call.x, threshold=call.kind.at, value=call.kind.value)
    ),
    "softmax": KernelEntry(lambda call: softmax(call.x, axis=call.kind.axis + 1), _over),
    "log_softmax": KernelEntry(lambda call: log_softmax(call.x, axis=call.kind.axis + 1), _over),
    "dropout": KernelEntry(_same),
    "drop_path": KernelEntry(_same),
    "identity": KernelEntry(_same),
}
