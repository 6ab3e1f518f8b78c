"""Layers that follow each other and undo, repeat or miss something."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Node
from cnncalc.layers.base import Facts
from cnncalc.layers.conv import DepthwiseConv
from cnncalc.rules.base import Repair, Rule, RuleContext, Violation
from cnncalc.shapes import product


class BiasBeforeNorm(Rule):
    """A bias that the normalization behind it takes away again."""

    name = "bias-before-norm"
    severity = "warning"
    summary = "a bias directly before batch or instance normalization is cancelled by its mean"
    why = (
        "Both subtract the mean of each channel, and with it any constant added to the channel "
        "(Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2: *the bias b can be ignored "
        "since its effect will be cancelled by the subsequent mean subtraction*). The bias costs "
        "parameters and never learns. Layer and group normalization take the mean over several "
        "channels and leave a channel's own bias standing: no finding there."
    )
    repair = "`bias: false`, which leaves what the network can compute as it is."
    fails = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3}
  - batch_norm
  - relu
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 3, bias: false}
  - batch_norm
  - relu
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes, uses = subject.graph.nodes, subject.uses
        judged: dict[str, tuple[Violation, list[int]]] = {}
        for node in nodes:
            if not node.kind.centres:
                continue
            own_mean = not node.facts.buffers  # of each sample, and not stored
            if own_mean and product(node.facts.output[1:]) == 1:
                continue
            before = node.inputs[0]
            if uses[before] > 1 or not _adds_a_constant(nodes[before].facts):
                continue
            norm = node.kind.name
            if norm not in judged:
                judged[norm] = (_cancelled(norm), [])
            judged[norm][1].append(before)
        yield from self.findings(subject, judged.values())


def _adds_a_constant(facts: Facts) -> bool:
    """Whether a layer ends with a bias that is the same at all positions of a channel.

    The bias is the last thing that a layer of one weight does.
    """
    roles = [facts.roles[name] for name in facts.weights]
    if "bias" not in roles or roles.count("bias") > 1:
        return False
    name = list(facts.weights)[roles.index("bias")]
    return product(facts.weights[name]) == facts.output[0]


def _cancelled(norm: str) -> Violation:
    repair = Repair(
        "`bias: false`: the same network with fewer parameters", {"bias": "false"}, True
    )
    return Violation(
        f"its bias is cancelled by `{norm}`, which subtracts the mean of each channel",
        "bias",
        repairs=(repair,),
    )


class NoNonlinearity(Rule):
    """Two weighted layers with nothing between that bends."""

    name = "no-nonlinearity"
    severity = "warning"
    summary = "two weighted layers with nothing nonlinear between them compute what one could"
    why = (
        "A linear map of a linear map is linear: the stack can express no more than one layer "
        "(CS231n course notes, *Neural Networks 1*). No finding where the first narrows the "
        "channels and the second widens them again (a factorization of lower rank, such as "
        "MobileNetV2's linear bottleneck, Sandler et al. 2018), where one of them is depthwise "
        "or grouped or their kernels lie along different axes (a separable kernel), where a "
        "transposed convolution enlarges the scores of classes (FCN), or where the first "
        "layer's output is used elsewhere as well."
    )
    fails = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 32, kernel: 3}
  - batch_norm
  - conv: {filters: 32, kernel: 3}
  - relu
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 32, kernel: 3, bias: false}
  - batch_norm
  - relu
  - conv: {filters: 32, kernel: 3}
  - relu
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes, uses = subject.graph.nodes, subject.uses
        judged = []
        for index, node in enumerate(nodes):
            if not _weighted(node):
                continue
            before = node.inputs[0]
            while uses[before] == 1 and _passes(nodes[before]):
                before = nodes[before].inputs[0]
            first = nodes[before]
            if uses[before] > 1 or not _weighted(first):
                continue
            if self._deliberate(subject, before, index):
                continue
            message = f"no nonlinearity between `{first.name}` and this layer"
            hint = "put an activation such as `relu` between them, or make them one layer"
            judged.append((Violation(message, hint=hint), [index]))
        yield from self.findings(subject, judged)

    def _deliberate(self, subject: RuleContext, first: int, second: int) -> bool:
        nodes = subject.graph.nodes
        here, there = nodes[first], nodes[second]
        if _grouped(here) or _grouped(there):
            return True
        if _enlarges(there):
            return True
        if _crossed(here, there):
            return True
        inner = here.facts.output[0]
        outer = min(subject.shape_of_input(first)[0], there.facts.output[0])
        return inner < outer


def _weighted(node: Node) -> bool:
    """Whether a layer is a linear map with weights."""
    return node.kind.linear and "weight" in [node.facts.roles[name] for name in node.facts.weights]


def _passes(node: Node) -> bool:
    """Whether a layer between two weighted ones bends nothing, and changes no size upwards.

    A convolution on either side of an upsampling or of a pixel shuffle is how images are
    enlarged (Shi et al. 2016), and no one layer would do the same for as little.
    """
    single = len(node.inputs) == 1 and node.kind.linear and not _weighted(node)
    return single and not _enlarges(node)


def _enlarges(node: Node) -> bool:
    """Whether a layer makes several units out of each of its input's, on some axis."""
    for window in node.facts.windows[0] or ():
        stride = window.stride
        if stride is None or stride[0] < stride[1]:
            return True
    return False


def _grouped(node: Node) -> bool:
    """Whether each output channel sees a part of the input's channels only."""
    return isinstance(node.kind, DepthwiseConv) or getattr(node.kind, "groups", 1) > 1


def _crossed(first: Node, second: Node) -> bool:
    """Whether two kernels lie along different axes, as 1×7 and 7×1 do."""
    pairs = [
        (one.kernel, two.kernel)
        for one, two in zip(first.facts.slides, second.facts.slides, strict=False)
    ]
    return any(a > 1 and b == 1 for a, b in pairs) and any(a == 1 and b > 1 for a, b in pairs)
