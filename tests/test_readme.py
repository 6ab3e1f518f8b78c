"""The README beside its examples, which tests/test_docs.py runs with those of all pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = sorted(ROOT.glob("README*.md"))


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_install_commands(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [block.strip() for language, block in blocks if not language] == [
        "pip install . && cnncalc analyze vgg16",
        'pip install ".[test]" && pytest',
    ]


def test_picture_is_current() -> None:
    """The SVG holds what the command prints today."""
    from cnncalc import analyze
    from cnncalc.render.console import svg
    from cnncalc.render.report import document

    drawn = (ROOT / "docs" / "vgg16.svg").read_text(encoding="utf-8")
    assert svg(document(analyze("vgg16")), "cnncalc analyze vgg16", 112) == drawn


def test_drawing_is_current() -> None:
    from cnncalc import analyze
    from cnncalc.render.drawing.volumes import report_volumes

    drawn = (ROOT / "docs" / "resnet18.svg").read_text(encoding="utf-8")
    assert report_volumes(analyze("resnet18")) == drawn
