"""Sizes found by moving the kernel, not by a formula.

The kernels take their output's size from `cnncalc.shapes`, as the analyses do, so an array's
shape alone would not show a wrong formula there. Here a kernel is moved along an axis until it
no longer fits, and a transposed one is laid down at every input.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnncalc.shapes import Slide


def steps(slide: Slide) -> int:
    """Positions of a kernel on a padded axis, counted one by one."""
    reach = range(0, slide.kernel * slide.dilation, slide.dilation)[-1] + 1
    axis = np.zeros(slide.before + slide.size + slide.after)
    windows = sliding_window_view(axis, reach)[:: slide.stride]
    count = len(windows)
    if slide.ceil:
        start = count * slide.stride
        left = start - slide.stride + reach < axis.size
        count += left and start < slide.before + slide.size
    return count


def spread(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Length of an axis on which every input lays down the kernel."""
    inputs = np.zeros((size - 1) * stride + 1)
    inputs[::stride] = 1
    taps = np.zeros((kernel - 1) * dilation + 1)
    taps[::dilation] = 1
    return np.convolve(inputs, taps).size
