"""One root cause gives one finding, and one run tells all of them."""

from __future__ import annotations

import pytest

from rules.mutation import examined


def places(text: str) -> list[tuple[str, int]]:
    """Rule and line of every error, in order of lines."""
    errors = [f for f in examined(text) if f.severity == "error"]
    return sorted(((f.rule, f.place.line) for f in errors if f.place), key=lambda f: f[1])


CASES = {
    "mistakes of all kinds": (
        """\
input: [3, 64, 64]
layers:
  - {conv: [8, 3], name: stem}
  - max_pool: {kernel: 2, padding: 2}
  - conv: {filters: 8, kernal: 3}
  - relu
  - {linear: 3, from: stem}
  - {relu: , from: nope}
""",
        [
            ("padding-exceeds-kernel", 4),
            ("unknown-key", 5),
            ("linear-needs-flatten", 7),
            ("undefined-name", 8),
        ],
    ),
    "shapes that do not depend on the mistakes": (
        """\
input: [3, 64, 64]
layers:
  - conv: {filters: 8, kernel: 3, groups: 2}
  - max_pool: {kernel: 3, padding: 2}
  - linear: 10
""",
        [("groups-do-not-divide", 3), ("padding-exceeds-kernel", 4), ("linear-needs-flatten", 5)],
    ),
    "what depends on a mistake is unknown, not wrong": (
        """\
input: [3, 64, 64]
layers:
  - {conv: [8, 99], name: first}
  - linear: 10
  - {add: [[], first], name: sum}
  - {relu: , from: sum}
  - crop: first
""",
        [("kernel-larger-than-input", 3)],
    ),
    "a block that cannot be used is one finding": (
        """\
input: [3, 64, 64]
blocks:
  unit(filters:
    - conv: [filters, 3]
layers:
  - unit: 8
  - unit: 16
  - {unit: 3, repeat: 4}
""",
        [("bad-expression", 3)],
    ),
    "a mistake in a block used ten times": (
        """\
input: [3, 64, 64]
blocks:
  unit(filters):
    - conv: {filters: filters, kernel: 3, paddin: 1}
layers:
  - {unit: 8, repeat: 10}
""",
        [("unknown-key", 4)],
    ),
    "a broken branch and a broken layer beside it": (
        """\
input: [3, 64, 64]
layers:
  - concat:
      - [rellu]
      - [conv: [8, 99]]
      - [conv: [4, 3]]
""",
        [("unknown-layer", 4), ("kernel-larger-than-input", 5)],
    ),
    "a key too many at the top": (
        "input: [3, 8, 8]\nsorce: x\nlayers:\n  - conv: [8, 99]\n",
        [("unknown-key", 2), ("kernel-larger-than-input", 4)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_findings(name: str) -> None:
    text, expected = CASES[name]
    assert places(text) == expected
