"""Layers written as elsewhere, and what of YAML and Python is taken in a file of ours."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.diagnostics import Edit
from cnncalc.language.text.source import Source
from cnncalc.rules.apply_fixes import edited
from cnncalc.rules.lint import lint

LAYERS = [
    # what was written, what it means
    ("Conv2d: {in_channels: 3, out_channels: 6, kernel_size: 5}", "conv: {filters: 6, kernel: 5}"),
    ("Conv2d: {out_channels: 6, kernel_size: 5}", "conv: {filters: 6, kernel: 5}"),
    ("nn.Conv2d(3, 6, kernel_size=5, padding=2)", "conv: {filters: 6, kernel: 5, padding: 2}"),
    ("Conv2D(6, 5)", "conv: {filters: 6, kernel: 5}"),
    ("conv(6, 5)", "conv: [6, 5]"),
    ("conv: {filters=6, kernel=3}", "conv: {filters: 6, kernel: 3}"),
    ("MaxPool2d: 2", "max_pool: 2"),
    ("nn.Linear(784, 10)", "linear: 10"),
    ("nn.BatchNorm2d(16)", "batch_norm"),
    ("nn.ReLU(inplace=True)", "relu"),
    ("Dense: {units: 10, activation: relu}", "linear: 10\n  - relu"),
    ("conv: {filters: 8, kernel: 3, activation: relu}",
     "conv: {filters: 8, kernel: 3}\n  - relu"),
    ("type: Conv2D\n    filters: 8\n    kernel_size: 3", "conv: {filters: 8, kernel: 3}"),
    ("{Conv2d: {out_channels: 6, kernel_size: 5}, name: stem}",
     "{conv: {filters: 6, kernel: 5}, name: stem}"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), LAYERS, ids=[row[0][:30] for row in LAYERS])
def test_a_layer_of_another_framework_is_one_finding_with_one_repair(
    written: str, meant: str
) -> None:
    text = f"input: [3, 28, 28]\nlayers:\n  - {written}\n"
    errors = [one for one in lint(Source("net.yaml", text)) if one.severity == "error"]
    assert len(errors) == 1, errors
    edits: tuple[Edit, ...] = errors[0].fixes[0].edits
    assert edited(text, edits) == f"input: [3, 28, 28]\nlayers:\n  - {meant}\n"


def test_what_is_not_certain_is_not_translated() -> None:
    text = "input: [3, 28, 28]\nlayers:\n  - Conv2d: {out_channels: 6, frobnicate: 5}\n"
    (finding,) = [one for one in lint(Source("net.yaml", text)) if one.severity == "error"]
    assert finding.hint == "did you mean `conv`?"


def test_padding_with_anything_but_zeros_is_not_translated() -> None:
    text = "input: [3, 9, 9]\nlayers:\n  - nn.Conv2d(3, 6, 5, padding_mode='{}')\n"
    zeros, reflect = (lint(Source("n.yaml", text.format(mode))) for mode in ("zeros", "reflect"))
    assert any(fix.edits for fix in zeros[0].fixes)
    assert not any(fix.edits for fix in reflect[0].fixes)


def test_pythons_truth_values_are_taken() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - conv: {filters: 4, kernel: 3, bias: False}\n"
    assert cnncalc.analyze(yaml=text).totals.params == 4 * 3 * 9
    assert cnncalc.analyze(yaml=text.replace("False", "True")).totals.params == 4 * 3 * 9 + 4


def test_the_number_of_a_round_is_known_inside_repeat() -> None:
    text = (
        "input: [1, 4000]\nlayers:\n"
        "  - conv: {filters: 8, kernel: 2, dilation: 2 ** index}\n    repeat: 10\n"
    )
    report = cnncalc.analyze(yaml=text)
    assert report.layers[-1].receptive_field.size == (2**10,)
    with pytest.raises(cnncalc.SpecError, match="index"):
        cnncalc.analyze(yaml=text.replace("    repeat: 10\n", ""))


def test_rounds_nest_and_a_parameter_of_that_name_is_itself() -> None:
    text = (
        "input: [1, 64]\nblocks:\n  b(n):\n    - {linear: n + index, repeat: 2}\nlayers:\n"
        "  - flatten\n  - {b: 10 * (index + 1), repeat: 2}\n"
    )
    shapes = [layer.output_shape[0] for layer in cnncalc.analyze(yaml=text).layers[1:]]
    assert shapes == [10, 11, 20, 21]
    named = "input: [4, 4]\nparameters: {index: 5}\nlayers:\n  - {conv: [index, 1], repeat: 2}\n"
    assert [one.output_shape[0] for one in cnncalc.analyze(yaml=named).layers] == [5, 5]


def test_the_round_around_a_repeat_is_known_again_behind_it() -> None:
    text = (
        "input: [1, 64]\nlayers:\n  - flatten\n"
        "  - layers: [{linear: 2 + index, repeat: 3}, linear: 10 * (index + 1)]\n    repeat: 2\n"
    )
    shapes = [layer.output_shape[0] for layer in cnncalc.analyze(yaml=text).layers[1:]]
    assert shapes == [2, 3, 4, 10, 2, 3, 4, 20]


def test_a_merge_key_is_refused_in_words() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - conv: {<<: {filters: 3}, kernel: 3}\n"
    found = lint(Source("net.yaml", text))
    assert "merge key" in found[0].message
    assert "block with parameters" in (found[0].hint or "")
