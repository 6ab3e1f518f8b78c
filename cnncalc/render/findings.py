"""Findings as people read them: the message, the source line with its place, what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cnncalc.diagnostics import Diagnostic, Fix, summarize
from cnncalc.render.escape import plain
from cnncalc.render.listing import Listing, ListingColumn

WIDEST_EXCERPT = 120


def failure(message: str, hint: str | None = None) -> RenderableType:
    """Why nothing could be done, and what would help."""
    parts: list[RenderableType] = [
        Text.assemble(("error", "error"), (f": {plain(message)}", "message"))
    ]
    for line in (hint or "").splitlines():
        parts.append(hanging("  ", "", Text.assemble(("help", "help"), f": {plain(line)}")))
    return Group(*parts)


def blocks(findings: Sequence[Diagnostic], limit: int | None = None) -> RenderableType:
    """Findings with a blank line between; at most `limit`."""
    parts: list[RenderableType] = []
    for finding in findings[:limit]:
        parts += [block(finding), Text("")]
    left_out = len(findings) - len(findings[:limit])
    return Group(*parts, Text(f"and {left_out} more")) if left_out else Group(*parts[:-1])


def block(finding: Diagnostic) -> RenderableType:
    """A finding with its source line, where it was used, and what to write instead."""
    severity = finding.severity
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    parts: list[RenderableType] = [
        Text.assemble(
            (f"{severity}[{finding.rule}]", severity),
            (f": {layer}{plain(finding.message)}", "message"),
        )
    ]
    place = finding.place
    gutter = " " * (len(str(place.line)) if place else 1)
    if place is not None:
        parts.append(Text.assemble(gutter, ("--> ", "frame"), plain(str(place))))
        parts += _excerpt(finding, gutter)
    remarks = [Text(f"used at {plain(str(use))}") for use in finding.used[:4]]
    if len(finding.used) > 4:
        remarks.append(Text(f"and {len(finding.used) - 4} uses around it"))
    if finding.times > 1:
        remarks.append(Text(f"the same in {finding.times} uses"))
    if finding.hint:
        remarks.append(_helping("help", finding.hint))
    for fix in finding.fixes:
        word = "fix" if fix.safe else "unsafe fix" if fix.edits else "or"
        remarks.append(_helping(word, fix.description))
    return Group(*parts, *[hanging(f"{gutter} = ", "frame", remark) for remark in remarks])


def _helping(word: str, text: str) -> Text:
    return Text.assemble((word, "help"), f": {plain(text)}")


def hanging(mark: str, role: str, text: Text) -> RenderableType:
    """A text behind a mark; where it wraps, it goes on below itself."""
    grid = Table.grid()
    grid.add_column(style=role, width=cell_len(mark), no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, text)
    return grid


def _excerpt(finding: Diagnostic, gutter: str) -> list[RenderableType]:
    """The source line with the place underlined."""
    place = finding.place
    if place is None or finding.excerpt is None:
        return []
    excerpt, column = _window(finding.excerpt, place.column)
    end = place.end_column if place.end_line == place.line else len(finding.excerpt) + 1
    width = max(min(end - place.column, len(excerpt) - column + 1), 1)
    shown = _flat(excerpt)
    before, marked = cell_len(shown[: column - 1]), shown[column - 1 : column - 1 + width]
    bar = (f"{gutter} |", "frame")
    lines = (
        Text.assemble(bar),
        Text.assemble((f"{place.line} |", "frame"), f" {shown}"),
        Text.assemble(bar, " " * (before + 1), ("^" * max(cell_len(marked), 1), finding.severity)),
    )
    for line in lines:
        line.no_wrap, line.overflow = True, "ignore"
    return [*lines]


def document(
    findings: Sequence[Diagnostic],
    mended: Sequence[tuple[str, Sequence[tuple[Diagnostic, Fix]]]] = (),
    statistics: Sequence[Mapping[str, Any]] | None = None,
) -> RenderableType:
    """Everything that `validate` shows: the findings or their counts, what is mended, the sum."""
    parts: list[RenderableType] = []
    if findings:
        parts += [blocks(findings) if statistics is None else counted(statistics), Text("")]
    for file, applied in mended:
        parts += [Text(fixed(file, applied)), Text("")]
    return Group(*parts, Text(summary(findings)))


def counted(statistics: Sequence[Mapping[str, Any]]) -> RenderableType:
    """How often each rule was found, a line each."""
    columns = {
        "count": ListingColumn("findings", number=True),
        "rule": ListingColumn("rule"),
        "summary": ListingColumn("summary", wrap=True),
    }
    rows = [(str(row["count"]), row["rule"], row["summary"]) for row in statistics]
    roles = {"rule": [row["severity"] for row in statistics]}
    return Listing(columns, rows, cell_roles=roles, ruled=False)


def fixed(file: str, applied: Sequence[tuple[Diagnostic, Fix]]) -> str:
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
