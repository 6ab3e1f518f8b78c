"""Numbers that count what is done to them, and every kind that computes written out on them.

A reference is the formula of its kind's description in plain Python. It computes on `Number`s,
which keep a value and enter every `+ − × ÷`, comparison and elementary function in a book, under
the term that the reference says it belongs to. Arrays hold the numbers and do nothing themselves:
NumPy's operators on an array of objects call those of each object, one by one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np

TERMS = ("macs", "bias", "normalization", "activation", "pooling", "elementwise")


class Book:
    """What was done, by term."""

    def __init__(self) -> None:
        self.done: dict[str, Counter[str]] = {term: Counter() for term in TERMS}
        self._term: str | None = None

    def enter(self, what: str) -> None:
        assert self._term is not None, f"{what} belongs to no term"
        self.done[self._term][what] += 1

    @contextmanager
    def term(self, name: str) -> Iterator[None]:
        before, self._term = self._term, name
        yield
        self._term = before


class Number:
    """A value that tells its book what is done to it."""

    __slots__ = ("book", "value")

    def __init__(self, value: float, book: Book) -> None:
        self.value = value
        self.book = book

    def _made(self, what: str, value: float) -> Number:
        self.book.enter(what)
        return Number(value, self.book)

    def __add__(self, other: Any) -> Number:
        return self._made("+", self.value + plain(other))

    def __sub__(self, other: Any) -> Number:
        return self._made("-", self.value - plain(other))

    def __rsub__(self, other: Any) -> Number:
        return self._made("-", plain(other) - self.value)

    def __mul__(self, other: Any) -> Number:
        return self._made("*", self.value * plain(other))

    def __truediv__(self, other: Any) -> Number:
        return self._made("/", self.value / plain(other))

    def __rtruediv__(self, other: Any) -> Number:
        return self._made("/", plain(other) / self.value)

    def __neg__(self) -> Number:
        return self._made("-", -self.value)

    def __gt__(self, other: Any) -> bool:
        self.book.enter(">")
        return bool(self.value > plain(other))

    __radd__, __rmul__ = __add__, __mul__

    def by(self, function: Callable[[float], float]) -> Number:
        """An elementary function of it."""
        return self._made(function.__name__, function(self.value))

    def power(self, exponent: float) -> Number:
        return self._made("power", self.value**exponent)


def plain(value: Any) -> float:
    """The number behind a number."""
    return float(value.value if isinstance(value, Number) else value)


def largest(a: Number, b: Any) -> Number:
    """The larger of two numbers: one comparison, whichever it is."""
    return a if a > b else Number(plain(b), a.book)


def smallest(a: Number, b: Any) -> Number:
    """The smaller of two numbers."""
    return Number(plain(b), a.book) if a > b else a


def total(values: Any) -> Any:
    """Their sum, from the first on."""
    first, *rest = values
    for value in rest:
        first = first + value
    return first


def most(values: Any) -> Any:
    """The largest of them, from the first on."""
    first, *rest = values
    for value in rest:
        first = largest(first, value)
    return first


def mean(values: Any) -> Any:
    values = list(values)
    return total(values) / len(values)


def dot(weights: Any, values: Any, book: Book) -> Number:
    """Products added up from zero: a multiply-accumulate for each."""
    found = Number(0, book)
    for weight, value in zip(weights, values, strict=True):
        found = found + value * weight
    return found


def softmax(values: Any) -> list[Number]:
    peak = most(values)
    raised = [(value - peak).by(math.exp) for value in values]
    whole = total(raised)
    return [value / whole for value in raised]


def log_softmax(values: Any) -> list[Number]:
    peak = most(values)
    lowered = [value - peak for value in values]
    whole = total([value.by(math.exp) for value in lowered]).by(math.log)
    return [value - whole for value in lowered]


def normalized(values: Any, eps: float) -> list[Number]:
    """By their own mean and variance."""
    middle = mean(values)
    apart = [value - middle for value in values]
    root = (mean([value * value for value in apart]) + eps).by(math.sqrt)
    return [value / root for value in apart]


# -- arrays of numbers ------------------------------------------------------------------------


def each(function: Callable[[Any], Any], x: Any) -> Any:
    """The function of every number."""
    return np.frompyfunc(function, 1, 1)(x)


def along(function: Callable[[Any], Any], x: Any, axis: int) -> Any:
    """A function of the numbers along an axis, which has as many results."""
    moved = np.moveaxis(x, axis, -1)
    out = np.empty(moved.shape, object)
    for place in np.ndindex(moved.shape[:-1]):
        out[place] = function(list(moved[place]))
    return np.moveaxis(out, -1, axis)


def surrounded(x: Any, slides: Any, value: float, book: Book) -> Any:
    """A map with its padding, and behind it what windows of ceil mode reach."""
    reach = [max(s.before + s.size + s.after, (s.output - 1) * s.stride + s.extent) for s in slides]
    out = np.frompyfunc(lambda _: Number(value, book), 1, 1)(np.zeros((len(x), *reach)))
    inside = tuple(slice(s.before, s.before + s.size) for s in slides)
    out[(slice(None), *inside)] = x
    return out


def windows(x: Any, slides: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each position, and what the taps read there of every channel of a padded map."""
    for place in product(*(range(slide.output) for slide in slides)):
        taken = tuple(
            slice(u * s.stride, u * s.stride + s.extent, s.dilation)
            for u, s in zip(place, slides, strict=True)
        )
        yield place, x[(slice(None), *taken)]


def convolved(x: Any, weight: Any, slides: Any, groups: int, book: Book) -> Any:
    """Weights [K, C/G, *kernel] on a map, without a bias; locally connected [K, *out, C/G, ...]."""
    sizes = tuple(slide.output for slide in slides)
    out = np.empty((len(weight), *sizes), object)
    each_in, each_out = len(x) // groups, len(weight) // groups
    local = weight.ndim > x.ndim + 1
    with book.term("macs"):
        for place, taken in windows(surrounded(x, slides, 0, book), slides):
            for k in range(len(weight)):
                first = k // each_out * each_in
                own = weight[(k, *place)] if local else weight[k]
                values = taken[first : first + each_in]
                out[(k, *place)] = dot(own.ravel(), values.ravel(), book)
    return out


def biased(x: Any, bias: Any, book: Book) -> Any:
    """A bias added to each channel, where there is one."""
    if bias is None:
        return x
    with book.term("bias"):
        return x + bias.reshape(bias.shape + (1,) * (x.ndim - bias.ndim))


def affine(x: Any, arrays: Any) -> Any:
    """Scale and offset of a normalization."""
    if "weight" not in arrays:
        return x
    shape = arrays["weight"].shape
    wide = shape + (1,) * (x.ndim - len(shape))
    return x * arrays["weight"].reshape(wide) + arrays["bias"].reshape(wide)
