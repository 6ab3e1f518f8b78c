"""Activations: element by element, and the softmaxes over the channels.

Every element-wise function has the same form: ``f(x, *, out=None, **options)`` for ``x`` of any
shape, where ``out`` may be ``x`` itself. Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.parts.elementwise import in_blocks
from cnncalc.numerics.parts.erf import normal_cdf

# What an elementary function costs in simple operations; it decides when a thread is worth it.
_TRANSCENDENTAL = 8

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946
_GELU_TANH = 0.7978845608028654  # sqrt(2 / pi)


def relu(x: Array, *, out: Array | None = None) -> Array:
    """max(x, 0)."""
    # `clip` has vector code for a number as its bound, `maximum` only for arrays.
    return in_blocks(lambda a, b: np.clip(a, 0, np.inf, out=b), x, out)


def relu6(x: Array, *, out: Array | None = None) -> Array:
    """min(max(x, 0), 6)."""
    return hard_tanh(x, low=0, high=6, out=out)


def hard_tanh(x: Array, *, low: float = -1, high: float = 1, out: Array | None = None) -> Array:
    """x clipped to [low, high]."""

    return in_blocks(lambda a, b: np.clip(a, low, high, out=b), x, out)


def leaky_relu(x: Array, *, slope: float = 0.01, out: Array | None = None) -> Array:
    """x where positive, slope · x elsewhere."""

    def block(a: Array, b: Array) -> None:
        scaled = a * slope
        np.copyto(b, a)
        np.copyto(b, scaled, where=a < 0)

    return in_blocks(block, x, out, 4)


def prelu(x: Array, weight: Array, *, out: Array | None = None) -> Array:
    """Leaky ReLU with trained slopes, ``weight`` [1] or [C], of ``x`` [B, C, ...]."""
    slopes = weight.reshape((-1,) + (1,) * (x.ndim - 2))
    scaled = x * slopes
    result = np.where(x >= 0, x, scaled)
    if out is None:
        return result
    np.copyto(out, result)
    return out


def elu(x: Array, *, alpha: float = 1, out: Array | None = None) -> Array:
    """x where positive, alpha · (exp(x) - 1) elsewhere."""
    return _exponential(x, alpha, 1, 1, out)


def selu(x: Array, *, out: Array | None = None) -> Array:
    """Scaled ELU with the constants of Klambauer et al. 2017."""
    return _exponential(x, _SELU_ALPHA, 1, _SELU_SCALE, out)


def celu(x: Array, *, alpha: float = 1, out: Array | None = None) -> Array:
    """max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)."""
    return _exponential(x, alpha, 1 / alpha, 1, out)


def _exponential(x: Array, alpha: float, rate: float, scale: float, out: Array | None) -> Array:
    """scale · x where positive, scale · alpha · (exp(rate · x) - 1) elsewhere."""

    def block(a: Array, b: Array) -> None:
        negative = np.minimum(a, 0)
        negative *= rate
        np.expm1(negative, out=negative)
        negative *= alpha * scale
        np.maximum(a, 0, out=b)
        if scale != 1:
            b *= scale
        b += negative

    return in_blocks(block, x, out, _TRANSCENDENTAL)


def sigmoid(x: Array, *, out: Array | None = None) -> Array:
    """1 / (1 + exp(-x))."""

    def block(a: Array, b: Array) -> None:
        np.negative(a, out=b)
        _exp_and_one(b)
        np.reciprocal(b, out=b)

    return in_blocks(block, x, out, _TRANSCENDENTAL)


def _exp_and_one(x: Array) -> None:
    """1 + exp(x) in place; where that is too large it is infinite, which is what is wanted."""
    with np.errstate(over="ignore"):
        np.exp(x, out=x)
    x += 1


def silu(x: Array, *, out: Array | None = None) -> Array:
    """x · sigmoid(x)."""

    def block(a: Array, b: Array) -> None:
        below = -a
        _exp_and_one(below)
        np.divide(a, below, out=b)

    return in_blocks(block, x, out, _TRANSCENDENTAL)


def tanh(x: Array, *, out: Array | None = None) -> Array:
    """Hyperbolic tangent."""
    return in_blocks(lambda a, b: np.tanh(a, out=b), x, out, _TRANSCENDENTAL)


def gelu(
    x: Array, *, approximate: Literal["none", "tanh"] = "none", out: Array | None = None
) -> Array:
    """x · Φ(x) with the normal distribution's Φ, or its approximation by a tanh."""

    def exact(a: Array, b: Array) -> None:
        np.multiply(a, normal_cdf(a), out=b)

    def by_tanh(a: Array, b: Array) -> None:
        inner = a * a
        inner *= 0.044715
        inner += 1
        inner *= a
        inner *= _GELU_TANH
        np.tanh(inner, out=inner)
        inner += 1
        inner *= 0.5
        np.multiply(a, inner, out=b)

    return in_blocks(exact if approximate == "none" else by_tanh, x, out, 4 * _TRANSCENDENTAL)


def hard_sigmoid(x: Array, *, out: Array | None = None) -> Array:
    """relu6(x + 3) / 6."""

    def block(a: Array, b: Array) -> None:
        np.add(a, 3, out=b)
        np.maximum(b, 0, out=b)
        np.minimum(b, 6, out=b)
        b *= 1 / 6

    return in_blocks(block, x, out, 4)


def hard_swish(x: Array, *, out: Array | None = None) -> Array:
    """x · hard_sigmoid(x)."""
    return in_blocks(lambda a, b: np.multiply(a, hard_sigmoid(a), out=b), x, out, 5)


def softplus(x: Array, *, out: Array | None = None) -> Array:
    """log(1 + exp(x)), without overflow."""
    return in_blocks(lambda a, b: np.copyto(b, _softplus(a)), x, out, _TRANSCENDENTAL)


def _softplus(x: Array) -> Array:
    tail = np.abs(x)
    np.negative(tail, out=tail)
    np.log1p(np.exp(tail, out=tail), out=tail)
    tail += np.maximum(x, 0)
    return tail


def softsign(x: Array, *, out: Array | None = None) -> Array:
    """x / (1 + |x|)."""

    def block(a: Array, b: Array) -> None:
        size = np.abs(a)
        size += 1
        np.divide(a, size, out=b)

    return in_blocks(block, x, out, 4)


def mish(x: Array, *, out: Array | None = None) -> Array:
    """x · tanh(softplus(x))."""

    def block(a: Array, b: Array) -> None:
        np.multiply(a, np.tanh(_softplus(a)), out=b)

    return in_blocks(block, x, out, 3 * _TRANSCENDENTAL)


def threshold(x: Array, *, threshold: float, value: float = 0, out: Array | None = None) -> Array:
    """x where it exceeds the threshold, ``value`` elsewhere."""

    def block(a: Array, b: Array) -> None:
        low = a <= threshold
        np.copyto(b, a)
        np.copyto(b, value, where=low)

    return in_blocks(block, x, out, 3)


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
