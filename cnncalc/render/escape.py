"""Names and other foreign text, made harmless for each format."""

from __future__ import annotations

import re

MARKDOWN_SIGNS = re.compile(r"([\\`*\[\]|~#!<>&])|(?<!\w)_|_(?!\w)")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """For terminals and one-line text: what does not print is shown as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def markdown(text: str) -> str:
    """For GitHub-flavoured Markdown, table cells included."""
    return MARKDOWN_SIGNS.sub(_markdown_sign, plain(text))


def _markdown_sign(match: re.Match[str]) -> str:
    sign = match.group()
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, "\\" + sign)


def cell(text: str) -> str:
    """For CSV: what a spreadsheet would take for a formula begins with an apostrophe."""
    text = plain(text)
    return "'" + text if text.startswith(FORMULA_SIGNS) else text
