"""The documentation is current, and its examples work."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import examples
import pytest
import reference_pages
import site_links

from cnncalc.cli import COMMANDS, cli
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers import KINDS
from cnncalc.render.reference import example

ROOT = Path(__file__).parent.parent
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", LANGUAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", sorted(reference_pages.PAGES))
def test_generated_page_is_current(name: str) -> None:
    """`python scripts/reference_pages.py` writes it."""
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert page == reference_pages.PAGES[name]()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_is_documented(name: str) -> None:
    """It says what it is for and what each option does, and a page shows it at work."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    for option in command.params:
        assert isinstance(option, click.Argument) or getattr(option, "help", None), option.name
    shown = [
        page
        for page in examples.pages()
        if re.search(rf"^\$ cnncalc {name}\b", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert shown, "no page has an example of it"


@pytest.mark.parametrize("text", EXAMPLES)
def test_language_example(text: str) -> None:
    assert Network(Source("example.yaml", text)).graph().layers


# what an example needs around it: its input, and layers before it
SURROUNDINGS = {
    "permute": ("[16, 32]", []),
    "linear": ("[16]", []),
    "rbf": ("[16]", []),
    "reshape": ("[25088]", []),
    "max_unpool": ("[4, 8, 8]", ["{max_pool: 2, name: pool1}"]),
    "crop": ("[4, 8, 8]", ["{conv: [4, 3], name: conv1}", "{conv_transpose: [4, 3]}"]),
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_kind_example(name: str) -> None:
    size, before = SURROUNDINGS.get(name, ("[16, 32, 32]", []))
    lines = [f"input: {size}", "layers:", *(f"  - {layer}" for layer in before)]
    text = "\n".join([*lines, f"  - {example(KINDS[name])}"])
    layers = Network(Source("example.yaml", text)).graph().layers
    assert layers[-1].kind.name == name


PAGES = [str(page.relative_to(ROOT)) for page in examples.pages()]


@pytest.mark.parametrize("page", PAGES)
def test_examples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of a page, run again, prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    found = examples.outcome(ROOT / page)
    assert found.text == (ROOT / page).read_text(encoding="utf-8")
    for name in found.missing:
        pytest.importorskip(name, reason=f"{name} is missing; the page's other examples passed")


WITHOUT_EXAMPLES = {
    "docs/index.md": "the front page",
    "docs/zh/index.md": "the front page",
    "docs/commands.md": "made from the commands",
    "docs/counters.md": "its table is what `reconcile` says of single layers",
    "docs/files.md": "made from the table of formats",
    "docs/formats.md": "what it shows is written when it is made",
    "docs/json.md": "held to results when it is made",
    "docs/python.md": "its examples are Python",
    "docs/coming_from.md": "its examples are Python",
    "docs/syntax.md": "made from the language's tables",
    "docs/layers.md": "the example of each kind is run by test_kind_example",
    "docs/rules.md": "the examples of each rule are run by tests/rules",
    "docs/zoo.md": "its table is made from the networks themselves",
}


@pytest.mark.parametrize("page", PAGES)
def test_page_has_an_example(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"^\$ cnncalc [^\n]*\n(?!\$ |```)", text, re.MULTILINE)
    assert bool(shown) != (page in WITHOUT_EXAMPLES)


TRANSLATED = {
    "README.zh.md": "README.md",
    "docs/zh/tutorial.md": "docs/tutorial.md",
    "docs/zh/theory.md": "docs/theory.md",
}


@pytest.mark.parametrize("page", TRANSLATED)
def test_translation_shows_the_same(page: str) -> None:
    """Its files, commands and outputs are some of the English page's, in the same order."""
    fences = re.compile(r"^```\w*\n.*?^```$", re.MULTILINE | re.DOTALL)
    english = iter(fences.findall((ROOT / TRANSLATED[page]).read_text(encoding="utf-8")))
    for block in fences.findall((ROOT / page).read_text(encoding="utf-8")):
        assert block in english, "not in the English page, or there in front of the one before"


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Links of the pages as they stand in the repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_site_tells_of_broken_links(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<h1 id="top">x</h1><a href="#top">x</a><a href="#gone">x</a>'
        '<a href="sub/#there">x</a><a href="none.html">x</a><a href="https://example.org">x</a>'
        '<script src="https://example.org/x.js"></script><img src="data:,">'
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<p id="there">x</p><a href="../">x</a>')
    assert site_links.broken(tmp_path) == [
        "index.html:1: #gone: no such place in the page",
        "index.html:1: none.html: no such file",
        "index.html:1: https://example.org/x.js: fetched from another origin",
    ]


def test_search_parts_both_languages() -> None:
    """Chinese has no spaces: every two neighbouring characters are found."""
    pytest.importorskip("sphinx")
    sys.path.insert(0, str(ROOT / "docs" / "_site"))
    try:
        from bilingual import words
    finally:
        sys.path.pop(0)
    assert words("一个 3×3 卷积的感受野 (r_2)") == [
        "一个", "3", "3", "卷积", "积的", "的感", "感受", "受野", "r_2",
    ]  # fmt: skip
    assert words("核 kernel核") == ["核", "kernel", "核"]


MEMORY = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"^```console\n(.*?)^```$", MEMORY, re.MULTILINE | re.DOTALL)


def test_every_line_of_memory_is_explained() -> None:

    for shown in SESSIONS:
        for line in re.findall(r"^([a-z0-9… ]+?)  +\S+ [KMG]?i?B", shown, re.MULTILINE):
            assert line in MEMORY.replace("weights, buffers", "weights"), line


def test_every_key_is_in_the_language_page() -> None:
    from cnncalc.language.forms.document import KEYS
    from cnncalc.language.forms.form import COMMON_KEYS

    for key in (*COMMON_KEYS, *KEYS):
        assert f"`{key}`" in LANGUAGE, key
