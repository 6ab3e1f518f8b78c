"""Layers that follow each other and undo, repeat or miss something."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Node
from cnncalc.rules.base import Repair, Rule, Subject, Verdict
from cnncalc.shapes import product

WEIGHTED = (
    "conv",
    "depthwise_conv",
    "separable_conv",
    "locally_connected",
    "conv_transpose",
    "linear",
)
"""Linear maps with weights."""

LINEAR = frozenset(
    [
        "batch_norm",
        "scale",
        "dropout",
        "drop_path",
        "identity",
        "flatten",
        "reshape",
        "pad",
        "crop",
        "avg_pool",
        "adaptive_avg_pool",
        "global_avg_pool",
        "channel_shuffle",
    ]
)
"""Kinds between which and a weighted layer nothing bends: at inference they are linear too.

Upsampling and pixel shuffles are left out: a convolution on either side of them is how images
are enlarged (Shi et al. 2016), and no one layer would do the same for as little.
"""


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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes, uses = subject.graph.nodes, subject.uses
        judged: dict[str, tuple[Verdict, list[int]]] = {}
        for group in subject.of(("batch_norm", "instance_norm")):
            norm = nodes[group[0]].kind.name
            if norm == "instance_norm" and product(nodes[group[0]].facts.output[1:]) == 1:
                continue
            for index in group:
                before = nodes[index].inputs[0]
                node = nodes[before]
                if node.kind.name not in WEIGHTED or not node.kind.__dict__["bias"]:
                    continue
                if uses[before] > 1 or node.kind.name == "locally_connected":
                    continue  # a bias at each position is no constant of the channel
                if norm not in judged:
                    judged[norm] = (_cancelled(norm), [])
                judged[norm][1].append(before)
        yield from self.findings(subject, judged.values())


def _cancelled(norm: str) -> Verdict:
    repair = Repair(
        "`bias: false`: the same network with fewer parameters", {"bias": "false"}, True
    )
    return Verdict(
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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes, uses = subject.graph.nodes, subject.uses
        judged = []
        for group in subject.of(WEIGHTED):
            for index in group:
                before = nodes[index].inputs[0]
                while uses[before] == 1 and nodes[before].kind.name in LINEAR:
                    before = nodes[before].inputs[0]
                first = nodes[before]
                if uses[before] > 1 or first.kind.name not in WEIGHTED:
                    continue
                if self._deliberate(subject, before, index):
                    continue
                message = f"no nonlinearity between `{first.name}` and this layer"
                hint = "put an activation such as `relu` between them, or make them one layer"
                judged.append((Verdict(message, hint=hint), [index]))
        yield from self.findings(subject, judged)

    def _deliberate(self, subject: Subject, first: int, second: int) -> bool:
        nodes = subject.graph.nodes
        here, there = nodes[first], nodes[second]
        if _grouped(here) or _grouped(there):
            return True
        if there.kind.name == "conv_transpose" and max(there.kind.__dict__["stride"]) > 1:
            return True
        if _crossed(here, there):
            return True
        inner = here.facts.output[0]
        outer = min(subject.shape_of_input(first)[0], there.facts.output[0])
        return inner < outer


def _grouped(node: Node) -> bool:
    groups: int = node.kind.__dict__.get("groups", 1)
    return node.kind.name == "depthwise_conv" or groups > 1


def _crossed(first: Node, second: Node) -> bool:
    """Whether two kernels lie along different axes, as 1×7 and 7×1 do."""
    one, two = first.kind.__dict__.get("kernel"), second.kind.__dict__.get("kernel")
    if one is None or two is None or len(one) != len(two):
        return False
    pairs = list(zip(one, two, strict=True))
    return any(a > 1 and b == 1 for a, b in pairs) and any(a == 1 and b > 1 for a, b in pairs)
