"""From lines and their terms to the items of an outline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cnncalc.analysis.outline.abstraction import Abstraction, Found, Terms
from cnncalc.analysis.outline.alignment import ALONE, AlignedSlots, Slot
from cnncalc.analysis.outline.naming import describe
from cnncalc.analysis.outline.regions import LayerReference, Piece
from cnncalc.analysis.outline.relations import ABSENT
from cnncalc.analysis.outline.terms import Term, is_constant, names, show
from cnncalc.analysis.outline.types import Block, BlockParameter, Branch, Item


class Pattern:
    """A block in the making: what its uses have in common."""

    __slots__ = ("abstraction", "block", "count", "hint", "instances", "label", "line", "module",
                 "parameters", "title", "varied", "version")  # fmt: skip

    def __init__(self, label: str) -> None:
        self.label = label
        self.title = label
        """What it is, in a word."""
        self.hint = ""
        """What its modules are called."""
        self.line: AlignedSlots
        self.abstraction: Abstraction
        self.parameters: list[Found] = []
        self.module = False
        """Whether it was found by the names of modules."""
        self.varied = False
        """Whether some of its uses leave something out."""
        self.version = 0
        """Counts how often its parameters were found anew."""
        self.instances: dict[Any, int] = {}
        """Which instance of its line each content of a use is."""
        self.count = 1
        """How many arguments a use has, about."""
        self.block: Block

    def settle(self, line: AlignedSlots) -> None:
        """Take the line of all uses."""
        self.line = line
        self.version += 1
        self.abstraction = Abstraction(line)
        self.abstraction.rename()
        found = self.abstraction.parameters
        self.parameters = [one for one in found if one.default is ABSENT]
        self.parameters += [one for one in found if one.default is not ABSENT and not one.derived]
        self.count = len(self.parameters)
        items = items_of(line, self.abstraction.terms)
        self.title = self.hint or describe(items)
        parameters = tuple(
            BlockParameter(one.name, None if one.default is ABSENT else one.default)
            for one in (*self.parameters, *[one for one in found if one.derived])
        )
        self.block = Block(self.label, parameters, items)


class LayerNames:
    """What the layers of one network are called, where they must be called something."""

    def __init__(
        self, names: Mapping[int, str], shares: Mapping[int, int], wanted: Collection[int]
    ):
        self.names = names
        """By node."""
        self.shares = shares
        """Nodes with the nodes whose weights they use."""
        self.is_output = wanted

    def marked(self, item: Item, piece: Piece, before: int) -> Item:
        """An item with its name, its start and what else is its own."""
        shared = self.shares.get(piece.hi)
        start = piece.source if piece.source not in (before, -1) else None
        return item._replace(
            name=self.names.get(piece.hi),
            start=None if start is None else self.names[start],
            share=None if shared is None else self.names[shared],
            is_output=piece.hi in self.is_output,
        )


def items_of(
    line: AlignedSlots, terms: Terms, names: LayerNames | None = None, before: int = -1
) -> tuple[Item, ...]:
    """The items of a line; neighbours with one condition stand in a group.

    With `names` it is the line of the one instance that a network is, `before` the node whose
    output reaches it.
    """
    items: list[Item] = []
    left_out: list[bool] = []
    for slot in line.slots:
        item = _item(slot, terms, names)
        absent = [row is None for row in slot.rows]
        if names is not None:
            (piece,) = slot.rows
            assert piece is not None
            item = names.marked(item, piece, before)
            before = piece.hi
        condition = item.condition
        if (
            condition is not None
            and items
            and items[-1].condition == condition
            and (absent == left_out or not uses_channels(condition))
        ):
            last = items.pop()
            inside = last.group if last.group is not None and last.times == 1 else None
            if inside is None:
                inside = (last._replace(condition=None),)
            item = Item(group=(*inside, item._replace(condition=None)), condition=condition)
        items.append(item)
        left_out = absent
    return tuple(items)


def _item(slot: Slot, terms: Terms, names: LayerNames | None = None) -> Item:
    condition = terms.conditions.get(slot)
    options = tuple(terms.options.get(slot, ()))
    nodes = tuple(sorted({row.hi for row in slot.rows if row is not None and row is not ALONE}))
    if slot.head is None:
        (body,) = slot.branches
        assert isinstance(body, AlignedSlots)
        inside = items_of(body, terms)
        times = options[0][1]
        if len(inside) == 1 and inside[0].condition is None and inside[0].times == 1:
            return inside[0]._replace(condition=condition, times=times)
        return Item(group=inside, condition=condition, times=times)
    if isinstance(slot.head, Pattern):
        given = tuple(
            (parameter.name, term)
            for parameter, (_, term) in zip(slot.head.parameters, options, strict=True)
            if parameter.default is ABSENT or term != parameter.default
        )
        return Item(block=slot.head.block, options=given, condition=condition, nodes=nodes)
    kind = slot.head
    by_key = dict(options)
    kept = []
    for key, term in options:
        option = kind.options[key]
        if option.like is not None:
            left_out = term is None or term == by_key[option.like]
        elif isinstance(term, LayerReference):
            left_out = False
        else:
            left_out = (
                is_constant(term) and term == option.default and type(term) is type(option.default)
            )
        if not left_out:
            kept.append((key, term))
    if names is not None:
        kept = [
            (k, names.names[term] if isinstance(term, LayerReference) else term) for k, term in kept
        ]
    elif any(isinstance(term, LayerReference) for _, term in kept):
        kept = [(k, "input" if isinstance(term, LayerReference) else term) for k, term in kept]
    branches = None
    if kind.branches:
        source = slot.rows[0].source if names is not None and slot.rows[0] is not None else -1
        branches = tuple(
            Branch(reference=names.names[branch] if names is not None else str(branch))
            if isinstance(branch, int)
            else Branch(
                items_of(branch, terms, names, source), None, terms.branches.get((slot, number))
            )
            for number, branch in enumerate(slot.branches)
        )
    return Item(kind=kind, options=tuple(kept), branches=branches, condition=condition, nodes=nodes)


def length(items: tuple[Item, ...]) -> int:
    """About how many characters items take in a file."""
    return sum(_length(item) for item in items)


def _length(item: Item) -> int:
    total = 6
    if item.kind is not None:
        total += len(item.kind.name)
        total += sum(len(key) + 4 + len(show(term)) for key, term in item.options)
    elif item.block is not None:
        total += len(item.block.name) + sum(2 + len(show(term)) for _, term in item.options)
    else:
        total += 4 + length(item.group or ())
    for branch in item.branches or ():
        total += 4 + length(branch.items)
        if branch.condition is not None:
            total += 14 + len(show(branch.condition))
    if item.condition is not None:
        total += 6 + len(show(item.condition))
    if item.times != 1:
        total += 10 + len(show(item.times))
    return total


def header_length(block: Block) -> int:
    """About how many characters a block's first line takes."""
    return 10 + len(block.name) + sum(6 + len(one.name) for one in block.parameters)


def uses_channels(term: Term) -> bool:
    """Whether a term asks for the incoming channels."""
    return "channels" in names(term)
