"""What a layer is to a framework: the modules or functions that it is written as.

Counters look at modules and operators. Most layers are one of them; squeeze-and-excitation and a
separable convolution are several.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.graph import Graph, Node
from cnncalc.layers.attention import SqueezeExcitation
from cnncalc.layers.pool import AvgPool
from cnncalc.shapes import Shape, product

MODULE = "module"
"""A module of the framework's own class, which calls the function of its name."""
FUNCTION = "function"
"""A function, called by a module of the network's."""
MEAN = "mean"
"""A pool over all positions as a mean over axes."""
SUBCLASS = "subclass"
"""A module of a class derived from the framework's."""
OPERATOR = "operator"
"""A function, or the operator that does the same: a program does not say which was written."""


class CountedModule(NamedTuple):
    """One module or function; shapes are those of one sample."""

    kind: str
    """The layer kind that it is an instance of: `conv`, `relu`."""
    given: Shape
    made: Shape
    weight: int = 0
    """Values of its weight."""
    bias: int = 0
    """Values of its bias."""
    macs: int = 0
    form: str = MODULE
    mode: str = ""
    """How an upsampling finds its values."""
    read: int = 0
    """Values that the windows of an average read, each as often as it is read."""

    @property
    def positions(self) -> int:
        """Positions of its output."""
        return product(self.made[1:])


class Uncounted(Exception):
    """A layer of which a counter's answer cannot be told; the text says why."""


def parts(graph: Graph, index: int, form: str) -> tuple[CountedModule, ...]:
    """The modules and functions of a layer.

    Raises:
        Uncounted: it can be written in several ways, and counters see each differently.
    """
    node = graph.nodes[index]
    facts, kind = node.facts, node.kind.name
    given = graph.nodes[node.inputs[0]].facts.output
    if kind in SEVERAL:
        raise Uncounted(f"`{node.name}`: {SEVERAL[kind]}")
    if isinstance(node.kind, SqueezeExcitation):
        return _squeeze_excitation(given, node.kind)
    if kind == "separable_conv":
        return _separable(given, facts.output, dict(facts.weights))
    weights = facts.weights
    weight = product(weights["weight"]) if "weight" in weights else 0
    bias = product(weights["bias"]) if "bias" in weights else 0
    mode = getattr(node.kind, "mode", "")
    macs = facts.operations.macs
    if kind == "matmul" and form == MODULE:
        form = OPERATOR
    read = _values_read(node, given)
    return (CountedModule(kind, given, facts.output, weight, bias, macs, form, mode, read),)


def _values_read(node: Node, given: Shape) -> int:
    """The values in all windows of an average pool; padding counts where the average counts it."""
    made = node.facts.output
    total = product(made[:1])
    if isinstance(node.kind, AvgPool):
        for slide in node.facts.slides:
            low, high = 0, slide.size
            if node.kind.count_include_pad:
                low, high = -slide.before, slide.size + slide.after
            starts = [unit * slide.stride - slide.before for unit in range(slide.output)]
            total *= sum(max(min(one + slide.kernel, high) - max(one, low), 0) for one in starts)
        return total
    if node.kind.name in ("global_avg_pool", "adaptive_avg_pool"):
        for size, count in zip(given[1:], made[1:], strict=True):
            total *= sum(-(-(j + 1) * size // count) - j * size // count for j in range(count))
        return total
    return 0


SEVERAL = {
    "self_attention": "attention is one fused operator or several products, as it is written",
    "locally_connected": "frameworks have no such module",
    "rbf": "frameworks have no such module",
}
"""Kinds that are written in too many ways, or in none, and what to say of them."""


def _conv(given: Shape, made: Shape, weight: int, bias: int) -> CountedModule:
    return CountedModule("conv", given, made, weight, bias, weight * product(made[1:]))


def _squeeze_excitation(given: Shape, kind: SqueezeExcitation) -> tuple[CountedModule, ...]:
    """Pool, 1×1 convolution, activation, 1×1 convolution, gate, product."""
    ones = (1,) * (len(given) - 1)
    whole, inner = (given[0], *ones), (kind.squeeze, *ones)
    weight = kind.squeeze * given[0]
    return (
        CountedModule("global_avg_pool", given, whole, read=product(given)),
        _conv(whole, inner, weight, kind.squeeze),
        CountedModule(kind.activation, inner, inner),
        _conv(inner, whole, weight, given[0]),
        CountedModule(kind.gate, whole, whole),
        CountedModule("multiply", given, given),
    )


def _separable(given: Shape, made: Shape, weights: dict[str, Shape]) -> tuple[CountedModule, ...]:
    """A depthwise convolution without a bias, and a 1×1 convolution."""
    depthwise, across = weights["depthwise.weight"], weights["pointwise.weight"]
    between = (depthwise[0], *made[1:])
    bias = product(weights["bias"]) if "bias" in weights else 0
    return (
        _conv(given, between, product(depthwise), 0),
        _conv(between, made, product(across), bias),
    )
