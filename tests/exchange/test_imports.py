"""What importing every CNN of torchvision and of Keras gave, as `take_imports.py` found it."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
TAKEN: dict[str, Any] = json.loads((REFERENCE / "imports.json").read_text(encoding="utf-8"))
FORMS = [form for form in TAKEN if form != "versions"]

LINES = {"resnet50": 40, "vgg16": 30, "densenet121": 60, "inception_v3": 110, "efficientnet_b7": 90}


@pytest.mark.parametrize("form", FORMS)
def test_every_network_is_read_exactly(form: str) -> None:
    for name, row in TAKEN[form].items():
        assert row["mismatches"] == [], name
        assert row["same"], name
        assert row["difference"] <= 1e-4, name
        assert row["spread"] > 0.01, name  # the outputs depend on what comes before


def test_all_of_them_are_there() -> None:
    known = {path.stem for path in (REFERENCE / "torchvision").glob("*.json")}
    known = {name for name in known if not name.endswith("_no_aux")}
    assert len(known) == 77
    assert len(TAKEN["keras"]) >= 18
    assert [form for form in FORMS if form != "keras" and set(TAKEN[form]) != known] == []


def test_files_are_as_short_as_papers_tables() -> None:
    lines = {name: row["lines"] for name, row in TAKEN["torch"].items()}
    assert median(lines.values()) <= 60
    assert max(lines.values()) <= 150
    for name, most in LINES.items():
        assert lines[name] <= most, name
