"""Every layer of a network in bytes, as a training step sees it.

Sizes are `Size`s: so many bytes a sample, and so many for the whole batch. What is shared is told
by nodes: a layer's output is a storage of its own, or that of the node it is a view of.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.training.plan import Plan
from cnncalc.graph import Graph, Node
from cnncalc.layers.saved import NONE, SavedForBackward
from cnncalc.shapes import Shape, product

LOW = 2
"""Bytes of a value in 16 bits."""

MULTIPLIED = ("weight", "slope")
"""Roles of arrays whose copy in 16 bits the backward pass needs; a bias it does not."""


class Size(NamedTuple):
    """Bytes: `sample` for each sample, and `batch` however many there are."""

    sample: int
    batch: int = 0

    def of(self, samples: int) -> int:
        """Bytes for so many samples."""
        return self.sample * samples + self.batch


class Array(NamedTuple):
    """A trained array."""

    bytes: int
    copy: int
    """Bytes of its copy in 16 bits under autocast, and of the gradient that meets it first."""
    copy_kept: bool
    trained: bool
    """Whether it has a gradient; another is frozen, and may have a copy all the same."""


class LayerBytes(NamedTuple):
    """A layer."""

    inputs: tuple[int, ...]
    wanted: tuple[int, ...]
    """Those inputs, by their place, whose gradients are wanted."""
    output: Size
    view: bool
    """Whether its output is the storage of its first input's."""
    casts: tuple[Size | None, ...]
    """For each input the copy in another type that autocast makes."""
    kept_inputs: tuple[int, ...]
    """Places of the inputs that it keeps."""
    kept_output: bool
    arrays: tuple[Size, ...]
    switches: int | None
    """The node whose positions it reads, and keeps as well."""
    passes: tuple[bool, ...]
    """For each input whether its gradient is the output's own storage."""
    scratch: Size
    params: tuple[Array, ...]
    owner: int
    """The node whose parameters it uses: itself, or the one it shares them with."""
    trained: bool
    """Whether it takes part in the backward pass."""


def lower(graph: Graph, plan: Plan) -> list[LayerBytes]:
    """Every node of a graph.

    Sizes that nobody states are `UNKNOWN`.
    """
    found: list[LayerBytes] = []
    widths: list[int] = []
    root: list[int] = []
    last = graph.last_uses()
    read = {taken for node in graph.nodes for taken in node.reads}
    kept: set[int] = set()  # nodes whose own storage some layer keeps
    for index, node in enumerate(graph.nodes):
        saved = _saved(graph, node)
        trained = [found[taken].trained for taken in node.inputs]
        wanted = tuple([place for place, is_trained in enumerate(trained) if is_trained])
        width = _width(plan, node, saved, widths)
        frozen = _frozen(graph, node)
        is_trained = bool(wanted or node.facts.weights.keys() - frozen)
        if not node.inputs:
            is_trained = plan.input_gradient
        view = bool(node.inputs) and (node.facts.view if saved.view is None else saved.view)
        if frozen and not node.facts.weights.keys() - frozen:
            saved = _without_weights(saved, plan)
        places = _kept_inputs(saved, node, wanted, plan) if is_trained else ()
        kept_output = saved.output and is_trained
        if plan.inplace and not view and _writes_over(graph, index, saved, last, root, kept):
            view, places, kept_output = True, (), is_trained
        root.append(root[node.inputs[0]] if view else index)
        if is_trained:
            kept.update([root[node.inputs[place]] for place in places])
            if kept_output:
                kept.add(root[index])
        shapes = _shapes(graph, node)
        found.append(
            LayerBytes(
                node.inputs,
                wanted,
                Size(node.facts.values * width),
                view,
                _casts(saved, shapes, [widths[taken] for taken in node.inputs], plan),
                places,
                kept_output,
                _arrays(saved, width, plan) if is_trained or index in read else (),
                node.reads[0] if saved.switches else None,
                saved.passes or (False,) * len(shapes),
                Size(saved.scratch * width),
                _params(node, saved, plan, frozen) if is_trained else (),
                index if node.shares is None else node.shares,
                is_trained,
            )
        )
        widths.append(width)
    return found


def _saved(graph: Graph, node: Node) -> SavedForBackward:
    if not node.inputs:
        return NONE
    return node.kind.saved_for_backward(_shapes(graph, node), node.facts.output)


def _frozen(graph: Graph, node: Node) -> frozenset[str]:
    """The weights of a layer that are not trained; those of shared ones are their owner's."""
    return node.frozen if node.shares is None else graph.nodes[node.shares].frozen


def _without_weights(saved: SavedForBackward, plan: Plan) -> SavedForBackward:
    """What a layer with frozen weights keeps: what the gradient of its input needs."""
    arrays = tuple([array for array in saved.arrays if not array.for_weights])
    if not saved.for_weights or (saved.held_frozen and not plan.minimal):
        return saved._replace(arrays=arrays)
    return saved._replace(inputs=False, arrays=arrays, scratch=0)


def _shapes(graph: Graph, node: Node) -> tuple[Shape, ...]:
    return tuple([graph.nodes[taken].facts.output for taken in node.inputs])


def _width(plan: Plan, node: Node, saved: SavedForBackward, widths: list[int]) -> int:
    """Bytes of a value of the output: autocast's type, or the widest of the inputs'."""
    if not plan.autocast or not node.inputs:
        return plan.width
    if saved.gives or saved.takes == "single":
        return plan.width
    if saved.takes == "low":
        return LOW
    return max([widths[taken] for taken in node.inputs])


def _kept_inputs(
    saved: SavedForBackward, node: Node, wanted: tuple[int, ...], plan: Plan
) -> tuple[int, ...]:
    places = range(len(node.inputs))
    if saved.inputs:
        return tuple(places)
    if saved.others:
        return tuple([place for place in places if any(other != place for other in wanted)])
    return (0,) if saved.held and not plan.minimal else ()


def _writes_over(
    graph: Graph,
    index: int,
    saved: SavedForBackward,
    last: list[int],
    root: list[int],
    kept: set[int],
) -> bool:
    """Whether an activation in place needs no more than its output, and harms nobody.

    What the gradient needs must follow from the output, or PyTorch keeps a copy of the input;
    and nobody else may keep or read the storage that it writes over.
    """
    node = graph.nodes[index]
    if not (node.facts.elementwise and (saved.output or saved.from_output)):
        return False
    home = root[node.inputs[0]]
    readers = [last[other] for other, where in enumerate(root) if where == home]
    return home not in kept and bool(graph.nodes[home].inputs) and max(readers) == index


def _casts(
    saved: SavedForBackward, shapes: tuple[Shape, ...], widths: list[int], plan: Plan
) -> tuple[Size | None, ...]:
    target = {"": 0, "low": LOW, "single": plan.width}[saved.takes] if plan.autocast else 0
    return tuple(
        [
            Size(product(shape) * target) if target and width != target else None
            for shape, width in zip(shapes, widths, strict=True)
        ]
    )


def _arrays(saved: SavedForBackward, width: int, plan: Plan) -> tuple[Size, ...]:
    found = []
    for array in saved.arrays:
        each = width if array.width is None else array.width
        if plan.minimal and array.least is not None:
            each = array.least
        size = array.values * each
        found.append(Size(0, size) if array.per_batch else Size(size))
    return tuple(found)


def _params(
    node: Node, saved: SavedForBackward, plan: Plan, frozen: frozenset[str]
) -> tuple[Array, ...]:
    copied = plan.autocast and (saved.takes == "low" or saved.multiplies)
    found = []
    for name, shape in node.facts.weights.items():
        values = product(shape)
        needed = node.facts.roles[name] in MULTIPLIED
        copy = values * LOW if copied else 0
        if copy or name not in frozen:
            found.append(Array(values * plan.width, copy, needed, name not in frozen))
    return tuple(found)
