"""Every rule there is, for reference pages and machine formats."""

from __future__ import annotations

from cnncalc.rules.base import Rule
from cnncalc.rules.checks import CHECKS, SEVERITIES
from cnncalc.rules.files import UnusedIgnore
from cnncalc.rules.imported import MODULES
from cnncalc.rules.language import LANGUAGE
from cnncalc.rules.merging import OddUpsampling

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in sorted(
        (*LANGUAGE, OddUpsampling(), *CHECKS, UnusedIgnore(), *MODULES),
        key=lambda rule: SEVERITIES.index(rule.severity),
    )
}
"""All rules by name: errors, warnings, notes."""
