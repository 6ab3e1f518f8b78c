"""From a graph to its outline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile

from cnncalc.analysis.outline.abstraction import Abstraction
from cnncalc.analysis.outline.alignment import line_of
from cnncalc.analysis.outline.emission import LayerNames, items_of
from cnncalc.analysis.outline.inlining import inlined
from cnncalc.analysis.outline.naming import identifier, linked
from cnncalc.analysis.outline.regions import Regions, Series, normalized
from cnncalc.analysis.outline.scopes import Hint, Scopes
from cnncalc.analysis.outline.search import search
from cnncalc.analysis.outline.terms import Name, Term
from cnncalc.analysis.outline.tree import Tree
from cnncalc.analysis.outline.types import Item, Outline
from cnncalc.fresh_names import fresh
from cnncalc.graph import Graph, is_frozen
from cnncalc.layers import KINDS
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear

RESERVED = {*KINDS, "and", "or", "not", "true", "false", "yes", "no", "on", "off", "null",
            "channels", "layers", "input", "index", "name", "from", "repeat", "if", "output",
            "share", "trainable"}  # fmt: skip
"""Words of the language that no block may be called."""


def outline(
    graph: Graph,
    hints: Sequence[Hint] | None = None,
    *,
    flat: bool = False,
    apart: Collection[int] = (),
) -> Outline:
    """The structure of a graph.

    Args:
        graph: the network.
        hints: for each node the modules that it lies in; told by its names where left out.
        flat: every layer by itself, no block.
        apart: nodes that stand by themselves, in no block.
    """
    graph = normalized(graph)
    frozen = {index for index, node in enumerate(graph.nodes) if is_frozen(node)}
    regions = Regions(graph, {*apart, *frozen})
    root = regions.series()
    named = _referred(root, regions)
    wanted = set(graph.outputs[:-1])
    tree = Tree(root, named | wanted, Scopes(graph, hints))
    if not flat:
        search(tree)
    names = LayerNames(_names(graph, named, tree.scopes), _shares(graph), wanted)
    line = line_of(tree.root, None)
    items = items_of(line, Abstraction(line).terms, names, 0)
    patterns = list(tree.uses())
    blocks = tuple(pattern.block for pattern in patterns)
    blocks, items = inlined(blocks, items)
    reserved = RESERVED.union(names.names.values())
    blocks, items = linked(blocks, items, reserved, {one.label: one.hint for one in patterns})
    items = _frozen(items, frozen)
    parameters, items = _classes(graph, items)
    return Outline(graph, parameters, blocks, items)


def _frozen(items: Sequence[Item], frozen: Collection[int]) -> tuple[Item, ...]:
    """The items with those marked whose weights are not trained: none of them is in a block."""
    found = []
    for item in items:
        if item.group is not None:
            item = item._replace(group=_frozen(item.group, frozen))
        if item.branches is not None:
            branches = [one._replace(items=_frozen(one.items, frozen)) for one in item.branches]
            item = item._replace(branches=tuple(branches))
        if (
            item.kind is not None
            and item.nodes
            and frozen
            and all([node in frozen for node in item.nodes])
        ):
            item = item._replace(trainable=False)
        found.append(item)
    return tuple(found)


def _classes(
    graph: Graph, items: tuple[Item, ...]
) -> tuple[tuple[tuple[str, Term], ...], tuple[Item, ...]]:
    """The width of a classifying last layer as a parameter of the file."""
    classes = graph.nodes[-1].facts.output[0]
    found = [position for position, item in enumerate(items) if _classifies(item, classes)]
    if not found or any(_has_weights(item) for item in items[found[-1] + 1 :]):
        return (), items
    changed = list(items)
    for position in found:
        # the heads beside it give the same classes
        if position == found[-1] or any(
            item.is_output for item in takewhile(_keeps, items[position:])
        ):
            item = items[position]
            options = [(k, Name("classes") if k in WIDE else v) for k, v in item.options]
            changed[position] = item._replace(options=tuple(options))
    return (("classes", classes),), tuple(changed)


WIDE = ("features", "filters")


def _classifies(item: Item, classes: int) -> bool:
    """Whether an item is a linear layer, or a 1×1 convolution, to so many classes."""
    if item.kind is None or not issubclass(item.kind, (Linear, Conv)):
        return False
    options = dict(item.options)
    width = options.get("features") or options.get("filters")
    return width == classes and options.get("kernel", 1) == 1


def _has_weights(item: Item) -> bool:
    return item.kind is None or item.kind.has_weights or item.branches is not None


def _keeps(item: Item) -> bool:
    """Whether what follows an item may still be its own head's end."""
    return item.start is None


def _referred(root: Series, regions: Regions) -> set[int]:
    """The nodes that are referred to by name."""
    found: set[int] = set()

    def visit(series: Series, before: int) -> None:
        for piece in series:
            if piece.source not in (before, -1):
                found.add(piece.source)
            before = piece.hi
            for part in piece.parts:
                if isinstance(part, int):
                    found.add(part)
                else:
                    visit(part, piece.source)

    visit(root, 0)
    for node in regions.nodes:
        found.update(node.reads)
        if node.shares is not None:
            found.add(node.shares)
    return {index for index in found if index >= regions.inputs}


def _shares(graph: Graph) -> dict[int, int]:
    return {i: node.shares for i, node in enumerate(graph.nodes) if node.shares is not None}


def _names(graph: Graph, named: Iterable[int], scopes: Scopes) -> dict[int, str]:
    """Names for the nodes that need one: of the module that each is the end of, or their own."""
    names = {0: "input"}
    if len(graph.inputs) > 1:
        names = {index: graph.nodes[index].name for index in graph.inputs}
    taken = {*names.values(), *KINDS}
    for index in sorted(named):
        node = graph.nodes[index]
        parts = [part for part in scopes.labels.get(index, node.name.split(".")) if part]
        label = identifier("_".join(parts[-1:])) or identifier("_".join(parts[-2:]))
        label = label or node.kind.name
        name = fresh(label, taken)
        taken.add(name)
        names[index] = name
    return names
