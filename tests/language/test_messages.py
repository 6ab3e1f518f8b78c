"""Messages: what is suggested, what is not, and what a fix writes."""

from __future__ import annotations

import pytest
from rules.mutation import examined

from cnncalc.diagnostics import Diagnostic, nearest


def layers(*lines: str) -> str:
    """A file with these lines below `layers:`, which is line 2."""
    return "input: [3, 32, 32]\nlayers:\n" + "".join(f"  {line}\n" for line in lines)


def one(text: str) -> Diagnostic:
    """The only error in a file."""
    (found,) = [f for f in examined(text) if f.severity == "error"]
    return found


NEAREST = [
    # a word, the known ones, which is meant
    ("kernal", ["kernel", "stride"], "kernel"),
    ("widht", ["width", "depth"], "width"),
    ("rlu", ["relu", "elu", "tanh"], "relu"),
    ("resnet5O", ["resnet50", "resnet101"], "resnet50"),
    ("kernel_size", ["kernel", "stride"], "kernel"),
    ("norm", ["batch_norm", "relu"], "batch_norm"),
    ("transformer", ["conv_transpose", "linear"], None),
    ("sequential", ["self_attention", "linear"], None),
    ("x", ["width"], None),
]


@pytest.mark.parametrize(("word", "known", "meant"), NEAREST)
def test_nearest(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant


ELSEWHERE = [
    # an option's name in another framework (PyTorch, Keras, Caffe, ONNX), and ours
    ("conv", "out_channels", "filters"),
    ("conv", "kernel_size", "kernel"),
    ("conv", "strides", "stride"),
    ("conv", "dilation_rate", "dilation"),
    ("conv", "rate", "dilation"),
    ("conv", "group", "groups"),
    ("conv", "use_bias", "bias"),
    ("max_pool", "pool_size", "kernel"),
    ("avg_pool", "strides", "stride"),
    ("linear", "units", "features"),
    ("linear", "out_features", "features"),
    ("linear", "num_output", "features"),
    ("dropout", "p", "rate"),
    ("leaky_relu", "negative_slope", "slope"),
    ("upsample", "scale_factor", "scale"),
    ("batch_norm", "epsilon", "eps"),
]


@pytest.mark.parametrize(("kind", "other", "ours"), ELSEWHERE)
def test_an_option_by_its_name_elsewhere(kind: str, other: str, ours: str) -> None:
    found = next(f for f in examined(layers(f"- {kind}: {{{other}: 2}}")) if "option" in f.message)
    assert (found.rule, found.hint) == ("unknown-key", f"did you mean `{ours}`?")
    assert [edit.text for fix in found.fixes for edit in fix.edits] in ([ours], [])


@pytest.mark.parametrize("word", ["in_channels", "num_features", "in_features", "input_shape"])
def test_what_comes_in_is_not_given(word: str) -> None:
    found = one(layers(f"- batch_norm: {{{word}: 3}}"))
    assert found.hint == "leave it out: what comes in tells it"


def test_a_far_word_gets_no_suggestion() -> None:
    assert one(layers("- transformer")).hint == "`cnncalc layers` lists the kinds"


PARENTHESES = [
    (["- conv: {filters: 8, kernel: (3, 3)}"], 3, 32, "`kernel: [3, 3]`"),
    (["- conv:", "    filters: 8", "    kernel: (3, 3)"], 5, 17, "`[3, 3]`"),
    (["- conv: {filters: 8, kernel: 3, stride: ( 2, 2 )}"], 3, 43, "`stride: [2, 2]`"),
]


@pytest.mark.parametrize(("lines", "line", "column", "hint"), PARENTHESES)
def test_a_list_in_parentheses(lines: list[str], line: int, column: int, hint: str) -> None:
    found = one(layers(*lines))
    assert found.place is not None
    assert (found.place.line, found.place.column) == (line, column)
    assert hint in (found.hint or "").replace("[ ", "[").replace(" ]", "]")


def test_a_block_that_contains_itself_is_told_as_such() -> None:
    found = one("input: [3, 8, 8]\nblocks:\n  b: [conv: [3, 3], b]\nlayers: [b]\n")
    assert found.message == "the block `b` contains itself: b → b"
    assert found.hint == "an `if` on one of the uses ends it"
    found = one(
        "input: [3, 8, 8]\nblocks:\n  a: [conv: [3, 3], b]\n  b: [add: [[], [a]]]\nlayers: [a]\n"
    )
    assert found.message == "the block `a` contains itself: a → b → a"


def test_a_block_may_use_itself_under_a_condition() -> None:
    halve = "halve: [conv: [channels // 2, 1], {halve: , if: channels > 1}]"
    assert not examined_errors(f"input: [16, 8, 8]\nblocks: {{{halve}}}\nlayers: [halve]\n")


def examined_errors(text: str) -> list[Diagnostic]:
    """The errors in a file."""
    return [f for f in examined(text) if f.severity == "error"]


INSTEAD = [
    # a line, what its fix writes
    ("- conv: {filters: 8, kernel: 2.0}", "2"),
    ("- conv: {filters: 8, kernel: 3, bias: no}", "false"),
    ("- conv: {filters: 8, kernal: 3}", "kernel"),
    ("- upsample: {scale: 2, mode: bilinaer}", "bilinear"),
    ("- rellu", "relu"),
    ("- Conv2d: [3, 3]", "conv"),
    ("- max_pool: {kernel: 2, padding: 2}", "1"),
    ("- conv: {filters: 8, kernel: 3, groups: 2}", "1"),
    ("- conv_transpose: {filters: 8, kernel: 4, stride: 2, output_padding: 2}", "1"),
    ("- linear: 10", "  - flatten\n"),
]


@pytest.mark.parametrize(("line", "text"), INSTEAD)
def test_a_fix_is_what_would_do_instead(line: str, text: str) -> None:
    found = [fix for f in examined(layers(line)) for fix in f.fixes if fix.edits]
    assert [edit.text for fix in found for edit in fix.edits] == [text]


def test_a_word_in_an_expression_is_marked_alone() -> None:
    text = "input: [3, 8, 8]\nparameters: {width: 8}\nlayers:\n  - conv: [2 * widht + 1, 3]\n"
    found = one(text)
    assert found.place is not None
    assert (found.place.column, found.place.end_column) == (16, 21)
    assert [edit.text for fix in found.fixes for edit in fix.edits] == ["width"]


REFUSED_OUTPUT = [
    # issue 8 of the second round: an `output` that cannot be worked out, wherever it stands
    "input: [3, 8, 8]\nlayers:\n  - {relu: , output: tru**e}\n",
    "input: [3, 8, 8]\nblocks: {head: [relu]}\nlayers:\n  - {head: , output: tru**e}\n",
    "input: [3, 8, 8]\nlayers:\n  - {add: [[], [relu]], output: tru**e}\n",
    "input: [3, 8, 8]\nlayers:\n  - {layers: [relu], if: tru**e}\n",
    "input: [3, 8, 8]\nblocks: {head: [relu]}\nlayers:\n  - {head: , repeat: tru**e}\n",
    "input: [3, 8, 8]\nlayers:\n  - add: [{layers: [], if: tru**e}, []]\n",
]


@pytest.mark.parametrize("text", REFUSED_OUTPUT)
def test_a_common_key_that_cannot_be_worked_out(text: str) -> None:
    found = one(text)
    assert (found.rule, found.message) == ("undefined-name", "nothing is called `tru`")


DEEP = [
    "input: [3, 8, 8]\nblocks:\n  b0: [relu]\n"
    + "".join(f"  b{i + 1}: [b{i}]\n" for i in range(3000))
    + "layers: [b3000]\n",
    "input: [3, 8, 8]\nblocks:\n  b0: [relu]\n"
    + "".join(
        f"  b{i + 1}: [{'add: [[], [' * 30}{{b{i}: , if: channels}}{']]' * 30}]\n"
        for i in range(40)
    )
    + "layers: [b40]\n",
]


@pytest.mark.parametrize("text", DEEP, ids=["blocks", "blocks in branches"])
def test_depth_is_limited(text: str) -> None:
    assert one(text).rule == "limit-exceeded"


LONG = "x" * 900
LONG_WORDS = [
    # a word of 900 characters is quoted whole nowhere, whichever room refuses it
    layers(f"- {{relu: , from: {LONG}}}"),
    layers(f"- {LONG}"),
    layers(f"- conv: {{filters: 8, kernel: 3, {LONG}: 1}}"),
    layers(f"- {{conv: [8, 3], share: {LONG}}}"),
    layers(f"- add: [[], {LONG}]"),
    layers(f"- crop: {LONG}"),
    f"input: [3]\nextends: {LONG}\nlayers: [relu]\n",
]


@pytest.mark.parametrize("text", LONG_WORDS)
def test_messages_are_cut_alike(text: str) -> None:
    assert {len(f.message) for f in examined(text) if LONG[:500] in f.message} == {600}


TWICE = [
    # a key given twice, wherever keys are: line and column of the second
    ("input: [3]\ninput: [3]\nlayers: [relu]\n", 2, 1),
    ("input: [3]\nparameters: {a: 1, a: 2}\nlayers: [relu]\n", 2, 20),
    ("input: [3]\nlayers: [{relu: , name: a, name: b}]\n", 2, 28),
    ("input: [3]\nlayers: [linear: {features: 3, features: 4}]\n", 2, 32),
    ("input: [3]\nblocks: {'b(x)': [linear: x]}\nlayers: [b: {x: 1, x: 2}]\n", 3, 20),
    ("input: [3]\nlayers: [add: [{layers: [], layers: []}]]\n", 2, 29),
    ("input: [3]\nbudget: {params: 5, params: 6}\nlayers: [relu]\n", 2, 21),
    ("input: {a: [3], a: [4]}\nlayers: [relu]\n", 1, 17),
]


@pytest.mark.parametrize(("text", "line", "column"), TWICE)
def test_given_twice(text: str, line: int, column: int) -> None:
    found = [f for f in examined(text) if f.rule == "duplicate-key"]
    assert [f.place and (f.place.line, f.place.column) for f in found] == [(line, column)]
    assert found[0].message.endswith("is given twice")
