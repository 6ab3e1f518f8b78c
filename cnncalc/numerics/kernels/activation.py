"""Activations: element by element, and the softmaxes over the channels.

Every element-wise function has the same form: ``f(x, **options)`` for ``x`` of any shape.
Formulas and defaults are PyTorch's.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cnncalc.numerics.arrays import Array
from cnncalc.numerics.fields.reading import Readers, in_place
from cnncalc.numerics.kernels.call import Call, Kernel, Kernels
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

    def block(a: Array, b: Array) -> None:
        scaled = a * slope
        np.copyto(b, a)
        np.copyto(b, scaled, where=a < 0)

    return in_blocks(block, x, 4)


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
        negative = np.minimum(a, 0)
        negative *= rate
        np.expm1(negative, out=negative)
        negative *= alpha * scale
        np.maximum(a, 0, out=b)
        if scale != 1:
            b *= scale
        b += negative

    return in_blocks(block, x, _TRANSCENDENTAL)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""

    def block(a: Array, b: Array) -> None:
        np.negative(a, out=b)
        _exp_and_one(b)
        np.reciprocal(b, out=b)

    return in_blocks(block, x, _TRANSCENDENTAL)


def _exp_and_one(x: Array) -> None:
    """1 + exp(x) in place; where that is too large it is infinite, which is what is wanted."""
    with np.errstate(over="ignore"):
        np.exp(x, out=x)
    x += 1


def silu(x: Array) -> Array:
    """x · sigmoid(x)."""

    def block(a: Array, b: Array) -> None:
        below = -a
        _exp_and_one(below)
        np.divide(a, below, out=b)

    return in_blocks(block, x, _TRANSCENDENTAL)


def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    return in_blocks(lambda a, b: np.tanh(a, out=b), x, _TRANSCENDENTAL)


def gelu(x: Array, *, approximate: Literal["none", "tanh"] = "none") -> Array:
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

    return in_blocks(exact if approximate == "none" else by_tanh, x, 4 * _TRANSCENDENTAL)


def hard_sigmoid(x: Array) -> Array:
    """relu6(x + 3) / 6."""

    def block(a: Array, b: Array) -> None:
        np.add(a, 3, out=b)
        np.maximum(b, 0, out=b)
        np.minimum(b, 6, out=b)
        b *= 1 / 6

    return in_blocks(block, x, 4)


def hard_swish(x: Array) -> Array:
    """x · hard_sigmoid(x)."""
    return in_blocks(lambda a, b: np.multiply(a, hard_sigmoid(a), out=b), x, 5)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    return in_blocks(lambda a, b: np.copyto(b, _softplus(a)), x, _TRANSCENDENTAL)


def _softplus(x: Array) -> Array:
    tail = np.abs(x)
    np.negative(tail, out=tail)
    np.log1p(np.exp(tail, out=tail), out=tail)
    tail += np.maximum(x, 0)
    return tail


def softsign(x: Array) -> Array:
    """x / (1 + |x|)."""

    def block(a: Array, b: Array) -> None:
        size = np.abs(a)
        size += 1
        np.divide(a, size, out=b)

    return in_blocks(block, x, 4)


def mish(x: Array) -> Array:
    """x · tanh(softplus(x))."""

    def block(a: Array, b: Array) -> None:
        np.multiply(a, np.tanh(_softplus(a)), out=b)

    return in_blocks(block, x, 3 * _TRANSCENDENTAL)


def threshold(x: Array, *, threshold: float, value: float = 0) -> Array:
    """x where it exceeds the threshold, ``value`` elsewhere."""

    def block(a: Array, b: Array) -> None:
        low = a <= threshold
        np.copyto(b, a)
        np.copyto(b, value, where=low)

    return in_blocks(block, x, 3)


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


KERNELS: Kernels = {
    "relu": Kernel(lambda call: relu(call.x)),
    "relu6": Kernel(lambda call: relu6(call.x)),
    "leaky_relu": Kernel(lambda call: leaky_relu(call.x, slope=call.kind.slope)),
    "prelu": Kernel(_prelu),
    "elu": Kernel(lambda call: elu(call.x, alpha=call.kind.alpha)),
    "selu": Kernel(lambda call: selu(call.x)),
    "celu": Kernel(lambda call: celu(call.x, alpha=call.kind.alpha)),
    "gelu": Kernel(lambda call: gelu(call.x, approximate=call.kind.approximate)),
    "silu": Kernel(lambda call: silu(call.x)),
    "mish": Kernel(lambda call: mish(call.x)),
    "sigmoid": Kernel(lambda call: sigmoid(call.x)),
    "tanh": Kernel(lambda call: tanh(call.x)),
    "hard_sigmoid": Kernel(lambda call: hard_sigmoid(call.x)),
    "hard_swish": Kernel(lambda call: hard_swish(call.x)),
    "hard_tanh": Kernel(lambda call: hard_tanh(call.x)),
    "softplus": Kernel(lambda call: softplus(call.x)),
    "softsign": Kernel(lambda call: softsign(call.x)),
    "threshold": Kernel(
        lambda call: threshold(call.x, threshold=call.kind.at, value=call.kind.value)
    ),
    "softmax": Kernel(lambda call: softmax(call.x, axis=call.kind.axis + 1), _over),
    "log_softmax": Kernel(lambda call: log_softmax(call.x, axis=call.kind.axis + 1), _over),
    "dropout": Kernel(lambda call: call.x),
    "drop_path": Kernel(lambda call: call.x),
    "identity": Kernel(lambda call: call.x),
}
