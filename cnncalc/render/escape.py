"""Names and other foreign text, made harmless for each format."""

from __future__ import annotations

import re

MARKDOWN_SIGNS = r"([\\`*\[\]|~#!<>&])|(?<!\w)_|_(?!\w)"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


ASCII_FORMS = str.maketrans(
    {
        "×": "x", "−": "-", "–": "-", "—": "-", "…": "~", "→": ">", "←": "<", "≤": "<", "≥": ">",
        "∞": "*", "✓": "+", "✗": "!", "⋮": ":", "□": "o", "■": "#", "░": ".", "▒": ":", "▓": "#",
        "█": "#", "▉": "#", "▊": "#", "▋": "=", "▌": "=", "▍": "-", "▎": "-", "▏": "-",
        "─": "-", "━": "=", "│": "|", "┃": "|", "•": "*", "●": "*", "∎": "#",
        "⌊": "[", "⌋": "]", "⌈": "[", "⌉": "]", "²": "2", "³": "3", "“": '"', "”": '"', "’": "'",
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╴╶╵╷", "+"),
        **dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)),
        **dict(zip("▁▂▃▄▅▆▇", "_.:-=+*", strict=True)),
    }
)  # fmt: skip
"""For the signs that the program itself writes, one of the same width."""


def plain(text: str) -> str:
    """For terminals and one-line text: what does not print is shown as an escape."""
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else _escaped(c) for c in text])


def _escaped(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # a byte of a file name that is no UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()


def legible(text: str, encoding: str) -> str:
    """The text in an encoding that lacks some of its signs: ASCII forms keep their columns.

    What has no such form (a name in Chinese) becomes question marks.
    """
    lacking = {sign for sign in set(text) if not _encodes(sign, encoding)}
    if "·" in lacking:
        text = text.replace(" · ", " | ").replace("·", "*")
    forms = {ord(sign): ASCII_FORMS.get(ord(sign)) or "?" * _cells(sign) for sign in lacking}
    return text.translate(forms)


def _encodes(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _cells(sign: str) -> int:
    from unicodedata import combining, east_asian_width

    return 0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1


def markdown(text: str) -> str:
    """For GitHub-flavoured Markdown, table cells included."""
    return re.sub(MARKDOWN_SIGNS, _markdown_sign, plain(text))


def _markdown_sign(match: re.Match[str]) -> str:
    sign = match.group()
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, "\\" + sign)


def cell(text: str) -> str:
    """For CSV: what a spreadsheet would take for a formula begins with an apostrophe."""
    text = plain(text)
    return "'" + text if text.startswith(FORMULA_SIGNS) else text
