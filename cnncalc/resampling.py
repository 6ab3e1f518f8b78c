"""The windows of what gives an axis another size: interpolation and adaptive pooling."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

from cnncalc.shapes import Span, Window, check_phases, reduced


def nearest_window(size: int, output: int) -> Window:
    """Nearest neighbour: output `o` copies input `floor(o·size / output)`."""
    return _resampled(size, output, lambda unit: (unit * size // output, unit * size // output))


def linear_window(size: int, output: int, align_corners: bool) -> Window:
    """Linear interpolation between the two inputs around the source position.

    The source of output `o` is `(o + ½)·size/output − ½`, or `o·(size − 1)/(output − 1)` with
    aligned corners (PyTorch, `area_pixel_compute_source_index`); a weight of zero sees nothing.
    """
    if align_corners:
        top, bottom, offset = (size - 1, output - 1, 0) if output > 1 else (0, 1, 0)
    else:
        top, bottom, offset = 2 * size, 2 * output, size - output

    def span(unit: int) -> Span:
        position = unit * top + offset
        return position // bottom, -(-position // bottom)

    divisor = gcd(top, bottom)
    check_phases(bottom // divisor)
    return reduced(Window(top // divisor, tuple(map(span, range(bottom // divisor)))))


def adaptive_window(size: int, output: int) -> Window:
    """Adaptive pooling: output `o` sees `floor(o·size/output) … ceil((o + 1)·size/output) − 1`."""
    return _resampled(
        size, output, lambda unit: (unit * size // output, -(-(unit + 1) * size // output) - 1)
    )


def _resampled(size: int, output: int, span: Callable[[int], Span]) -> Window:
    divisor = gcd(size, output)
    check_phases(output // divisor)
    return Window(size // divisor, tuple(map(span, range(output // divisor))))
