"""Foreign text in names and sources comes out harmless in every format."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html import escape as escape_html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Outcome, report

from cnncalc.render import escape
from cnncalc.render.console import rendered
from cnncalc.render.csv import report_csv
from cnncalc.render.json import report_json
from cnncalc.render.markdown import report_markdown
from cnncalc.render.notebook import report_html
from cnncalc.render.report import document as page

Run = Callable[..., Outcome]
Write = Callable[..., Path]

HOSTILE = [
    "[bold red]x[/bold red]",
    "[/]",
    "[link=http://a.b]x[/link]",
    "a|b",
    "| a | b |",
    "`code`",
    "*a* _b_ **c** ~~d~~",
    "[a](http://example.com)",
    "![a](http://example.com/a.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "# heading",
    "\\|",
    "=1+1",
    "+1",
    "-1+1|cmd",
    "@SUM(A1)",
    "'=1",
    'a"b',
    "a,b",
    "a;b",
    "%s %n {0} {x}",
    "$(id) `id` ${IFS}",
    "../../etc/passwd",
    "CON",
    "é́́́",
    "漢字かな",
    "👩‍👩‍👧",
    "ــ",
]
CONTROLS = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://a.b\x1b\\x",
    "\x9b31m",
    "a\u202eb",
    "a\u2066b\u2069",
    "a\u200bb",
    "a\ufeffb",
    "a\u2028b",
    "a\x85b",
    "a\tb",
    "a\x08\x08b",
    "a\x7fb",
    "a\u00adb",
    "\U000e0041",
]
ALL = [*HOSTILE, *CONTROLS]
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def harmless(text: str) -> bool:
    """Whether nothing but printable text and line ends is there."""
    return all(character.isprintable() or character == "\n" for character in text)


def quoted(text: str) -> str:
    """A text in double quotes, as YAML takes it."""
    escapes = {1: "\\x{:02x}", 2: "\\u{:04x}", 4: "\\U{:08x}"}

    def sign(character: str) -> str:
        if character in '"\\':
            return "\\" + character
        if character.isprintable():
            return character
        code = ord(character)
        return escapes[1 if code < 256 else 2 if code < 65536 else 4].format(code)

    return f'"{"".join(map(sign, text))}"'


def net(name: str) -> str:
    """A network with a name everywhere that a file can have one, and findings on the layer."""
    return f"""\
name: {quoted(name)}
source: {quoted(name)}
input: [3, 10, 10]
layers:
  - {{conv: [4, 3, 2], name: {quoted(undotted(name))}}}
  - {{max_pool: [2, 3], from: {quoted(undotted(name))}}}
"""


def undotted(name: str) -> str:
    """The name that a layer can have: dots lead into blocks."""
    return name.replace(".", "·")


def cells(line: str) -> list[str]:
    """The cells of a Markdown table's line, as GitHub divides it."""
    return re.split(r"(?<!\\)\|", line.strip())[1:-1]


@pytest.mark.parametrize("name", ALL, ids=ascii)
def test_every_format(name: str) -> None:
    found = report(net(name))
    assert found.name == name
    assert found.layers[0].name == undotted(name)

    data = json.loads(report_json(found))
    assert (data["name"], data["layers"][0]["name"]) == (name, undotted(name))

    rows = list(csv.reader(io.StringIO(report_csv(found))))
    assert {len(row) for row in rows} == {len(rows[0])}
    cell, shown = rows[1][1], escape.plain(undotted(name))
    assert cell.lstrip("'") in (shown, shown.lstrip("'"))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(report_csv(found))

    document = report_markdown(found)
    assert harmless(document)
    lines = document.splitlines()
    assert lines[0].startswith("# ")
    table = [line for line in lines if line.startswith("|")]
    assert {len(cells(line)) for line in table[:4]} == {8}
    assert "<" not in document.replace("&lt;", "")
    assert not re.search(r"(?<!\\)[\[\]`]", document)

    html = report_html(found)
    assert harmless(html)
    assert "<script" not in html
    assert f">{escape_html(shown)}</td>" in html

    for width in (None, 80, 30):
        assert harmless(rendered(page(found), width))
        assert harmless(ESCAPES.sub("", rendered(page(found), width, colour=True)))
    assert shown in rendered(page(found))


@pytest.mark.parametrize("name", ALL, ids=ascii)
def test_messages(name: str, run: Run, write: Write) -> None:
    """Names and keys in error messages, on a terminal and as JSON."""
    text_of_name = quoted(name)
    texts = [
        f'{{"input": [3], "layers": [{{"relu": null, "from": {text_of_name}}}]}}',
        f'{{"input": [3], "layers": [{text_of_name}]}}',
        f'{{"input": [3], "layers": [{{"linear": {{{text_of_name}: 3}}}}]}}',
        f'{{"input": [3], "layers": [{{"linear": {text_of_name}}}]}}',
        f'{{"input": [3], "layers": ["relu"], {text_of_name}: 3}}',
        f'{{"input": [3], "layers": ["relu"], "parameters": {{{text_of_name}: 3}}}}',
        f'{{"input": [3], "layers": ["relu"], "blocks": {{{text_of_name}: ["relu"]}}}}',
        f'{{"extends": {text_of_name}}}',
    ]
    for text in texts:
        path = write(text)
        refused = run("analyze", path)
        assert harmless(refused.out + refused.err), text
        if refused.status == 0:  # `+1` is a size, and `CON` a parameter
            continue
        assert refused.status == 2, text  # with the table as far as it is known
        shown = run("validate", path)
        assert shown.status == 1, text
        assert harmless(shown.out), text
        for format_ in ("json", "github", "sarif"):
            other = run("validate", path, "--format", format_)
            assert other.status == 1, (text, format_)
            if format_ != "github":
                json.loads(other.out)


@pytest.mark.parametrize("name", CONTROLS, ids=ascii)
def test_raw_characters_in_a_source_line(name: str, run: Run, write: Write) -> None:
    """The line that a message shows is the file's own, and does nothing to the terminal."""
    path = write(f"input: [3]\nlayers:\n  - rlu  # {name}\n")
    refused = run("analyze", path)
    assert (refused.status, refused.out) == (2, "")
    assert harmless(refused.err)


@pytest.mark.parametrize("name", ["\x1b[31mred.yaml", "a\u202eb.yaml", "a\nb.yaml", "[red]x.yaml"])
def test_file_names(name: str, run: Run, write: Write) -> None:
    bad = run("analyze", write("layers: [rlu]", name))
    assert bad.status == 2
    assert harmless(bad.err)
    assert len(bad.err.splitlines()) < 12
    missing = run("analyze", f"no/{name}")
    assert missing.status == 2
    assert harmless(missing.err)
    good = run("analyze", write("input: [3, 8, 8]\nlayers: [conv: [3, 3, 2]]", name))
    assert good.status == 0
    assert harmless(good.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("\x1b[31m",),
        ("analyze", "vgg16", "--set", "\x1b[31m=1"),
        ("analyze", "vgg16", "--set", "classes=\x1b[31m"),
        ("analyze", "vgg16", "--input", "\x1b[31m"),
        ("analyze", "vgg16", "--columns", "\x1b[31m"),
        ("analyze", "vgg16", "--format", "\x1b[31m"),
        ("analyze", "vgg16", "--\x1b[31m"),
        ("layers", "\x1b[31m"),
        ("zoo", "\x1b[31m"),
        ("export", "vgg16", "-o", "a.\x1b[31m"),
    ],
    ids=lambda arguments: " ".join(map(ascii, arguments)),
)
def test_arguments(arguments: tuple[str, ...], run: Run) -> None:
    refused = run(*arguments)
    assert (refused.status, refused.out) == (2, "")
    assert harmless(refused.err)


@given(st.text(max_size=40))
def test_plain_prints_and_keeps_what_prints(text: str) -> None:
    shown = escape.plain(text)
    assert shown.isprintable()
    assert (shown == text) == text.isprintable()


@given(st.text(max_size=40))
def test_markdown_breaks_no_table(text: str) -> None:
    shown = escape.markdown(text)
    assert shown.isprintable()
    assert len(cells(f"| {shown} | b |")) == 2
    assert not re.search(r"(?<!\\)(?:\\\\)*[|`*\[\]<>]", shown)


@given(st.text(max_size=40))
def test_a_csv_cell_is_no_formula(text: str) -> None:
    shown = escape.cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert "\n" not in shown
    (row,) = csv.reader(io.StringIO(f'"{shown.replace(chr(34), chr(34) * 2)}"\n'))
    assert row == [shown]
