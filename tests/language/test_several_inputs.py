"""Several inputs, layers as arguments of blocks, and blocks that share weights."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any, NamedTuple

import pytest
from support import graph, network, report

import cnncalc
from cnncalc.analysis.report import Report
from cnncalc.cli.values import parse_input
from cnncalc.diagnostics import SpecError, UsageError

RGBD = """
input: {image: [3, 16, 16], depth: [1, 16, 16]}
layers:
  - {conv: [8, 3, 1, 1], name: seen}
  - {conv: [8, 3, 2, 1], name: measured, from: depth}
  - {max_pool: 2, from: seen}
  - concat: [[], measured]
"""


def test_inputs_have_names_and_the_first_is_taken() -> None:
    found = graph(RGBD)
    assert found.input_shapes == {"image": (3, 16, 16), "depth": (1, 16, 16)}
    assert [node.inputs for node in found.layers] == [(0,), (1,), (2,), (4, 3)]
    assert report(RGBD).layers[-1].output_shape == (16, 8, 8)


def test_one_input_may_have_a_name() -> None:
    text = "input: {image: [3, 8, 8]}\nlayers: [relu, {tanh, from: image}, add: [[], relu]]"
    found = graph(text.replace("{tanh, from: image}", "{tanh: , from: image}"))
    assert found.input_shapes == {"image": (3, 8, 8)}
    assert network(text.replace("{tanh, from", "{tanh: , from")).graph(
        {}, (3, 4, 4)
    ).input_shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        ({"depth": (1, 16, 16)}, [(3, 16, 16), (1, 16, 16)]),
        ({"image": (3, 32, 32), "depth": (1, 32, 32)}, [(3, 32, 32), (1, 32, 32)]),
        ({"image": (4, 16, 16)}, [(4, 16, 16), (1, 16, 16)]),
        (None, [(3, 16, 16), (1, 16, 16)]),
    ],
)
def test_some_inputs_replaced(given: Any, shapes: list[tuple[int, ...]]) -> None:
    assert list(network(RGBD).graph({}, given).input_shapes.values()) == shapes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3x8x9", (3, 8, 9)),
        ("3,8,9", (3, 8, 9)),
        ("image=3x8x9", {"image": (3, 8, 9)}),
        ("image=3x8x9,depth=1x8x9", {"image": (3, 8, 9), "depth": (1, 8, 9)}),
        ("image=3,8,9, depth=1,8,9", {"image": (3, 8, 9), "depth": (1, 8, 9)}),
    ],
)
def test_parse_input(text: str, found: Any) -> None:
    assert parse_input(text) == found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((3, 8, 8), "has 2 inputs: image, depth"),
        ({"dept": (1, 8, 8)}, "has no input `dept`"),
    ],
)
def test_given_inputs_that_are_not_there(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        network(RGBD).elaborate({}, given)


@pytest.mark.parametrize(
    "text", ["image=", "image=x", "image=3x8,image=3x9", "=3x8x8", "image=3x0"]
)
def test_parse_input_refuses(text: str) -> None:
    with pytest.raises(UsageError):
        network(RGBD).elaborate({}, parse_input(text))


def test_python_takes_a_mapping(tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(RGBD, encoding="utf-8")
    found = cnncalc.analyze(path, input={"image": [3, 32, 32], "depth": [1, 32, 32]})
    assert found.inputs == {"image": (3, 32, 32), "depth": (1, 32, 32)}
    assert json.loads(found.to_json())["inputs"][1] == {"name": "depth", "shape": [1, 32, 32]}
    assert cnncalc.validate(path, input={"depth": [1, 8, 8]})[0].rule == "shape-mismatch"
    for wrong in ({}, {3: (1, 8, 8)}, {"image": "3x8"}, {"image": 3}):
        with pytest.raises(UsageError):
            cnncalc.analyze(path, input=wrong)  # type: ignore[arg-type]


BLOCKS = """
input: {image: [3, 16, 16], depth: [1, 16, 16]}
parameters: {width: 8}
blocks:
  up(filters, skip):
    - conv_transpose: [filters, 2, 2]
    - concat: [[], skip]
  outer(skip, filters=4):
    - up: [filters, skip]
    - {upsample: {like: skip}, from: skip}
  tower(filters=4, deep=false):
    - conv: [filters, 3, 1, 1]
    - batch_norm
    - {inner: filters, if: deep}
  inner(filters):
    - {conv: [filters, 1], name: one}
    - {conv: [filters, 1], share: one}
  twice(twin):
    - {tower, share: twin, from: image}
  resized(skip=image):
    - upsample: {like: skip}
layers:
  - {conv: [width, 3, 1, 1], name: left}
  - max_pool: 2
"""


def layers(text: str) -> str:
    return BLOCKS + "".join(f"  - {line}\n" for line in dedent(text).strip().splitlines())


class Given(NamedTuple):
    text: str
    last: str
    taken: tuple[str, ...]
    """What the last layer takes or reads."""


GIVEN = (
    Given("up: [8, left]", "up.concat", ("up.conv_transpose", "left")),
    Given("up: {filters: width, skip: left}", "up.concat", ("up.conv_transpose", "left")),
    Given("up: [8, image]", "up.concat", ("up.conv_transpose", "image")),
    # a block hands on what it is given; `like` and `from` take it too
    Given("outer: left", "outer.upsample", ("left", "left")),
    # a layer inside a block
    Given("{tower: , name: a, from: left}\n{max_pool: 2, name: p}\nup: [8, a.conv]", "up.concat",
          ("up.conv_transpose", "a.conv")),
    # a block's name is its last layer
    Given("{tower, name: a, from: left}\n{max_pool: 2, name: p}\nup: [8, a]", "up.concat",
          ("up.conv_transpose", "a.batch_norm")),
    # a default is a layer of the file
    Given("resized", "resized.upsample", ("max_pool", "image")),
    # a name with a minus is no expression where such a layer is
    Given("{relu: , name: le-ft, from: left}\n{max_pool: 2, name: p}\nup: [8, le-ft]", "up.concat",
          ("up.conv_transpose", "le-ft")),
)  # fmt: skip


@pytest.mark.parametrize("case", GIVEN, ids=lambda case: case.text.splitlines()[-1])
def test_layers_given_to_blocks(case: Given) -> None:
    found = graph(layers(case.text))
    last = found.nodes[-1]
    assert last.name == case.last
    assert tuple(found.nodes[i].name for i in (*last.inputs, *last.reads)) == case.taken


def test_a_value_comes_before_a_layer() -> None:
    """`width` is a parameter; a layer of its name does not hide it."""
    found = graph(layers("{relu: , name: width}\ntower: width"))
    assert found.nodes[-1].facts.output[0] == 8


def test_shared_block() -> None:
    found = Report(graph(layers(
        "{tower: [4, true], name: a, from: image}\n"
        "{tower: [4, true], name: b, from: image, share: a}\n"
        "{tower: [4, true], name: c, from: image, share: b}"
    )))  # fmt: skip
    shares = {row.name: row.shares for row in found.layers}
    for use in "bc":
        assert [shares[f"{use}.{name}"] for name in ("conv", "batch_norm", "inner.one")] == [
            "a.conv", "a.batch_norm", "a.inner.one",
        ]  # fmt: skip
        assert shares[f"{use}.inner.conv"] == "a.inner.one"
    own = [row for row in found.layers if row.name.startswith("a.")]
    rest = [row for row in found.layers if row.name[:2] in ("b.", "c.")]
    assert sum(row.params for row in own) == 3 * 9 * 4 + 4 + 8 + 4 * 4 + 4
    assert sum(row.params for row in rest) == 0
    assert not any(row.weights or row.buffers for row in rest)
    assert sum(row.macs for row in rest) == 2 * sum(row.macs for row in own)


def test_a_twin_may_be_given() -> None:
    found = Report(graph(layers("{tower, name: a, from: image}\ntwice: a")))
    assert found.layers[-1].shares == "a.batch_norm"


class Bad(NamedTuple):
    name: str
    text: str
    rule: str
    at: str
    """The text that is marked."""
    message: str
    hint: str | None = None


TWO = "input: {image: [3, 16, 16], depth: [1, 16, 16]}\nlayers:\n"
BAD = (
    Bad("unknown input", TWO + "  - {relu: , from: dept}", "undefined-name", "dept",
        "no earlier layer is called `dept`", "did you mean `depth`?"),
    Bad("input without its name", TWO + "  - {relu: , from: input}", "undefined-name", "input",
        "no input is called `input`", "known: image, depth"),
    Bad("twice", "input: {a: [3], a: [1]}\nlayers: [relu]", "duplicate-key", "a", "given twice"),
    Bad("none", "input: {}\nlayers: [relu]", "missing-option", "{}", "names no input"),
    Bad("too many axes", "input: {a: [3], b: [1, 2, 3, 4, 5]}\nlayers: [relu]", "bad-value",
        "[1, 2, 3, 4, 5]", "`b` has channels and up to three sizes, not 5 numbers"),
    Bad("a number", "input: {a: [3], b: 3}\nlayers: [relu]", "bad-value", "3",
        "`b` must list channels"),
    Bad("a size of zero", "input: {a: [3], b: [1, 0]}\nlayers: [relu]", "bad-value", "0",
        "`b` sizes are whole numbers from 1 on, not 0"),
    Bad("other ranks added", "input: {a: [3, 8, 8], b: [3, 8]}\nlayers: [add: [a, b]]",
        "shape-mismatch", "add", "branch 1 is [3, 8, 8] and branch 2 is [3, 8]"),
    Bad("other ranks joined", "input: {a: [3, 8, 8], b: [3, 8]}\nlayers: [concat: [a, b]]",
        "shape-mismatch", "concat", "branch 1 is [3, 8, 8] and branch 2 is [3, 8]"),
    Bad("named like a kind", "input: {conv: [3, 8]}\nlayers: [relu]", "duplicate-name", "conv",
        "`conv` is a layer kind"),
    Bad("named like a block", "input: {up: [3, 8]}\nblocks: {up: [relu]}\nlayers: [relu]",
        "duplicate-name", "up", "`up` is a block"),
    Bad("named like a parameter", "input: {n: [3, 8]}\nparameters: {n: 1}\nlayers: [relu]",
        "duplicate-name", "n", "`n` is a parameter"),
    Bad("reserved", "input: {not: [3, 8]}\nlayers: [relu]", "duplicate-name", "not",
        "`not` is a word of the language"),
    Bad("channels", "input: {channels: [3, 8]}\nlayers: [relu]", "duplicate-name", "channels",
        "`channels` is a word of the language"),
    Bad("a minus", "input: {a-b: [3, 8]}\nlayers: [relu]", "bad-value", "a-b", "no name for"),
    Bad("a layer's name", TWO + "  - {relu: , name: depth}", "duplicate-name", "depth",
        "`depth` is an input of the network"),
    Bad("unknown argument", layers("up: [8, lefd]"), "undefined-name", "lefd",
        "`lefd` is no value here, and no earlier layer", "did you mean `left`?"),
    Bad("unknown path", layers("up: [8, left.conv]"), "undefined-name", "left.conv",
        "no earlier layer is called `left.conv`"),
    Bad("a number for a layer", layers("up: [8, 3]"), "bad-value", "skip",
        "`skip` is 3 here, and a layer is needed",
        "give `skip` a layer's name where the block is used"),
    Bad("a layer for a number", layers("up: [left, left]"), "bad-value", "filters",
        "`filters` is the layer `left` here, and a value is needed"),
    Bad("a layer in arithmetic", layers("tower: left * 2"), "undefined-name", "left",
        "nothing is called `left`"),
    Bad("a layer of a parameter's name", BLOCKS.replace("{conv: [filters, 1], name: one}",
        "{conv: [4, 1], name: filters}") + "  - inner: left", "duplicate-name", "filters",
        "`filters` is the layer that the block is given"),
    Bad("no such use", layers("{tower: , name: a}\n{tower: , name: b, share: ab}"),
        "undefined-name", "ab", "no earlier layer is called `ab`", "did you mean `a`?"),
    Bad("a layer's weights", layers("{tower: , name: b, share: left}"), "bad-value", "left",
        "`left` is a layer, and no earlier use of `tower`"),
    Bad("another block's", layers("{inner: 8, name: a}\n{tower: , name: b, share: a}"),
        "bad-value", "a", "`a` is a use of `inner`"),
    Bad("other channels", layers("{tower: , name: a, from: image}\n"
        "{tower: , name: b, from: depth, share: a}"), "shape-mismatch", "a",
        "`a.conv` has weight [4, 3, 3, 3], bias [4], and `b.conv` needs weight [4, 1, 3, 3]"),
    Bad("other layers", layers("{tower: [4], name: a, from: image}\n"
        "{tower: [4, true], name: b, from: image, share: a}"), "bad-value", "a",
        "`b` has the layer `inner.one`, and `a` has not",
        "conditions and repetitions must come out alike in both"),
    Bad("nothing to share", layers("{resized: , name: a}\n{resized: , name: b, share: a}"),
        "bad-value", "a", "`resized` has no weights to share"),
)  # fmt: skip


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_refused(case: Bad) -> None:
    with pytest.raises(SpecError) as caught:
        graph(case.text)
    (finding,) = caught.value.diagnostics
    assert finding.rule == case.rule
    assert case.message in finding.message
    if case.hint is not None:
        assert finding.hint == case.hint
    place = finding.place
    assert place is not None
    line = dedent(case.text).splitlines()[place.line - 1]
    assert line[place.column - 1 : place.end_column - 1] == case.at


def test_a_finding_in_a_block_tells_its_use() -> None:
    with pytest.raises(SpecError) as caught:
        graph(layers("up: [8, 3]"))
    (finding,) = caught.value.diagnostics
    assert [place.line for place in finding.used] == [BLOCKS.count("\n") + 1]


def test_an_unknown_layer_hides_what_is_given_it() -> None:
    """One mistake, one finding: the block is not blamed for the layer it is given."""
    with pytest.raises(SpecError) as caught:
        graph(layers("{conv: [8, 99], name: lost, from: left}\n{up: [8, lost], from: max_pool}"))
    assert [finding.rule for finding in caught.value.diagnostics] == ["kernel-larger-than-input"]
