"""Where each buffer of the arena stands: the interpreter's greedy plan, and the bound below it.

The plan is that of TensorFlow Lite Micro (`greedy_memory_planner.cc`): larger buffers first,
among equal ones the later, each at the lowest free offset among those alive at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.deployment.program import Lifetime


class Plan(NamedTuple):
    """Buffers with their places."""

    buffers: tuple[Lifetime, ...]
    offsets: tuple[int, ...]

    @property
    def head(self) -> int:
        """Bytes from the lowest to the highest address."""
        ends = [one.bytes + at for one, at in zip(self.buffers, self.offsets, strict=True)]
        return max(ends, default=0)

    @property
    def liveness(self) -> int:
        """The most bytes alive at once: no plan of this order of operators is smaller."""
        return liveness(self.buffers)


def overlaps(first: Lifetime, second: Lifetime) -> bool:
    """Whether two buffers are alive at the same time."""
    return first.first <= second.last and second.first <= first.last


def liveness(buffers: Sequence[Lifetime]) -> int:
    """The most bytes alive while one operator runs."""
    return max(alive(buffers), default=0)


def alive(buffers: Sequence[Lifetime]) -> list[int]:
    """Bytes alive while each operator runs; before the first, the inputs alone."""
    if not buffers:
        return []
    changes = [0] * (max([one.last for one in buffers]) + 3)
    for one in buffers:
        changes[one.first + 1] += one.bytes
        changes[one.last + 2] -= one.bytes
    found, now = [], 0
    for change in changes[:-1]:
        now += change
        found.append(now)
    return found


def greedy(buffers: Sequence[Lifetime]) -> Plan:
    """The plan of the interpreter."""
    order = sorted(range(len(buffers)), key=lambda one: (-buffers[one].bytes, -one))
    return placed(buffers, order)


def placed(buffers: Sequence[Lifetime], order: Sequence[int]) -> Plan:
    """The plan that takes buffers in an order, each at the lowest offset that is free."""
    offsets = [0] * len(buffers)
    done: list[int] = []
    for number in order:
        offsets[number] = lowest_gap(buffers, offsets, done, number)
        done.append(number)
    return Plan(tuple(buffers), tuple(offsets))


def lowest_gap(
    buffers: Sequence[Lifetime], offsets: Sequence[int], done: Sequence[int], number: int
) -> int:
    """The lowest offset of a buffer that is free of those placed and alive at the same time.

    Of the gaps between these, sorted by offset, the first is taken that is large enough.
    """
    one = buffers[number]
    taken = [other for other in done if overlaps(one, buffers[other])]
    taken.sort(key=offsets.__getitem__)
    low = 0
    for other in taken:
        if offsets[other] - low >= one.bytes:
            break
        low = max(low, offsets[other] + buffers[other].bytes)
    return low
