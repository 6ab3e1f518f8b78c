"""Findings, each with the reason of its rule."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import Diagnostic
from cnncalc.render import summary
from cnncalc.render.escape import plain
from cnncalc.render.rules import unmarked
from cnncalc.rules.base import Rule
from cnncalc.rules.checks import CHECKS


def findings(report: Report) -> list[dict[str, Any]]:
    """What is said of the network; `layer` is the number of the layer meant, where one is."""
    if not report.diagnostics:
        return []
    places = {layer.name: layer.number for layer in report.layers}
    known = {rule.name: rule for rule in CHECKS}
    return [_finding(finding, places, known) for finding in report.diagnostics]


def _finding(finding: Diagnostic, places: dict[str, int], known: dict[str, Rule]) -> dict[str, Any]:
    rule = known.get(finding.rule) or _rare(finding.rule)
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "summary": rule.summary,
        "message": summary.one_line(finding),
        "why": unmarked(rule.why),
        "layer": places.get(finding.layer or ""),
        "excerpt": plain((finding.excerpt or "").strip()),
        "hint": plain(finding.hint or ""),
        "fixes": [plain(fix.description) for fix in finding.fixes],
    }


def _rare(name: str) -> Rule:
    """A rule about the file, which looks at no network."""
    from cnncalc.rules.registry import RULES

    return RULES[name]
