"""The one door to a matrix product, and the multiply-accumulates that went through it.

Every kernel that multiplies and accumulates reports here, from the shapes of the arrays it
really multiplied and not from the layer's options. That is what makes the count worth holding
against the analytic column: a kernel that forgets its groups multiplies larger arrays, and the
two numbers differ.

The arithmetic is the textbook's: no kernel has an algorithm that multiplies less, or more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from cnncalc.numerics.arrays import Array


class MacCounter:
    """Multiply-accumulates issued while the counter is active, from any number of threads."""

    __slots__ = ("_lock", "macs")

    def __init__(self) -> None:
        self.macs = 0
        self._lock = threading.Lock()

    def add(self, macs: int) -> None:
        with self._lock:
            self.macs += macs


_counter: ContextVar[MacCounter | None] = ContextVar("mac_counter", default=None)


@contextmanager
def counting() -> Iterator[MacCounter]:
    """Count the multiply-accumulates of the block; nested blocks count for themselves."""
    counter = MacCounter()
    token = _counter.set(counter)
    try:
        yield counter
    finally:
        _counter.reset(token)


def count_macs(macs: int) -> None:
    """Report multiply-accumulates that do not pass through ``matmul``."""
    counter = _counter.get()
    if counter is not None:
        counter.add(macs)


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """``[..., M, K] @ [..., K, N]`` to ``[..., M, N]``, counted."""
    result: Array = np.matmul(a, b, out=out)
    count_macs(result.size * a.shape[-1])
    return result
