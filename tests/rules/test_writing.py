"""What is legal and may not be meant: channels last, and conditions on channels that move."""

from __future__ import annotations

import pytest

from cnncalc.rules.writing import looks_channels_last
from rules.mutation import examined

SHAPES = [
    # an input, whether its channels seem to stand last
    ((32, 32, 3), True),
    ((224, 224, 3), True),
    ((28, 28, 1), True),
    ((16, 64, 64, 4), True),
    ((480, 640, 4), True),
    ((3, 32, 32), False),
    ((3, 32, 3), False),
    ((1, 28, 1), False),
    ((64, 1, 1), False),
    ((512, 3), False),
    ((2048,), False),
    ((64, 32, 2), False),
]


@pytest.mark.parametrize(("shape", "last"), SHAPES)
def test_channels_that_seem_to_stand_last(shape: tuple[int, ...], last: bool) -> None:
    assert looks_channels_last(shape) is last
    found = examined(f"input: {list(shape)}\nlayers: [relu]\n")
    assert ("channels-last-input" in {f.rule for f in found}) is last


def test_the_hint_writes_the_channels_first() -> None:
    (found,) = [
        f
        for f in examined("input: [32, 48, 3]\nlayers: [relu]\n")
        if f.rule == "channels-last-input"
    ]
    assert found.message == "[32, 48, 3] is read as 32 channels of 48×3"
    assert found.hint == "channels come first: [3, 32, 48]"
    assert str(found.place).endswith(":1:8")
