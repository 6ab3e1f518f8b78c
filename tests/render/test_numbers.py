"""Numbers and shapes as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.render import numbers

HUMAN = [
    (0, "0"), (999, "999"), (1000, "1.00K"), (1792, "1.79K"), (9_994, "9.99K"), (9_996, "10.0K"),
    (34_944, "34.9K"), (138_357_544, "138.4M"), (15_470_264_320, "15.5G"), (999_499, "999.5K"),
        (999_949, "1.00M"),
    (10**15, "1.00P"),
]  # fmt: skip


@pytest.mark.parametrize(("count", "text"), HUMAN)
def test_human(count: int, text: str) -> None:
    assert numbers.human(count) == text


BYTES = [
    (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (12_845_056, "12.2 MiB"),
    (60_950_432, "58.1 MiB"), (2**30, "1.00 GiB"), (2**40 * 5, "5.00 TiB"),
]  # fmt: skip


@pytest.mark.parametrize(("count", "text"), BYTES)
def test_bytes(count: int, text: str) -> None:
    assert numbers.human_bytes(count) == text


@given(st.integers(0, 10**24))
def test_human_is_near_and_short(count: int) -> None:
    text = numbers.human(count)
    digits = text.rstrip("KMGTPEZY")
    power = ["", "K", "M", "G", "T", "P", "E", "Z", "Y"].index(text[len(digits) :])
    assert abs(float(digits.replace(",", "")) * 1000**power - count) <= max(count * 0.006, 0)
    assert len(text) <= 8


@given(st.integers(0, 2**63))
def test_exact_has_every_digit(count: int) -> None:
    assert int(numbers.exact(count).replace(",", "")) == count


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (None, "all"),
        (ReceptiveField((3, 3), (1, 1), (0, 0)), "3"),
        (ReceptiveField((212, 212), (32, 32), (-90, -90)), "212/32"),
        (ReceptiveField((9, 11), (1, 1), (0, 0)), "9×11"),
        (ReceptiveField((3, 3), ("1/2", "1/2"), (0, 0)), "3/(1/2)"),
        (ReceptiveField((3, 5), (2, 1), (0, 0)), "3×5/2×1"),
        (ReceptiveField((3,), (None,), (0,)), "3/–"),
    ],
)
def test_field(field: ReceptiveField | None, text: str) -> None:
    assert numbers.field(field) == text


def test_shape() -> None:
    assert numbers.shape((64, 224, 112)) == "64×224×112"
    assert numbers.shape((64, 224, 112), channels_last=True) == "224×112×64"
    assert numbers.shape((10,), channels_last=True) == "10"
    assert numbers.per_axis((-1, 2)) == "−1×2"
