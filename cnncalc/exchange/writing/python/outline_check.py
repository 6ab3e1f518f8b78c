"""An outline read back: does it say its graph, layer for layer?

Code is written from an outline whose parts stand for many layers at once. Before that it is run
through as an architecture file would be, and every layer that comes out is held against the
graph's: its kind, its options, what it takes. What is learned on the way is which of the graph's
layers each item stands for, in every round and every use of the block around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.analysis.outline.terms import CHANNELS, ENTERING, evaluate
from cnncalc.analysis.outline.types import Block, Item, Outline
from cnncalc.diagnostics import Refusal
from cnncalc.graph import is_frozen
from cnncalc.layers.base import Reference


class DiffersError(Exception):
    """What an outline says is not its graph."""


def replayed(outline: Outline) -> Outline:
    """The outline with all the layers that each of its items stands for.

    Raises:
        DiffersError: it says another graph.
    """
    walk = _Replay(outline)
    try:
        last = walk.items(outline.items, dict(outline.parameters), 0, walk.inputs)
    except (KeyError, TypeError, ValueError, ArithmeticError, Refusal) as error:
        raise DiffersError(f"{type(error).__name__}: {error}") from None
    if walk.position != len(outline.graph.nodes) or last != walk.position - 1:
        raise DiffersError("it has another number of layers")
    known: dict[str, Block] = {}
    for block in outline.blocks:
        if block.name in walk.used:
            known[block.name] = block._replace(items=_marked(block.items, walk, known))
    items = _marked(outline.items, walk, known)
    return outline._replace(blocks=tuple(known.values()), items=items)


class _Replay:
    def __init__(self, outline: Outline) -> None:
        graph = outline.graph
        self.nodes = graph.nodes
        self.inputs = {graph.nodes[index].name: index for index in graph.inputs}
        if len(self.inputs) == 1:
            self.inputs = {"input": 0}
        self.position = len(graph.inputs)
        """The graph's next layer."""
        self.found: dict[int, list[int]] = defaultdict(list)
        """For items by their identity."""
        self.ran: set[int] = set()
        """Items and branches, by their identity, that were run at least once."""
        self.used: set[str] = set()
        """Blocks that were."""
        self.sharing = 0
        """Uses around the layer at hand that take the weights of earlier ones."""

    def items(
        self, items: Sequence[Item], env: Mapping[str, Any], incoming: int, scope: dict[str, int]
    ) -> int:
        for item in items:
            start = incoming if item.start is None else scope[item.start]
            here = {**env, CHANNELS.text: self.nodes[start].facts.output[0]}
            if item.condition is not None and not evaluate(item.condition, here):
                continue
            times = evaluate(item.times, here)
            incoming = start if times else incoming
            for _ in range(times):
                incoming = self._one(item, env, incoming, scope)
            if item.name is not None:
                scope[item.name] = incoming
        return incoming

    def _one(self, item: Item, env: Mapping[str, Any], incoming: int, scope: dict[str, int]) -> int:
        here = {**env, CHANNELS.text: self.nodes[incoming].facts.output[0]}
        self.ran.add(id(item))
        if item.group is not None:
            return self.items(item.group, env, incoming, scope)
        if item.block is not None:
            return self._use(item, item.block, here, incoming, scope)
        ends = [incoming]
        if item.branches is not None:
            ends = []
            for branch in item.branches:
                if branch.condition is not None and not evaluate(branch.condition, here):
                    continue
                self.ran.add(id(branch))
                named = branch.reference
                ends.append(
                    self.items(branch.items, env, incoming, scope)
                    if named is None
                    else scope[named]
                )
            if len(ends) == 1:
                return ends[0]
        return self._layer(item, here, tuple(ends), scope)

    def _use(
        self, item: Item, block: Block, here: dict[str, Any], incoming: int, scope: dict[str, int]
    ) -> int:
        given = dict(item.options)
        inner = {"input": scope["input"]} if "input" in scope else {}
        values: dict[str, Any] = {ENTERING.text: here[CHANNELS.text]}
        for parameter in block.parameters:
            name = parameter.name
            if parameter.layer:
                inner[name] = scope[given[name]]
                values[f"{name}_channels"] = self.nodes[inner[name]].facts.output[0]
            elif name in given:
                values[name] = evaluate(given[name], here)
            else:
                values[name] = evaluate(
                    parameter.default, {**values, CHANNELS.text: here[CHANNELS.text]}
                )
        self.used.add(block.name)
        self.sharing += item.share is not None
        last = self.items(block.items, values, incoming, inner)
        self.sharing -= item.share is not None
        self.found[id(item)].append(last)
        return last

    def _layer(
        self, item: Item, here: Mapping[str, Any], inputs: tuple[int, ...], scope: dict[str, int]
    ) -> int:
        index, kind = self.position, item.kind
        if index >= len(self.nodes) or kind is None:
            raise DiffersError("it has another number of layers")
        node = self.nodes[index]
        if type(node.kind) is not kind or node.inputs != inputs:
            raise DiffersError(f"{node.name} is another layer, or takes another")
        given = dict(item.options)
        rank = len(self.nodes[inputs[0]].facts.output) - 1
        values = []
        for key, option in kind.options.items():
            own = node.kind.option_value(key)
            if isinstance(own, Reference):
                if scope.get(given.get(key, "")) != own.node:
                    raise DiffersError(f"{node.name} refers to another layer")
                values.append(own)
            elif kind.branches and option is kind.main:
                values.append(own)
            else:
                values.append(evaluate(given[key], here) if key in given else option.default)
        if kind(tuple(values), rank).__dict__ != node.kind.__dict__:
            raise DiffersError(f"{node.name} has other options")
        if is_frozen(node) == item.trainable:
            raise DiffersError(f"{node.name} is trained, or frozen")
        shares = item.share is not None or self.sharing > 0
        if (node.shares is not None) != (shares and kind.has_weights):
            raise DiffersError(f"{node.name} has other weights")
        self.found[id(item)].append(index)
        self.position += 1
        return index


def _marked(items: Sequence[Item], walk: _Replay, known: Mapping[str, Block]) -> tuple[Item, ...]:
    """The items with their layers, and with the blocks as they are now; without what never ran.

    Raises:
        DiffersError: what is left of a merge is nothing but another layer.
    """
    marked: list[Item] = []
    for item in items:
        if id(item) not in walk.ran:
            continue
        nodes = tuple(sorted({*walk.found.get(id(item), ())}))
        if item.group is not None:
            item = item._replace(group=_marked(item.group, walk, known))
        if item.block is not None:
            item = item._replace(block=known[item.block.name])
        if item.branches is not None:
            branches = tuple(
                branch._replace(items=_marked(branch.items, walk, known))
                for branch in item.branches
                if id(branch) in walk.ran
            )
            if not nodes:
                # never more than one branch took part
                if len(branches) != 1 or branches[0].reference is not None or item.name is not None:
                    raise DiffersError("a merge that is one other layer")
                only = Item(group=branches[0].items, condition=item.condition, times=item.times)
                marked.append(only._replace(start=item.start))
                continue
            item = item._replace(branches=branches)
        marked.append(item._replace(nodes=nodes))
    return tuple(marked)
