"""Why one layer's numbers are what they are: beside its arithmetic, where its field comes from,
which matrix product it is, and what the same output would cost otherwise."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.receptive_field import Field, is_known, unseen
from cnncalc.analysis.training.layer_bytes import LayerBytes, lower
from cnncalc.analysis.training.plan import Plan
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Windows
from cnncalc.layers.conv import Conv, DepthwiseConv
from cnncalc.layers.linear import Linear
from cnncalc.shapes import Window, compose, product


class FieldStep(NamedTuple):
    """One layer on the way from the input: how it widens the receptive field, on one axis."""

    layer: str
    extent: int
    """Its effective kernel."""
    jump: int | str | None
    """Distance of its inputs' windows on the input; `None` where it varies."""
    size: int
    """The receptive field of its units."""
    start: int
    branches: tuple[tuple[str, int], ...] = ()
    """Where branches meet, what each sees; the widest is followed."""


class MatrixProduct(NamedTuple):
    """A layer as one matrix product for each group: `[rows × inner] · [inner × columns]`."""

    rows: int
    inner: int
    columns: int
    groups: int


class SavedStorage(NamedTuple):
    """A storage that a layer keeps for its backward pass, and why."""

    what: str
    why: str
    bytes: int
    first: str | None
    """The layer that keeps the same storage before; it counts there."""


class Alternative(NamedTuple):
    """Another way to the same output, and what it costs for one sample."""

    what: str
    formula: str
    params: int
    macs: int


class Followed(NamedTuple):
    """How the receptive field of one layer grows from that of its input."""

    taken: int
    """The node of that input: where branches meet, the one that sees most."""
    step: FieldStep | None
    """`None` of a layer that looks at one unit only."""


def followed(graph: Graph, fields: list[Field], index: int, axis: int = 0) -> Followed | None:
    """The last step on the way to a layer's receptive field, along one axis.

    `None` for an input of the network, and where all or nothing of the input is seen or there is
    no such axis.
    """
    node, own = graph.nodes[index], fields[index]
    if own is None or axis >= len(own) or not node.inputs or unseen(own) or not is_known(own):
        return None
    seen = _branches(graph, fields, node, axis)
    widest = max(range(len(seen)), key=lambda number: seen[number][1])
    taken = node.inputs[widest]
    windows, before = node.facts.windows[widest], fields[taken]
    if windows is None or before is None:
        return None
    extent, several = windows[axis].size, seen if len(seen) > 1 else ()
    if extent == 1 and len(set(seen)) == 1:
        return Followed(taken, None)
    jump, own_axis = _jump(before[axis]), own[axis]
    step = FieldStep(node.name, extent, jump, own_axis.size, own_axis.start, several)
    return Followed(taken, step)


def field_steps(graph: Graph, fields: list[Field], index: int, axis: int = 0) -> list[FieldStep]:
    """How the receptive field of a layer grows from the input to it, along one axis.

    Only layers that look beyond one unit are told. Where branches meet, the one that sees most is
    followed. Empty where the layer sees the whole input, or has no such axis.
    """
    steps: list[FieldStep] = []
    while (last := followed(graph, fields, index, axis)) is not None:
        if last.step is not None:
            steps.append(last.step)
        index = last.taken
    return steps[::-1]


def _branches(
    graph: Graph, fields: list[Field], node: Node, axis: int
) -> tuple[tuple[str, int], ...]:
    found = []
    for taken, windows in zip(node.inputs, node.facts.windows, strict=True):
        size = _through(fields[taken], windows, node, axis)
        found.append((graph.nodes[taken].name, size))
    return tuple(found)


def _through(field: Field, windows: Windows | None, node: Node, axis: int) -> int:
    """What a layer's units see through one of its inputs; 0 where that is everything or nothing."""
    if field is None or windows is None or unseen(field):
        return 0
    return compose(field[axis], windows[axis], node.facts.output[axis + 1]).size


def _jump(window: Window) -> int | str | None:
    if window.stride is None:
        return None
    step, units = window.stride
    return step if units == 1 else f"{step}/{units}"


def matrix_product(graph: Graph, node: Node) -> MatrixProduct | None:
    """The product that a convolution (as im2col) or a linear layer is; `None` for others.

    Filters are rows, the values that a window reads are columns of the left and rows of the right
    matrix, output positions its columns (CS231n notes, "Implementation as matrix multiplication").
    """
    kind, output = node.kind, node.facts.output
    if isinstance(kind, Linear):
        weight = node.facts.weights["weight"]
        return MatrixProduct(weight[0], weight[1], product(output[1:]), 1)
    if isinstance(kind, (Conv, DepthwiseConv)):
        weight = node.facts.weights["weight"]
        channels = graph.nodes[node.inputs[0]].facts.output[0]
        groups = channels // weight[1]
        return MatrixProduct(weight[0] // groups, product(weight[1:]), product(output[1:]), groups)
    return None


def alternatives(graph: Graph, node: Node) -> list[Alternative]:
    """What the output of a convolution or linear layer would cost in other ways."""
    kind = node.kind
    given = graph.nodes[node.inputs[0]].facts.output if node.inputs else ()
    if isinstance(kind, Conv):
        return _of_conv(node, kind, given)
    if isinstance(kind, Linear) and not kind.each_position:
        return _of_linear(graph, node, kind)
    return []


def _of_conv(node: Node, kind: Conv, given: tuple[int, ...]) -> list[Alternative]:
    output, weight = node.facts.output, product(node.facts.weights["weight"])
    positions, macs = product(output[1:]), node.facts.operations.macs
    biased = int(kind.bias)
    channels, filters, taps = given[0], kind.filters, product(kind.kernel)
    unshared = positions * (weight + biased * filters)
    dense = product(given) * product(output)
    found = [
        Alternative(
            "without shared weights",
            f"{positions}·({weight}{f' + {filters}' if biased else ''})",
            unshared,
            macs,
        ),
        Alternative(
            "fully connected",
            f"{product(given)}·{product(output)}{f' + {product(output)}' if biased else ''}",
            dense + biased * product(output),
            dense,
        ),
    ]
    if kind.groups == 1 and taps > 1 and channels > 1:
        separate = channels * taps + channels * filters
        found.append(
            Alternative(
                "depthwise separable",
                f"{channels}·{taps} + {channels}·{filters}{f' + {filters}' if biased else ''}",
                separate + biased * filters,
                separate * positions,
            )
        )
    stack = _stack(kind, channels, positions)
    return [*found, stack] if stack is not None else found


def _stack(kind: Conv, channels: int, positions: int) -> Alternative | None:
    """As many 3×3 kernels as see as much (VGG's argument), the stride in the first."""
    size = kind.kernel[0]
    alike = all([kernel == size for kernel in kind.kernel]) and set(kind.dilation) == {1}
    if not alike or size < 5 or size % 2 == 0 or len(kind.kernel) != 2 or kind.groups != 1:
        return None
    count = (size - 1) // 2
    filters, biased = kind.filters, int(kind.bias)
    weights = 9 * channels * filters + (count - 1) * 9 * filters**2
    text = f"9·{channels}·{filters} + {count - 1}·9·{filters}·{filters}"
    if biased:
        text += f" + {count}·{filters}"
    return Alternative(
        f"a stack of {count} 3×3", text, weights + biased * count * filters, weights * positions
    )


def _of_linear(graph: Graph, node: Node, kind: Linear) -> list[Alternative]:
    """A linear layer on a flattened map: as a convolution over it, and after a global pool."""
    index = node.inputs[0]
    while graph.nodes[index].facts.view and graph.nodes[index].inputs:
        if len(graph.nodes[index].facts.output) > 1:
            break
        index = graph.nodes[index].inputs[0]
    shape = graph.nodes[index].facts.output
    if len(shape) < 2 or product(shape[1:]) == 1:
        return []
    features, biased = kind.features, int(kind.bias)
    sizes = "×".join(map(str, shape[1:]))
    weight, few = features * product(shape), features * shape[0]
    bias = f" + {features}" if biased else ""
    return [
        Alternative(
            f"as a convolution of kernel {sizes}",
            f"{features}·{shape[0]}·{'·'.join(map(str, shape[1:]))}{bias}",
            weight + biased * features,
            weight,
        ),
        Alternative(
            "after a global average pool",
            f"{features}·{shape[0]}{bias}",
            few + biased * features,
            few,
        ),
    ]


def kept(graph: Graph, plan: Plan) -> list[list[SavedStorage]]:
    """What each node keeps between forward and backward, as PyTorch does; bytes for the batch."""
    layers = lower(graph, plan)
    home: list[int] = []
    """For each node the node whose storage its output is."""
    first: dict[int, str] = {}
    """Who kept a node's storage first."""
    found: list[list[SavedStorage]] = []
    for index, (layer, node) in enumerate(zip(layers, graph.nodes, strict=True)):
        home.append(home[layer.inputs[0]] if layer.view and layer.inputs else index)
        own: list[tuple[int, str, str]] = []
        for place in layer.kept_inputs:
            taken = layer.inputs[place]
            what = "its input" if len(layer.inputs) == 1 else f"its input {graph.nodes[taken].name}"
            own.append((home[taken], what, _why_input(node, layer)))
        if layer.kept_output:
            why = "the gradient follows from it, so that the input need not stay"
            own.append((home[index], "its output", why))
        why = "measured or drawn in the forward pass, and needed again"
        if node.kind.is_stated:
            why = "nobody states what its backward pass needs"
        found.append(
            [SavedStorage(w, y, layers[h].output.of(plan.batch), first.get(h)) for h, w, y in own]
            + [
                SavedStorage("an array of its own", why, size.of(plan.batch), None)
                for size in layer.arrays
            ]
        )
        for storage, _, _ in own:
            first.setdefault(storage, node.name)
    return found


def _why_input(node: Node, layer: LayerBytes) -> str:
    if len(layer.inputs) > 1:
        return "the gradient of each factor is made with the others"
    if node.facts.weights:
        return "the gradient of its weights is made of it"
    return "its gradient depends on where the input lay"
