"""Every rule's own two examples: the documentation cannot lie."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from cnncalc.diagnostics import Diagnostic
from cnncalc.rules.checks import SEVERITIES
from cnncalc.rules.language import LANGUAGE, LanguageRule
from cnncalc.rules.registry import RULES
from rules.mutation import examined

CONTRACT = {
    "error": "yaml-syntax duplicate-key unknown-key unknown-layer missing-option bad-value "
    "bad-expression undefined-name duplicate-name limit-exceeded kernel-larger-than-input "
    "padding-exceeds-kernel groups-do-not-divide shape-mismatch linear-needs-flatten",
    "warning": "stride-does-not-tile stride-skips-input uneven-padding bias-before-norm "
    "checkerboard misaligned-merge dilation-gridding unused-layer no-nonlinearity",
    "note": "dominant-layer large-kernel receptive-field-too-small input-not-divisible "
    "aggressive-pooling",
}


OF_FILES = [name for name, rule in RULES.items() if rule.language == "yaml"]
OF_MODULES = [name for name, rule in RULES.items() if rule.language == "python"]


def of_module(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    """The findings in a file with a PyTorch module `Net`."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    path = folder / "net.py"
    path.write_text(text, encoding="utf-8")
    return tuple(cnncalc.validate(f"{path}:Net", input=(3, 32, 32)))


@pytest.mark.parametrize("name", OF_MODULES)
def test_examples_of_modules(name: str, tmp_path: Path) -> None:
    found = [one for one in of_module(RULES[name].fails, tmp_path) if one.rule == name]
    assert [one.severity for one in found] == [RULES[name].severity]
    if name in ("idle-module", "decided-by-values"):
        assert found[0].place is not None
        assert found[0].excerpt is not None
    assert name not in [one.rule for one in of_module(RULES[name].passes, tmp_path)]


@pytest.mark.parametrize("name", OF_FILES)
def test_failing_example(name: str) -> None:
    found = [finding for finding in examined(RULES[name].fails) if finding.rule == name]
    assert [finding.severity for finding in found] == [RULES[name].severity]
    assert found[0].place is not None


@pytest.mark.parametrize("name", OF_FILES)
def test_passing_example(name: str) -> None:
    found = examined(RULES[name].passes)
    assert name not in [finding.rule for finding in found]
    assert "error" not in [finding.severity for finding in found]


@pytest.mark.parametrize("name", RULES)
def test_documentation(name: str) -> None:
    rule = RULES[name]
    assert rule.severity in SEVERITIES
    assert len(rule.why) > 60
    assert rule.summary[0].islower() or rule.summary.startswith("a ")
    assert not rule.summary.endswith(".")
    assert rule.fails != rule.passes


@pytest.mark.parametrize("name", OF_FILES)
def test_example_loses_its_finding_where_a_fix_is_promised(name: str) -> None:
    rule = RULES[name]
    text = rule.fails
    if name == "uneven-padding":  # what `same` makes odd, no even padding makes good
        text = "input: [3, 9, 9]\nlayers: [conv: {filters: 4, kernel: 3, padding: [[0, 2], 1]}]\n"
        text = text.replace(", 1]", ", [1, 1]]")
    edits = [
        fix.edits
        for finding in examined(text)
        if finding.rule == name
        for fix in finding.fixes
        if fix.edits
    ]
    assert bool(edits) == bool(rule.repair)


@pytest.mark.parametrize("severity", CONTRACT)
def test_rules_of_the_contract(severity: str) -> None:
    names = CONTRACT[severity].split()
    assert {name: RULES[name].severity for name in names} == dict.fromkeys(names, severity)


def test_each_rule_that_looks_at_a_network_is_one_class() -> None:
    looking = [rule for rule in RULES.values() if not isinstance(rule, LanguageRule)]
    assert len({type(rule) for rule in looking}) == len(looking)
    assert all(type(rule).__doc__ for rule in looking)


def test_each_rule_of_the_language_is_one_row() -> None:
    assert len({rule.name for rule in LANGUAGE}) == len(LANGUAGE)
    assert all(RULES[rule.name] is rule for rule in LANGUAGE)
