"""Channels in terms of a block's parameters: what a file leaves to the shapes, and code states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.analysis.outline.terms import (
    CHANNELS,
    ENTERING,
    Conditional,
    Name,
    Operation,
    Term,
    is_constant,
    names,
    simplified,
    substitute,
)
from cnncalc.analysis.outline.types import Block, Item
from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph

WIDE = ("filters", "features")
"""Options that are the channels of a layer's output."""


class Channels:
    """Tells the channels behind items, from those before them."""

    def __init__(self, graph: Graph, named: Mapping[str, Term]) -> None:
        self.graph = graph
        self.named = dict(named)
        """The channels of the layers that are referred to by name: there is one of each."""
        self._blocks: dict[str, Term] = {}

    def behind(self, items: Sequence[Item], channels: Term) -> Term:
        """The channels behind a list of items."""
        for item in items:
            channels = self.after(item, channels)
        return channels

    def after(self, item: Item, channels: Term) -> Term:
        """The channels behind an item with all its repetitions, or without it."""
        if item.start is not None:
            channels = self.named[item.start]
        found = self.rounds(item, channels, item.times)
        if item.condition is not None:
            found = chosen(put(item.condition, channels), found, channels)
        if item.name is not None:
            self.named[item.name] = found
        return found

    def rounds(self, item: Item, channels: Term, times: Term) -> Term:
        """The channels behind some rounds of an item."""
        if times == 1:
            return self.once(item, channels)
        if type(times) is int and self.is_open(item, channels):
            for _ in range(times):
                channels = self.once(item, channels)
            return channels
        step = self.step(item, channels)
        if step == 0 or times == 0:
            return channels
        if step is None:
            once = self.once(item, channels)
            if is_constant(times):
                return once
            return chosen(Operation(">", put(times, channels), 0), once, channels)
        more = simplified(Operation("*", put(step, channels), put(times, channels)))
        return simplified(Operation("+", channels, more))

    def is_open(self, item: Item, channels: Term) -> bool:
        """Whether each round of an item changes the channels in its own way."""
        try:
            self.step(item, channels)
        except UsageError:
            return True
        return False

    def step(self, item: Item, channels: Term) -> Term | None:
        """What each round adds to the channels; `None` where they are the same from the first on.

        Raises:
            UsageError: neither holds.
        """
        first = self.once(item, channels)
        if first == channels:
            return 0
        second = self.once(item, first)
        if second == first:
            return None
        if (
            type(channels) is type(first) is type(second) is int
            and second - first == first - channels
        ):
            return first - channels
        once = self.once(item, CHANNELS)
        if CHANNELS.text not in names(once):
            return None
        if isinstance(once, Operation) and once.sign == "+":
            for own, other in ((once.left, once.right), (once.right, once.left)):
                if own == CHANNELS and CHANNELS.text not in names(other):
                    return other
        raise UsageError(f"the channels behind a repeated `{label(item)}` have no closed form")

    def once(self, item: Item, channels: Term) -> Term:
        """The channels behind one round of an item."""
        if item.group is not None:
            return self.behind(item.group, channels)
        if item.block is not None:
            return substitute(self.block(item.block), self.arguments(item, item.block, channels))
        if item.branches is not None:
            return self._merge(item, channels)
        options = dict(item.options)
        for key in WIDE:
            if key in options:
                return put(options[key], channels)
        return self._by_shapes(item, channels)

    def block(self, block: Block) -> Term:
        """The channels behind a block, in terms of its parameters and of those before it."""
        if block.name not in self._blocks:
            around = self.named
            self.named = self.inside(block)
            found = self.behind(block.items, CHANNELS)
            self.named = around
            own: dict[str, Term] = {}
            for parameter in block.parameters:
                if is_local(parameter.default):
                    own[parameter.name] = substitute(parameter.default, own)
            self._blocks[block.name] = substitute(found, own)
        return self._blocks[block.name]

    def inside(self, block: Block) -> dict[str, Term]:
        """The channels of the layers that a block knows by name."""
        found = {key: term for key, term in self.named.items() if key == "input"}
        given = [parameter.name for parameter in block.parameters if parameter.layer]
        return {**found, **{name: Name(of_layer(name)) for name in given}}

    def arguments(self, item: Item, block: Block, channels: Term) -> dict[str, Term]:
        """The values of a block's parameters in one use, and its channels."""
        given = dict(item.options)
        values: dict[str, Term] = {CHANNELS.text: channels, ENTERING.text: channels}
        for parameter in block.parameters:
            name = parameter.name
            if parameter.layer:
                values[of_layer(name)] = self.named[given[name]]
            elif name in given:
                values[name] = put(given[name], channels)
            else:
                values[name] = substitute(parameter.default, values)
        return values

    def _merge(self, item: Item, channels: Term) -> Term:
        if item.kind is not None and item.kind.name == "matmul":
            return self._product(item, channels)
        if self._keeps(item):
            return channels
        found, always = [], []
        for branch in item.branches or ():
            if branch.reference is not None:
                found.append(self.named[branch.reference])
            else:
                found.append(self.behind(branch.items, self.start(branch.items, channels)))
            if branch.condition is None:
                always.append(found[-1])
        axis = dict(item.options).get("axis", 0)
        if item.kind is not None and item.kind.name == "concat" and axis == 0:
            total: Term = 0
            for branch, term in zip(item.branches or (), found, strict=True):
                if branch.condition is not None:
                    term = chosen(put(branch.condition, channels), term, 0)
                total = term if total == 0 else simplified(Operation("+", total, term))
            return total
        if len(always) == len(found):
            wide = {self.graph.nodes[node].facts.output[0] for node in item.nodes}
            if len(set(found)) > 1 and len(wide) == 1:
                return wide.pop()
        # a branch of one channel is repeated; one that may be missing has what the others have
        known = [term for term in always or found if term != 1] or found
        return next((term for term in known if not isinstance(term, Conditional)), known[0])

    def _product(self, item: Item, channels: Term) -> Term:
        """The channels of a matrix product: rows of its first operand, or the stack of matrices.

        Raises:
            UsageError: they are positions of an operand, and differ between uses.
        """
        shapes = [self.graph.nodes[node].facts.output for node in item.nodes]
        if len({shape[0] for shape in shapes}) == 1:
            return shapes[0][0]
        first = (item.branches or ())[0]
        if dict(item.options).get("transpose") and any(len(shape) == 2 for shape in shapes):
            raise UsageError("the channels behind `matmul` have no closed form")
        if first.reference is not None:
            return self.named[first.reference]
        return self.behind(first.items, self.start(first.items, channels))

    def _keeps(self, item: Item) -> bool:
        """Whether a merge gives as many channels as reach it, in all its uses."""
        nodes = self.graph.nodes
        for branch in item.branches or ():
            first = branch.items[0] if branch.items else None
            if first is None or first.kind is None or first.branches is not None:
                continue
            if first.start is None and len(first.nodes) == len(item.nodes):
                before = [nodes[nodes[one].inputs[0]].facts.output[0] for one in first.nodes]
                return before == [nodes[one].facts.output[0] for one in item.nodes]
        return False

    def start(self, items: Sequence[Item], channels: Term) -> Term:
        """The channels that reach a branch."""
        if items and items[0].start is not None:
            return self.named[items[0].start]
        return channels

    def _by_shapes(self, item: Item, channels: Term) -> Term:
        """What the shapes of all its uses have in common."""
        nodes = self.graph.nodes
        pairs = {
            (nodes[nodes[node].inputs[0]].facts.output[0], nodes[node].facts.output[0])
            for node in item.nodes
        }
        if all(a == b for a, b in pairs):
            return channels
        if len({b for _, b in pairs}) == 1:
            return next(iter(pairs))[1]
        for sign, ratios in (
            ("*", {b // a if b % a == 0 else 0 for a, b in pairs}),
            ("//", {a // b if a % b == 0 else 0 for a, b in pairs}),
        ):
            if len(ratios) == 1 and ratios != {0}:
                ratio = ratios.pop()
                parts = (ratio, channels) if sign == "*" else (channels, ratio)
                return simplified(Operation(sign, *parts))
        raise UsageError(f"the channels behind `{label(item)}` have no closed form")


def of_layer(name: str) -> str:
    """What the channels of a layer that a block is given are called."""
    return f"{name}_channels"


def is_local(default: Term | None) -> bool:
    """Whether a parameter is none that a use gives: it follows from others, or from channels."""
    return any(True for _ in names(default))


def put(term: Term, channels: Term) -> Term:
    """A term with the channels at hand put in."""
    return substitute(term, {CHANNELS.text: channels})


def chosen(condition: Term, yes: Term, no: Term) -> Term:
    """One of two terms, as one where the condition leaves no difference."""
    if yes == no:
        return yes
    if is_constant(condition):
        return yes if condition else no
    if not isinstance(condition, Operation):
        return Conditional(condition, yes, no)
    if condition.sign == "or":
        for part in (condition.left, condition.right):
            found = chosen(part, yes, no)
            if not isinstance(found, Conditional):
                return found
    equal: Mapping[str, Term] = {}
    if condition.sign == ">" and condition.right == 1 and isinstance(condition.left, Name):
        equal = {condition.left.text: 1}
    if condition.sign == "!=" and {condition.left, condition.right} == {yes, no}:
        return yes
    if equal and substitute(yes, equal) == no:
        return yes
    return Conditional(condition, yes, no)


def label(item: Item) -> str:
    """What an item is called in a message."""
    if item.kind is not None:
        return item.kind.name
    return item.block.name if item.block is not None else "layers"
