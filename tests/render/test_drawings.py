"""DOT and Mermaid: the graph's boxes and edges, folded, and foreign text made harmless."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, listed, report, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import UsageError
from cnncalc.language.zoo import names
from cnncalc.render import mermaid
from cnncalc.render.dot import report_dot
from cnncalc.render.figure import FigureEdge, figure
from cnncalc.render.mermaid import report_mermaid
from cnncalc.render.rows import ViewOptions

from .test_hostile_names import ALL, harmless, net

Run = Callable[..., Outcome]

TEXT = r'"(?:[^"\\&]|\\[\\"n]|&amp;)*"'
DOT_LINES = re.compile(
    rf"digraph {TEXT} {{|}}|subgraph cluster_\d+ {{|label={TEXT};"
    rf"|n\d+ \[label={TEXT}(, shape=(ellipse|box3d))?(, penwidth=2)?\];"
    r"|(node|edge|graph) \[[\w=., ]+\];|n\d+ -> n\d+( \[style=dashed\])?;"
)
LABEL = r'"(?:[^\W]|[ .,/()×–-]|#\d+;|<br/>)*"'
MERMAID_LINES = re.compile(
    rf"---|title: \"(?:\w|[ .,()-]|\\U[0-9a-f]{{8}})*\"|flowchart TB|end|%% blocks are folded: .*"
    rf"|subgraph b\d+\[{LABEL}\]|n\d+(\[{LABEL}\]|\[\[{LABEL}\]\]|\(\[{LABEL}\]\))"
    r"|n\d+ (-->|-\.->) n\d+"
)
FORMATS = {"dot": (report_dot, DOT_LINES), "mermaid": (report_mermaid, MERMAID_LINES)}
HOSTILE = [*ALL, "]]>", '"] --> x["', "a\\", '\\"', "%%{init: {}}%%", "end", "style a:b#c;", "\\N"]


def checked(text: str, lines: re.Pattern[str]) -> str:
    """The text, each of whose lines is one of the format's."""
    assert harmless(text)
    for line in text.splitlines():
        assert lines.fullmatch(line.strip()), line
    return text


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", names())
def test_shipped_networks(name: str, format: str) -> None:
    write, lines = FORMATS[format]
    found = Report(zoo_graph(name))
    text = checked(write(found), lines)
    for view in (ViewOptions(1), ViewOptions(2, channels_last=True)):
        checked(write(found, view), lines)
    ends = text.count("\n}") + text.count(" }") - 1 if format == "dot" else text.count(" end\n")
    assert text.count("subgraph") == ends
    if "%%" not in text:
        wanted = {
            (source, target)
            for target, node in enumerate(found.graph.nodes)
            for source in (*node.inputs, *node.reads)
        }
        edges = re.findall(r"n(\d+) -[^n]*> n(\d+)", text)
        assert {(int(source), int(target)) for source, target in edges} == wanted
        assert len(edges) == len(wanted)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str, format: str) -> None:
    write, lines = FORMATS[format]
    text = checked(write(report(net(name))), lines)
    assert "<script" not in text or format == "dot"  # Graphviz takes quoted texts as they are


SKIP: list[Any] = ["relu", {"add": [[{"conv": [4, 3, 1, 1]}, "relu"], []]}, "flatten"]


def test_a_skip_is_an_edge_past_its_branch() -> None:
    drawn = figure(report(listed((4, 8, 8), SKIP)))
    assert [box.kind for box in drawn.boxes] == [
        "input", "relu", "conv 3×3 p1", "relu", "add", "flatten",
    ]  # fmt: skip
    assert {edge[:2] for edge in drawn.edges} == {(0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (4, 5)}


RESNET_BOXES = [
    (1, 11, "stage2: 16 layers, 128×28×28"),
    (2, 16, "basic1: 9 layers, 128×28×28"),
    (None, 70, "conv: conv 3×3 p1, 64×56×56"),
]


@pytest.mark.parametrize(("depth", "count", "shown"), RESNET_BOXES)
def test_folded(depth: int | None, count: int, shown: str) -> None:
    drawn = figure(Report(zoo_graph("resnet18")), depth)
    assert len(drawn.boxes) == count
    found = [f"{box.path[-1]}: {box.kind}, {'×'.join(map(str, box.shape))}" for box in drawn.boxes]
    assert shown in found
    assert all(edge.source < edge.target for edge in drawn.edges)


def test_a_layer_that_is_only_named_is_a_dashed_edge() -> None:
    text = "input: [3, 8, 8]\nlayers: [max_pool: 2, relu, {max_unpool: {pool: max_pool}}]"
    found = report(text)
    assert FigureEdge(1, 3, True) in figure(found).edges
    assert "n1 -> n3 [style=dashed];" in report_dot(found)
    assert "n1 -.-> n3" in report_mermaid(found)


def test_mermaid_refuses_more_than_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Report(zoo_graph("resnet18"))
    monkeypatch.setattr(mermaid, "EDGES", 20)
    assert report_mermaid(found).count("-->") <= 20
    assert "%% blocks are folded" in report_mermaid(found)
    with pytest.raises(UsageError, match="Mermaid takes 20") as refused:
        report_mermaid(found, ViewOptions(4))
    assert refused.value.hint == "fold more with `--depth 3`"


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", [*HOSTILE, None], ids=ascii)
def test_graphviz_reads_it(name: str | None) -> None:
    found = Report(zoo_graph("googlenet")) if name is None else report(net(name))
    ran = subprocess.run(
        ["dot", "-Tcanon"], input=report_dot(found), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(("ending", "format"), [("dot", "dot"), ("MMD", "mermaid")])
def test_export(ending: str, format: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    assert run("export", "resnet18", "--depth", "1", "-o", path).status == 0
    assert path.read_text() == FORMATS[format][0](Report(zoo_graph("resnet18")), ViewOptions(1))
    refused = run("export", "resnet18", "--kinds", "conv", "-o", tmp_path / f"other.{ending}")
    assert (refused.status, refused.out) == (2, "")
    assert f"`--kinds` does nothing in {format}" in refused.err
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
