"""The rules explained, as text and as the reference page, from their own classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.rules.base import Rule

if TYPE_CHECKING:
    from rich.console import RenderableType

HEADINGS = {
    "error": "Errors: there is no such network",
    "warning": "Warnings: legal, and probably not meant",
    "note": "Notes: worth knowing",
}


def overview(rules: Sequence[Rule]) -> RenderableType:
    """Every rule in one line, by severity."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented
    from cnncalc.render.listing import Listing, ListingColumn, width

    names = width([rule.name for rule in rules])
    parts: list[RenderableType] = []
    for severity, heading in HEADINGS.items():
        columns = {
            "rule": ListingColumn("rule", severity, room=names),
            "summary": ListingColumn("summary", wrap=True, least=24),
        }
        rows = [(rule.name, rule.summary) for rule in rules if rule.severity == severity]
        parts += [Text(heading, "message"), indented(Listing(columns, rows, ruled=False)), Text("")]
    return Group(*parts, Text("`cnncalc rules RULE` explains one."))


def one(rule: Rule) -> RenderableType:
    """A rule with its reasons, its examples and its repair."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.console import indented, prose

    parts: list[RenderableType] = [
        Text.assemble((rule.name, rule.severity), f" · {rule.severity}"),
        Text(rule.summary),
        Text(unmarked(rule.why)),
    ]
    if rule.repair:
        parts.append(Text(f"fix: {unmarked(rule.repair)}"))
    for word, example in (("fails", rule.fails), ("passes", rule.passes)):
        parts.append(Group(Text(f"{word}:"), indented(Text(example.rstrip()))))
    spaced = [part for found in parts for part in (found, Text(""))]
    return prose(Group(*spaced[:-1]))


def page(rules: Iterable[Rule]) -> str:
    """The reference page of all rules."""
    known = list(rules)
    parts = [
        "# Rules\n\n"
        "What `cnncalc validate` finds. Made by `scripts/reference_pages.py` from the classes in "
        "`cnncalc/rules/`; the tests run both examples of every rule.\n",
    ]
    for severity, heading in HEADINGS.items():
        chosen = [rule for rule in known if rule.severity == severity]
        rows = [f"| [`{rule.name}`](#{rule.name}) | {rule.summary} |" for rule in chosen]
        parts.append("\n".join([f"## {heading}\n", "| rule | finds |", "| --- | --- |", *rows, ""]))
        parts += map(section, chosen)
    return "\n".join(parts)


def section(rule: Rule) -> str:
    """One rule of the reference page."""
    lines = [f"### {rule.name}", "", f"{rule.summary[0].upper()}{rule.summary[1:]}.", "", rule.why]
    if rule.repair:
        lines += ["", f"**Fix.** {rule.repair}"]
    lines += ["", "Fails:", "", f"```{rule.language}\n{rule.fails}```", ""]
    lines += ["Passes:", "", f"```{rule.language}\n{rule.passes}```", ""]
    return "\n".join(lines)


def data(rule: Rule) -> dict[str, Any]:
    """A rule as plain data."""
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "summary": rule.summary,
        "why": rule.why,
        "fix": rule.repair or None,
        "fails": rule.fails,
        "passes": rule.passes,
    }


def unmarked(text: str) -> str:
    """Markdown's emphasis taken away, which no multiplication sign is part of."""
    return re.sub(r"\*(\w[^*`]*)\*", r"\1", text)
