"""`analyze --watch`, driven in a terminal of its own."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import ROOT, Outcome

Run = Callable[..., Outcome]

BASE = "input: [3, 32, 32]\nlayers:\n  - conv: {filters: 8, kernel: 3}\n  - relu\n"
PATIENCE = 30.0
"""Seconds until a terminal that shows nothing has failed."""


class Terminal:
    """A command in a pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        import pty
        import termios

        self.own, other = pty.openpty()
        self.attributes = termios.tcgetattr(other)
        self.other = other
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cnncalc", *arguments],
            stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True,
            preexec_fn=lambda: _control(other),
        )  # fmt: skip
        self.text = ""

    def until(self, pattern: str) -> str:
        """What it shows from here up to a pattern."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.text, re.DOTALL)):
            ready, _, _ = select.select([self.own], [], [], max(end - time.monotonic(), 0))
            assert ready, f"waited for {pattern!r}, saw {self.text!r}"
            self.text += os.read(self.own, 65536).decode()
        seen, self.text = self.text[: found.end()], self.text[found.end() :]
        return seen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.own)
        os.close(self.other)


def _control(terminal: int) -> None:
    """Make it the terminal whose Ctrl-C reaches the process."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Terminal, Path]]:
    pytest.importorskip("watchfiles", reason="the package watchfiles is not installed")
    pytest.importorskip("pty", reason="there are no pseudo-terminals")
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\nparameters: {}\n")
    terminal = Terminal("analyze", str(tmp_path / "mine.yaml"), "--watch")
    yield terminal, tmp_path
    terminal.close()


def test_each_save_is_shown_and_the_terminal_left_clean(watched: tuple[Terminal, Path]) -> None:
    import termios

    terminal, folder = watched
    first = terminal.until("and 1 file that it extends · Ctrl-C ends")
    assert first.startswith("\x1b[H\x1b[2J")
    assert "8×30×30" in first

    # written in place
    (folder / "base.yaml").write_text(BASE.replace("filters: 8", "filters: 16"))
    terminal.until("16×30×30.*Ctrl-C ends")

    # by a rename, as many editors save
    new = folder / ".base.yaml.swp"
    new.write_text(BASE.replace("filters: 8", "filters: 24"))
    os.replace(new, folder / "base.yaml")
    terminal.until("24×30×30.*Ctrl-C ends")

    # what is known, and the mistakes
    (folder / "base.yaml").write_text(BASE.replace("relu", "rleu"))
    seen = terminal.until("did you mean `relu`.*Ctrl-C ends")
    assert "✗" in seen

    # nothing at all, and then mended
    (folder / "base.yaml").unlink()
    terminal.until("cannot read .*base.yaml.*Ctrl-C ends")
    (folder / "base.yaml").write_text(BASE.replace("filters: 8", "filters: 32"))
    terminal.until("32×30×30.*Ctrl-C ends")

    # a file that was never there
    (folder / "mine.yaml").write_text("extends: other.yaml\n")
    terminal.until("cannot read .*other.yaml.*Ctrl-C ends")
    (folder / "other.yaml").write_text(BASE.replace("filters: 8", "filters: 40"))
    terminal.until("40×30×30.*Ctrl-C ends")

    os.write(terminal.own, b"\x03")
    assert terminal.process.wait(PATIENCE) == 130
    assert termios.tcgetattr(terminal.other) == terminal.attributes
    left = terminal.until(r"\^C\r?\n$")
    assert "Traceback" not in left
    assert not re.search(r"\x1b\[\?\d+[lh]", left)  # no mode of the terminal is changed


def test_piped(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles", reason="the package watchfiles is not installed")
    path = tmp_path / "mine.yaml"
    path.write_text(BASE)
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "cnncalc", "analyze", str(path), "--watch"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("8×30×30" in line for line in lines)
    path.write_text(BASE.replace("filters: 8", "filters: 16"))
    assert any("16×30×30" in line for line in lines)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert "\x1b" not in process.stdout.read()
    process.stdout.close()


REFUSED = [
    (["-"], "`--watch` needs a file"),
    (["lenet5", "-o", "table.txt"], "`--watch` shows the table on the terminal"),
    (["lenet5", "--format", "json"], "`--watch` shows the table on the terminal"),
    (["net.onnx"], "`--watch` is for architecture files"),
    (["missing.yaml"], "cannot read missing.yaml"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refused(arguments: list[str], message: str, run: Run) -> None:
    refused = run("analyze", *arguments, "--watch")
    assert (refused.status, refused.out) == (2, "")
    assert message in refused.err


def test_without_its_package(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    refused = run("analyze", "lenet5", "--watch")
    assert (refused.status, refused.out) == (2, "")
    assert 'pip install "cnncalc[watch]"' in refused.err
