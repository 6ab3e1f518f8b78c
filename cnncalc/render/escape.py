"""Names and other foreign text, made harmless for each format."""

from __future__ import annotations

import re

MARKDOWN_SIGNS = re.compile(r"([\\`*\[\]|~#!<>&])|(?<!\w)_|_(?!\w)")
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
    return MARKDOWN_SIGNS.sub(_markdown_sign, plain(text))


def _markdown_sign(match: re.Match[str]) -> str:
    sign = match.group()
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(sign, "\\" + sign)


def cell(text: str) -> str:
    """For CSV: what a spreadsheet would take for a formula begins with an apostrophe."""
    text = plain(text)
    return "'" + text if text.startswith(FORMULA_SIGNS) else text


def dot(text: str) -> str:
    """For a text in double quotes of Graphviz, which reads backslashes and HTML's entities."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def mermaid(text: str) -> str:
    """For a text in double quotes of Mermaid: signs that mean something there go by number."""
    return "".join([c if c.isalnum() or c in " _-.,/()×–" else f"#{ord(c)};" for c in plain(text)])


LATEX_SIGNS = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\textasciigrave{}",
    "[": "{[}", "]": "{]}", "*": "{*}", '"': "''", "'": "{'}",
    "×": r"$\times$", "–": r"\textendash{}", "−": "$-$", "·": r"$\cdot$", "…": r"\dots{}", "’": "'",
    **{sign: "\\" + sign for sign in "{}$&#_%"},
}  # fmt: skip


def latex(text: str) -> str:
    """For LaTeX's text, with nothing but its core; letters beyond Latin go by their numbers."""
    signs = "".join([LATEX_SIGNS.get(c) or _latex_sign(c) for c in plain(text)])
    return re.sub("-(?=-)", "-{}", signs)  # two would be a dash


def _latex_sign(sign: str) -> str:
    from unicodedata import decomposition

    if sign.isascii():
        return sign
    base, _, mark = decomposition(sign).partition(" ")
    if "\u00c0" <= sign <= "\u017f" and mark in LATEX_MARKS:
        return f"\\{LATEX_MARKS[mark]}{{{chr(int(base, 16))}}}"
    return LATEX_LETTERS.get(sign) or f"U+{ord(sign):04X}"


LATEX_MARKS = {
    "0300": "`", "0301": "'", "0302": "^", "0303": "~", "0304": "=", "0306": "u", "0307": ".",
    "0308": '"', "030A": "r", "030B": "H", "030C": "v", "0327": "c",
}  # fmt: skip
"""LaTeX's accents by Unicode's combining marks."""
LATEX_LETTERS = {"ß": r"\ss{}", "ø": r"\o{}", "Ø": r"\O{}", "æ": r"\ae{}", "Æ": r"\AE{}",
                 "ł": r"\l{}", "Ł": r"\L{}", "œ": r"\oe{}", "ı": r"\i{}"}  # fmt: skip
