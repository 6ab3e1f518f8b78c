"""SVG: what is drawn of a network, where it stands, and foreign text made harmless."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, listed, report, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.language.zoo import names
from cnncalc.render.drawing.blocks import report_blocks
from cnncalc.render.drawing.layout import Box, layout
from cnncalc.render.drawing.structure import Drawn, Group, Item, Unit, structure
from cnncalc.render.rows import View

from .test_drawings import HOSTILE
from .test_hostile_names import harmless, net

Run = Callable[..., Outcome]
SVG = "{http://www.w3.org/2000/svg}"


def told(drawn: Drawn, item: Item) -> str:
    """An item in one line: `basic(conv conv | -> add) x2`."""
    times = f" x{item.times}" if item.times > 1 else ""
    if isinstance(item, Unit):
        return (item.block or drawn.graph.nodes[item.lead].kind.name) + times
    if isinstance(item, Group):
        return f"{item.name}({' '.join(told(drawn, one) for one in item.items)}){times}"
    lanes = " | ".join(" ".join(told(drawn, one) for one in lane) for lane in item.lanes)
    return f"{{{lanes} -> {told(drawn, item.merge)}}}{times}"


STRUCTURES = [
    ("vgg16", None, 2, "stage3(conv x3 max_pool)"),
    ("resnet18", None, 2, "stage1(basic({conv conv -> add}) x2)"),
    ("resnet50", None, 4,
     "stage3(bottleneck1({conv conv conv | conv -> add}) "
     "bottleneck({conv conv conv -> add}) x5)"),
    ("resnet50", 2, 4, "stage3(bottleneck1 bottleneck x5)"),
    ("resnet50", 1, 4, "stage3"),
    ("googlenet", None, 5,
     "inception_3a({conv | conv conv | conv conv | max_pool conv -> concat})"),
    ("densenet201", None, 6, "dense_block3({conv conv -> concat} x48)"),
    ("unet", None, 10, "up1(conv_transpose concat double_conv(conv conv))"),
    ("alexnet_original", None, 0, "conv"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "depth", "place", "shown"), STRUCTURES)
def test_structure(name: str, depth: int | None, place: int, shown: str) -> None:
    drawn = structure(zoo_graph(name), depth)
    assert told(drawn, drawn.items[place]) == shown


def test_what_recurs_is_one_only_where_each_round_takes_the_one_before() -> None:
    conv: Any = {"conv": [4, 3, 1, 1]}
    drawn = structure(report(listed((4, 8, 8), [conv, conv, conv])).graph)
    assert [told(drawn, item) for item in drawn.items] == ["conv x3"]
    named = {**conv, "name": "b"}
    drawn = structure(
        report(listed((4, 8, 8), [conv, named, conv, conv, {"add": ["b", []]}])).graph
    )
    assert [told(drawn, item) for item in drawn.items] == ["conv x2", "{conv x2 -> add}"]


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("name", names())
def test_layout_of_shipped_networks(name: str, depth: int | None) -> None:
    graph = zoo_graph(name)
    drawn = structure(graph, depth)
    units = drawn.units()
    assert sorted(node for unit in units for node in unit.nodes) == list(range(len(graph.nodes)))
    placed = layout(drawn)
    assert len(placed.boxes) == len(units)
    for number, box in enumerate(placed.boxes):
        assert 0 <= box.x <= box.x + box.w <= placed.width + 0.01
        assert 0 <= box.y <= box.y + box.h <= placed.height + 0.01
        assert not any(overlap(box, other) for other in placed.boxes[:number])
    assert {wire[:2] for wire in placed.wires} == {edge[:2] for edge in drawn.edges}
    entered = {edge.target for edge in drawn.edges}
    assert {unit.lead for unit in units} - entered == set(graph.inputs)


@pytest.mark.parametrize("name", names())
def test_shipped_networks_are_xml(name: str) -> None:
    root = ET.fromstring(report_blocks(Report(zoo_graph(name))))
    assert root.tag == f"{SVG}svg"
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert 0 < width < 4000
    assert 0 < height < 6000


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str) -> None:
    text = report_blocks(report(net(name)))
    assert harmless(text)
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "text", "tspan", "defs", "marker"}
    assert not any(key.startswith("on") or "href" in key for e in root.iter() for key in e.attrib)


def test_export(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.svg"
    assert run("export", "resnet18", "--depth", "1", "-o", path).status == 0
    assert path.read_text() == report_blocks(Report(zoo_graph("resnet18")), View(1))
