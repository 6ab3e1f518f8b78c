"""What is alive: storages with their sizes, and who holds them."""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """The most bytes alive while a layer ran."""

    phase: str
    node: int
    bytes: int


class Heap:
    """Storages are numbers; each lives while somebody holds it."""

    def __init__(self, resident: int) -> None:
        self.alive = resident
        self.sizes: list[int] = []
        self.holders: list[int] = []
        self.moments: list[Moment] = []
        self.phase = "forward"
        self._most = 0

    def new(self, size: int) -> int:
        """A storage with one holder."""
        self.sizes.append(size)
        self.holders.append(1)
        self.alive += size
        self._most = max(self._most, self.alive)
        return len(self.sizes) - 1

    def hold(self, storage: int) -> int:
        """One holder more."""
        self.holders[storage] += 1
        return storage

    def drop(self, storage: int) -> None:
        """One holder less; with the last the storage goes."""
        self.holders[storage] -= 1
        if not self.holders[storage]:
            self.alive -= self.sizes[storage]

    def resize(self, change: int) -> None:
        """Bytes that no storage stands for come or go."""
        self.alive += change
        self._most = max(self._most, self.alive)

    def note(self, node: int) -> None:
        """A layer is done: the most that was alive since the last note."""
        self.moments.append(Moment(self.phase, node, max(self._most, self.alive)))
        self._most = self.alive
