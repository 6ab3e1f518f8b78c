"""Findings in the formats of `validate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.cli.common import deliver, deliver_json, show
from cnncalc.diagnostics import Diagnostic, Fix
from cnncalc.rules.registry import RULES

Applied = tuple[str, tuple[tuple[Diagnostic, Fix], ...]]
"""A file, and the fixes that it has got with the findings they mend."""


def write(
    findings: Sequence[Diagnostic],
    mended: Sequence[Applied],
    format_: str,
    statistics: bool,
    output: str | None,
) -> None:
    """Write findings to a file or standard output; with `statistics` how often each rule's."""
    if format_ == "json":
        from cnncalc.render.json import diagnostics_dict

        data = diagnostics_dict(findings)
        if mended:
            data["fixed"] = [
                {"file": file, "rule": finding.rule, "description": fix.description}
                for file, applied in mended
                for finding, fix in applied
            ]
        if statistics:
            data["statistics"] = _statistics(findings)
        deliver_json(data, output)
    elif format_ == "sarif":
        from cnncalc.render.sarif import sarif

        deliver_json(sarif(findings, RULES.values()), output)
    elif format_ == "github":
        from cnncalc.render.github import workflow_commands

        deliver(workflow_commands(findings), output)
    else:
        from cnncalc.render.findings import document

        counts = _statistics(findings) if statistics else None
        show(document(findings, mended, counts), output)


def _statistics(findings: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """How many findings each rule has, the most frequent first; they add up to the summary."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    return [
        {
            "rule": rule,
            "count": count,
            "severity": RULES[rule].severity,
            "summary": RULES[rule].summary,
        }
        for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
