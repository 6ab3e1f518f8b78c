"""The page's calculator as its worker asks it."""

from __future__ import annotations

import json
from typing import Any

from calculator.answers import Calculator

from cnncalc.language.load import find


def asked(text: str, ask: str = "report", **more: Any) -> dict[str, Any]:
    """The answer to one request about a text."""
    request = json.dumps({"ask": ask, "text": text, **more})
    found: dict[str, Any] = json.loads(Calculator().answer(request))
    return found


def text_of(name: str) -> str:
    """The file of a shipped network."""
    return find(name).text


def edited(text: str, edit: dict[str, Any], value: str) -> str:
    """A text after the edit of a control."""
    lines = text.split("\n")
    assert edit["line"] == edit["end_line"]
    line = lines[edit["line"] - 1]
    before, after = line[: edit["column"] - 1], line[edit["end_column"] - 1 :]
    lines[edit["line"] - 1] = before + edit["before"] + value + edit["after"] + after
    return "\n".join(lines)
