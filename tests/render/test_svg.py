"""SVG: what is drawn of a network, where it stands, and foreign text made harmless."""

from __future__ import annotations

import json
import sys
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
from cnncalc.render.drawing.volumes import picture, report_volumes
from cnncalc.render.rows import ViewOptions

from .test_drawings import HOSTILE
from .test_hostile_names import harmless, net

Run = Callable[..., Outcome]
STYLES = {"volumes": report_volumes, "blocks": report_blocks}
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


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("name", names())
def test_volumes_of_shipped_networks(name: str, depth: int | None) -> None:
    graph = zoo_graph(name)
    drawn, placed = picture(graph, depth)
    shown = {solid.unit.lead for solid in placed.solids}
    told = {way.text for way in placed.wires} - {""}
    # what is not drawn is a projection, told at its arc
    assert all(text.startswith("1×1") for text in told)
    lacking = [unit for unit in drawn.units() if unit.lead not in shown]
    assert len(lacking) <= sum(bool(way.text) for way in placed.wires)
    for number, one in enumerate(placed.solids):
        assert 0 <= one.x <= one.right <= placed.width
        assert 0 <= one.top <= one.bottom <= placed.height
        for other in placed.solids[:number]:
            apart = one.x >= other.right or other.x >= one.right
            assert apart or one.top >= other.bottom or other.top >= one.bottom


SCALED = [
    # lead's name, and that of a layer with a map of a quarter of the height, features or channels
    ("vgg16", "stage1.conv1", "stage3.conv1", "h", 2.0),
    ("vgg16", "stage1.conv1", "stage3.conv1", "w", 0.5),
    ("resnet50", "stage1.bottleneck1.conv_bn1.conv", "stage3.bottleneck2.conv_bn2.conv", "h", 2.0),
]


@pytest.mark.parametrize(("name", "one", "other", "side", "ratio"), SCALED)
def test_square_root_scale(name: str, one: str, other: str, side: str, ratio: float) -> None:
    _, placed = picture(zoo_graph(name), None)
    nodes = zoo_graph(name).nodes
    by_name = {nodes[index].name: solid for solid in placed.solids for index in solid.unit.nodes}
    found = getattr(by_name[one], side) / getattr(by_name[other], side)
    assert found == pytest.approx(ratio, rel=1e-6)


def test_a_network_that_shrinks_and_grows_stands_as_a_u() -> None:
    _, placed = picture(zoo_graph("unet"), None)
    rows = [one.row for one in sorted(placed.solids, key=lambda one: one.unit.lead)]
    assert (rows[0], max(rows), rows[-1]) == (0, 4, 0)
    assert [row for row, before in zip(rows[1:], rows, strict=False) if row != before] == [
        1, 2, 3, 4, 3, 2, 1, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", names())
def test_shipped_networks_are_xml(name: str, style: str) -> None:
    root = ET.fromstring(STYLES[style](Report(zoo_graph(name))))
    assert root.tag == f"{SVG}svg"
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert 0 < width < 4000
    assert 0 < height < 6000


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str, style: str) -> None:
    text = STYLES[style](report(net(name)))
    assert harmless(text)
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= TAGS
    assert not any(key.startswith("on") or "href" in key for e in root.iter() for key in e.attrib)


TAGS = {
    "svg", "title", "desc", "rect", "g", "path", "text", "tspan", "defs", "marker", "circle",
}  # fmt: skip


@pytest.mark.parametrize("style", [None, *STYLES])
def test_export(style: str | None, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.svg"
    given = ("--style", style) if style else ()
    assert run("export", "resnet18", "--depth", "1", *given, "-o", path).status == 0
    drawn = STYLES[style or "volumes"](Report(zoo_graph("resnet18")), ViewOptions(1))
    assert path.read_text() == drawn


def test_style_is_of_svg(run: Run, tmp_path: Path) -> None:
    refused = run("export", "resnet18", "--style", "blocks", "-o", tmp_path / "net.dot")
    assert refused.status == 2
    assert "`--style` does nothing in dot" in refused.err


LAYERS = [
    # one axis, three axes, a vector, several inputs
    {"input": [2, 100], "layers": [{"conv": [4, 3, 1, 1]}, "global_avg_pool"]},
    {"input": [1, 8, 16, 16], "layers": [{"conv": [4, 3, 1, 1]}, {"max_pool": 2}]},
    {"input": [7], "layers": [{"linear": 3}]},
    {"input": [3, 8, 8], "layers": ["relu"]},
    {"input": {"a": [3, 8, 8], "b": [3, 8, 8]}, "layers": [{"add": ["a", "b"]}]},
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("spec", LAYERS, ids=str)
def test_any_number_of_axes(spec: dict[str, Any], style: str) -> None:
    assert ET.fromstring(STYLES[style](report(json.dumps(spec)))).tag == f"{SVG}svg"


PAGES = [("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-")]


@pytest.mark.parametrize(("ending", "magic"), PAGES)
def test_pages(ending: str, magic: bytes, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="the package typst is not installed")
    path = tmp_path / f"net.{ending}"
    assert run("export", "lenet5", "-o", path).status == 0
    first = path.read_bytes()
    assert first.startswith(magic)
    if ending == "png":
        root = ET.fromstring(report_volumes(Report(zoo_graph("lenet5"))))
        size = [int.from_bytes(first[at : at + 4], "big") for at in (16, 20)]
        wanted = [2 * float(root.get(side, 0)) for side in ("width", "height")]
        assert size == pytest.approx(wanted, abs=1)
    assert run("export", "lenet5", "-o", path).status == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_pages_without_their_package(
    ending: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    refused = run("export", "lenet5", "-o", tmp_path / f"net.{ending}")
    assert (refused.status, refused.out) == (2, "")
    assert f"a drawing as {ending.upper()} needs the package typst" in refused.err
    assert 'pip install "cnncalc[drawing]"' in refused.err
    assert not list(tmp_path.iterdir())
