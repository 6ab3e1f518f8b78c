"""The page's scripts and styles, from the files beside this one."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = ("dom", "sight", "inspector", "table", "diagram", "charts", "report")
"""The scripts, each after those that it imports from."""

IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=function |const |class |async )", re.MULTILINE)


@cache
def script() -> str:
    """All scripts as one module that exports `mount`, without imports."""
    texts = [EXPORT.sub("", IMPORT.sub("", text(f"{name}.js"))) for name in MODULES]
    return "\n".join([*texts, "export { mount };\n"])


@cache
def style() -> str:
    """The styles."""
    return text("report.css")


def template() -> str:
    """The template of the file."""
    return text("page.html.jinja")


def text(name: str) -> str:
    """One of the files."""
    return (FOLDER / name).read_text(encoding="utf-8")
