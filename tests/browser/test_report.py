"""The page of a report: folding, sorting, filtering, pointing, by mouse and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cnncalc.api import analyze
from cnncalc.render.columns import COLUMNS
from cnncalc.render.numbers import human
from cnncalc.render.page import page_data, page_html, script, style
from cnncalc.render.rows import ViewOptions

Open = Callable[..., Any]

AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  const told = (node) => `${node.target.join(" ")} ${node.failureSummary}`;
  return found.violations.map((one) => `${one.id}: ${one.nodes.map(told).slice(0, 3)}`);
}"""


@cache
def text(net: str) -> str:
    return page_html(analyze(net))


@pytest.fixture
def report(opened: Open, tmp_path: Path) -> Open:
    """Open the page of a shipped network."""

    def report(net: str = "vgg16", width: int = 1400, scheme: str = "light") -> Any:
        path = tmp_path / f"{net}.html"
        path.write_text(text(net), encoding="utf-8")
        page = opened(path, width, scheme)
        page.wait_for_selector(".layers tbody tr")
        return page

    return report


def names(page: Any) -> list[str]:
    """The rows in sight, by their whole names."""
    found: list[str] = page.eval_on_selector_all(
        ".layers tbody tr",
        "(rows) => rows.map((row) => row.querySelector('.path').textContent"
        " + row.querySelector('.label').textContent)",
    )
    return found


def row(page: Any, name: str) -> Any:
    """The row of a layer or block."""
    place = names(page).index(name)
    return page.locator(".layers tbody tr").nth(place)


def cells(page: Any, key: str) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f".layers tbody td[data-key={key}]", "(cells) => cells.map((cell) => cell.textContent)"
    )
    return found


def head(page: Any, title: str) -> Any:
    return page.locator(".layers thead").get_by_role("button", name=title, exact=True)


def shown(page: Any) -> str:
    """The layer that is told of."""
    found: str = page.locator(".inspector h2").inner_text()
    return found


# -- the whole -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 760, 1400])
@pytest.mark.parametrize("net", ["vgg16", "googlenet", "unet", "two_stream", "resnet50"])
def test_it_fits_its_window_and_is_silent(net: str, width: int, scheme: str, report: Open) -> None:
    page = report(net, width, scheme)
    row(page, names(page)[0]).hover()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pane, table = page.locator(".panes > .table"), page.locator("table.layers")
    if net != "two_stream":  # what its units see of two inputs takes more room than there is
        wide = "(found) => [found.scrollWidth, found.clientWidth]"
        needed, room = table.evaluate(wide)
        assert needed <= room <= pane.bounding_box()["width"]


@pytest.mark.parametrize("width", [400, 1400])
def test_more_columns_than_there_is_room_for_scroll_by_themselves(
    width: int, opened: Open, tmp_path: Path
) -> None:
    path = tmp_path / "net.html"
    view = ViewOptions(exact=True, columns=tuple(COLUMNS))
    path.write_text(page_html(analyze("vgg16"), view), encoding="utf-8")
    page = opened(path, width)
    page.wait_for_selector(".wide-table tbody tr")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("net", ["vgg16", "googlenet", "unet"])
def test_nobody_is_shut_out(net: str, width: int, scheme: str, axe: str, report: Open) -> None:
    page = report(net, width, scheme)
    page.evaluate(axe)
    assert page.evaluate(AXE) == []
    layer = next(name for name in names(page) if row(page, name).get_attribute("class") == "layer")
    row(page, layer).click()
    page.wait_for_selector(".inspector .steps")
    page.eval_on_selector_all("details", "(all) => all.forEach((one) => { one.open = true; })")
    assert page.evaluate(AXE) == []


def test_dark_by_the_system_and_by_the_switch(report: Open) -> None:
    def ground(page: Any) -> int:
        colour = page.evaluate(
            "getComputedStyle(document.querySelector('.report')).backgroundColor"
        )
        return int(colour.partition("(")[2].partition(",")[0])

    page = report(scheme="dark")
    assert ground(page) < 60
    page.get_by_label("Colours").select_option("light")
    assert ground(page) > 200
    page.get_by_label("Colours").select_option("")
    assert ground(page) < 60
    page.emulate_media(color_scheme="light")
    assert ground(page) > 200
    page.get_by_label("Colours").select_option("dark")
    assert ground(page) < 60


def test_print_is_light_and_without_controls(report: Open) -> None:
    page = report(scheme="dark")
    page.get_by_label("Colours").select_option("dark")
    page.emulate_media(media="print")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert page.evaluate(scheme) == "light"
    for control in ("Filter layers by name and kind", "Colours"):
        assert not page.get_by_label(control).is_visible()
    assert not page.get_by_role("button", name="Larger").is_visible()
    assert page.locator(".layers").is_visible()
    assert page.locator(".diagram svg").is_visible()


def test_without_scripts_the_totals_stand_there(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    path.write_text(text("lenet5"), encoding="utf-8")
    page = opened(path, java_script_enabled=False)
    assert "LeNet-5" in page.inner_text("h1")
    assert "parameters" in page.inner_text("main")


# -- table -----------------------------------------------------------------------------------------


def test_blocks_fold_and_unfold(report: Open) -> None:
    page = report()
    assert names(page)[:3] == ["stage1", "stage1.conv1", "stage1.relu1"]
    row(page, "stage1").click()
    assert names(page)[:3] == ["stage1", "stage2", "stage2.conv1"]
    assert row(page, "stage1").get_attribute("aria-expanded") == "false"
    row(page, "stage1").click()
    assert len(names(page)) == 45
    page.get_by_role("button", name="Fold", exact=True).click()
    assert names(page)[:5] == ["stage1", "stage2", "stage3", "stage4", "stage5"]
    page.get_by_role("button", name="Unfold").click()
    assert len(names(page)) == 45


def test_columns_sort_down_up_and_back(report: Open) -> None:
    page = report()
    before = names(page)
    head(page, "params").click()
    assert names(page)[:3] == ["linear1", "linear2", "linear3"]
    assert page.locator(".layers th[data-key=params]").get_attribute("aria-sort") == "descending"
    assert page.locator("[role=status]").inner_text() == "sorted by params, descending"
    head(page, "params").click()
    assert names(page)[-1] == "linear1"
    head(page, "params").click()
    assert names(page) == before


def test_folded_blocks_are_sorted_with_their_sums(report: Open) -> None:
    page = report()
    page.get_by_role("button", name="Fold", exact=True).click()
    head(page, "MACs").click()
    assert names(page)[:2] == ["stage3", "stage4"]
    assert "stage3.conv1" not in names(page)


def test_texts_sort_by_their_letters_and_numbers(report: Open) -> None:
    page = report("googlenet")
    head(page, "layer").click()
    assert names(page)[:3] == ["auxiliary1", "auxiliary2", "conv_bn1"]
    head(page, "sees").click()
    assert cells(page, "field")[0] == "all"
    assert cells(page, "field")[-1] == "7/2"


def test_a_large_network_is_sorted(report: Open) -> None:
    page = report("densenet201")
    page.get_by_role("button", name="Unfold").click()
    assert len(names(page)) > 700
    head(page, "MACs").click()
    values = cells(page, "macs")
    assert len(values) == 707
    assert values[0] == human(max(layer.macs for layer in analyze("densenet201").layers))
    assert set(values[-100:]) == {""}


@pytest.mark.parametrize(
    ("terms", "found"),
    [("pool", 6), ("conv 64", 0), ("stage1 conv", 2), ("LINEAR", 3), ("3×3", 13), ("nothing", 0)],
)
def test_the_filter_finds_names_and_kinds(terms: str, found: int, report: Open) -> None:
    page = report()
    page.get_by_label("Filter layers by name and kind").fill(terms)
    layers = page.locator(".layers tbody tr.layer")
    assert layers.count() == found
    assert page.locator("[role=status]").inner_text() == f"{found} of 40 layers"
    page.get_by_label("Filter layers by name and kind").fill("")
    assert layers.count() == 40


def test_the_filter_looks_into_folded_blocks(report: Open) -> None:
    page = report("resnet50")
    page.get_by_role("button", name="Fold", exact=True).click()
    page.get_by_label("Filter layers by name and kind").fill("7×7")
    assert names(page) == ["conv_bn", "conv_bn.conv"]


# -- pointing --------------------------------------------------------------------------------------


def test_a_row_that_is_pointed_at_is_told(report: Open) -> None:
    page = report()
    assert shown(page) == "stage1.conv2"
    assert "busiest" in page.inner_text(".inspector")
    row(page, "stage2.conv1").hover()
    page.wait_for_selector(".inspector .steps")
    assert shown(page) == "stage2.conv1"
    said = page.inner_text(".inspector")
    assert "⌊(112 + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1" in said
    assert "[128 × 576] · [576 × 12544]" in said
    assert page.locator(".sights .field").count() == 1
    assert page.locator(".sights .window").count() == 1
    assert page.locator(".box.pointed").count() == 1
    page.mouse.move(5, 5)
    assert shown(page) == "stage1.conv2"


def test_the_receptive_field_is_drawn_where_it_is(report: Open) -> None:
    page = report()
    row(page, "stage1.conv2").click()
    field, window = page.locator(".sights .field"), page.locator(".sights .window")
    place = {name: field.get_attribute(name) for name in ("x", "y", "width", "height")}
    assert place == {"x": "109", "y": "109", "width": "5", "height": "5"}
    assert window.get_attribute("x") == "110"
    page.locator(".sights").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert (field.get_attribute("x"), field.get_attribute("y")) == ("110", "108")
    assert "112" in page.locator(".unit").inner_text()
    box = page.locator(".movable").bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    assert (field.get_attribute("x"), field.get_attribute("y")) == ("-2", "-2")


def test_a_row_is_chosen_and_shown_in_the_diagram(report: Open) -> None:
    page = report()
    row(page, "linear2").click()
    page.mouse.move(5, 5)
    assert shown(page) == "linear2"
    assert row(page, "linear2").get_attribute("aria-selected") == "true"
    chosen = page.locator(".box.chosen")
    view = page.locator(".diagram .view").bounding_box()
    assert view["y"] <= chosen.bounding_box()["y"] <= view["y"] + view["height"]


def test_a_box_is_chosen_and_shown_in_the_table(report: Open) -> None:
    page = report()
    page.get_by_role("button", name="Fold", exact=True).click()
    box = page.get_by_role("button", name="3×3 conv, 128 ×2 128×112×112")
    assert box.get_attribute("aria-description") == "stage2.conv1 and 3 more layers"
    box.hover()
    assert "pointed" in (row(page, "stage2").get_attribute("class") or "")
    box.click()
    assert shown(page) == "stage2.conv1"
    assert "stage2.conv1" in names(page)
    assert "chosen" in (row(page, "stage2.conv1").get_attribute("class") or "")


def test_a_chart_points_at_layers(report: Open) -> None:
    page = report()
    chart = page.locator(".chart.growth svg")
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 30.5 / 40, box["y"] + 20)
    assert shown(page) == "stage5.max_pool"
    assert page.inner_text(".chart.growth .here") == "212 in stage5.max_pool"
    assert "in stage5.max_pool" in page.inner_text(".chart.alive .here")


def test_a_finding_leads_to_its_layer(report: Open) -> None:
    page = report("googlenet")
    page.locator(".findings summary").first.click()
    page.get_by_role("button", name="show the layer").click()
    page.mouse.move(1, 1)  # away from the row that came under it
    assert shown(page) == "conv_bn1.conv"
    assert "conv_bn1.conv" in names(page)


def test_on_a_narrow_page_the_panel_comes_and_goes(report: Open) -> None:
    page = report(width=400)
    panel = page.locator(".inspector")
    assert not panel.is_visible()
    row(page, "stage1.conv1").click()
    assert panel.is_visible()
    row(page, "stage1.conv2").focus()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("tr.chosen").bounding_box()
    assert chosen["y"] + chosen["height"] <= panel.bounding_box()["y"], "the panel covers its row"
    page.get_by_role("button", name="Close").click()
    assert not panel.is_visible()


# -- keyboard --------------------------------------------------------------------------------------


def test_the_table_by_keyboard(report: Open) -> None:
    page = report()
    page.get_by_role("button", name="Unfold").focus()
    for _ in range(9):  # the heads that are shown, then the one row that takes the focus
        if page.evaluate("document.activeElement.tagName") != "TR":
            page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "TR"
    page.keyboard.press("ArrowDown")
    assert shown(page) == "stage1.conv1"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert names(page)[:2] == ["stage1", "stage2"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert names(page)[:3] == ["stage1", "stage2", "stage3"]
    page.keyboard.press("End")
    assert shown(page) == "linear3"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert names(page)[:2] == ["stage1", "stage1.conv1"]


def test_the_diagram_by_keyboard(report: Open) -> None:
    page = report()
    page.locator(".box.layer").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    first = shown(page)
    page.keyboard.press("ArrowUp")
    assert shown(page) != first
    page.keyboard.press("End")
    assert shown(page) == "linear3"
    focusable = page.eval_on_selector_all(".box[tabindex='0']", "(found) => found.length")
    assert focusable == 1


def test_the_diagram_zooms(report: Open) -> None:
    page = report()
    width = "parseFloat(document.querySelector('.view svg').getAttribute('width'))"
    before = page.evaluate(width)
    page.get_by_role("button", name="Larger").click()
    assert page.evaluate(width) == pytest.approx(before * 1.25)
    page.get_by_role("button", name="Fit the width").click()
    assert page.evaluate(width) == pytest.approx(before)


# -- hostile names ---------------------------------------------------------------------------------


HOSTILE = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'`]]>\\", "a\u202eb"]


@pytest.mark.parametrize("name", HOSTILE, ids=map(ascii, HOSTILE))
def test_hostile_names_are_drawn_as_texts(name: str, opened: Open, tmp_path: Path) -> None:
    path, layer = tmp_path / "net.html", name.replace(".", "")
    net = f"""{{name: {json.dumps(name)}, input: [3, 10, 10],
      layers: [{{conv: [4, 3, 2], name: {json.dumps(layer)}}}, relu]}}"""
    path.write_text(page_html(analyze(yaml=net)), encoding="utf-8")
    page = opened(path)
    page.wait_for_selector(".inspector .steps")
    told = "a\\u202eb" if "\u202e" in name else name
    assert page.inner_text("h1") == told
    assert names(page)[0] == shown(page) == (told if "\u202e" in name else layer)
    assert page.locator("img").count() == 0


# -- another network in its place ------------------------------------------------------------------


@pytest.fixture
def live(opened: Open, tmp_path: Path) -> Callable[..., Any]:
    """A page without data of its own, as a live one; `window.page` is what `mount` gives."""

    def live(options: str, data: dict[str, Any]) -> Any:
        path = tmp_path / "live.html"
        path.write_text(
            f"<!doctype html><html lang=en><style>{style()}</style><main></main>", encoding="utf-8"
        )
        page = opened(path)
        start = (
            f"window.page = mount(document.querySelector('main'), {json.dumps(data)}, {options});"
        )
        page.add_script_tag(content=f"{script()}\n{start}", type="module")
        page.wait_for_function("window.page")
        return page

    return live


def data(net: str, without: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    found = page_data(analyze(net, **more))
    return {key: value for key, value in found.items() if key not in without}


def test_an_update_keeps_what_was_folded_sorted_and_chosen(live: Callable[..., Any]) -> None:
    page = live("{}", data("vgg16"))
    row(page, "stage1").click()
    row(page, "stage2.conv1").click()
    head(page, "params").click()
    before = names(page)
    page.evaluate("(data) => page.update(data)", data("vgg16", input=(3, 96, 96)))
    assert names(page) == before
    page.mouse.move(1, 1)  # away from the row that came under it
    assert shown(page) == "stage2.conv1"
    assert "128×48×48" in page.inner_text(".inspector dl")
    head(page, "params").click()
    head(page, "params").click()
    assert "stage1.conv1" not in names(page)
    page.evaluate("(data) => page.update(data)", data("lenet5"))
    assert "stage1" not in names(page)
    assert page.inner_text("h1") == "LeNet-5"


def test_parts_come_later_and_explanations_are_asked_for(live: Callable[..., Any]) -> None:
    whole = data("vgg16")
    first = {key: whole[key] for key in whole if key not in ("diagram", "charts", "explanations")}
    explain = """{explain: async (number, name) => ({about: `${number} is ${name}`, steps: [],
      memory: [], notes: [], product: "", otherwise: [], field: []})}"""
    page = live(explain, first)
    assert not page.locator(".diagram").is_visible()
    page.evaluate("(data) => page.add(data)", {"diagram": whole["diagram"]})
    page.evaluate("(data) => page.add(data)", {"charts": whole["charts"]})
    assert page.locator(".box").count() > 10
    page.evaluate("page.select(3)")
    page.wait_for_selector(".about")
    assert page.inner_text(".about") == "3 is stage1.conv2"
    page.evaluate("page.select(null)")
    assert page.locator("tr.chosen").count() == 0
