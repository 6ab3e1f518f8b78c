"""Sizes found by moving the kernel, not by a formula.

The kernels take their output's size from `cnncalc.shapes`, as the analyses do, so an array's
shape alone would not show a wrong formula there. Here a kernel is moved along an axis until it
no longer fits, and a transposed one is laid down at every input.
"""

from __future__ import annotations

from cnncalc.shapes import Slide


def steps(slide: Slide) -> int:
    """Positions of a kernel on a padded axis, counted one by one."""
    last_tap = range(0, slide.kernel * slide.dilation, slide.dilation)[-1]
    end = slide.before + slide.size + slide.after
    count = start = 0
    while start + last_tap < end:
        count += 1
        start += slide.stride
    if slide.ceil:
        unread = start - slide.stride + last_tap + 1 < end
        count += unread and start < slide.before + slide.size
    return count


def spread(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Length of an axis on which every input lays down the kernel."""
    taps = range(0, kernel * dilation, dilation)
    reached = [unit + tap for unit in range(0, size * stride, stride) for tap in taps]
    return max(reached) - min(reached) + 1
