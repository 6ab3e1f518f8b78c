"""What the page is told, without a browser: notes behind lines, controls, findings, files."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from calculator import static
from calculator.answers import ASKED, Calculator
from calculator.controls import controls

import cnncalc
from cnncalc.language.load import load
from web.asking import asked, edited, text_of

NOTES = [
    # network, the line's beginning, its note: figures of torchvision and of the papers' tables
    ("vgg16", "- stage: [64, conv1]", "64×112×112 · sees 6/2 · 38.7K"),
    ("vgg16", "- linear: classes", "1000 · sees all · 4.10M"),
    ("resnet50", "- stage: [512, conv5, 2]", "2048×7×7 · sees 427/32 · 15.0M"),
    ("resnet50", "- bottleneck: [width, stride]", "4 uses · 256×56×56 … 2048×7×7 · 8.01M"),
    ("googlenet", "- {inception: [64, 96, 128, 16, 32, 32]", "256×28×28 · sees 43/8 · 155.9K"),
    ("unet", "- {double_conv: 64, name: down1}", "64×568×568 · sees 5 · 37.6K"),
]


@pytest.mark.parametrize(("net", "line", "note"), NOTES, ids=[row[1] for row in NOTES])
def test_notes_stand_behind_their_lines(net: str, line: str, note: str) -> None:
    text = text_of(net)
    (number,) = [
        place for place, told in enumerate(text.split("\n"), 1) if told.strip().startswith(line)
    ]
    assert dict(asked(text, "beside")["notes"])[number] == note


def test_the_layers_of_an_extended_file_have_no_line_here() -> None:
    assert asked(text_of("resnet101"), "beside")["notes"] == []


SWITCHES = [
    ("googlenet", {"auxiliary": True, "classes": False}),
    ("vgg16", {"norm": True, "conv1": False, "classes": False}),
    ("resnet50", {"groups": False, "widen": False}),
    ("regnet_y_400mf", {"se": True}),
]


@pytest.mark.parametrize(("net", "switches"), SWITCHES, ids=[row[0] for row in SWITCHES])
def test_a_parameter_that_is_only_asked_for_its_truth_is_a_switch(
    net: str, switches: dict[str, bool]
) -> None:
    found = {control["name"]: control["switch"] for control in controls(load(net))["parameters"]}
    assert {name: found[name] for name in switches} == switches


BROKEN = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3, padding: 1}
  - conv: {filters: 16, kernel: 99}
    name: broken
  - conv: {filters: 8, kernel: 3, padding: 1}
"""


def test_of_a_text_with_a_mistake_what_is_known_is_shown() -> None:
    found = asked(BROKEN)
    rows = found["report"]["table"]["rows"]
    outputs = [column["key"] for column in found["report"]["table"]["columns"]].index("output")
    assert [(row[2], row[4][outputs], row[6:]) for row in rows] == [
        ("conv1", "16×32×32", []),
        ("broken", "16×?×?", ["kernel 99 does not fit into an input of 32"]),
        ("conv2", "8×?×?", []),
    ]
    (wrong,) = found["diagnostics"]
    assert (wrong["layer"], wrong["here"]["line"]) == ("broken", 4)
    assert "controls" in found
    assert asked(BROKEN, "lines")["lines"] == [3, 4, 6]
    assert asked(BROKEN, "explain", number=1)["explanation"]["steps"]
    assert asked(BROKEN, "explain", number=2) == {}
    parts = asked(BROKEN, "parts", parts=["sights", "charts", "diagram"])["report"]
    assert {"sights", "charts"} < parts.keys()
    assert "diagram" not in parts


@pytest.mark.parametrize(
    "text", ["input: [3", "layers: [relu]", "input: [3, 8, 8]\nlayers: [nope]"]
)
def test_where_nothing_is_known_there_is_no_table(text: str) -> None:
    found = asked(text)
    assert found["diagnostics"]
    assert "report" not in found


EDITS = [
    # network, parameter, value, and what is written then
    ("resnet50", "conv4", "23", "conv4: 23"),
    ("resnet101", "conv4", "24", "parameters: {conv4: 24}"),
    ("resnet101", "classes", "10", "parameters: {classes: 10, conv4: 23}"),
    ("vgg11", "norm", "1", "norm: 1"),
]


@pytest.mark.parametrize(("net", "name", "value", "written"), EDITS)
def test_a_control_writes_into_the_file(net: str, name: str, value: str, written: str) -> None:
    text = text_of(net)
    (edit,) = [
        control["edit"]
        for control in asked(text, "beside")["controls"]["parameters"]
        if control["name"] == name
    ]
    changed = edited(text, edit, value)
    assert written in changed
    before = cnncalc.analyze(net, parameters={name: int(value)})
    assert cnncalc.analyze(yaml=changed).totals == before.totals


@pytest.mark.parametrize("net", ["vgg16", "resnet101"])
def test_the_input_is_written_into_the_file(net: str) -> None:
    text = text_of(net)
    for axis, size in ((1, "256"), (2, "192")):
        edit = asked(text, "beside")["controls"]["inputs"][0]["sizes"][axis]["edit"]
        text = edited(text, edit, size)
    assert cnncalc.analyze(yaml=text).to_dict()["inputs"][0]["shape"] == [3, 256, 192]


def test_the_value_that_is_there_written_again_changes_nothing() -> None:
    for name in (
        "googlenet",
        "resnext50_32x4d",
        "wide_resnet50_2",
        "vgg16_bn",
        "lenet5",
        "alexnet",
    ):
        text = text_of(name)
        found = controls(load(name))
        shapes = [size for one in found["inputs"] for size in one["sizes"]]
        for control in (*shapes, *found["parameters"]):
            if control["edit"] is None:
                continue
            value = control["value"]
            told = str(value).lower() if isinstance(value, bool) else str(value)
            assert controls_values(edited(text, control["edit"], told)) == controls_values(text)


def controls_values(text: str) -> object:
    found = asked(text, "beside")["controls"]
    return [one["sizes"] and [size["value"] for size in one["sizes"]] for one in found["inputs"]], {
        one["name"]: one["value"] for one in found["parameters"]
    }


TEN = "input: [3, 64, 64]\nlayers:\n" + "".join(
    f"  - conv: {{filters: 8, kernal: {size}}}\n" for size in range(1, 11)
)


def test_ten_mistakes_are_ten_findings_each_with_its_place_and_repair() -> None:
    for ask in ("report", "findings"):
        found = asked(TEN, ask)["diagnostics"]
        mistakes = [one for one in found if one["rule"] == "unknown-key"]
        assert [one["here"]["line"] for one in mistakes] == list(range(3, 13))
        assert all(one["fixes"][0]["edits"][0]["text"] == "kernel" for one in mistakes)


def test_a_word_is_mended_where_that_shows_what_was_wrong_behind_it() -> None:
    text = "input: [3, 224, 224]\nlayers:\n  - conv: {filters: 96, kernal: 5}\n  - linear: 1000\n"
    (found,) = asked(text, "findings")["diagnostics"]
    (edit,) = found["fixes"][0]["edits"]
    mended = edited(text, {**edit, "before": "", "after": ""}, edit["text"])
    assert [one["rule"] for one in asked(mended, "findings")["diagnostics"]] == [
        "linear-needs-flatten"
    ]


def test_a_mistake_in_a_file_that_is_extended_has_no_place_here() -> None:
    found = asked("extends: resnet101\nname: mine\n", "findings")["diagnostics"]
    assert found
    assert all(
        one["here"] is None for one in found if one["file"] == "resnet50" and not one["used"]
    )


REFUSED = [
    ({"ask": "report", "text": text_of("lenet5"), "dtype": "int3"}, "unknown type `int3`"),
    ({"ask": "report", "text": text_of("lenet5"), "batch": 0}, "the batch is a whole number"),
    ({"ask": "check", "mode": "chain", "input": "9", "chain": "?", "width": 80}, "?"),
    ({"ask": "check", "mode": "kernel", "input": "x", "width": 80}, "`input` must be a whole"),
]


@pytest.mark.parametrize(("request_", "told"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_cannot_be_asked_is_refused(request_: dict[str, object], told: str) -> None:
    answer = json.loads(Calculator().answer(json.dumps(request_)))
    assert told in answer["refused"]["message"]


def test_the_pages_files_are_those_of_the_program() -> None:
    text = text_of("lenet5")
    report = cnncalc.analyze("lenet5")
    assert asked(text, "write", format="markdown", name="lenet5")["text"] == report.to_markdown()
    assert asked(text, "write", format="csv")["text"] == report.to_csv()
    assert r"\begin{table" in asked(text, "write", format="latex")["text"]


AXES = [
    ({"mode": "kernel", "kernel": "11", "stride": "4", "padding": "0", "dilation": "1"}, "= 55"),
    ({"mode": "kernel", "kernel": "3", "stride": "1", "padding": "same", "dilation": "2"}, "= 227"),
    ({"mode": "output", "output": "55"}, "11"),
    ({"mode": "chain", "chain": "conv 7/2 p3, max_pool 3/2 p1"}, "57"),
]


@pytest.mark.parametrize(("given", "told"), AXES, ids=[row[0]["mode"] for row in AXES])
def test_one_axis_is_what_the_command_says(given: dict[str, str], told: str) -> None:
    answer = asked("", "check", input="227", width=80, ceil=False, **given)
    shown = "\n".join("".join(text for text, _ in line) for line in answer["lines"])
    assert told in shown
    assert {role for line in answer["lines"] for _, role in line} > {""}


def test_what_stands_beside_the_page_is_the_programs() -> None:
    found = static.language()
    assert {kind["kind"] for kind in found["layers"]} <= set(found["schema"]["$defs"])
    assert {network["name"] for network in static.networks()} >= {"vgg16", "resnet50", "unet"}


def test_all_that_can_be_asked_is_asked_before_the_snapshot() -> None:
    from pathlib import Path

    script = (Path(__file__).parents[2] / "web" / "python" / "warming.py").read_text("utf-8")
    assert all(f'"ask": "{name}"' in script for name in ASKED)


GARBAGE = [
    "", "i", "input", "input:", "inputs:", "42", "- a", "{}", "[]", "null", "# c", "input: 3",
    "input: []", "input: {a: }", "layers:", "import torch\nclass A(nn.Module):\n  pass", "<html>",
    '{"a": 1}', "input: [3, 224,", "extends: nothing", "parameters: 3", "parameters: {a: [1]}",
    "a: &a [*a]", "? [a]\n: b", "blocks: {a: 3}", "%YAML 1.1", "\t", "extends: {a: b}",
    "nn.Sequential(nn.Conv2d(3, 4, 5))", "input: [a, b]\nlayers: []",
]  # fmt: skip
PIECES = [
    *"input: [3,]{}\n- &*!|>%@`'\"#?:\t", "input", "layers:", "blocks:", "\n  - ", "conv",
    "extends: vgg16", "parameters: ", "from:", "repeat: ", "share: ", " name: ",
]  # fmt: skip


def texts() -> list[str]:
    """Texts that are no files: garbage, random pieces, and files that break off anywhere."""
    chance = random.Random(0)
    made = ["".join(chance.choices(PIECES, k=chance.randint(1, 14))) for _ in range(400)]
    cut = []
    for name in ("lenet5", "unet", "googlenet", "resnet101", "siamese_patches"):
        whole = text_of(name)
        cut += [whole[:end] for end in chance.sample(range(len(whole)), 40)]
    return GARBAGE + made + cut


def test_any_text_at_all_is_answered() -> None:
    calculator = Calculator()
    for text in texts():
        for ask in ("report", "findings"):
            answer = json.loads(calculator.answer(json.dumps({"ask": ask, "text": text})))
            assert answer.get("report") or answer.get("diagnostics") is not None, text


SLIDES = [
    # settings, output, what the first output reads on an axis, how often each input is read
    ({"input": "7", "kernel": "3", "stride": "2", "padding": "1", "dilation": "1"}, 4, [-1, 0, 1],
     [1, 2, 1, 2, 1, 2, 1]),
    ({"input": "6", "kernel": "3", "stride": "3", "padding": "0", "dilation": "1"}, 2, [0, 1, 2],
     [1] * 6),
    ({"input": "10", "kernel": "3", "stride": "2", "padding": "0", "dilation": "1"}, 4, [0, 1, 2],
     [1, 1, 2, 1, 2, 1, 2, 1, 1, 0]),
    ({"input": "3", "kernel": "3", "stride": "2", "padding": "1", "dilation": "1",
      "transposed": True}, 5, [None, 0, None], [2, 3, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "output", "first", "reads"), SLIDES)
def test_what_a_sliding_kernel_reads(
    given: dict[str, Any], output: int, first: list[int | None], reads: list[int]
) -> None:
    answer = asked("", "slide", **given)
    assert len(answer["taps"]) == output
    assert answer["taps"][0] == first
    assert answer["reads"] == reads


def test_a_file_of_another_tool_becomes_an_architecture_file() -> None:
    text = b"[net]\nheight=8\nwidth=8\nchannels=3\n[convolutional]\nfilters=4\nsize=3\npad=1\n"
    answer = asked("", "open", file="small.cfg", data=base64.b64encode(text).decode())
    assert cnncalc.analyze(yaml=answer["text"]).totals.params == 4 * 3 * 9 + 4
    assert "small.cfg" in answer["text"]
    ours = base64.b64encode(b"input: [1, 4, 4]\nlayers: [relu]\n").decode()
    assert asked("", "open", file="x.yaml", data=ours)["text"].startswith("input")
    binary = base64.b64encode(b"\xff\xfe\x00").decode()
    assert "no text" in asked("", "open", file="x.dat", data=binary)["refused"]["message"]


def test_whether_it_fits_is_what_memory_says() -> None:
    answer = asked(text_of("vgg16"), "fit", gib=8, optimizer="adam")
    by_what = {fit["what"]: fit for fit in answer["fits"]}
    assert by_what["inference"]["fits"]
    assert int(by_what["training"]["batch"].replace(",", "")) > 1


def test_what_changed_is_listed_with_its_totals() -> None:
    before = text_of("lenet5")
    answer = asked(before.replace("linear: 120", "linear: 60"), "changes", before=before)
    assert [change[:2] for change in answer["changes"]] == [["changed", "linear1"]]
    old, new = 61_706, 61_706 - 60 * 401 - 60 * 84
    assert answer["totals"][0][1:3] == ["61.7K", f"{new / 1000:.1f}K"], (old, new)


def test_each_layer_has_its_line() -> None:
    text = text_of("lenet5")
    lines = asked(text, "lines")["lines"]
    assert len(lines) == 12
    assert "conv: {filters: 6" in text.split("\n")[lines[0] - 1]


GUESSES = [
    # layer of AlexNet (conv 11/4 p2, relu, pool 3/2), what was typed, what is said
    (1, "64×55×55", ""),
    (1, "64×54×54", "without its padding"),
    (1, "64x218x218", "stride 1"),
    (1, "3×55×55", "channels of its input"),
    (1, "55×55×64", "channels last"),
    (3, "64×26×26", "+ 1"),
]


@pytest.mark.parametrize(("number", "typed", "why"), GUESSES)
def test_a_wrong_prediction_is_explained(number: int, typed: str, why: str) -> None:
    answer = asked(text_of("alexnet"), "predict", number=number, typed=typed)
    assert answer["right"] is (not why)
    assert why in answer["why"]


def test_the_form_shows_what_a_line_makes() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - relu\n  - conv: {filters: 4, kernel: 3}\n"
    assert asked(text, "outcome", line=4) == {"shape": "4×6×6"}
    assert "kernel" in asked(text.replace("kernel: 3", "kernel: 30"), "outcome", line=4)["message"]
