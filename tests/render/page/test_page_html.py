"""The page as a file: one element of data, a policy that forbids requests, harmless names."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, zoo_report

from cnncalc.api import analyze
from cnncalc.render.page import page_html, script, style
from cnncalc.render.page.assets import FOLDER, MODULES

Run = Callable[..., Outcome]

HOSTILE = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--", "]]>", "--><b>",
    "\"'`", "\\", "\\u003c/script>", "a\u202eb", "a\u2066b", "a\u2028b\u2029c", "{{ 7 * 7 }}",
    "{% raw %}", "&lt;b&gt;", "<img src=x onerror=alert(1)>", "${1}", "漢字", "\x00\x1b[31m",
]  # fmt: skip


class Elements(HTMLParser):
    """The elements of a file, with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)


def data_of(text: str) -> dict[str, Any]:
    """The data that a page's script reads."""
    (found,) = [text for tag, names, text in Elements(text).found if names.get("id") == "data"]
    data: dict[str, Any] = json.loads(found)
    return data


def test_it_asks_nothing_of_anybody() -> None:
    text = page_html(zoo_report("lenet5"))
    for tag, attributes, _ in Elements(text).found:
        assert not {"src", "href", "srcset", "action", "style"} & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert "url(" not in style()
    assert "@import" not in style()
    assert not re.search(r"\b(fetch|XMLHttpRequest|innerHTML|outerHTML|eval|import\()", script())


def test_its_policy_allows_its_own_script_and_styles_alone() -> None:
    found = Elements(page_html(zoo_report("lenet5"))).found
    (policy,) = [names["content"] for tag, names, _ in found if "http-equiv" in names]
    rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
    assert rules["default-src"] == "'none'"
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}

    def hashed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    scripts = [text for tag, names, text in found if names.get("type") == "module"]
    styles = [text for tag, _, text in found if tag == "style"]
    assert [rules["script-src"]] == [hashed(text) for text in scripts]
    assert [rules["style-src"]] == [hashed(text) for text in styles]


@pytest.mark.parametrize("name", HOSTILE, ids=[ascii(name) for name in HOSTILE])
def test_hostile_names_are_texts(name: str) -> None:
    layer = name.replace(".", "")
    quoted = json.dumps(layer)  # JSON is YAML
    text = page_html(
        analyze(
            yaml=f"name: {json.dumps(name)}\nsource: {json.dumps(name)}\ninput: [3, 10, 10]\n"
            f"layers: [{{conv: [4, 3, 2], name: {quoted}}}, {{max_pool: [2, 3], from: {quoted}}}]"
        )
    )
    usual = Elements(page_html(analyze(yaml="input: [3, 10, 10]\nlayers: [conv: [4, 3, 2]]"))).found
    found = Elements(text).found
    assert {tag for tag, _, _ in found} <= {tag for tag, _, _ in usual} | {"p"}
    assert len([tag for tag, _, _ in found if tag == "script"]) == 2
    data = data_of(text)
    rows = [row for row in data["table"]["rows"] if not row[3]]
    assert rows[0][2] == layer
    assert all(character.isprintable() for character in rows[0][1] + data["name"])
    assert unescape(data["name"]) == data["name"] or "&" in name


def test_a_byte_that_is_no_utf_8_stays_a_number() -> None:
    text = page_html(analyze(yaml='name: "a"\ninput: [3, 4, 4]\nlayers: [relu]'))
    text.encode()
    assert data_of(text)["name"] == "a"


def test_scripts_are_one_module_without_imports() -> None:
    text = script()
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export { mount };"]
    assert {path.stem for path in FOLDER.glob("*.js")} == set(MODULES)
    names = re.findall(r"^(?:async )?(?:function|const|class) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "scripts that are put together share their names"


def test_export(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    assert run("export", "lenet5", "--depth", "1", "--batch", "2", "-o", path).status == 0
    data = data_of(path.read_text(encoding="utf-8"))
    assert data["name"] == "LeNet-5"
    assert "batch 2" in data["heading"]
    assert data["table"]["open"] == 1


@pytest.mark.parametrize("option", [["--kinds", "conv"], ["--with-input"]])
def test_what_chooses_rows_does_nothing_there(option: list[str], run: Run, tmp_path: Path) -> None:
    shown = run("export", "lenet5", *option, "-o", tmp_path / "net.html")
    assert shown.status == 2
    assert f"`{option[0]}` does nothing in HTML" in shown.err
    assert list(tmp_path.iterdir()) == []


def test_python_gives_the_same_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.html"
    run("export", "lenet5", "-o", path)
    assert analyze("lenet5").to_html() == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("net", "most"), [("resnet50", 400_000), ("vgg16", 150_000)])
def test_size(net: str, most: int) -> None:
    assert len(page_html(analyze(net)).encode()) < most
