"""Comments that silence findings."""

from __future__ import annotations

import pytest

from rules.mutation import examined

BAD = "- conv: {filters: 8, kernel: 1, stride: 2}"
RULE = "stride-skips-input"

CASES = [
    # lines, rules left
    ([BAD], {RULE}),
    ([f"{BAD}  # cnncalc: ignore[{RULE}]"], set()),
    ([f"{BAD}  #cnncalc:ignore[ {RULE} ]"], set()),
    ([f"{BAD}  # wanted; see the paper # cnncalc: ignore[{RULE}]"], set()),
    ([f"{BAD}  # cnncalc: ignore"], set()),
    ([f"# cnncalc: ignore[{RULE}]", BAD], set()),
    ([f"# cnncalc: ignore[{RULE}]", "# more", "", BAD], set()),
    ([f"# cnncalc: ignore-file[{RULE}]", "- relu", BAD], set()),
    (["- relu  # a line that ends in NEL\x85", f"{BAD}  # cnncalc: ignore[{RULE}]"], set()),
    ([f"{BAD}  # cnncalc: ignore[checkerboard]"], {RULE, "unused-ignore"}),
    ([f"{BAD}  # cnncalc: ignore[checkerboard, {RULE}]"], {"unused-ignore"}),
    ([f"{BAD}  # cnncalc: ignore[no-such-rule]"], {RULE, "unused-ignore"}),
    ([f"- relu  # cnncalc: ignore[{RULE}]", BAD], {RULE, "unused-ignore"}),
    (["- relu  # cnncalc: ignore", BAD], {RULE, "unused-ignore"}),
    ([f"{BAD}  # cnncalc: ignored"], {RULE}),
    ([f"{BAD}  # cnncalc ignore[{RULE}]"], {RULE}),
]


@pytest.mark.parametrize(("lines", "rules"), CASES)
def test_comment(lines: list[str], rules: set[str]) -> None:
    text = "input: [3, 32, 32]\nlayers:\n" + "".join(f"  {line}\n" for line in lines)
    found = [f for f in examined(text) if f.severity != "note"]
    assert {finding.rule for finding in found} == rules


def test_text_in_quotes_is_no_comment() -> None:
    text = f"input: [3, 32, 32]\nsource: 'see # cnncalc: ignore-file[{RULE}]'\nlayers:\n  {BAD}\n"
    assert [f.rule for f in examined(text) if f.severity != "note"] == [RULE]


def test_errors_are_not_silenced() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - linear: 3  # cnncalc: ignore[linear-needs-flatten]\n"
    assert [f.rule for f in examined(text)] == ["linear-needs-flatten", "unused-ignore"]


def test_hint_names_the_nearest_rule() -> None:
    text = f"input: [3, 32, 32]\nlayers:\n  {BAD}  # cnncalc: ignore[stride-skip-input]\n"
    (finding,) = [f for f in examined(text) if f.rule == "unused-ignore"]
    assert finding.hint == "did you mean `stride-skips-input`?"
