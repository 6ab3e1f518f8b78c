"""Fixes change what they say and nothing else."""

from __future__ import annotations

import pytest
from support import SPECS

from cnncalc.diagnostics import Edit, Place
from cnncalc.rules.apply_fixes import Mended, edited, mend
from cnncalc.rules.registry import RULES
from rules.mutation import check_fixes, examined, refused


def mended(text: str, unsafe: bool = False, rule: str | None = None) -> Mended:
    """A text with its fixes applied, of one rule or of all."""
    return mend(text, examined, lambda f: rule is None or f.rule == rule, unsafe)


HEAD = "input: [3, 33, 33]\nlayers:\n"

SAFE = [
    # a line of a file, and the same after `--fix`
    ("- conv: {filters: 8, kernel: 3}\n  - batch_norm",
     "- conv: {filters: 8, kernel: 3, bias: false}\n  - batch_norm"),
    ("- conv: {filters: 8,   kernel: 3  }   # a comment: {x}\n  - batch_norm",
     "- conv: {filters: 8,   kernel: 3, bias: false  }   # a comment: {x}\n  - batch_norm"),
    ("- conv: { filters: 8, kernel: 3, bias: true }\n  - batch_norm",
     "- conv: { filters: 8, kernel: 3, bias: false }\n  - batch_norm"),
    ("- {conv: [8, 3], name: 'first'}\n  - batch_norm",
     "- {conv: {filters: 8, kernel: 3, bias: false}, name: 'first'}\n  - batch_norm"),
    ("- conv:   # block\n      filters: 8\n      kernel: 3\n  - batch_norm",
     "- conv:   # block\n      filters: 8\n      kernel: 3\n      bias: false\n  - batch_norm"),
    ("- flatten\n  - linear: 100\n  - batch_norm",
     "- flatten\n  - linear: {features: 100, bias: false}\n  - batch_norm"),
    ("- conv: {filters: 8, kernel: 3, bias: no}\n  - relu",
     "- conv: {filters: 8, kernel: 3, bias: false}\n  - relu"),
    ("- relu   # cnncalc: ignore[checkerboard]\n  - tanh", "- relu\n  - tanh"),
    ("- relu   # cnncalc: ignore[checkerboard] and a reason\n  - tanh",
     "- relu   # and a reason\n  - tanh"),
    ("- relu\n  # cnncalc: ignore[checkerboard]\n  - tanh", "- relu\n  - tanh"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SAFE)
def test_safe(before: str, after: str) -> None:
    text = f"{HEAD}  {before}\n"
    expected = f"{HEAD}  {after}\n"
    result = mended(text)
    assert result.text == expected
    assert len(result.applied) == 1
    assert mended(result.text).text == result.text


UNSAFE = [
    ("stride-does-not-tile", (224, 224), "- conv: {filters: 96, kernel: 11, stride: 4}",
     "- conv: {filters: 96, kernel: 11, stride: 4, padding: [[0, 3], [0, 3]]}"),
    ("stride-does-not-tile", (13, 13), "- max_pool: 2",
     "- max_pool: {kernel: 2, padding: [[0, 1], [0, 1]]}"),
    ("stride-skips-input", (32, 32), "- conv: {filters: 8, kernel: 1, stride: 2}",
     "- conv: {filters: 8, kernel: 2, stride: 2}"),
    ("window-in-padding", (32, 32), "- conv: [8, 1, 1, 1]", "- conv: [8, 1, 1, 0]"),
    ("checkerboard", (8, 8),
     "- conv_transpose: {filters: 8, kernel: 5, stride: 2, padding: 2, output_padding: 1}",
     "- conv_transpose: {filters: 8, kernel: 4, stride: 2, padding: 1, output_padding: 0}"),
    ("linear-needs-flatten", (8, 8), "- linear: 10", "- flatten\n  - linear: 10"),
    ("unknown-key", (8, 8), "- conv: {filters: 8, kernal: 3}", "- conv: {filters: 8, kernel: 3}"),
    ("unknown-layer", (8, 8), "- Conv2d: {filters: 8, kernel: 3}",
     "- conv: {filters: 8, kernel: 3}"),
    ("padding-exceeds-kernel", (9, 9), "- max_pool: {kernel: 3, padding: 2}",
     "- max_pool: {kernel: 3, padding: 1}"),
    ("output-padding-too-large", (8, 8),
     "- conv_transpose: {filters: 8, kernel: 4, stride: 2, output_padding: 3}",
     "- conv_transpose: {filters: 8, kernel: 4, stride: 2, output_padding: 1}"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sizes", "before", "after"), UNSAFE)
def test_unsafe(rule: str, sizes: tuple[int, int], before: str, after: str) -> None:
    head = f"input: [3, {sizes[0]}, {sizes[1]}]\nlayers:\n"
    text = f"{head}  {before}\n"
    assert rule in [finding.rule for finding in examined(text)]
    assert mended(text, rule=rule).text == text, "not without `--unsafe`"
    result = mended(text, True, rule)
    assert result.text == f"{head}  {after}\n"
    assert rule not in [finding.rule for finding in result.findings]
    assert mended(result.text, True, rule).text == result.text


def test_bytes_stay() -> None:
    text = (
        "\ufeff# a comment\r\ninput: [3, 32, 32]   \r\n\r\nlayers:\r\n"
        "  - conv: {filters: 8, kernel: 3}   # größe\r\n  - batch_norm\r\n\r\n# end"
    )
    result = mended(text)
    assert result.text == text.replace("kernel: 3}", "kernel: 3, bias: false}")


def test_new_lines_end_as_the_file_does() -> None:
    lines = ["input: [3, 8, 8]", "layers:", "  - conv:", "      filters: 8", "      kernel: 3"]
    text = "\r\n".join([*lines, "  - batch_norm", ""])
    assert mended(text).text == text.replace("kernel: 3\r\n", "kernel: 3\r\n      bias: false\r\n")


def test_expressions_are_left_alone() -> None:
    text = """\
input: [3, 32, 32]
parameters: {with_bias: true}
layers:
  - conv: {filters: 8, kernel: 3, bias: with_bias}
  - batch_norm
"""
    (finding,) = [f for f in examined(text) if f.rule == "bias-before-norm"]
    assert [fix.edits for fix in finding.fixes] == [()]
    assert mended(text).text == text


def test_block_is_left_alone_where_another_use_is_right() -> None:
    text = """\
input: [3, 32, 32]
blocks:
  convolution(filters):
    - conv: {filters: filters, kernel: 3}
layers:
  - convolution: 8
  - batch_norm
  - relu
  - convolution: 16
  - relu
"""
    assert "bias-before-norm" in [finding.rule for finding in examined(text)]
    assert mended(text).text == text


def test_block_is_mended_once_where_every_use_is_wrong() -> None:
    text = """\
input: [3, 32, 32]
blocks:
  unit(filters):
    - conv: {filters: filters, kernel: 3}
    - batch_norm
    - relu
layers:
  - unit: 8
  - unit: 16
"""
    result = mended(text)
    assert result.text == text.replace("kernel: 3}", "kernel: 3, bias: false}")
    assert len(result.applied) == 1


def test_fix_that_would_bring_another_finding_is_no_edit() -> None:
    text = "input: [3, 225, 225]\nlayers:\n  - max_pool: 2\n  - max_pool: 2\n"
    for finding in examined(text):
        for fix in finding.fixes:
            if fix.edits:
                changed = edited(text, fix.edits)
                assert changed is not None
                assert len(examined(changed)) < len(examined(text))


@pytest.mark.parametrize("name", [n for n, rule in RULES.items() if rule.repair])
def test_examples(name: str) -> None:
    text = RULES[name].fails
    assert refused(text, examined(text)) == []
    check_fixes(text)


@pytest.mark.parametrize("name", ["segnet", "vgg16_bn", "deconvnet", "squeezenet1_1"])
def test_shipped_networks(name: str) -> None:
    text = SPECS.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    before = {finding.rule for finding in examined(text)}
    result = mended(text)
    assert {finding.rule for finding in result.findings} <= before
    if name in ("segnet", "deconvnet"):
        assert "bias-before-norm" not in {finding.rule for finding in result.findings}
        assert text.count("\n") == result.text.count("\n")


def test_edits_that_overlap_are_refused() -> None:
    one = Edit(Place("n", 1, 1, 1, 4), "x")
    two = Edit(Place("n", 1, 3, 1, 6), "y")
    assert edited("abcdefgh", [one, two]) is None
    assert edited("abcdefgh", [one]) == "xdefgh"
    assert edited("abc", [Edit(Place("n", 9, 1, 9, 2), "x")]) is None
