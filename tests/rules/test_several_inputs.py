"""Rules on networks with several inputs: each input is looked at by itself."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cnncalc.language.text.source import Source
from cnncalc.rules.lint import lint


class Case(NamedTuple):
    name: str
    text: str
    found: tuple[tuple[str, int, int, str], ...]
    """Rule, line, column and message of what is found, notes on padding left out."""
    hint: str | None = None
    """Of the first."""


POOLED = "  - global_avg_pool\n"
CASES = (
    Case("an unused input", """\
input: {a: [3, 16, 16], b: [1, 8, 8]}
layers: [conv: [8, 3, 1, 1], relu]
""", (("unused-layer", 1, 28, "nothing takes the input `b`"),),
         "begin a branch with `from:` and its name, or leave it out"),
    Case("an unused first input", """\
input:
  a: [3, 16, 16]
  b: [1, 8, 8]
layers:
  - {conv: [8, 3, 1, 1], from: b}
  - relu
""", (("unused-layer", 2, 6, "nothing takes the input `a`"),)),
    Case("branches apart in the second input", """\
input: {a: [4, 33, 33], b: [4, 33, 33]}
layers:
  - {conv: [8, 3, 2, 1], name: l}
  - {conv: [8, 3, 2, 1], name: r, from: b}
  - {max_pool: {kernel: 3, stride: 2, ceil_mode: true}, from: b}
  - pad: {padding: [[0, 1], [0, 1]]}
  - concat: [l, r, []]
  - relu
""", (("misaligned-merge", 7, 5,
       "branch 3 is centred 1 px of the input after branch 2"),)),
    Case("branches of different inputs have no common centre", """\
input: {a: [4, 33, 33], b: [4, 34, 34]}
layers:
  - {conv: [8, 3, 1, 1], name: l}
  - {conv: [8, 3, 1, 1], name: r, from: b}
  - {crop: l, from: r}
  - add: [l, []]
  - relu
""", ()),
    Case("the second input does not divide", """\
input: {a: [4, 32, 32], b: [4, 30, 30]}
layers:
  - {conv: [8, 3, 2, 1], name: l, from: b}
  - relu
  - conv: {filters: 8, kernel: 4, stride: 2, padding: 1}
  - global_max_pool
  - {flatten: , name: x}
  - {global_max_pool: , from: a}
  - flatten
  - concat: [x, []]
""",
         (("input-not-divisible", 1, 28,
           "30 is no multiple of the network's total stride 4: 30 / 4 = 7.5"),
          ("receptive-field-too-small", 5, 5, "sees 9 of 30 pixels of `b`")),
         "28 or 32 would divide"),
    Case("too little is seen of both", """\
input: {a: [4, 33, 33], b: [2, 17, 17]}
layers:
  - {conv: [8, 3, 2, 1], name: l}
  - {conv: [8, 3, 1, 1], name: r, from: b}
  - add: [l, r]
  - relu
""" + POOLED, (("receptive-field-too-small", 6, 5,
                "a unit of the last feature map sees 3 of 33 pixels of `a` and 3 of 17 pixels "
                "of `b`"),)),
    Case("all is seen of the first", """\
input: {a: [4, 3, 3], b: [2, 17, 17]}
layers:
  - {conv: [8, 3, 1, 1], name: l}
  - {conv: {filters: 8, kernel: 3, stride: 8, padding: 1}, name: r, from: b}
  - add: [l, r]
  - relu
""" + POOLED, (("stride-skips-input", 4, 44, ""), ("receptive-field-too-small", 6, 5,
                "a unit of the last feature map sees 3 of 17 pixels of `b`"),)),
    Case("mostly padding of the second", """\
input: {a: [2, 24, 24], b: [2, 4, 4]}
layers:
  - {conv: [8, 3, 1, 1], from: b}
  - relu
  - conv: [8, 3, 1, 1]
  - relu
  - conv: [8, 3, 1, 1]
  - relu
  - {conv: [8, 3, 1, 1], name: l}
  - {conv: {filters: 8, kernel: 6, stride: 6}, from: a}
  - add: [l, []]
""", (("unproductive-layer", 9, 6,
       "its window of 9 pixels on an input of 4 covers mostly padding of `b`"),)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_findings(case: Case) -> None:
    found = lint(Source("net.yaml", case.text))
    told = [
        (one.rule, one.place.line, one.place.column, one.message)
        for one in found
        if one.place is not None and one.rule not in ("stride-does-not-tile", "aggressive-pooling")
    ]
    assert [row[:3] for row in told] == [row[:3] for row in case.found]
    for (_, _, _, message), (_, _, _, expected) in zip(told, case.found, strict=True):
        assert expected in message
    if case.hint is not None:
        assert found[0].hint == case.hint


def test_inputs_of_one_size_change_alike() -> None:
    """The sizes that are named for a decoder whose branches do not meet fit as they are given."""
    text = """\
input: {a: [3, 30, 30], d: [1, 30, 30]}
blocks:
  up(skip):
    - conv_transpose: [8, 2, 2]
    - concat: [skip, []]
layers:
  - {conv: [8, 3, 1, 1], name: x}
  - {conv: [8, 3, 1, 1], name: y, from: d}
  - {add: [x, y], name: s1}
  - {max_pool: 2, name: s2}
  - max_pool: 2
  - conv: [8, 3, 1, 1]
  - relu
  - up: s2
  - up: s1
"""
    (finding,) = lint(Source("net.yaml", text))
    assert finding.rule == "odd-upsampling"
    assert finding.hint is not None
    assert finding.hint.startswith("an input of 28×28 or 32×32 fits")
    for size in (28, 32):
        given = {"a": (3, size, size), "d": (1, size, size)}
        assert not any(f.severity == "error" for f in lint(Source("net.yaml", text), given))
