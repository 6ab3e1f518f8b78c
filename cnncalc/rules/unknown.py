"""Layers of which something is unknown that a report is made of."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.completeness import operators, unknown_of
from cnncalc.diagnostics import Diagnostic
from cnncalc.rules.base import Rule, RuleContext, Violation

NAMED = 8
"""As many layers of an operator are named."""


class UnknownOperator(Rule):
    """A layer states its facts, and not all of them."""

    name = "unknown-operator"
    severity = "note"
    summary = "an operator that is no layer kind, and of which not everything is stated"
    why = (
        "An operator of an imported network that no layer kind stands for, and a layer of kind "
        "`custom`, have the numbers that are stated for them. What is not stated is unknown, and "
        "sums leave it out: they are marked with `≥`. Write what is known into the `custom` of a "
        "file (`cnncalc convert` writes one for an imported network); `--strict` refuses such a "
        "network."
    )
    fails = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3, padding: 1}
  - relu
  - custom:
      name: deform_conv
      output: [16, height, width]
      weights: {weight: [16, channels, 3, 3]}
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3, padding: 1}
  - relu
  - custom:
      name: deform_conv
      output: [16, height, width]
      weights: {weight: [16, channels, 3, 3]}
      buffers: {}
      macs: 9 * 16 * channels * height * width
      flops: 18 * 16 * channels * height * width
      window: {kernel: 3, padding: 1}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """A finding for each operator: what is unknown of it, how often it stands, and where."""
        nodes = subject.graph.nodes
        for operator, found in operators(subject.graph).items():
            what = unknown_of([nodes[index] for index in found])
            names = ", ".join([f"`{nodes[index].name}`" for index in found[:NAMED]])
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            message = (
                f"`{operator}` ×{len(found)} is no layer kind ({names}{more}); unknown: "
                f"{', '.join(what)}"
            )
            yield self.finding(subject, found, Violation(message))._replace(times=1)
