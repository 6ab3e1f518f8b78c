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


def test_each_of_several_inputs_is_told() -> None:
    text = (
        "input: {left: [32, 32, 3], mask: [1, 32, 32], right: [48, 48, 3]}\n"
        "layers: [{relu: , output: true}, {tanh: , from: mask, output: true}, "
        "{relu: , from: right}]\n"
    )
    found = [f for f in examined(text) if f.rule == "channels-last-input"]
    assert [(f.layer, f.place and f.place.column) for f in found] == [("left", 15), ("right", 54)]


MOVING = [
    # a block's layers, the line (from 1 inside the block) of a condition that has moved
    (["{conv: [width, 1], if: channels != width}", "{batch_norm: , if: channels != width}"], 2),
    (["{conv: [width, 1], if: entering != width}", "{batch_norm: , if: entering != width}"], None),
    (["{conv: [width, 1], if: channels != width}"], None),
    (["relu", "{conv: [width, 1], if: channels != width}"], None),
    (["conv: [8, 1]", "relu", "{tanh: , if: channels > 4}"], None),
    (["conv: [8, 1]", "{tanh: , if: width > 4}"], None),
    (["conv: [8, 1]", "{relu: , if: width < 0}", "{tanh: , if: channels > 4}"], 3),
    (["conv: [8, 1]", "{tanh: , from: input, if: channels > 4}"], None),
    (["{layers: [conv: [8, 1]]}", "{tanh: , if: channels > 4}"], 2),
    (["add: [[conv: [8, 1], {tanh: , if: channels > 4}]]"], 1),
]


@pytest.mark.parametrize(("layers", "line"), MOVING)
def test_conditions_on_channels_that_move(layers: list[str], line: int | None) -> None:
    body = "".join(f"    - {layer}\n" for layer in layers)
    text = f"input: [16, 8, 8]\nblocks:\n  b(width):\n{body}layers: [b: 32, relu]\n"
    found = [f.place and f.place.line for f in examined(text) if f.rule == "moving-channels"]
    assert found == ([] if line is None else [line + 3])


def test_a_file_tells_its_uses_once() -> None:
    text = """\
input: [16, 8, 8]
blocks:
  b(width):
    - {conv: [width, 1], if: channels != width}
    - {tanh: , if: channels != width}
layers: [b: 32, b: 64, b: 16]
"""
    (found,) = [f for f in examined(text) if f.rule == "moving-channels"]
    assert (found.times, found.hint) == (3, "`entering` are those that reached the block")


def test_an_error_tells_of_channels_that_stand_last() -> None:
    found = examined("input: [64, 64, 3]\nlayers: [conv: [8, 5], max_pool: 2, conv: [8, 3]]\n")
    told = [f.hint for f in found if "channels first: 3x64x64?" in (f.hint or "")]
    assert len(told) == 1
