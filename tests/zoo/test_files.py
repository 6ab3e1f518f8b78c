"""The shipped files: short, complete, and readable."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

import pytest

from cnncalc.analysis.overview import YEAR
from cnncalc.api import validate
from cnncalc.language import zoo
from cnncalc.language.load import load

NAMES = zoo.names()
FILES = {name: Path(zoo.folder(), f"{name}.yaml") for name in NAMES}
ORDER = ("extends", "name", "source", "input", "parameters", "blocks", "layers")
WIDEST = 120


def content(name: str) -> list[str]:
    """Lines that say something: neither empty nor a comment alone."""
    lines = FILES[name].read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize("name", NAMES)
def test_name_source_and_input(name: str) -> None:
    network = load(name)
    assert network.name != name
    assert network.origin
    assert YEAR.search(network.origin)
    assert "input" in network.keys


def test_no_two_have_the_same_name() -> None:
    titles = [load(name).name for name in NAMES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_file_is_tidy(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    keys = re.findall(r"^([a-z]+):", text, re.MULTILINE)
    assert keys == sorted(keys, key=ORDER.index)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= WIDEST
        assert line.isascii()


@pytest.mark.parametrize("name", NAMES)
def test_no_longer_than_sixty_lines(name: str) -> None:
    assert len(content(name)) <= 60


def test_median_length() -> None:
    assert median(len(content(name)) for name in NAMES) < 30
    whole = [name for name in NAMES if not content(name)[0].startswith("extends")]
    assert median(len(content(name)) for name in whole) < 35


@pytest.mark.parametrize("name", NAMES)
def test_no_errors(name: str) -> None:
    assert [finding for finding in validate(name) if finding.severity == "error"] == []
