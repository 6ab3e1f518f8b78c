"""The rules explained, as text and as the reference page, from their own classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import fill, indent
from typing import Any

from cnncalc.render.findings import Style, unstyled
from cnncalc.rules.base import Rule

HEADINGS = {
    "error": "Errors: there is no such network",
    "warning": "Warnings: legal, and probably not meant",
    "note": "Notes: worth knowing",
}


def overview(rules: Sequence[Rule], style: Style = unstyled) -> str:
    """Every rule in one line, by severity."""
    width = max(len(rule.name) for rule in rules)
    lines = []
    for severity, heading in HEADINGS.items():
        lines.append(style(heading, "message"))
        lines += [
            f"  {style(rule.name.ljust(width), severity)}  {rule.summary}"
            for rule in rules
            if rule.severity == severity
        ]
        lines.append("")
    return "\n".join([*lines, "`cnncalc rules RULE` explains one."]) + "\n"


def one(rule: Rule, style: Style = unstyled) -> str:
    """A rule with its reasons, its examples and its repair."""
    parts = [
        f"{style(rule.name, rule.severity)} · {rule.severity}",
        fill(rule.summary, 80),
        fill(_unmarked(rule.why), 80),
    ]
    if rule.repair:
        parts.append(fill(f"fix: {_unmarked(rule.repair)}", 80))
    parts += [
        "fails:\n" + indent(rule.fails, "  ").rstrip(),
        "passes:\n" + indent(rule.passes, "  ").rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def page(rules: Iterable[Rule]) -> str:
    """The reference page of all rules."""
    known = list(rules)
    parts = [
        "# Rules\n\n"
        "What `cnncalc validate` finds. Made by `scripts/rules_page.py` from the classes in "
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
    lines += ["", "Fails:", "", f"```yaml\n{rule.fails}```", ""]
    lines += ["Passes:", "", f"```yaml\n{rule.passes}```", ""]
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


def _unmarked(text: str) -> str:
    """Markdown's emphasis taken away, which no multiplication sign is part of."""
    return re.sub(r"\*(\w[^*`]*)\*", r"\1", text)
