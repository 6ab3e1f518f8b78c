"""Findings as SARIF 2.1.0 (OASIS standard), with every rule declared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place
from cnncalc.rules.base import Rule
from cnncalc.version import __version__

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(findings: Sequence[Diagnostic], rules: Iterable[Rule]) -> dict[str, Any]:
    """The log of one run, as plain data."""
    declared = list(rules)
    positions = {rule.name: position for position, rule in enumerate(declared)}
    run = {
        "tool": {
            "driver": {
                "name": "cnncalc",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in declared],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, positions) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    text = f"{rule.why}\n\nFails:\n\n{rule.fails}\nPasses:\n\n{rule.passes}"
    markdown = (
        f"{rule.why}\n\nFails:\n\n```{rule.language}\n{rule.fails}```\n\n"
        f"Passes:\n\n```{rule.language}\n{rule.passes}```\n"
    )
    return {
        "id": rule.name,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.summary[0].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Diagnostic, positions: dict[str, int]) -> dict[str, Any]:
    layer = f"{finding.layer}: " if finding.layer else ""
    hint = f"\n{finding.hint}" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": f"{layer}{finding.message}{hint}"},
        "occurrenceCount": finding.times,
    }
    if finding.rule in positions:
        result["ruleIndex"] = positions[finding.rule]
    location: dict[str, Any] = {}
    if finding.place is not None:
        location["physicalLocation"] = _physical(finding.place, finding.excerpt)
    if finding.layer is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.layer, "kind": "element"}]
    if location:
        result["locations"] = [location]
    if finding.used:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": "used here"}, "physicalLocation": _physical(use)}
            for number, use in enumerate(finding.used, 1)
        ]
    if fixes := [_fix(fix) for fix in finding.fixes if fix.edits]:
        result["fixes"] = fixes
    return result


def _physical(place: Place, excerpt: str | None = None) -> dict[str, Any]:
    region: dict[str, Any] = _region(place)
    if excerpt is not None and place.line == place.end_line:
        region["snippet"] = {"text": excerpt[place.column - 1 : place.end_column - 1]}
    return {"artifactLocation": {"uri": uri(place.file)}, "region": region}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.place.file, []).append(edit)
    return {
        "description": {"text": fix.description},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri(file)},
                "replacements": [
                    {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
                    for edit in edits
                ],
            }
            for file, edits in changes.items()
        ],
    }


def uri(file: str) -> str:
    """A file as a relative reference where it lies below the working directory, else as URI."""
    if os.path.isabs(file):
        below = os.path.relpath(file)
        if below.startswith(os.pardir):
            return "file://" + quote(os.fsencode(file.replace(os.sep, "/")))
        file = below
    path = quote(os.fsencode(os.path.normpath(file).replace(os.sep, "/")))
    # a colon in the first part would make it a scheme
    return f"./{path}" if ":" in path.partition("/")[0] else path
