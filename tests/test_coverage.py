"""Which units a kernel reads: counted by formula, and one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.coverage import Unread, read_units, unread
from cnncalc.shapes import Slide


@st.composite
def slides(draw: st.DrawFn) -> Slide:
    """Kernels that fit."""
    kernel, dilation = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    before, after = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    least = max(dilation * (kernel - 1) + 1 - before - after, 1)
    size = draw(st.integers(least, least + 60))
    stride, ceil = draw(st.integers(1, 15)), draw(st.booleans())
    return Slide(size, kernel, stride, before, after, dilation, ceil)


@given(slides())
def test_units_one_by_one(axis: Slide) -> None:
    starts = [number * axis.stride - axis.before for number in range(axis.output)]
    taps = {start + tap * axis.dilation for start in starts for tap in range(axis.kernel)}
    inside = {start + unit for start in starts for unit in range(axis.extent)}
    units = set(range(axis.size))
    assert read_units(axis) == len(units & taps)
    found = unread(axis)
    assert found.total == len(units - taps)
    assert found.inside == len(units & inside - taps)
    rest = {unit for unit in units if unit > max(inside)}
    assert found.behind + found.between == len(units - inside)
    gap = max(axis.stride - axis.extent, 0) if axis.output > 1 else 0
    assert found.behind == max(len(rest) - gap, 0)


@pytest.mark.parametrize(
    ("axis", "found"),
    [
        (Slide(224, 11, 4), Unread(1, 0, 0)),
        (Slide(227, 11, 4), Unread(0, 0, 0)),
        (Slide(10, 3, 2), Unread(1, 0, 0)),
        (Slide(4, 2, 5), Unread(2, 0, 0)),
        (Slide(9, 2, 10), Unread(7, 0, 0)),
        (Slide(56, 1, 2), Unread(0, 28, 0)),
        (Slide(9, 3, 4), Unread(1, 2, 0)),
        (Slide(7, 3, 2, 1, 1, 2), Unread(0, 0, 4)),
        (Slide(5, 2, 1, 0, 0, 4), Unread(0, 0, 3)),
        (Slide(5, 3, 3, 1, 1), Unread(0, 0, 0)),
        (Slide(2**31 - 1, 3, 2), Unread(0, 0, 0)),
        (Slide(2**31 - 1, 3, 2**30, 0, 0, 2**29), Unread(2**30 - 2, 0, 2**30 - 2)),
    ],
)
def test_examples(axis: Slide, found: Unread) -> None:
    assert unread(axis) == found
