"""Findings as text: the message, the source line with the place underlined, what to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cnncalc.diagnostics import Diagnostic, summarize
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
    """A finding with its source line."""
    severity = finding.severity
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    lines = [
        style(f"{severity}[{finding.rule}]", severity)
        + style(f": {layer}{plain(finding.message)}", "message")
    ]
    place = finding.place
    gutter = len(str(place.line)) if place else 1
    bar = " " * gutter + style(" |", "frame")
    if place is not None:
        lines.append(" " * gutter + style("--> ", "frame") + plain(str(place)))
    if place is not None and finding.excerpt is not None:
        excerpt, column = _window(finding.excerpt, place.column)
        end = place.end_column if place.end_line == place.line else len(finding.excerpt) + 1
        width = max(min(end - place.column, len(excerpt) - column + 1), 1)
        lines += [
            bar,
            style(f"{place.line} |", "frame") + f" {_flat(excerpt)}",
            bar + " " * column + style("^" * width, severity),
        ]
    for use in finding.used[:4]:
        lines.append(f"{' ' * gutter} {style('=', 'frame')} used at {plain(str(use))}")
    if len(finding.used) > 4:
        lines.append(
            f"{' ' * gutter} {style('=', 'frame')} and {len(finding.used) - 4} uses around it"
        )
    if finding.times > 1:
        lines.append(f"{' ' * gutter} {style('=', 'frame')} the same in {finding.times} uses")
    if finding.hint:
        lines.append(
            f"{' ' * gutter} {style('=', 'frame')} {style('help', 'help')}: {plain(finding.hint)}"
        )
    for fix in finding.fixes:
        kind = "fix" if fix.safe else "or"
        lines.append(
            f"{' ' * gutter} {style('=', 'frame')} {style(kind, 'help')}: {plain(fix.description)}"
        )
    return "\n".join(lines)


def summary(findings: Sequence[Diagnostic]) -> str:
    """How many findings there are, in words."""
    counts = summarize(findings)
    parts = [
        f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items() if count
    ]
    return ", ".join(parts) or "no findings"


def _window(excerpt: str, column: int) -> tuple[str, int]:
    """A part of a long line around a column, and the column in it."""
    if len(excerpt) <= WIDEST_EXCERPT:
        return excerpt, column
    start = max(0, min(column - WIDEST_EXCERPT // 2, len(excerpt) - WIDEST_EXCERPT))
    return excerpt[start : start + WIDEST_EXCERPT], column - start


def _flat(text: str) -> str:
    """A source line in which each character takes one column and none acts."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in text)
