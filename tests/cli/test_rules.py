"""`cnncalc rules` and the reference page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from support import ROOT, Outcome

from cnncalc.render.rules import page
from cnncalc.rules.registry import RULES

Run = Callable[..., Outcome]


def test_list(run: Run) -> None:
    outcome = run("rules")
    assert outcome.status == 0
    assert all(f"  {name} " in outcome.out for name in RULES)


@pytest.mark.parametrize("name", RULES)
def test_one(run: Run, name: str) -> None:
    outcome = run("rules", name)
    assert outcome.status == 0
    assert outcome.out.startswith(f"{name} · {RULES[name].severity}\n")
    assert "fails:" in outcome.out
    assert "passes:" in outcome.out
    assert not re.search(r"\*\w[^*`]*\*", outcome.out.partition("fails:")[0])


def test_unknown(run: Run) -> None:
    outcome = run("rules", "checkerbord")
    assert (outcome.status, outcome.out) == (2, "")
    assert "did you mean `checkerboard`?" in outcome.err


def test_json(run: Run) -> None:
    data = json.loads(run("rules", "--format", "json").out)
    assert [rule["rule"] for rule in data["rules"]] == list(RULES)


def test_page_is_current() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == page(RULES.values())
