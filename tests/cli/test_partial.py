"""Commands on a file with mistakes: what is known of it, or one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import cnncalc

BROKEN = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3, padding: 1}
  - conv: {filters: 16, kernel: 99}
    name: broken
  - convv: {filters: 8, kernel: 3}
  - conv: {filters: 8, kernel: 3, padding: 1}
"""


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(BROKEN)
    return str(path)


REFUSED = [
    (["memory"], "the memory of net"),
    (["compare", "vgg16"], "the size of net"),
    (["explain"], "the story of net"),
    (["explain", "broken"], "`broken`"),
    (["explain", "conv3"], "`conv3`"),
]


@pytest.mark.parametrize(("command", "purpose"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_refused_with_the_first_layer_that_fails(
    command: list[str], purpose: str, broken: str, run: Any
) -> None:
    found = run(command[0], broken, *command[1:])
    assert (found.status, found.out) == (2, "")
    sentence = f"{purpose} is not known, since `broken` cannot be: kernel 99 does not fit"
    assert sentence in " ".join(found.err.split())
    assert found.err.count("error[") == 1


def test_a_layer_that_is_known_is_explained(broken: str, run: Any) -> None:
    found = run("explain", broken, "conv1", "--format", "json")
    assert found.status == 0
    right = "\n".join([*BROKEN.splitlines()[:3], "  - conv: {filters: 2, kernel: 1}"])
    expected = cnncalc.explain(yaml=right, layer="conv1").to_dict()
    report = json.loads(found.out)
    assert report["layer"] == expected["layer"]
    assert [key for key in expected if report[key] != expected[key]] in ([], ["network"], ["name"])
    assert run("explain", broken, "nope").status == 2


def test_the_page_of_a_file_with_mistakes(broken: str, run: Any, tmp_path: Path) -> None:
    page = tmp_path / "net.html"
    found = run("export", broken, "-o", str(page))
    assert found.status == 2
    assert "kernel 99 does not fit" in found.err
    text = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)
    assert text is not None
    data = json.loads(text[1])
    failed = {row[2]: row[6] for row in data["table"]["rows"] if len(row) > 6}
    assert failed["broken"] == "kernel 99 does not fit into an input of 32"
    assert len(failed) == 2
    assert {"kernel-larger-than-input", "unknown-layer"} == {f["rule"] for f in data["findings"]}
    assert "diagram" not in data


def test_other_formats_are_asked_for(broken: str, run: Any, tmp_path: Path) -> None:
    target = tmp_path / "net.csv"
    assert run("export", broken, "-o", str(target)).status == 2
    assert not target.exists()
    assert run("export", broken, "--partial", "-o", str(target)).status == 2
    assert len(target.read_text().splitlines()) == 5
    drawing = run("export", broken, "--partial", "-o", str(tmp_path / "net.svg"))
    assert drawing.status == 2
    assert "does not state its output shape" in drawing.err


def test_a_notebook_shows_the_failing_row_in_red() -> None:
    html = cnncalc.analyze(yaml=BROKEN, partial=True)._repr_html_()
    (row,) = [line for line in html.splitlines() if line.startswith("<tr") and "broken" in line]
    assert row.startswith('<tr style="color:#c62828')
    assert "16×?×?" in row
    assert "kernel 99 does not fit" in html
