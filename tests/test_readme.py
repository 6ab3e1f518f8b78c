"""Every command and number of the README, run."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from cnncalc.cli import run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, list[str]]]:
    """Commands of the console blocks, each with the output that the README shows."""
    found: list[tuple[str, list[str]]] = []
    for language, text in BLOCKS:
        if language != "console":
            continue
        for line in text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (text,) = [text for language, text in BLOCKS if language == "yaml"]
    (tmp_path / "first.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.mark.parametrize(("command", "expected"), sessions(), ids=lambda value: str(value)[:40])
def test_console(
    workplace: Path, capsys: pytest.CaptureFixture[str], command: str, expected: list[str]
) -> None:
    program, *arguments = shlex.split(command)
    assert program == "cnncalc"
    status = run(arguments)
    assert status == 0
    shown = capsys.readouterr().out.splitlines()
    position = 0
    skip = False
    for line in expected:
        if line == "...":
            skip = True
            continue
        if skip:
            assert line in shown[position:], line
            position = shown.index(line, position)
        else:
            assert shown[position] == line
        position += 1
        skip = False
    assert skip or position == len(shown), shown[position:]
    assert len(expected) > 1, "a command whose output is not shown proves nothing"


def test_python() -> None:
    (text,) = [text for language, text in BLOCKS if language == "python"]
    test = doctest.DocTestParser().get_doctest(text, {}, "README", None, 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted > 2
    assert result.failed == 0


def test_install_commands() -> None:
    commands = [text.strip() for language, text in BLOCKS if not language]
    assert commands == [
        "pip install . && cnncalc analyze vgg16",
        'pip install ".[test]" && pytest',
    ]


def test_picture_is_current() -> None:
    """The SVG holds what the command prints today."""
    from cnncalc import analyze
    from cnncalc.render.console import svg
    from cnncalc.render.report import document

    drawn = (ROOT / "docs" / "vgg16.svg").read_text(encoding="utf-8")
    assert svg(document(analyze("vgg16")), "cnncalc analyze vgg16", 112) == drawn


def test_links() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
