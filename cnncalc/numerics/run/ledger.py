"""Which activations are alive, told by the arrays themselves.

An array that owns memory is entered when it appears and leaves when Python frees it. Nobody
says when that is: a reference forgotten anywhere keeps it in the book.
"""

from __future__ import annotations

import weakref

import numpy as np

from cnncalc.numerics.arrays import Array


def root(array: Array) -> Array:
    """The array whose memory this one is a view of; itself where it owns its memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Ledger:
    """Bytes of the arrays entered that are still alive."""

    def __init__(self) -> None:
        self.alive = 0
        self._entered: set[int] = set()

    def enter(self, array: Array) -> int:
        """Enter the memory behind an array; the bytes that were not in the book before."""
        owner = root(array)
        if id(owner) in self._entered:
            return 0
        self._entered.add(id(owner))
        self.alive += owner.nbytes
        weakref.finalize(owner, self._leave, id(owner), owner.nbytes).atexit = False
        return owner.nbytes

    def _leave(self, identity: int, size: int) -> None:
        self._entered.discard(identity)
        self.alive -= size
