"""docs/formats.md: which command writes which format, and what each looks like."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from cnncalc.api.reports import Report
from cnncalc.api.result import ENDINGS
from cnncalc.cli import COMMANDS, cli, run
from generated.markdown import code, table

ROOT = Path(__file__).resolve().parent.parent.parent
SHOWN = 14
"""So many lines of a format are shown."""
LANGUAGES = {
    "markdown": "markdown", "json": "json", "latex": "latex", "mermaid": "text", "dot": "dot",
    "html": "html", "svg": "xml",
}  # fmt: skip
TOLD = {
    "table": "What people read: as wide as the terminal, in colours there, without them in a pipe.",
    "text": "What people read: as wide as the terminal, in colours there, without them in a pipe.",
    "json": "For programs; [every key is explained](json.md).",
    "jsonl": "A line of JSON for each point, written as it is done.",
    "markdown": "A table for a page or a pull request; names are escaped.",
    "csv": "A row a layer with exact numbers, for spreadsheets and data frames.",
    "latex": "A paper's table, equal stages folded; needs the package `booktabs`.",
    "dot": "A drawing for Graphviz, a node a layer, or a block with `--depth 1`.",
    "mermaid": "A drawing for Mermaid, which GitHub and many editors show.",
    "html": (
        "One file for any browser, without a request to anywhere: the layer table (blocks fold, columns sort, a "
        "filter finds names and kinds), the network as a diagram, bytes alive, receptive fields and stages, findings "
        "with their reasons. Pointing at a layer draws what a unit of it sees and shows its arithmetic; `--depth` "
        "says how far blocks are open at first."
    ),
    "svg": (
        "A drawing for any page or paper, as vectors: maps as volumes on a stated scale, or with `--style blocks` "
        "layers as boxes."
    ),
    "png": 'The same as pixels, two for one of the SVG; needs `pip install "cnncalc[drawing]"`.',
    "pdf": 'The same as a page of its own size; needs `pip install "cnncalc[drawing]"`.',
    "github": "Annotations of GitHub Actions, beside the lines that they concern.",
    "sarif": "SARIF 2.1.0 for code scanning.",
}
"""What each format is for."""
OF_REPORTS = {end: name for end, name in ENDINGS.items() if name in Report.FORMATS}
"""Endings and formats of `export`."""
SEEN = ("html", "svg", "png", "pdf")
"""Formats whose text says nothing to a reader."""

HEAD = """\
# Formats

Made from the program by `scripts/reference_pages.py`. `--format` chooses, `-o FILE` writes a file, whole or not
at all; where a command has no `--format` its output has one form.
"""


def page() -> str:
    """The page."""
    lines = [HEAD, *table(("command", "formats"), [(code(n), f) for n, f in _formats()])]
    lines += [
        "",
        "In every command `-o FILE` chooses by the ending; those of `export`:",
        "",
        *table(("ending", "format"), [(code(end), name) for end, name in OF_REPORTS.items()]),
        "",
        "## What they look like",
        "",
        "Of this network:",
        "",
        "```yaml",
        (ROOT / "docs" / "files" / "small.yaml").read_text(encoding="utf-8").rstrip(),
        "```",
    ]
    for name in dict.fromkeys(OF_REPORTS.values()):
        lines += ["", f"### {name}", "", TOLD[name]]
        if name not in SEEN:
            lines += ["", *_excerpt(name)]
    others = {name for _, formats in _choices() for name in formats} - set(OF_REPORTS.values())
    lines += ["", "### Elsewhere", ""]
    lines += table(("format", "what it is"), [(name, TOLD[name]) for name in sorted(others)])
    return "\n".join(lines) + "\n"


def _choices() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Commands with the values of their `--format`."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for option in command.params:
            if option.name == "format" and isinstance(option.type, click.Choice):
                yield name, tuple(option.type.choices)


def _formats() -> list[tuple[str, str]]:
    return [(name, ", ".join(formats)) for name, formats in _choices()]


def _excerpt(name: str) -> list[str]:
    """The first lines of a format, long ones cut."""
    ending = next(ending for ending, format_ in OF_REPORTS.items() if format_ == name)
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "w") as log:
        target = Path(folder, f"small{ending}")
        with contextlib.redirect_stderr(log), contextlib.redirect_stdout(log):
            status = run(["export", str(ROOT / "docs" / "files" / "small.yaml"), "-o", str(target)])
        assert status == 0, name
        lines = target.read_text(encoding="utf-8").splitlines()
    shown = [line if len(line) < 110 else f"{line[:108]} …" for line in islice(lines, SHOWN)]
    if len(lines) > SHOWN:
        shown.append("…")
    # a lexer that meets a cut line or an ellipsis would warn, and a warning ends the build
    cut = any(line.endswith("…") for line in shown)
    return [f"````{'text' if cut else LANGUAGES.get(name, 'text')}", *shown, "````"]
