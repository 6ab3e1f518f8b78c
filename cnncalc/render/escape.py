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
        "⌊": "[", "⌋": "]", "⌈": "[", "⌉": "]", "≈": "~", "±": "+", "÷": "/", "′": "'",
        "“": '"', "”": '"', "’": "'", "▲": "^",
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╴╶╵╷", "+"),
        **dict(zip("αβγδεζηκλμνπρστφωΠΣΦΔ", "abgdezhklmnprstfwPSFD", strict=True)),
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

    What has no such form (a name in Chinese) becomes question marks. A dot with blanks around it
    is a product behind a bracket or within backquotes, and elsewhere divides phrases.
    """
    lacking = {sign for sign in set(text) if not _encodes(sign, encoding)}
    if "·" in lacking:
        text = re.sub(
            r"(?<!\]) · (?=[^`\n]*(?:`[^`\n]*`[^`\n]*)*$)", " | ", text, flags=re.MULTILINE
        )
        text = text.replace("·", "*")
    return text.translate({ord(sign): _form(sign) for sign in lacking})


def _form(sign: str) -> str:
    """What stands for a sign, in as many cells: its own form, its base letter, question marks."""
    from unicodedata import combining, east_asian_width, normalize

    if known := ASCII_FORMS.get(ord(sign)):
        return known
    cells = 0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
    base = normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return base if len(base) == cells else "?" * cells


def _encodes(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


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
