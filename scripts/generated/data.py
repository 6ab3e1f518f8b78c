"""docs/json.md: every key of every JSON result, with the types found in results of today."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
from pathlib import Path
from typing import Any

from cnncalc.cli import run
from generated.json_meanings import RESULTS, Result
from generated.markdown import code, table

FILES = Path(__file__).resolve().parent.parent.parent / "docs" / "files"
HEAD = """\
# JSON

Made by `scripts/reference_pages.py` from what the commands write with `--format json`; a key that is not
explained here fails the tests.

A result has its form in `schema`, such as `cnncalc.report/1`. Keys may be added; what stands changes only
with a new number. Numbers are exact whole numbers, never rounded; what is not known is `null`.
"""
WORDS = {
    "str": "text", "int": "whole number", "float": "number", "bool": "truth value",
    "NoneType": "`null`", "dict": "object", "list": "list",
}  # fmt: skip
ITEMS = {"str": "texts", "int": "whole numbers", "dict": "objects", "list": "lists"}


def page() -> str:
    """The page."""
    lines = [HEAD]
    with contextlib.chdir(FILES):
        for result in RESULTS:
            lines += [f"## {result.schema}", "", result.told, ""]
            lines += table(("key", "holds", "meaning"), rows(result))
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def rows(result: Result) -> list[tuple[str, str, str]]:
    """The keys that the result's commands write, each explained.

    Raises:
        KeyError: a key that is written and not explained, or explained and not written.
    """
    found: dict[str, set[str]] = {}
    for command in result.commands:
        data = written(command)
        if data.pop("schema") != result.schema:
            raise KeyError(f"{command} writes no {result.schema}")
        _collect(data, "", result.keys, found)
    unknown = [key for key in found if key not in result.keys]
    absent = [key for key in result.keys if key not in found]
    if unknown or absent:
        raise KeyError(f"{result.schema}: not explained: {unknown}; not written: {absent}")
    return [(code(key), _words(found[key]), told) for key, told in result.keys.items()]


def written(command: str) -> dict[str, Any]:
    """The JSON that a command writes."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream):
        run([*shlex.split(command), "--format", "json"])
    data: dict[str, Any] = json.loads(stream.buffer.getvalue())  # type: ignore[attr-defined]
    return data


def _collect(value: Any, path: str, keys: dict[str, str], found: dict[str, set[str]]) -> None:
    """The kinds of value at each path; below an object without keys of its own stand names."""
    if isinstance(value, dict):
        known = any(key.startswith(f"{path}.") for key in keys) if path else True
        for key, item in value.items() if known else ():
            below = f"{path}.{key}" if path else key
            found.setdefault(below, set()).add(_type(item))
            _collect(item, below, keys, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, f"{path}[]", keys, found)


def _type(value: Any) -> str:
    if not isinstance(value, list):
        return WORDS[type(value).__name__]
    kinds = sorted({type(item).__name__ for item in value})
    return f"list of {' or '.join(ITEMS[kind] for kind in kinds)}" if kinds else "list"


def _words(types: set[str]) -> str:
    if len(types) > 1 and any(word.startswith("list of") for word in types):
        types = types - {"list"}
    return ", ".join(sorted(types, key=lambda word: (word == "`null`", word)))
