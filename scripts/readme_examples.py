"""Bring the outputs that the README and some pages show up to date.

    python scripts/readme_examples.py

Where an output is cut with a line of three dots, as many lines stay in front of and behind it
as there are now.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from pathlib import Path

from cnncalc.cli import run

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = (ROOT / "docs" / "answers.md", ROOT / "docs" / "memory.md")


def output(command: str) -> list[str]:
    """What a command prints, piped, at 80 columns."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="utf-8")
    with contextlib.redirect_stdout(stream):
        run(shlex.split(command)[1:])
    return data.getvalue().decode("utf-8").splitlines()


def current(session: str) -> str:
    """A console block with the outputs of today."""
    command, *shown = session.strip("\n").split("\n")
    lines = output(command.removeprefix("$ "))
    if "..." in shown:
        first = shown.index("...")
        behind = len(shown) - shown.index("...") - 1
        lines = [*lines[:first], "...", *lines[len(lines) - behind :]]
    return "\n".join([command, *lines]) + "\n"


def brought_up(text: str) -> str:
    """A page with the outputs of today."""
    return re.sub(
        r"(```console\n)(.*?)(```)",
        lambda block: block[1] + current(block[2]) + block[3],
        text,
        flags=re.DOTALL,
    )


def main() -> None:
    """Rewrite the files."""
    network = re.search(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert network is not None
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("first.yaml").write_text(network[1], encoding="utf-8")
        for page in (README, *PAGES):
            page.write_text(brought_up(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
