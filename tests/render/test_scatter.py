"""Scatters of `compare` and `sweep`: places, labels, and files that ask nothing of anybody."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support import Outcome, report, zoo_graph

from cnncalc.analysis.report import Report
from cnncalc.language.zoo import names
from cnncalc.render import numbers
from cnncalc.render.comparison import Side
from cnncalc.render.comparison_formats import comparison_html, comparison_svg
from cnncalc.render.drawing import labels
from cnncalc.render.drawing.scatter import LABEL, Axis, Chart, Mark, scatter_svg, ticks
from cnncalc.render.plot import AxisScale

from .test_drawings import HOSTILE
from .test_hostile_names import harmless, net

Run = Callable[..., Outcome]
SVG = "{http://www.w3.org/2000/svg}"
AXES = (Axis("x", numbers.human), Axis("y", numbers.human))


def circles(text: str) -> list[tuple[float, float, float]]:
    """Places and radii of the points of a scatter."""
    found = [one for one in ET.fromstring(text).iter(f"{SVG}circle") if one.get("fill") != "none"]
    return [(float(c.get("cx", 0)), float(c.get("cy", 0)), float(c.get("r", 0))) for c in found]


def boxes(text: str) -> list[tuple[float, float, float, float]]:
    """About where the labels of a scatter are."""
    found = []
    for one in ET.fromstring(text).iter(f"{SVG}text"):
        if one.get("font-size") == str(LABEL):
            x, y = float(one.get("x", 0)), float(one.get("y", 0))
            half = labels.width(one.text or "", LABEL) / 2
            found.append((x - half, y - LABEL + 1, x + half, y + 1))
    return found


def test_places_and_areas() -> None:
    marks = [Mark(10, 10, amount=4), Mark(1000, 10, amount=1), Mark(100, 100, amount=0)]
    (one, other, middle) = circles(scatter_svg(Chart("t", "", AXES, tuple(marks))))
    # the decades are as wide as each other, and what is in the middle is so on both axes
    assert middle[0] == pytest.approx((one[0] + other[0]) / 2, abs=0.1)
    assert middle[1] < one[1] == other[1]
    assert one[2] == pytest.approx(2 * other[2], rel=0.01)


TICKS = [
    (AxisScale((0.9, 110), True), [1, 2, 5, 10, 20, 50, 100]),
    (AxisScale((1e3, 1e9), True), [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]),
    (AxisScale((0, 60), False), [0, 10, 20, 30, 40, 50, 60]),
    (AxisScale((1.5, 2.5), False), [1.6, 1.8, 2.0, 2.2, 2.4]),
]


@pytest.mark.parametrize(("scale", "values"), TICKS, ids=str)
def test_ticks_are_round(scale: AxisScale, values: list[float]) -> None:
    assert ticks(scale) == pytest.approx(values)


def test_labels_of_all_networks_keep_clear_of_each_other() -> None:
    sides = [Side(name, Report(zoo_graph(name))) for name in names()]
    text = comparison_svg(sides)
    found = boxes(text)
    assert len(found) >= 0.9 * len(sides)
    lacking = re.search(r"(\d+) of them without a name", text)
    assert len(found) + (int(lacking[1]) if lacking else 0) == len(sides)
    for number, one in enumerate(found):
        for other in found[:number]:
            apart = one[0] >= other[2] or other[0] >= one[2]
            assert apart or one[1] >= other[3] or other[1] >= one[3], (one, other)


def test_one_network_and_equal_ones() -> None:
    side = Side("vgg16", Report(zoo_graph("vgg16")))
    for sides in ([side], [side, side]):
        assert len(circles(comparison_svg(sides))) == len(sides)


class Asks(HTMLParser):
    """Whatever in a page could ask for something or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "embed", "a", "form", "base"):
            self.found.append(tag)
        for key, _ in attrs:
            if key in ("src", "href", "xlink:href", "style", "action") or key.startswith("on"):
                self.found.append(f"{tag} {key}")


def quiet(page: str) -> bool:
    """Whether a page asks for nothing and says so."""
    parser = Asks()
    parser.feed(page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;; script-src &#39;none&#39;" in policy[1]
    return not parser.found


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str) -> None:
    side = Side(name, report(net(name)))
    text = comparison_svg([side])
    assert harmless(text)
    ET.fromstring(text)
    page = comparison_html([side], side, ("params", "macs"))
    assert harmless(page)
    assert quiet(page)


@pytest.mark.parametrize("ending", ["svg", "html", "md", "csv", "json", "tex"])
def test_compare_writes_what_the_ending_says(ending: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / f"table.{ending}"
    assert run("compare", "lenet5", "vgg16", "-o", path).status == 0
    text = path.read_text()
    begins = {
        "svg": "<svg ", "html": "<!doctype html>", "md": "| ", "csv": "net,", "json": "{",
        "tex": "% \\usepackage",
    }  # fmt: skip
    assert text.startswith(begins[ending])
    if ending == "html":
        assert quiet(text)
        assert len(circles(text[text.index("<svg ") : text.index("</svg>") + 6])) == 2
        assert "138,357,544" in text


def test_several_inputs_are_all_shown(run: Run) -> None:
    for format_ in ("table", "csv", "markdown", "latex"):
        shown = run("compare", "lenet5", "two_stream", "--format", format_).out
        times = "x" if format_ == "csv" else r"$\times$" if format_ == "latex" else "×"
        pair = ("3×224×224", "20×224×224")
        assert all(shape.replace("×", times) in shown.replace("×", times) for shape in pair)


GRID = ("sweep", "mobilenet_v2", "--input", "96:160:32", "--set", "width=0.5,1")


def test_a_sweep_as_a_drawing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "points.svg"
    assert run(*GRID, "--pareto", "+params,macs", "-o", path).status == 0
    text = path.read_text()
    assert len(circles(text)) == 6
    assert "2 on the Pareto front" in text
    told = [one.text for one in ET.fromstring(text).iter(f"{SVG}text")]
    assert {"width=0.5, 96×96", "width=1, 96×96"} <= set(told)

    curve = tmp_path / "curve.svg"
    assert run("sweep", "mobilenet_v2", "--set", "width=0.5:1.5:0.25", "-o", curve).status == 0
    paths = [one.get("d", "") for one in ET.fromstring(curve.read_text()).iter(f"{SVG}path")]
    assert any(path.count("L") == 4 for path in paths)  # one line through the five points


def test_a_sweep_as_a_page(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "points.html"
    assert run(*GRID, "-o", path).status == 0
    text = path.read_text()
    assert quiet(text)
    assert text.count('<th scope="row">') == 6


def test_a_sweep_without_points_cannot_be_drawn(run: Run, tmp_path: Path) -> None:
    refused = run("sweep", "lenet5", "--input", "4,5", "-o", tmp_path / "points.svg")
    assert refused.status == 2
    assert "there is no point to draw" in refused.err
    assert not list(tmp_path.iterdir())


def test_a_sweep_tells_which_of_several_inputs_varies(run: Run) -> None:
    assert run("sweep", "two_stream", "--batch", "1,2").out.split()[0] == "frame"
    assert run("sweep", "lenet5", "--batch", "1,2").out.split()[0] == "input"
