"""The documentation is current, and its examples work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers import KINDS
from cnncalc.render.reference import example, page

ROOT = Path(__file__).parent.parent
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", LANGUAGE, re.MULTILINE | re.DOTALL)


def test_layers_page_is_current() -> None:
    assert (ROOT / "docs" / "layers.md").read_text(encoding="utf-8") == page()


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


MEMORY = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
SESSIONS = re.findall(
    r"^```console\n\$ cnncalc (.*?)\n(.*?)^```$", MEMORY, re.MULTILINE | re.DOTALL
)


ANSWERS = re.findall(
    r"^```console\n\$ cnncalc (.*?)\n(.*?)^```$",
    (ROOT / "docs" / "answers.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize(
    ("command", "shown"), [*SESSIONS, *ANSWERS], ids=[line for line, _ in [*SESSIONS, *ANSWERS]]
)
def test_console_example(
    command: str, shown: str, run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(*shlex.split(command)).out == shown


def test_every_line_of_memory_is_explained() -> None:

    for _, shown in SESSIONS:
        for line in re.findall(r"^([a-z0-9… ]+?)  +\S+ [KMG]?i?B", shown, re.MULTILINE):
            assert line in MEMORY.replace("weights, buffers", "weights"), line


def test_every_key_is_in_the_language_page() -> None:
    from cnncalc.language.forms.document import KEYS
    from cnncalc.language.forms.form import COMMON_KEYS

    for key in (*COMMON_KEYS, *KEYS):
        assert f"`{key}`" in LANGUAGE, key
