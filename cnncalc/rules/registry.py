"""Every rule there is, for reference pages and machine formats."""

from __future__ import annotations

from cnncalc.rules import language
from cnncalc.rules.base import Rule
from cnncalc.rules.checks import CHECKS, SEVERITIES
from cnncalc.rules.files import UnusedIgnore
from cnncalc.rules.language import LanguageRule
from cnncalc.rules.merging import OddUpsampling

_LANGUAGE = tuple(
    rule()
    for rule in vars(language).values()
    if isinstance(rule, type) and issubclass(rule, LanguageRule) and rule is not LanguageRule
)

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in sorted(
        (*_LANGUAGE, OddUpsampling(), *CHECKS, UnusedIgnore()),
        key=lambda rule: SEVERITIES.index(rule.severity),
    )
}
"""All rules by name: errors, warnings, notes."""
