"""`cnncalc export`: formats by ending, and files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

from cnncalc import output as common
from cnncalc.diagnostics import UsageError

Run = Callable[..., Outcome]

ENDINGS = [
    ("report.md", "markdown"), ("report.MD", "markdown"), ("report.markdown", "markdown"),
    ("report.json", "json"), ("report.csv", "csv"), ("a.b.json", "json"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "format"), ENDINGS)
def test_ending(name: str, format: str, run: Run, tmp_path: Path) -> None:
    shown = run("export", "lenet5", "-o", tmp_path / name)
    assert (shown.status, shown.out) == (0, "")
    assert f"wrote {tmp_path / name}" in shown.err
    assert (tmp_path / name).read_text() == run("analyze", "lenet5", "--format", format).out
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_format_in_place_of_the_ending(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    assert run("export", "lenet5", "--format", "json", "-o", path).status == 0
    assert json.loads(path.read_text())["schema"] == "cnncalc.report/1"


@pytest.mark.parametrize("name", ["report", "report.docx", "report.", ".json.bak"])
def test_an_unknown_ending(name: str, run: Run, tmp_path: Path) -> None:
    shown = run("export", "lenet5", "-o", tmp_path / name)
    assert (shown.status, shown.out) == (2, "")
    assert "no format goes with the ending" in shown.err
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_report(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    run("export", "resnet18", "-o", path, "--depth", "1", "--layout", "channels-last")
    text = path.read_text()
    assert "stage1," in text
    assert "112x112x64" in text


def test_an_existing_file_keeps_its_permissions(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o640)
    assert run("export", "lenet5", "-o", path).status == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.read_text().startswith("{")


def test_a_new_file_has_the_usual_permissions(run: Run, tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    assert run("export", "lenet5", "-o", tmp_path / "new.json").status == 0
    usual, new = ((tmp_path / name).stat().st_mode for name in ("usual", "new.json"))
    assert new == usual


def test_a_link_stays_a_link(run: Run, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    assert run("export", "lenet5", "-o", link).status == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["name"] == "LeNet-5"


@pytest.mark.parametrize("broken", ["replace", "fsync", "chmod"])
def test_an_existing_file_is_kept_when_writing_fails(
    broken: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    shown = run("export", "lenet5", "-o", path)
    assert (shown.status, shown.out) == (2, "")
    assert "no space left on device" in shown.err
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_an_interrupted_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        common.write_file(str(path), "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_bad_network_leaves_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    net = tmp_path / "net.yaml"
    net.write_text("layers: [rlu]")
    assert run("export", net, "-o", path).status == 2
    assert path.read_text() == "old"


def test_places_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder.json"
    folder.mkdir()
    (tmp_path / "file").write_text("")
    for path in (folder, tmp_path / "missing" / "a.json", tmp_path / "file" / "a.json",
                 tmp_path / ("x" * 300 + ".json")):  # fmt: skip
        shown = run("export", "lenet5", "-o", path)
        assert (shown.status, shown.out) == (2, ""), path
        assert shown.err.startswith("error: "), path


def test_a_long_name_fits(run: Run, tmp_path: Path) -> None:
    assert run("export", "lenet5", "-o", tmp_path / ("x" * 250 + ".json")).status == 0


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    common.write_file("/dev/null", "text")
    assert not Path("/dev/null").is_file()
    with pytest.raises(UsageError, match="is a directory"):
        common.write_file(str(tmp_path), "text")
