"""The page in a browser: what it shows is the program's, and it asks nobody for anything."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.language import zoo
from cnncalc.render import summary
from cnncalc.render.columns import COLUMNS
from cnncalc.render.rows import ViewOptions, rows
from web.visiting import PATIENCE, Visit, visit

TEN = "input: [3, 64, 64]\nlayers:\n" + "".join(
    f"  - conv: {{filters: 8, kernal: {size}}}\n" for size in range(1, 11)
)
ENDLESS = "input: [1, 32, 32]\nlayers:\n  - conv: [1, 3, 1, 1]\n    repeat: 99999\n"
WIDTHS = (360, 768, 1024, 1366, 1920, 2560)


def totals(found: Visit) -> list[tuple[str, str, str]]:
    """The totals that the page shows."""
    lines = found.tab.locator(".totals tr").all()
    return [tuple(line.locator("th, td").all_text_contents()) for line in lines]


def test_the_numbers_of_every_shipped_network_are_the_commands(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open()
        for name in zoo.names():
            found.choose(name)
            report = cnncalc.analyze(name)
            assert totals(found) == summary.totals(report), name
            with found.tab.expect_download() as waiting:
                found.tab.locator("#save").click()
                found.tab.locator('#formats [data-text="saveCsv"]').click()
            text = Path(waiting.value.path()).read_text(encoding="utf-8")
            told, ours = (list(csv.reader(io.StringIO(one))) for one in (text, report.to_csv()))
            assert told == ours, name


@pytest.mark.parametrize("name", ["vgg16", "unet", "googlenet", "siamese_patches"])
def test_the_table_is_that_of_the_program(browser: Any, address: str, name: str) -> None:
    with visit(browser, address) as found:
        found.open(f"#net={name}")
        found.tab.get_by_role("button", name="Unfold").click()
        shown = found.tab.locator("table.layers tbody tr.layer")
        ours = rows(cnncalc.analyze(name))
        assert shown.count() == len(ours)
        for line, row in zip(shown.all(), ours, strict=True):
            for key in ("output", "field", "params", "macs", "memory"):
                cell = line.locator(f'td[data-key="{key}"]').text_content().strip()
                assert cell == COLUMNS[key].cell(row, ViewOptions()), (name, row.name, key)


def test_notes_stand_behind_the_lines(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=vgg16")
        told = found.tab.locator(".cm-note").all_text_contents()
        assert "64×112×112 · sees 6/2 · 38.7K" in told


def test_ten_mistakes_are_shown_as_ten_and_mended_by_a_click(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.type(TEN)
        found.settled("examined")
        assert found.tab.locator("#findings li.error").count() == 10
        assert found.tab.locator(".cm-lintRange-error").count() == 10
        assert "stale" in found.tab.locator("#report").get_attribute("class")
        for left in range(9, -1, -1):
            found.tab.locator("#findings li.error .repair").first.click()
            found.settled("examined")
            assert found.tab.locator("#findings li.error").count() == left
        assert found.text() == TEN.replace("kernal", "kernel")
        assert totals(found) == summary.totals(cnncalc.analyze(yaml=found.text()))


def test_a_slider_writes_into_the_file(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=resnet101")
        field = found.tab.get_by_role("spinbutton", name="classes")
        for value in ("1", "10", "107"):
            field.fill(value)
            found.settled()
        assert "parameters: {classes: 107, conv4: 23}" in found.text()
        assert totals(found)[0] == summary.totals(cnncalc.analyze(yaml=found.text()))[0]
        found.choose("vgg16")
        found.tab.get_by_role("switch", name="norm").check()
        found.settled()
        assert totals(found)[0] == summary.totals(cnncalc.analyze("vgg16_bn"))[0]


def test_a_network_that_takes_too_long_is_stopped_and_said_so(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.type(ENDLESS)
        typed = found.tab.locator(".cm-content")
        found.tab.wait_for_selector("html[data-stopped]", timeout=PATIENCE, state="attached")
        assert "Stopped after 10 seconds" in found.tab.locator("#notice").text_content()
        typed.focus()
        found.tab.keyboard.type("x")  # the editor has never waited
        found.choose("lenet5")
        assert totals(found) == summary.totals(cnncalc.analyze("lenet5"))


def test_a_link_is_the_network(browser: Any, address: str) -> None:
    text = "# ünïcode: 卷积\ninput: [3, 33, 35]\nlayers:\n  - conv: {filters: 7, kernel: [3, 5]}\n"
    with visit(browser, address) as first:
        first.open("#net=lenet5")
        first.type(text)
        first.tab.locator('[data-setting="batch"]').fill("3")
        first.settled("examined")
        first.tab.wait_for_url("**#file=*", timeout=PATIENCE)
        fragment = first.tab.url.partition("#")[2]
    with visit(browser, address) as second:
        second.open(f"#{fragment}")
        assert second.text() == text
        assert totals(second) == summary.totals(cnncalc.analyze(yaml=text, batch=3))
        assert second.tab.locator("#net").get_attribute("data-net") == ""


DAMAGED = ["#file=AAAA", "#net=nosuch", "#file=", "#batch=-1", "#%%%", "#net=vgg16&batch=1e99"]


@pytest.mark.parametrize("fragment", DAMAGED)
def test_a_damaged_link_opens_a_shipped_network(browser: Any, address: str, fragment: str) -> None:
    with visit(browser, address) as found:
        found.open(fragment)
        assert found.tab.locator("#net").get_attribute("data-net") == "vgg16"


def test_the_switch_puts_the_page_in_chinese_and_back(browser: Any, address: str) -> None:
    with visit(browser, address, locale="en-US") as found:
        found.open("#net=lenet5")
        assert found.tab.locator("html").get_attribute("lang") == "en"
        found.tab.locator("#language").click()
        assert found.tab.locator("html").get_attribute("lang") == "zh-Hans"
        assert found.tab.locator("#share").text_content() == "复制链接"
        found.tab.reload()
        found.tab.wait_for_selector("html[data-answered]", timeout=PATIENCE)
        assert found.tab.locator("#share").text_content() == "复制链接"
        found.tab.locator("#language").click()
        assert found.tab.locator("#share").text_content() == "Copy link"


def test_the_report_speaks_the_language_too(browser: Any, address: str) -> None:
    with visit(browser, address, locale="zh-CN") as found:
        found.open("#net=lenet5")
        titles = found.tab.locator("#report table.layers thead th").all_text_contents()
        assert titles == ["层", "#", "类型", "输出", "感受野", "参数", "MACs", "内存"]
        found.tab.locator("#language").click()
        titles = found.tab.locator("#report table.layers thead th").all_text_contents()
        assert titles[:4] == ["layer", "#", "kind", "output"]


def test_every_word_of_the_report_is_one_that_it_says() -> None:
    root = Path(__file__).parents[2]
    chinese = (root / "web" / "src" / "texts" / "zh.js").read_text(encoding="utf-8")
    words = re.findall(r"(?m)^    (?:\"([^\"]+)\"|(\w+)):", chinese.split("ofReport")[1])
    said = "".join(
        path.read_text(encoding="utf-8") for path in (root / "cnncalc/render/page").glob("*.js")
    )
    titles = {column.title for column in COLUMNS.values()} | {"parameters", "peak memory", "layers"}
    for quoted, bare in words:
        word = quoted or bare
        assert word in titles or f'"{word}"' in said, word


def test_both_languages_say_the_same_things() -> None:
    folder = Path(__file__).parents[2] / "web" / "src" / "texts"
    keys = []
    for language in ("en", "zh"):
        lines = (folder / f"{language}.js").read_text(encoding="utf-8").split("\n")
        own = [line for line in lines if line.startswith("  ") and line[2].isalpha()]
        keys.append([line.split(":")[0].strip() for line in own])
    assert keys[0] == keys[1]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_and_axe_finds_nothing(
    browser: Any, address: str, width: int, scheme: str
) -> None:
    axe = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: `python web/build.py` does it")
    context = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    # the page's policy lets no script in that is not its own
    with visit(browser, address, bypass_csp=True, **context) as found:
        found.open("#net=unet")
        found.settled("examined")
        found.tab.locator(".diagram svg").first.wait_for(state="attached", timeout=PATIENCE)
        found.tab.evaluate(axe.read_text(encoding="utf-8"))
        for view in ("left", "right", "axis"):
            button = found.tab.locator(f'[data-view="{view}"]')
            if not button.is_visible():
                continue
            button.click()
            wide = found.tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, view
            checked = found.tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
            told = [
                (one["id"], node["target"], node["failureSummary"])
                for one in checked["violations"]
                for node in one["nodes"]
            ]
            assert not told, (view, told)


def test_the_page_opens_without_a_network_once_it_was_loaded(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
        found.tab.context.set_offline(True)
        found.tab.reload()
        found.tab.wait_for_selector("html[data-answered]", timeout=PATIENCE)
        assert totals(found) == summary.totals(cnncalc.analyze("lenet5"))


def test_everything_can_be_done_by_keyboard(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.tab.locator("body").press("Tab")
        assert found.tab.locator(":focus").get_attribute("class") == "skip"
        found.tab.locator(".cm-content").focus()
        found.tab.keyboard.press("Control+End")
        found.tab.keyboard.press("Tab")  # leaves the editor
        assert found.tab.locator(".cm-content:focus").count() == 0


def test_one_axis_answers_as_the_command_does(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.tab.locator('[data-view="axis"]').click()
        answer = found.tab.locator("#axis-answer")
        answer.get_by_text("the stride tiles the input").wait_for(timeout=PATIENCE)
        found.tab.locator("#axis-form").get_by_label("Input").fill("224")
        answer.get_by_text("54.25").first.wait_for(timeout=PATIENCE)


def test_a_chosen_layer_is_shown_at_every_width(browser: Any, address: str) -> None:
    for width in (360, 768, 1024, 1280, 1366, 1440, 1600, 1920, 2560):
        with visit(browser, address, viewport={"width": width, "height": 800}) as found:
            found.open("#net=unet")
            if width < 900:
                found.tab.locator('[data-view="right"]').click()
            row = found.tab.locator("table.layers tbody tr.layer").nth(9)
            row.click()
            panel = found.tab.locator(".inspector")
            panel.locator("h2").wait_for(timeout=PATIENCE)
            line, box = row.bounding_box(), panel.bounding_box()
            assert line["y"] >= 0, width
            beside = box["x"] >= line["x"] + line["width"]
            assert beside or line["y"] + line["height"] <= box["y"] + 1, (width, line, box)
            assert box["x"] >= 0, (width, box)
            assert box["x"] + box["width"] <= width + 1, (width, box)
            table = found.tab.locator(".panes > .table").bounding_box()
            assert table["width"] >= min(width - 40, 500), (width, table)
            found.tab.keyboard.press("Escape")
            assert found.tab.locator("tr.chosen").count() == 0, width
            assert beside or not panel.is_visible(), width


def test_a_file_is_kept_over_a_reload_and_undo_brings_it_back(browser: Any, address: str) -> None:
    text = "name: Mine\ninput: [3, 9, 9]\nlayers: [relu]\n"
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.type(text)
        found.settled("examined")
        found.tab.goto(address)
        found.tab.wait_for_selector("html[data-noted]", timeout=PATIENCE)
        assert found.text() == text
        found.choose("vgg16")
        found.tab.go_back()
        found.tab.wait_for_function(
            "document.querySelector('.cm-content').innerText.includes('Mine')"
        )
        found.settled()
        found.choose("vgg16")
        found.tab.locator(".cm-content").focus()
        found.tab.keyboard.press("Control+z")
        found.settled()
        assert found.text() == text
        found.tab.locator("#net").click()
        assert found.tab.locator("#net-list li", has_text="Mine").count() == 1


def test_a_new_line_goes_on_where_the_list_does(browser: Any, address: str) -> None:
    typed = ["conv: [32, 3]", "relu", "add:", "[]", "[relu]"]
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.type("input: [3, 9, 9]\nlayers:")
        for line in typed:
            found.tab.keyboard.press("Escape")
            found.tab.keyboard.press("Enter")
            found.tab.keyboard.insert_text(line)
        assert found.text() == (
            "input: [3, 9, 9]\nlayers:\n  - conv: [32, 3]\n  - relu\n"
            "  - add:\n      - []\n      - [relu]"
        )


def test_the_first_table_is_there_before_python(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.tab.route("**/worker.js", lambda route: route.abort())
        found.tab.goto(address)
        found.tab.locator("table.layers tbody tr").first.wait_for(timeout=5000)
        assert totals(found) == summary.totals(cnncalc.analyze("vgg16"))
        found.tab.unroute("**/worker.js")
        found.tab.goto("about:blank")
        found.tab.wait_for_timeout(100)


def test_completion_offers_the_kinds_and_hover_tells_of_them(browser: Any, address: str) -> None:
    with visit(browser, address) as found:
        found.open("#net=lenet5")
        found.type("input: [3, 9, 9]\nlayers:\n  - avg_pool: 2\n  - ")
        found.tab.keyboard.type("glob")
        options = found.tab.locator(".cm-tooltip-autocomplete li")
        options.filter(has_text="global_avg_pool").wait_for(timeout=PATIENCE)
        found.tab.keyboard.press("Escape")
        found.tab.locator(".cm-line .tok-propertyName", has_text="avg_pool").first.hover()
        found.tab.locator(".cm-tooltip-hover .told").wait_for(timeout=PATIENCE)
