"""Activations: element by element, and the softmaxes over the channels.

Every element-wise function has the same form: ``f(x, **options)`` for ``x`` of any shape.
Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import Readers, in_place
from cnncalc.numerics.kernels.call import Call, Kernel, Kernels, each
from cnncalc.numerics.parts.elementwise import in_blocks
from cnncalc.numerics.parts.erf import normal_cdf
from cnncalc.shapes import Shape

# What an elementary function costs in simple operations; it decides when a thread is worth it.
_TRANSCENDENTAL = 8

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_GELU_TANH = 0.7978845608028654  # sqrt(2 / pi)


def relu(x: Array) -> Array:
    """max(x, 0)."""
    # `clip` has vector code for a number as its bound, `maximum` only for arrays.
    return in_blocks(lambda a, b: np.clip(a, 0, np.inf, out=b), x)


def relu6(x: Array) -> Array:
    """min(max(x, 0), 6)."""
    return hard_tanh(x, low=0, high=6)


def hard_tanh(x: Array, *, low: float = -1, high: float = 1) -> Array:
    """x clipped to [low, high]."""
    return in_blocks(lambda a, b: np.clip(a, low, high, out=b), x)


def leaky_relu(x: Array, *, slope: float = 0.01) -> Array:
    """x where positive, slope · x elsewhere."""
    return in_blocks(lambda a, b: np.copyto(b, np.where(a < 0, a * slope, a)), x, 4)


def prelu(x: Array, weight: Array) -> Array:
    """Leaky ReLU with trained slopes, ``weight`` [1] or [C], of ``x`` [B, C, ...]."""
    return np.where(x >= 0, x, x * weight.reshape((-1,) + (1,) * (x.ndim - 2)))


def elu(x: Array, *, alpha: float = 1) -> Array:
    """x where positive, alpha · (exp(x) - 1) elsewhere."""
    return _exponential(x, alpha, 1, 1)


def selu(x: Array) -> Array:
    """Scaled ELU with the constants of Klambauer et al. 2017."""
    return _exponential(x, _SELU_ALPHA, 1, _SELU_SCALE)


def celu(x: Array, *, alpha: float = 1) -> Array:
    """max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)."""
    return _exponential(x, alpha, 1 / alpha, 1)


def _exponential(x: Array, alpha: float, rate: float, scale: float) -> Array:
    """scale · x where positive, scale · alpha · (exp(rate · x) - 1) elsewhere."""

    def block(a: Array, b: Array) -> None:
        negative = alpha * scale * np.expm1(rate * np.minimum(a, 0))
        np.add(scale * np.maximum(a, 0), negative, out=b)

    return in_blocks(block, x, _TRANSCENDENTAL)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return in_blocks(lambda a, b: np.divide(1, 1 + np.exp(-a), out=b), x, _TRANSCENDENTAL)


def silu(x: Array) -> Array:
    """x · sigmoid(x)."""
    return in_blocks(lambda a, b: np.divide(a, 1 + np.exp(-a), out=b), x, _TRANSCENDENTAL)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return in_blocks(lambda a, b: np.tanh(a, out=b), x, _TRANSCENDENTAL)


def gelu(x: Array, *, approximate: Literal["none", "tanh"] = "none") -> Array:
    """x · Φ(x) with the normal distribution's Φ, or its approximation by a tanh."""

    def by_tanh(a: Array) -> Array:
        return 0.5 + 0.5 * np.tanh(_GELU_TANH * a * (1 + 0.044715 * a * a))

    cdf = normal_cdf if approximate == "none" else by_tanh
    return in_blocks(lambda a, b: np.multiply(a, cdf(a), out=b), x, 4 * _TRANSCENDENTAL)


def hard_sigmoid(x: Array) -> Array:
    """relu6(x + 3) / 6."""
    return in_blocks(lambda a, b: np.multiply(np.clip(a + 3, 0, 6), 1 / 6, out=b), x, 4)


def hard_swish(x: Array) -> Array:
    """x · hard_sigmoid(x)."""
    return in_blocks(lambda a, b: np.multiply(a, hard_sigmoid(a), out=b), x, 5)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    return in_blocks(lambda a, b: np.logaddexp(0, a, out=b), x, _TRANSCENDENTAL)


def softsign(x: Array) -> Array:
    """x / (1 + |x|)."""
    return in_blocks(lambda a, b: np.divide(a, 1 + np.abs(a), out=b), x, 4)


def mish(x: Array) -> Array:
    """x · tanh(softplus(x))."""

    def block(a: Array, b: Array) -> None:
        np.multiply(a, np.tanh(np.logaddexp(0, a)), out=b)

    return in_blocks(block, x, 3 * _TRANSCENDENTAL)


def threshold(x: Array, *, threshold: float, value: float = 0) -> Array:
    """x where it exceeds the threshold, ``value`` elsewhere."""
    return in_blocks(lambda a, b: np.copyto(b, np.where(a <= threshold, value, a)), x, 3)


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


def _prelu(call: Call) -> Array:
    slopes = 1 if call.kind.parameters == "shared" else call.channels
    return prelu(call.x, call.arrays.weight("weight", (slopes,)))


def _over(kind: Any, before: Shape, after: Shape) -> Readers:
    """A softmax over another axis than the channels sees all of it."""
    return None if kind.axis else in_place(kind, before, after)


def _same(call: Call) -> Array:
    return call.x


KERNELS: Kernels = {
    "relu": each(relu),
    "relu6": each(relu6),
    "leaky_relu": each(leaky_relu, "slope"),
    "prelu": Kernel(_prelu),
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
    "threshold": Kernel(
        lambda call: threshold(call.x, threshold=call.kind.at, value=call.kind.value)
    ),
    "softmax": Kernel(lambda call: softmax(call.x, axis=call.kind.axis + 1), _over),
    "log_softmax": Kernel(lambda call: log_softmax(call.x, axis=call.kind.axis + 1), _over),
    "dropout": Kernel(_same),
    "drop_path": Kernel(_same),
    "identity": Kernel(_same),
}
