"""The examples of the README and the documentation, run; their outputs brought up to date.

    python scripts/examples.py [--check] [PAGE ...]

A page is run from top to bottom in a folder of its own, where the files of `docs/files/` lie:

- a fenced block whose first line is `# NAME.yaml` (or `.py`) is written as that file;
- of a `console` block every line that begins with `$ ` is run, and what it prints, standard output
  and errors together, on a pipe and at 80 columns, stands below it; a line of three dots stands
  for whatever is between the lines in front of it and those behind it;
- a `python` block with `>>> ` is run as a doctest; names live until the page ends;
- a block behind `<!-- needs: torch -->` is left alone where that package is missing.

`cat FILE` and `echo $?` (the last exit status) are understood beside `cnncalc`.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import importlib.util
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "docs" / "files"
BLOCK = re.compile(
    r"^(?:<!-- needs: (?P<needs>[\w, ]+) -->\n)?(?P<open>```(?P<language>\w*)[^\n]*\n)"
    r"(?P<text>.*?)(?P<close>^```)$",
    re.MULTILINE | re.DOTALL,
)
NAMED = re.compile(r"# ([\w./-]+\.(?:yaml|py))\n")


def pages() -> list[Path]:
    """Every page whose examples are run."""
    return [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


class Outcome(NamedTuple):
    """A page as it should read, how many commands were run, and what was missing for others."""

    text: str
    commands: tuple[str, ...]
    missing: tuple[str, ...]


class Session:
    """One page's examples, in the order in which they stand."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.missing: list[str] = []
        self._status = 0
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def block(self, found: re.Match[str]) -> str:
        """A fenced block as it should read."""
        text = found["text"]
        absent = [name for name in _names(found["needs"]) if importlib.util.find_spec(name) is None]
        if absent:
            self.missing += absent
        elif found["language"] == "console":
            text = self._console(text)
        elif found["language"] == "python" and ">>> " in text:
            text = self._python(text)
        elif name := NAMED.match(text):
            path = Path(name[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        begin, end = found.span("text")
        whole = found[0]
        return whole[: begin - found.start()] + text + whole[end - found.start() :]

    def _console(self, text: str) -> str:
        lines: list[str] = []
        if not text.startswith("$ "):
            raise SystemExit(f"a console block begins with a command, not with {text[:40]!r}")
        for part in re.split(r"^(?=\$ )", text, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            lines += [command, *_cut(self._run(command[2:]), shown)]
        return "\n".join(lines) + "\n"

    def _run(self, command: str) -> list[str]:
        program, *arguments = shlex.split(command)
        self.commands.append(command)
        if program == "cat":
            return Path(*arguments).read_text(encoding="utf-8").splitlines()
        if command == "echo $?":
            return [str(self._status)]
        if program != "cnncalc":
            raise SystemExit(f"not understood: {command}")
        from cnncalc.cli import run

        data = io.BytesIO()
        stream = io.TextIOWrapper(data, encoding="utf-8", write_through=True)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            self._status = run(arguments)
        return data.getvalue().decode("utf-8").splitlines()

    def _python(self, text: str) -> str:
        found = []
        for part in doctest.DocTestParser().parse(text):
            if isinstance(part, str):
                found.append(part)
                continue
            first, *rest = part.source.splitlines()
            prompts = [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
            self.commands.append(first)
            found.append("\n".join(prompts) + "\n" + self._evaluate(part.source))
        return "".join(found)

    def _evaluate(self, source: str) -> str:
        """What the interpreter prints, with an error's last line as doctest wants it."""
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            try:
                exec(compile(source, "<page>", "single"), self._names)
            except Exception as error:
                print("Traceback (most recent call last):\n    ...")
                print("".join(traceback.format_exception_only(error)), end="")
        return shown.getvalue()


def _names(needs: str | None) -> list[str]:
    return [name.strip() for name in (needs or "").split(",") if name.strip()]


def _cut(lines: list[str], shown: list[str]) -> list[str]:
    """An output as a page shows it: whole, or with three dots for its middle.

    Behind the dots it goes on where it did; where that line is gone, with as many lines.
    """
    if "..." not in shown:
        return lines
    first = shown.index("...")
    behind = shown[first + 1 :]
    begin = len(lines) - len(behind)
    if behind and behind[0] in lines[first:]:
        begin = first + lines[first:].index(behind[0])
    return [*lines[:first], "...", *lines[begin:]]


def outcome(page: Path) -> Outcome:
    """A page run where it may write, in the current folder."""
    shutil.copytree(FILES, Path(), dirs_exist_ok=True)
    session = Session()
    text = BLOCK.sub(session.block, page.read_text(encoding="utf-8"))
    return Outcome(text, tuple(session.commands), tuple(session.missing))


def main(arguments: list[str]) -> int:
    """Rewrite the pages, or tell what would change."""
    check = "--check" in arguments
    named = [Path(name).resolve() for name in arguments if not name.startswith("-")]
    os.environ["COLUMNS"] = "80"
    stale = 0
    for page in named or pages():
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            found = outcome(page)
        current = page.read_text(encoding="utf-8")
        name = str(page.relative_to(ROOT))
        if found.missing:
            print(f"{name}: not run for want of {', '.join(sorted(set(found.missing)))}")
        if found.text == current:
            continue
        stale += 1
        change = difflib.unified_diff(
            current.splitlines(), found.text.splitlines(), name, name, lineterm=""
        )
        print("\n".join(change))
        if not check:
            page.write_text(found.text, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
