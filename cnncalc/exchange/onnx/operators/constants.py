"""Operators on stored arrays: what a graph works out before it meets its input.

Shapes that are computed, and weights that are brought into form. A function takes arrays and
returns one, or a tuple of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

FOLDS: dict[str, Callable[..., Any]] = {}
"""Functions by the operator's name."""

LIMIT = 1_000_000
"""As many values may come of an operator that makes more of what it is given."""


F = TypeVar("F", bound=Callable[..., Any])


def _fold(*names: str) -> Callable[[F], F]:
    def register(function: F) -> F:
        for name in names:
            FOLDS[name] = function
        return function

    return register


PLAIN: dict[str, Any] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Pow": np.power, "Neg": np.negative,
    "Sqrt": np.sqrt, "Reciprocal": np.reciprocal, "Exp": np.exp, "Log": np.log, "Abs": np.abs,
    "Floor": np.floor, "Ceil": np.ceil, "Equal": np.equal, "Less": np.less,
    "Greater": np.greater, "Not": np.logical_not, "And": np.logical_and, "Or": np.logical_or,
    "Where": np.where, "Sum": lambda *x: sum(x[1:], x[0]), "Identity": lambda x: x,
    "Mod": lambda a, b, fmod=0: np.fmod(a, b) if fmod else np.mod(a, b),
    "Max": lambda *x: np.maximum.reduce(x), "Min": lambda *x: np.minimum.reduce(x),
}  # fmt: skip
FOLDS.update(PLAIN)


@_fold("Div")
def div(a: Any, b: Any) -> Any:
    """Whole numbers are divided towards zero."""
    if a.dtype.kind in "iu":
        return np.trunc(a / b).astype(a.dtype)
    return a / b


@_fold("Cast", "CastLike")
def cast(x: Any, *other: Any, to: int = 0, **options: Any) -> Any:
    """Another type."""
    types = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
    return x.astype(other[0].dtype if other else types.get(to, x.dtype))


@_fold("Gather")
def gather(x: Any, index: Any, *, axis: int = 0) -> Any:
    """Values by number."""
    return np.take(x, index.astype(np.int64), axis=axis)


@_fold("Concat")
def concat(*arrays: Any, axis: int = 0) -> Any:
    """Arrays one after the other."""
    return np.concatenate(arrays, axis)


@_fold("Unsqueeze")
def unsqueeze(x: Any, which: Any = None, *, axes: Any = None) -> Any:
    """With further axes of size 1."""
    given = axes if which is None else which.tolist()
    return np.expand_dims(x, tuple(given))


@_fold("Squeeze")
def squeeze(x: Any, which: Any = None, *, axes: Any = None) -> Any:
    """Without axes of size 1."""
    given = axes if which is None else which.tolist()
    return np.squeeze(x, None if given is None else tuple(given))


@_fold("Slice")
def slice_(
    x: Any, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None, **old: Any
) -> Any:
    """Ranges of axes."""
    first = old.get("starts") if starts is None else starts.tolist()
    last = old.get("ends") if ends is None else ends.tolist()
    assert first is not None
    assert last is not None
    which = old.get("axes", range(len(first))) if axes is None else axes.tolist()
    pace = [1] * len(first) if steps is None else steps.tolist()
    for start, stop, axis, step in zip(first, last, which, pace, strict=True):
        window = [slice(None)] * x.ndim
        window[axis] = slice(start, stop, step)
        x = x[tuple(window)]
    return x


@_fold("Reshape")
def reshape(x: Any, shape: Any, **options: Any) -> Any:
    """Another shape."""
    return x.reshape([x.shape[n] if s == 0 else s for n, s in enumerate(shape.tolist())])


@_fold("Transpose")
def transpose(x: Any, *, perm: Any = None) -> Any:
    """The axes in another order."""
    return x.transpose(perm)


@_fold("Flatten")
def flatten(x: Any, *, axis: int = 1) -> Any:
    """Two axes."""
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


@_fold("Range")
def range_(start: Any, limit: Any, delta: Any) -> Any:
    """Numbers in a row."""
    if abs(float((limit - start) / delta)) > LIMIT:
        raise ValueError("too many numbers")
    return np.arange(start, limit, delta)


@_fold("Expand")
def expand(x: Any, shape: Any) -> Any:
    """Repeated along axes."""
    target = np.broadcast_shapes(x.shape, tuple(shape.tolist()))
    if int(np.prod(target, dtype=float)) > LIMIT:
        raise ValueError("too many values")
    return np.broadcast_to(x, target).copy()


REDUCTIONS: dict[str, Any] = {
    "ReduceProd": np.prod, "ReduceSum": np.sum, "ReduceMax": np.max, "ReduceMin": np.min,
    "ReduceMean": np.mean,
}  # fmt: skip


def _reduction(combine: Any) -> Any:
    def function(x: Any, which: Any = None, *, axes: Any = None, keepdims: int = 1) -> Any:
        given = axes if which is None else which.tolist()
        return combine(x, axis=None if given is None else tuple(given), keepdims=bool(keepdims))

    return function


FOLDS.update({name: _reduction(combine) for name, combine in REDUCTIONS.items()})
