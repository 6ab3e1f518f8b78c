"""Rules on a graph without a file: the same findings, with names of layers in place of lines."""

from __future__ import annotations

import pytest
from support import SPECS, listed, network

from cnncalc.language.load import load
from cnncalc.rules.base import Limits, Rule, RuleContext, WrittenFile
from cnncalc.rules.checks import CHECKS, check
from cnncalc.rules.registry import RULES

OF_THE_FILE = {"expectation-missed"}
"""Rules about what only a file states."""

OF_NO_LAYER = {"budget-exceeded", "channels-last-input"}

NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES[::3])
def test_the_findings_of_a_file_and_of_its_graph_agree(name: str) -> None:
    found = load(name).elaborate()
    assert found.graph is not None
    written = check(RuleContext(found.graph, WrittenFile(load(name), found.forms)))
    bare = check(RuleContext(found.graph))
    assert all(finding.place is None and not finding.excerpt for finding in bare)
    assert not any(fix.edits for finding in bare for fix in finding.fixes)
    assert {finding.rule for finding in bare} == {finding.rule for finding in written}
    assert {finding.message for finding in bare} >= {finding.message for finding in written}
    assert sum(f.times for f in bare) == sum(f.times for f in written)


OF_WORDS = ("moving-channels", "merge-of-one-branch", "unused-parameter")
"""A graph has no conditions, no merges of one branch and no names of parameters."""

OF_GRAPHS = [rule for rule in CHECKS if rule.name not in OF_WORDS]
"""Rules that need no file."""


@pytest.mark.parametrize("rule", OF_GRAPHS, ids=lambda rule: rule.name)
def test_every_rule_finds_its_example_without_a_file(rule: Rule) -> None:
    name = rule.name
    text = RULES[name].fails
    limits = Limits(params=1_000) if name == "budget-exceeded" else Limits()
    found = [f for f in check(RuleContext(network(text).graph(), limits=limits)) if f.rule == name]
    if name in OF_THE_FILE:
        assert found == []
        return
    assert [finding.severity for finding in found] == [RULES[name].severity]
    assert found[0].place is None
    assert found[0].layer or name in OF_NO_LAYER


def test_layers_alike_are_told_once() -> None:
    layers = [{"conv": [8, 3, 1, 1]}, "batch_norm", "relu"] * 3
    (found,) = check(RuleContext(network(listed((8, 32, 32), layers)).graph()))[:1]
    assert (found.rule, found.layer, found.times) == ("bias-before-norm", "conv1", 3)
