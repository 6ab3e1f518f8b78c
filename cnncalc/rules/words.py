"""Fixes of errors whose hint says what to write in the place of one word."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.rules import language

WRITTEN: Mapping[str, type[language.LanguageRule]] = {
    rule.name: rule
    for rule in vars(language).values()
    if isinstance(rule, type)
    and issubclass(rule, language.LanguageRule)
    and rule is not language.LanguageRule
}


def mendable(finding: Diagnostic, file: str) -> Diagnostic:
    """The finding with its fix, where its hint says what to write in the place of one word."""
    place, excerpt, rule = finding.place, finding.excerpt, WRITTEN.get(finding.rule)
    if place is None or excerpt is None or rule is None or place.file != file or finding.fixes:
        return finding
    if rule is language.LinearNeedsFlatten:
        return _flattened(finding)
    match = re.search(rule.instead, finding.hint or "") if rule.instead else None
    word = re.match(r"[A-Za-z_]\w*|\d+(?![\w.])", excerpt[place.column - 1 :])
    if match is None or word is None or place.line != place.end_line:
        return finding
    end = place.column + len(word.group())
    if end > place.end_column or word.group()[0].isdigit() != match.group(1)[0].isdigit():
        return finding
    edit = Edit(place._replace(end_column=end), match.group(1))
    return finding._replace(fixes=(Fix(f"write `{match.group(1)}`", rule.safe, (edit,)),))


def _flattened(finding: Diagnostic) -> Diagnostic:
    """`- flatten` on a line of its own, in front of a layer that has its line for itself."""
    place, excerpt = finding.place, finding.excerpt or ""
    assert place is not None
    before = excerpt[: place.column - 1]
    if not re.fullmatch(r" *- ", before) or finding.times > 1 or finding.used:
        return finding
    start = place._replace(column=1, end_line=place.line, end_column=1)
    edit = Edit(start, f"{before}flatten\n")
    return finding._replace(fixes=(Fix("put `- flatten` before it", edits=(edit,)),))
