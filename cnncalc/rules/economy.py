"""Where parameters go, and what costs more than it need."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic
from cnncalc.layers.base import Facts
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear
from cnncalc.layers.pool import SlidingPool
from cnncalc.rules.base import LayerRule, Rule, RuleContext, Violation


class DominantLayer(Rule):
    """One layer holds over half of the parameters."""

    name = "dominant-layer"
    severity = "note"
    summary = "over half of the network's parameters are in one layer"
    why = (
        "In VGG-16 the first fully connected layer holds 103 of 138 million parameters (CS231n "
        "course notes: *it turns out that these FC layers can be removed with no performance "
        "downgrade*); global average pooling in front of it makes it small (Lin et al. 2013, "
        "*Network In Network*). Networks of fewer than four layers with weights are let be."
    )
    fails = """\
input: [1, 28, 28]
layers:
  - conv: {filters: 8, kernel: 3}
  - relu
  - conv: {filters: 8, kernel: 3}
  - relu
  - flatten
  - linear: 64
  - relu
  - linear: 10
"""
    passes = """\
input: [1, 28, 28]
layers:
  - conv: {filters: 8, kernel: 3}
  - relu
  - conv: {filters: 8, kernel: 3}
  - relu
  - global_avg_pool
  - flatten
  - linear: 64
  - relu
  - linear: 10
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        total = most = holders = largest = 0
        for group in subject.groups:
            own = nodes[group[0]].facts.params
            if not own:
                continue
            shared = [i for i in group if nodes[i].shares is None]
            total += own * len(shared)
            holders += len(shared)
            if own > most and shared:
                most, largest = own, shared[0]
        if holders < 4 or 2 * most <= total:
            return
        share = f"{100 * most / total:.1f}".removesuffix(".0")
        message = f"holds {most:,} of the network's {total:,} parameters: {share}%"
        hint = None
        if isinstance(nodes[largest].kind, Linear):
            hint = "a global average pool before `flatten` would make it far smaller"
        yield from self.findings(subject, [(Violation(message, hint=hint), [largest])])


class LargeKernel(LayerRule[Conv]):
    """A large kernel that a stack of 3×3 kernels would replace for less."""

    name = "large-kernel"
    severity = "note"
    summary = "a stack of 3×3 kernels would see as much with fewer weights"
    why = (
        "Three 3×3 convolutions see 7×7 with 27·C² weights in place of 49·C², and bend three "
        "times in place of once (Simonyan and Zisserman 2014, arXiv:1409.1556, section 2.3). "
        "Told where the sum comes out with as many filters in each layer of the stack: for "
        "odd kernels from 5 on every axis, with stride 1, without groups and dilation, and no "
        "fewer filters than channels. On the few channels of an image a large kernel is cheap."
    )
    fails = """\
input: [64, 56, 56]
layers:
  - conv: {filters: 64, kernel: 7, padding: 3}
"""
    passes = """\
input: [64, 56, 56]
layers:
  - {conv: {filters: 64, kernel: 3, padding: 1}, name: first}
  - relu
  - conv: {filters: 64, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 64, kernel: 3, padding: 1}
"""
    kinds = Conv

    def judge(self, subject: RuleContext, index: int, kind: Conv, facts: Facts) -> Violation | None:
        """What is to be said of a node."""
        kernel, filters = kind.kernel, kind.filters
        size = kernel[0]
        if size < 5 or size % 2 == 0 or set(kernel) != {size} or len(kernel) < 2:
            return None
        if kind.groups > 1 or max(kind.stride) > 1 or max(kind.dilation) > 1:
            return None
        shape = subject.shape_of_input(index)
        if max(facts.output[1:]) == 1 or filters < shape[0]:
            return None  # a fully connected layer, or a stack that would be a bottleneck
        rank, depth = len(kernel), size // 2
        own = size**rank * shape[0] * filters
        stack = 3**rank * filters * (shape[0] + (depth - 1) * filters)
        if stack >= own:
            return None
        small, large = "×".join("3" * rank), "×".join([str(size)] * rank)
        return Violation(
            f"{depth} convolutions {small} with {filters} filters see the same {large} with "
            f"{stack:,} weights in place of {own:,}",
            "kernel",
        )


class AggressivePooling(LayerRule[SlidingPool]):
    """A pool over more than three units that leaves most of them out."""

    name = "aggressive-pooling"
    severity = "note"
    summary = "a pool with a kernel over 3 loses much at once"
    why = (
        "Kernels over 3 are very rare in max pooling, because the pooling is then too lossy and "
        "aggressive (CS231n course notes, *Pooling Layer*). Pools over the whole map, which end "
        "a network, and pools with stride 1, which lose no position, are let be."
    )
    fails = """\
input: [16, 64, 64]
layers:
  - max_pool: 4
"""
    passes = """\
input: [16, 64, 64]
layers:
  - max_pool: 2
"""
    kinds = SlidingPool

    def judge(
        self, subject: RuleContext, index: int, kind: SlidingPool, facts: Facts
    ) -> Violation | None:
        """What is to be said of a node."""
        kernel, stride = kind.kernel, kind.stride
        if max(kernel) <= 3 or max(facts.output[1:]) == 1:
            return None
        if not any(k > 3 and s > 1 for k, s in zip(kernel, stride, strict=True)):
            return None
        kept = 1.0
        for step in stride:
            kept /= step
        text = "×".join(map(str, kernel))
        return Violation(
            f"{text} with stride {'×'.join(map(str, stride))} keeps {100 * kept:.3g}% of the "
            "values",
            "kernel",
        )
