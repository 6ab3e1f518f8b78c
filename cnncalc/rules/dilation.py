"""Dilated kernels that follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Node
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import Rule, RuleContext, Violation
from cnncalc.shapes import IDENTITY


class DilationGridding(Rule):
    """Dilated kernels in a row whose dilations share a factor."""

    name = "dilation-gridding"
    severity = "warning"
    summary = "dilated kernels in a row whose dilations share a factor see a grid with holes"
    why = (
        "With dilations 2-2-2 a unit sees only every second unit of the map before them, its "
        "neighbour only the others: neighbouring outputs share no input (Wang et al. 2018, "
        "*Understanding Convolution for Semantic Segmentation*, arXiv:1702.08502, section 3.2, "
        "who write 1-2-3 in place of 2-2-2). No finding where dilations grow and each reaches no "
        "further than the kernels before it have filled, as in WaveNet's 1-2-4-8."
    )
    fails = """\
input: [16, 64, 64]
layers:
  - conv: {filters: 16, kernel: 3, dilation: 2, padding: 2}
  - relu
  - conv: {filters: 16, kernel: 3, dilation: 2, padding: 2}
  - relu
  - conv: {filters: 16, kernel: 3, dilation: 2, padding: 2}
"""
    passes = """\
input: [16, 64, 64]
layers:
  - conv: {filters: 16, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 16, kernel: 3, dilation: 2, padding: 2}
  - relu
  - conv: {filters: 16, kernel: 3, dilation: 3, padding: 3}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        dilated: set[int] = set()
        for _, group in subject.of(Sliding):
            slides = nodes[group[0]].facts.slides
            if any([axis.dilation > 1 and axis.kernel > 1 for axis in slides]):
                dilated.update(group)
        if len(dilated) < 2:
            return
        judged = []
        for members in _runs(subject, dilated):
            if len(members) < 2:
                continue
            numbers = [_largest(nodes[index], "dilation") for index in members]
            shared = gcd(*numbers)
            if shared == 1 or _fills(subject, members, numbers):
                continue
            shown = "-".join(map(str, numbers[:6])) + ("-…" if len(numbers) > 6 else "")
            message = (
                f"dilations {shown} in a row share the factor {shared}: each unit sees a grid, "
                f"one unit in {shared} on each axis"
            )
            hint = "let them share no factor, such as 1-2-3 or 1-2-5, repeated"
            judged.append((Violation(message, "dilation", hint=hint), [members[1]]))
        yield from self.findings(subject, judged)


def _fills(subject: RuleContext, members: list[int], numbers: list[int]) -> bool:
    """Whether dilations grow, and each steps no further than what is filled before it."""
    nodes = subject.graph.nodes
    kernels = [_largest(nodes[index], "kernel") for index in members]
    filled = _dense_before(subject, members[0])
    last = 1
    for number, kernel in zip(numbers, kernels, strict=True):
        if number <= last or number > filled:
            return False
        filled += number * (kernel - 1)
        last = number
    return True


def _dense_before(subject: RuleContext, index: int) -> int:
    """The extent of the kernel without gaps that comes before a layer, 1 where none does."""
    nodes = subject.graph.nodes
    taken = nodes[index].inputs[0]
    for _ in range(64):
        node = nodes[taken]
        if not node.inputs:
            return 1
        if not _pointwise(node):
            return _largest(node, "kernel") if _largest(node, "stride") == 1 else 1
        taken = node.inputs[0]
    return 1


def _largest(node: Node, quantity: str) -> int:
    """The largest of a quantity of a node's slides; 0 where no kernel slides."""
    return max([getattr(axis, quantity) for axis in node.facts.slides], default=0)


def _pointwise(node: Node) -> bool:
    """Whether a layer sees, on every axis, only the unit at its own place."""
    if node.facts.slides:
        return _largest(node, "kernel") == 1 and _largest(node, "stride") == 1
    return all(
        windows is not None and all(window is IDENTITY for window in windows)
        for windows in node.facts.windows
    )


def _beside(nodes: tuple[Node, ...], run: list[int], index: int) -> bool:
    """Whether a layer stands beside the last of a run, in another branch, and not behind it."""
    return nodes[run[-1]].inputs == nodes[index].inputs


def _runs(subject: RuleContext, dilated: set[int]) -> list[list[int]]:
    """Dilated layers that follow each other with nothing but pointwise layers between."""
    nodes = subject.graph.nodes
    run_of: dict[int, list[int]] = {}
    runs: list[list[int]] = []
    for index in range(min(dilated), len(nodes)):
        node = nodes[index]
        before = [run for taken in node.inputs if (run := run_of.get(taken)) is not None]
        longest = max(before, key=len, default=None)
        if index in dilated:
            if _largest(node, "stride") > 1:
                continue
            if (
                longest is not None
                and run_of.get(longest[-1]) is longest
                and not _beside(nodes, longest, index)
            ):
                longest.append(index)
            else:
                longest = [index]
                runs.append(longest)
            run_of[index] = longest
        elif longest is not None and _pointwise(node):
            run_of[index] = longest
    return runs
