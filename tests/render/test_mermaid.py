"""Mermaid's own parser takes our charts and reads in them what we meant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from support import report, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.render.escape import plain
from cnncalc.render.figure import figure
from cnncalc.render.mermaid import report_mermaid
from cnncalc.render.rows import ViewOptions

from .test_drawings import HOSTILE
from .test_hostile_names import net, undotted

HERE = Path(__file__).resolve().parent / "mermaid"
NETWORKS = [("lenet5", None), ("googlenet", 1), ("unet", None), ("segnet", None), ("resnet50", 2)]


@pytest.fixture(scope="module")
def folder() -> Path:
    """Where `node_modules` is: of `npm ci` in tests/render/mermaid, or of `CNNCALC_MERMAID`."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    for name in filter(None, [os.environ.get("CNNCALC_MERMAID", ""), str(HERE)]):
        if Path(name, "node_modules", "mermaid").is_dir():
            return Path(name).resolve()
    pytest.skip("mermaid is not installed (`npm ci` in tests/render/mermaid, or `CNNCALC_MERMAID`)")


def parsed(charts: list[str], folder: Path) -> list[dict[str, Any]]:
    """What the parser finds in each chart."""
    ran = subprocess.run(
        ["node", str(HERE / "parse.mjs"), str(folder)],
        input=json.dumps(charts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


def test_a_broken_chart_is_refused(folder: Path) -> None:
    (found,) = parsed(['flowchart TB\n  n0["a"b"]\n'], folder)
    assert found["error"] is not None


def test_networks(folder: Path) -> None:
    reports = [(Report(zoo_graph(name)), ViewOptions(depth)) for name, depth in NETWORKS]
    for (one, view), found in zip(
        reports, parsed([report_mermaid(*pair) for pair in reports], folder), strict=True
    ):
        drawn = figure(one, view.depth)
        assert found["error"] is None, one.name
        assert len(found["nodes"]) == len(drawn.boxes)
        assert found["edges"] == len(drawn.edges)


def test_hostile_names_are_read_as_they_are(folder: Path) -> None:
    charts = [report_mermaid(report(net(name))) for name in HOSTILE]
    for name, found in zip(HOSTILE, parsed(charts, folder), strict=True):
        assert found["error"] is None, name
        # the parser leaves signs that go by number for the page: `ﬂ°°60¶ß` is `#60;`
        texts = [
            text.replace("ﬂ°°", "&#").replace("ﬂ°", "&").replace("¶ß", ";")
            for text in found["nodes"]
        ]
        told = [unescape(text).split("<br>")[0] for text in texts]
        assert plain(undotted(name)) in told, (name, told)
