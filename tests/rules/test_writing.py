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


BATCHES = [
    # input, what is meant; nothing: it is taken as it is
    ("[32, 3, 224, 224]", "[3, 224, 224]"),
    ("[1, 3, 224, 224]", "[3, 224, 224]"),
    ("[64, 1, 28, 28]", "[1, 28, 28]"),
    ("[1, 1, 28, 28]", "[1, 28, 28]"),
    ("[8, 4, 64, 96]", "[4, 64, 96]"),
    ("[3, 16, 112, 112]", None),  # a video
    ("[1, 32, 32, 32]", None),  # a volume
    ("[3, 4, 56, 56]", None),  # a short video
    ("[16, 2, 64, 64]", None),
    ("[3, 224, 224]", None),
    ("[32, 1, 4, 4]", None),
]


@pytest.mark.parametrize(("shape", "image"), BATCHES)
def test_a_batch_in_front_is_seen(shape: str, image: str | None) -> None:
    found = examined(f"input: {shape}\nlayers: [conv: [8, 3, 1, 1]]\n")
    told = [f.fixes[0].description for f in found if f.rule == "batch-in-input"]
    assert told == ([f"input {image}"] if image else [])


def test_a_batch_of_an_input_among_several() -> None:
    text = "input: {a: [3, 8, 8], b: [4, 3, 8, 8]}\nlayers: [conv: [8, 3], {relu: , from: b}]\n"
    (found,) = [f for f in examined(text) if f.rule == "batch-in-input"]
    assert found.layer == "b"
    assert found.place is not None
    assert (found.place.line, found.place.column) == (1, 26)


def test_images_in_the_order_of_keras_may_be_batches() -> None:
    found = examined("input: [32, 28, 28, 1]\nlayers: [max_pool: 2, conv: [8, 3]]\n")
    hints = [f.hint for f in found if f.hint and "channels first" in f.hint]
    assert hints == ["the input 32x28x28x1 is read channels first: 1x28x28 or 1x32x28x28?"]


LONE = [
    # merge, the repair, what the message ends in
    ("add: [skip]", "write `add: [[], skip]`", "nothing takes the output of `conv`"),
    ("add: [[relu]]", "write `add: [[], [relu]]`", "`add` of one branch is that branch"),
    ("multiply: [skip]", "write `multiply: [[], skip]`", "nothing takes the output of `conv`"),
    ("concat: [skip]", "write `concat: [[], skip]`", "nothing takes the output of `conv`"),
    ("{maximum: [skip], name: top}", "write `maximum: [[], skip]`", "output of `conv`"),
]


@pytest.mark.parametrize(("merge", "fix", "end"), LONE)
def test_a_merge_of_one_branch(merge: str, fix: str, end: str) -> None:
    layers = ["{conv: [8, 3, 1, 1], name: skip}", "relu", "conv: [8, 3, 1, 1]", merge, "relu"]
    text = "input: [3, 32, 32]\nlayers:\n" + "".join([f"  - {layer}\n" for layer in layers])
    found = [f for f in examined(text) if f.rule in ("merge-of-one-branch", "unused-layer")]
    assert [f.rule for f in found] == ["merge-of-one-branch"]
    assert [one.description for one in found[0].fixes] == [fix]
    assert found[0].message.endswith(end)


OPTIONAL = [
    "add: [{layers: [], if: channels == 8}, [conv: [8, 3, 1, 1]]]",
    "add: [{layers: [], if: channels == 9}, [conv: [8, 3, 1, 1]]]",
    "add: [[], skip]",
]


@pytest.mark.parametrize("merge", OPTIONAL)
def test_a_branch_that_is_left_out_is_no_mistake(merge: str) -> None:
    text = f"input: [8, 9, 9]\nlayers:\n  - {{conv: [8, 3, 1, 1], name: skip}}\n  - {merge}\n"
    assert "merge-of-one-branch" not in [f.rule for f in examined(text)]


def test_a_lone_branch_in_a_block_is_told_once_with_its_uses() -> None:
    text = """\
input: [8, 9, 9]
blocks:
  unit:
    - {conv: [8, 3, 1, 1], name: skip}
    - relu
    - add: [skip]
layers: [unit, unit, unit]
"""
    (found,) = [f for f in examined(text) if f.rule == "merge-of-one-branch"]
    assert (found.times, len(found.used)) == (3, 1)


UNUSED = [
    # parameters, blocks, layers, what is told
    ("{a: 1}", "{}", "conv: [8, 3]", ["the parameter `a`"]),
    ("{a: 8}", "{}", "conv: [a, 3]", []),
    ("{a: 4, b: 2 * a}", "{}", "conv: [b, 3]", []),
    ("{a: 4, b: 2 * a}", "{}", "conv: [8, 3]", ["the parameter `a`", "the parameter `b`"]),
    ("{a: true}", "{}", "{relu: , if: a}", []),
    ("{a: 2}", "{}", "{relu: , repeat: a}", []),
    ("{a: true}", "{}", "{relu: , output: a}", []),
    ("{a: 2}", "{}", "conv: {filters: 8, kernel: [a, a]}", []),
    ("{a: 2}", "{}", "add: [{layers: [], if: a > 1}, [relu]]", []),
    ("{a: 2}", "{}", "add: [[], [{relu: , repeat: a}]]", []),
    ("{a: 2}", "{}", "{layers: [relu], repeat: a}", []),
    ("{a: 8}", "{unit: [conv: [a, 3]]}", "unit", []),
    ("{a: 8}", "{unit: [conv: [a, 3]]}", "relu", ["the parameter `a`", "the block `unit`"]),
    ("{a: 8}", "{unit(a): [conv: [a, 3]]}", "unit: 4", ["the parameter `a`"]),
    ("{a: 8}", "{unit(b): [conv: [b, 3]]}", "unit: a", []),
    ("{a: 8}", "{unit(b=a): [conv: [b, 3]]}", "unit", []),
    ("{a: 8}", "{x(b): [conv: [b, 3]], y(b): [x: b]}", "y: a", []),
    ("{a: 8}", "{x: [conv: [a, 3]], y: [relu]}", "x", ["the block `y`"]),
    (
        "{a: 8}",
        "{'unit(b, c)': [conv: [b, 3]]}",
        "unit: [a, 1]",
        ["does not use its parameter `c`"],
    ),
]


@pytest.mark.parametrize(("parameters", "blocks", "layers", "told"), UNUSED)
def test_what_nothing_uses(parameters: str, blocks: str, layers: str, told: list[str]) -> None:
    text = f"""\
input: [3, 32, 32]
parameters: {parameters}
blocks:
  {blocks}
layers:
  - {layers}
"""
    found = [f.message for f in examined(text) if f.rule == "unused-parameter"]
    assert len(found) == len(told)
    assert [part for part in told if not any(part in message for message in found)] == []


def test_a_parameter_that_the_input_uses() -> None:
    found = examined("input: [3, size, size]\nparameters: {size: 32}\nlayers: [relu]\n")
    assert "unused-parameter" not in [f.rule for f in found]
