"""Any bytes as a file: a status, a message, never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, Outcome

from cnncalc.analysis.report import Report
from cnncalc.cli import run as run_command
from cnncalc.diagnostics import SpecError
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers import KINDS
from cnncalc.render.json import report_json
from cnncalc.shapes import WindowLimitError

Run = Callable[..., Outcome]


def looked_at(source: Source) -> list[str]:
    """The rules that a file breaks; none where it is a network that can be analyzed."""
    try:
        elaboration = Network(source).elaborate()
        findings = elaboration.diagnostics
        if elaboration.graph is not None:
            json.loads(report_json(Report(elaboration.graph)))
            return []
    except SpecError as error:
        findings = error.diagnostics
    except WindowLimitError:
        return ["limit-exceeded"]
    assert findings
    for finding in findings:
        assert finding.place is not None
        assert finding.place.line >= 1
        assert finding.place.column >= 1
    return [finding.rule for finding in findings]


@given(st.binary(max_size=200))
@settings(max_examples=150)
def test_any_bytes(data: bytes) -> None:
    try:
        rules = looked_at(Source.decode("net.yaml", data))
    except SpecError as error:
        rules = [error.diagnostics[0].rule]
    assert rules  # no such file is a network by chance


signs = st.sampled_from([*"[]{}:,-?&*!|>'\"%@`#~ \n\t.", "a", "1", "relu", "- ", ": ", "\n  "])


@given(st.lists(signs, max_size=60).map("".join))
@settings(max_examples=150)
def test_any_signs_of_yaml(text: str) -> None:
    assert looked_at(Source("net.yaml", text))
    assert looked_at(Source("net.yaml", f"input: [3, 8, 8]\nlayers:\n  - {text}\n")) is not None


words = st.sampled_from(
    ["relu", "conv", "a", "input", "true", "no", "~", "channels", "2 * channels", "1 / 0", "x.y",
     "same", "block", "9 ** 9 ** 9", "-1", "0", "[1, 2]", "1e3", "0x1", ""]
)  # fmt: skip
scalars = words | st.integers(-3, 40) | st.floats(allow_nan=False) | st.booleans() | st.none()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["filters", "kernel", "if", "layers", "relu"]), inner,
                      max_size=3),
    max_leaves=8,
)  # fmt: skip
kinds = st.sampled_from([*sorted(KINDS), "layers", "block", "nothing"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file that is nearly right: real kinds with real options of any values."""
    layers: list[object] = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(kinds)
        options = sorted(KINDS[kind].options) if kind in KINDS else ["x", "y"]
        inside = draw(
            values
            | st.lists(st.integers(1, 9), max_size=4)
            | (
                st.dictionaries(st.sampled_from(options), st.integers(1, 6) | values, max_size=5)
                if options
                else st.none()
            )
        )
        keys = ["name", "from", "repeat", "if", "output", "share"]
        common = draw(st.dictionaries(st.sampled_from(keys), scalars, max_size=2))
        layers.append({kind: inside, **common})
    file: dict[str, object] = {
        "input": draw(st.lists(st.integers(1, 12), min_size=1, max_size=4) | values),
        "layers": layers,
        "blocks": {"block(x, y=1)": [{"conv": ["x", "y"]}]},
    }
    if draw(st.booleans()):
        file["parameters"] = draw(values)
    return yaml.safe_dump(file, sort_keys=False, default_flow_style=draw(st.booleans()))


@given(files())
@settings(max_examples=250)
def test_any_file(text: str) -> None:
    assert looked_at(Source("net.yaml", text)) is not None


@given(files(), st.integers(0, 400), st.sampled_from(list("[]{}:,-&*'\"# \n\t0x")))
@settings(max_examples=150)
def test_any_slip_of_the_pen(text: str, position: int, sign: str) -> None:
    position %= len(text)
    assert looked_at(Source("net.yaml", text[:position] + sign + text[position:])) is not None


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "unet"])
def test_every_cut_of_a_file(name: str) -> None:
    """A file that ends too early at any character is a network or is refused."""
    text = (ROOT / "specs" / f"{name}.yaml").read_text()
    assert looked_at(Source("net.yaml", text)) == []
    refused = [bool(looked_at(Source("net.yaml", text[:end]))) for end in range(0, len(text), 7)]
    assert sum(refused) > len(refused) // 4


@given(st.lists(st.text(max_size=20).filter(lambda text: "\0" not in text), max_size=4))
@settings(max_examples=100)
def test_any_arguments(arguments: list[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run_command(["analyze", *arguments])
    assert status in (0, 2)
    assert "Traceback" not in err.getvalue()


@pytest.mark.parametrize("net", ["/", "/dev", "..", ".", "~", "/proc/self/mem", "a:b", "-", "--"])
def test_odd_places(net: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    shown = run("analyze", net)
    assert (shown.status, shown.out) == (2, "")


def test_a_folder_in_place_of_a_shipped_network(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vgg16").mkdir()
    (tmp_path / "vgg16.yaml").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run("analyze", "vgg16").status == 0
    assert run("analyze", "vgg16.yaml").status == 2
