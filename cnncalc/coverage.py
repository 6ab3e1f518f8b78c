"""Which units of its input a sliding kernel reads, counted exactly and at once.

Tap `k` of position `i` falls on unit `i·S + k·D − P`. Units that none falls on lie behind the
last window, between windows that are further apart than they are wide, or between the taps of a
dilated kernel. Axes of 2^31 units are counted as quickly as those of ten.
"""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

from cnncalc.shapes import Slide


class Unread(NamedTuple):
    """Units of the input itself, padding apart, that no position of the kernel reads."""

    behind: int
    """Behind the last window, further than its distance from a next one would explain."""
    between: int
    """Between windows, and as many behind the last as lie behind each of the others."""
    inside: int
    """Inside windows, between the taps of a dilated kernel."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.behind + self.between + self.inside


def unread(axis: Slide) -> Unread:
    """The units that are never read, each counted where it lies.

    Where the stride exceeds the kernel, a gap follows every window. The one behind the last
    counts with the others, since the stride is what makes it; where there is one window only,
    there are no others, and it is the rest.
    """
    read = read_units(axis)
    if read == axis.size:
        return Unread(0, 0, 0)
    covered = (
        read_units(axis._replace(kernel=axis.extent, dilation=1)) if axis.dilation > 1 else read
    )
    end = (axis.output - 1) * axis.stride - axis.before + axis.extent
    behind = axis.size - max(min(end, axis.size), 0)
    if axis.output > 1:
        behind = max(behind - max(axis.stride - axis.extent, 0), 0)
    return Unread(behind, axis.size - covered - behind, covered - read)


def read_units(axis: Slide) -> int:
    """How many units of the input some tap falls on.

    With `S` and `D` divided by what they share, positions and taps that fall on the same unit
    are `D` positions and `S` taps apart: each unit is counted with the fewest taps.
    """
    shared = gcd(axis.stride, axis.dilation)
    step, gap = axis.stride // shared, axis.dilation // shared
    positions, taps = axis.output, axis.kernel
    first = -(-axis.before // shared)
    stop = -(-(axis.before + axis.size) // shared)
    few, late = min(step, taps), max(positions - gap, 0)
    offset = step * late + gap * step
    return sum(
        sign
        * (
            _below(positions, few, step, gap, limit)
            + _below(positions - late, taps - step, step, gap, limit - offset)
        )
        for sign, limit in ((1, stop), (-1, first))
    )


def _below(positions: int, taps: int, step: int, gap: int, limit: int) -> int:
    """How many pairs of position `i` and tap `k` have `step·i + gap·k < limit`."""
    if positions <= 0 or taps <= 0 or limit <= 0:
        return 0
    some = min((limit - 1) // step + 1, positions)
    whole = min(max((limit - 1 - gap * (taps - 1)) // step + 1, 0), some)
    part = some - whole
    return whole * taps + part + _floor_sum(part, gap, step, limit - 1 - step * (some - 1))


def _floor_sum(count: int, divisor: int, factor: int, offset: int) -> int:
    """Sum of `(factor·j + offset) // divisor` over `j < count`, by Euclid's algorithm."""
    total = 0
    while count:
        total += count * (count - 1) // 2 * (factor // divisor) + count * (offset // divisor)
        factor, offset = factor % divisor, offset % divisor
        count, rest = divmod(factor * count + offset, divisor)
        divisor, factor, offset = factor, divisor, rest
    return total
