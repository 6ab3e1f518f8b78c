"""Every rule, and the check of a network against them."""

from __future__ import annotations

from cnncalc.diagnostics import Diagnostic
from cnncalc.rules.base import Rule, Subject
from cnncalc.rules.tiling import StrideDoesNotTile

RULES: tuple[Rule, ...] = (StrideDoesNotTile(),)


def check(subject: Subject) -> tuple[Diagnostic, ...]:
    """What the rules find in a network, in file order; the same finding of many uses once."""
    merged: dict[tuple[object, ...], Diagnostic] = {}
    for rule in RULES:
        for finding in rule.check(subject):
            key = (finding.rule, finding.place, finding.message if not finding.place else "")
            known = merged.get(key)
            if known is None:
                merged[key] = finding
            else:
                merged[key] = known._replace(times=known.times + 1)
    return tuple(
        sorted(
            merged.values(),
            key=lambda d: (("error", "warning", "note").index(d.severity), d.place or ("", 0, 0)),
        )
    )
