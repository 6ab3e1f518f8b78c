"""Layers that follow each other and undo, repeat or miss something."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Node
from cnncalc.rules.base import WINDOWED, Repair, Rule, Subject, Verdict
from cnncalc.shapes import IDENTITY, product

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
        "upsample",
        "pixel_shuffle",
        "pixel_unshuffle",
        "channel_shuffle",
    ]
)
"""Kinds between which and a weighted layer nothing bends: at inference they are linear too."""


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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        dilated: set[int] = set()
        for group in subject.of(WINDOWED):
            options = nodes[group[0]].kind.__dict__
            pairs = zip(options.get("dilation", ()), options["kernel"], strict=False)
            if any([gap > 1 and size > 1 for gap, size in pairs]):
                dilated.update(group)
        if len(dilated) < 2:
            return
        judged = []
        for members in _runs(subject, dilated):
            if len(members) < 2:
                continue
            numbers = [max(nodes[index].kind.__dict__["dilation"]) for index in members]
            shared = gcd(*numbers)
            if shared == 1 or _fills(subject, members, numbers):
                continue
            shown = "-".join(map(str, numbers[:6])) + ("-…" if len(numbers) > 6 else "")
            message = (
                f"dilations {shown} in a row share the factor {shared}: each unit sees a grid, "
                f"one unit in {shared} on each axis"
            )
            hint = "let them share no factor, such as 1-2-3 or 1-2-5, repeated"
            judged.append((Verdict(message, "dilation", hint=hint), [members[1]]))
        yield from self.findings(subject, judged)


def _fills(subject: Subject, members: list[int], numbers: list[int]) -> bool:
    """Whether dilations grow, and each steps no further than what is filled before it."""
    nodes = subject.graph.nodes
    kernels = [max(nodes[index].kind.__dict__["kernel"]) for index in members]
    filled = _dense_before(subject, members[0])
    last = 1
    for number, kernel in zip(numbers, kernels, strict=True):
        if number <= last or number > filled:
            return False
        filled += number * (kernel - 1)
        last = number
    return True


def _dense_before(subject: Subject, index: int) -> int:
    """The extent of the kernel without gaps that comes before a layer, 1 where none does."""
    nodes = subject.graph.nodes
    taken = nodes[index].inputs[0]
    for _ in range(64):
        node = nodes[taken]
        if not node.inputs:
            return 1
        if not _pointwise(node):
            options = node.kind.__dict__
            sliding = node.kind.name in WINDOWED and max(options["stride"]) == 1
            return max(options["kernel"]) if sliding else 1
        taken = node.inputs[0]
    return 1


def _pointwise(node: Node) -> bool:
    """Whether a layer sees, on every axis, only the unit at its own place."""
    if node.kind.name in WINDOWED:
        options = node.kind.__dict__
        return bool(max(options["kernel"]) == 1 and max(options["stride"]) == 1)
    return all(
        windows is not None and all(window is IDENTITY for window in windows)
        for windows in node.facts.windows
    )


def _beside(nodes: tuple[Node, ...], run: list[int], index: int) -> bool:
    """Whether a layer stands beside the last of a run, in another branch, and not behind it."""
    return nodes[run[-1]].inputs == nodes[index].inputs


def _runs(subject: Subject, dilated: set[int]) -> list[list[int]]:
    """Dilated layers that follow each other with nothing but pointwise layers between."""
    nodes = subject.graph.nodes
    run_of: dict[int, list[int]] = {}
    runs: list[list[int]] = []
    for index in range(min(dilated), len(nodes)):
        node = nodes[index]
        before = [run for taken in node.inputs if (run := run_of.get(taken)) is not None]
        longest = max(before, key=len, default=None)
        if index in dilated:
            if max(node.kind.__dict__["stride"]) > 1:
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
