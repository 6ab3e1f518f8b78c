"""`expect:`: exact totals that a file is held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

TEXT = """\
input: [1, 8, 8]
parameters: {k: 4}
{expect}
layers:
  - conv: [k, 3]
  - relu
"""
RIGHT = "expect: {params: 40, macs: 1_296, layers: 2, buffers: 0, activations: 288, flops: 2880}"

CASES = [
    (RIGHT, [], 0, ""),
    ("expect: {params: 41}", [], 1, "`params` is 40, and the file expects 41: 1 fewer"),
    ("expect: {macs: 1295}", [], 1, "`macs` is 1,296, and the file expects 1,295: 1 more"),
    # the file as it is written is held to it, not a variant of the command line
    (RIGHT, ["--set", "k=5", "--input", "1x9x9"], 0, ""),
    ("expect: {parms: 1}", [], 1, "did you mean `params`?"),
    ("expect: {params: 40.0}", [], 1, "must be an amount"),
    ("expect: 40", [], 1, "write them as"),
]


@pytest.mark.parametrize(("expect", "arguments", "status", "words"), CASES)
def test_expect(
    run: Callable[..., Outcome],
    write: Callable[..., Path],
    expect: str,
    arguments: list[str],
    status: int,
    words: str,
) -> None:
    outcome = run("validate", write(TEXT.replace("{expect}", expect)), *arguments)
    assert outcome.status == status, outcome.out + outcome.err
    assert words in outcome.out + outcome.err


def test_a_file_is_not_held_to_what_it_extends(
    run: Callable[..., Outcome], write: Callable[..., Path]
) -> None:
    write(TEXT.replace("{expect}", RIGHT), "base.yaml")
    child = write("extends: base.yaml\nparameters: {k: 7}\n")
    assert run("validate", child).status == 0
