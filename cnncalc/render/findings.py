"""Findings as text: the message, the source line with the place underlined, what to write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import Diagnostic, Fix, summarize
from cnncalc.render.escape import plain

Style = Callable[[str, str], str]
"""Colours a text: `style(text, "error")`."""

WIDEST_EXCERPT = 120


def unstyled(text: str, role: str) -> str:
    """No colour."""
    return text


def one_line(finding: Diagnostic) -> str:
    """A finding in one line, as below a table."""
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    times = f" ({finding.times} times)" if finding.times > 1 else ""
    place = f" [{plain(str(finding.place))}]" if finding.place else ""
    return f"{layer}{plain(finding.message)}{times}{place}"


def block(finding: Diagnostic, style: Style = unstyled) -> str:
    """A finding with its source line, where it was used, and what to write instead."""
    severity = finding.severity
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    lines = [
        style(f"{severity}[{finding.rule}]", severity)
        + style(f": {layer}{plain(finding.message)}", "message")
    ]
    place = finding.place
    gutter = len(str(place.line)) if place else 1
    if place is not None:
        lines.append(" " * gutter + style("--> ", "frame") + plain(str(place)))
        lines += _excerpt(finding, gutter, style)
    remarks = [f"used at {plain(str(use))}" for use in finding.used[:4]]
    if len(finding.used) > 4:
        remarks.append(f"and {len(finding.used) - 4} uses around it")
    if finding.times > 1:
        remarks.append(f"the same in {finding.times} uses")
    if finding.hint:
        remarks.append(f"{style('help', 'help')}: {plain(finding.hint)}")
    for fix in finding.fixes:
        word = "fix" if fix.safe else "unsafe fix" if fix.edits else "or"
        remarks.append(f"{style(word, 'help')}: {plain(fix.description)}")
    lines += [f"{' ' * gutter} {style('=', 'frame')} {remark}" for remark in remarks]
    return "\n".join(lines)


def _excerpt(finding: Diagnostic, gutter: int, style: Style) -> list[str]:
    """The source line with the place underlined."""
    place = finding.place
    if place is None or finding.excerpt is None:
        return []
    excerpt, column = _window(finding.excerpt, place.column)
    end = place.end_column if place.end_line == place.line else len(finding.excerpt) + 1
    width = max(min(end - place.column, len(excerpt) - column + 1), 1)
    shown = _flat(excerpt)
    before, marked = _columns(shown[: column - 1]), shown[column - 1 : column - 1 + width]
    bar = " " * gutter + style(" |", "frame")
    return [
        bar,
        style(f"{place.line} |", "frame") + f" {shown}",
        bar + " " * (before + 1) + style("^" * max(_columns(marked), 1), finding.severity),
    ]


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )


def counted(statistics: Sequence[Mapping[str, Any]], style: Style = unstyled) -> str:
    """How often each rule was found, a line each."""
    digits = max(len(str(row["count"])) for row in statistics)
    width = max(len(row["rule"]) for row in statistics)
    return "\n".join(
        f"{row['count']:>{digits}}  {style(row['rule'].ljust(width), row['severity'])}  "
        f"{row['summary']}"
        for row in statistics
    )


def fixed(file: str, applied: Sequence[tuple[Diagnostic, Fix]], style: Style = unstyled) -> str:
    """What has been mended in a file."""
    lines = [f"fixed {len(applied)} finding{'s' if len(applied) > 1 else ''} in {plain(file)}"]
    for finding, fix in applied:
        layer = f"{plain(finding.layer)}: " if finding.layer else ""
        lines.append(f"  {finding.rule}: {layer}{plain(fix.description)}")
    return "\n".join(lines)


def summary(findings: Sequence[Diagnostic]) -> str:
    """How many findings there are, in words."""
    counts = summarize(findings)
    parts = [
        f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items() if count
    ]
    text = ", ".join(parts) or "no findings"
    safe = sum(any(fix.safe and fix.edits for fix in finding.fixes) for finding in findings)
    unsafe = sum(any(fix.edits for fix in finding.fixes) for finding in findings) - safe
    if safe:
        text += f"; `--fix` mends {safe}"
    if unsafe:
        text += f"{',' if safe else ';'} `--fix --unsafe` {'' if safe else 'mends '}{unsafe}"
    return text


def _window(excerpt: str, column: int) -> tuple[str, int]:
    """A part of a long line around a column, and the column in it."""
    if len(excerpt) <= WIDEST_EXCERPT:
        return excerpt, column
    start = max(0, min(column - WIDEST_EXCERPT // 2, len(excerpt) - WIDEST_EXCERPT))
    return excerpt[start : start + WIDEST_EXCERPT], column - start


def _flat(text: str) -> str:
    """A source line in which each character takes one column and none acts."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in text)
