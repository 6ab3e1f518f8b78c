"""Findings as workflow commands, which GitHub Actions shows beside the lines they concern."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cnncalc.diagnostics import Diagnostic
from cnncalc.render.escape import plain

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def workflow_commands(findings: Sequence[Diagnostic]) -> str:
    """One annotation a finding and line."""
    return "".join(annotation(finding) + "\n" for finding in findings)


def annotation(finding: Diagnostic) -> str:
    """`::warning file=net.yaml,line=7,col=5,…::message`."""
    properties: dict[str, object] = {}
    place = finding.place
    if place is not None:
        properties = {"file": _relative(place.file), "line": place.line, "endLine": place.end_line}
        if place.line == place.end_line:  # columns are shown only within one line
            properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = finding.rule
    text = ",".join(f"{key}={_property(plain(str(value)))}" for key, value in properties.items())
    layer = f"{plain(finding.layer)}: " if finding.layer else ""
    lines = [layer + plain(finding.message)]
    if finding.hint:
        lines.append(f"help: {plain(finding.hint)}")
    lines += [f"fix: {plain(fix.description)}" for fix in finding.fixes]
    if finding.times > 1:
        lines.append(f"the same in {finding.times} uses")
    return f"::{COMMANDS[finding.severity]} {text}::{_data(chr(10).join(lines))}"


def _relative(file: str) -> str:
    """A file below the working directory by its path from there, as the pages name it."""
    below = os.path.relpath(file) if os.path.isabs(file) else file
    return file if below.startswith(os.pardir) else below


def _data(text: str) -> str:
    """A message: what would end it is escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property's value: what would end it, or all properties, is escaped too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
