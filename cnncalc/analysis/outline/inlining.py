"""Blocks that are not worth their lines are written where they are used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from cnncalc.analysis.outline.emission import header_length, length
from cnncalc.analysis.outline.terms import CHANNELS, Name, Term, names, substitute
from cnncalc.analysis.outline.types import Block, BlockParameter, Branch, Item
from cnncalc.fresh_names import fresh

Items = tuple[Item, ...]


def inlined(blocks: tuple[Block, ...], items: Items) -> tuple[tuple[Block, ...], Items]:
    """The blocks that are worth it, and the items, with the others written out."""
    while True:
        counts = Counter(_used(items))
        for block in blocks:
            counts.update(_used(block.items))
        held = set(_held(items))
        useless = next(
            (
                block
                for block in blocks
                if not _worth(block, counts[block.name])
                and not (block.name in held and block.items[-1].group is not None)
                and _movable(block, [items, *[other.items for other in blocks]])
            ),
            None,
        )
        if useless is None:
            return blocks, items
        kept = []
        for block in blocks:
            if block.name != useless.name:
                kept.append(_block_without(block, useless))
        blocks, items = tuple(kept), _without(items, useless)


def _worth(block: Block, count: int) -> bool:
    if count < 2:
        return False
    body = length(block.items)
    use = 8 + len(block.name) + 4 * len(block.parameters)
    return count * body > header_length(block) + body + 10 + count * use


def _movable(block: Block, lists: list[Items]) -> bool:
    """Whether a block means the same when it is written out.

    A default or an argument that asks for the channels means those that reach the block.
    """
    asking = set()
    for number, items in enumerate(lists):
        at_entry = [] if number == 0 else list(_entries(items))
        for item in _uses(items, block):
            asking |= {key for key, term in item.options if CHANNELS.text in names(term)}
            if not any(item is one for one in at_entry):
                asking |= {one.name for one in derived(block)}
    return not asking or not any(name in asking for name in _names(block.items, entry=True))


def _entries(items: Items) -> Iterator[Item]:
    """The items that what reaches a list of items reaches as it is."""
    first = items[0] if items else None
    if first is not None and first.times == 1:
        yield first
        yield from _entries(first.group or ())
        for branch in first.branches or ():
            yield from _entries(branch.items)


def derived(block: Block) -> list[BlockParameter]:
    """The parameters that no use gives: terms of the channels that reach the block."""
    return [one for one in block.parameters if CHANNELS.text in names(one.default)]


def _block_without(block: Block, other: Block) -> Block:
    """A block with another written out in it; what that derives from its input, it derives."""
    entries = [
        one
        for one in _entries(block.items)
        if one.block is not None and one.block.name == other.name
    ]
    parameters = block.parameters
    items = block.items
    if entries:
        taken = {one.name for one in parameters}
        terms: dict[str, Term] = {}
        for one in derived(other):
            name = fresh(one.name, taken, separator="")
            taken.add(name)
            terms[one.name] = Name(name)
            parameters = (*parameters, BlockParameter(name, one.default))
        items = _given(items, entries, tuple(terms.items()))
    return block._replace(parameters=parameters, items=_without(items, other))


def _given(items: Items, entries: list[Item], options: tuple[tuple[str, Term], ...]) -> Items:
    """Items of which some are given further options."""
    first, *rest = items
    group = first.group and _given(first.group, entries, options)
    branches = first.branches and tuple(
        branch._replace(items=_given(branch.items, entries, options)) if branch.items else branch
        for branch in first.branches
    )
    added = options if any(first is one for one in entries) else ()
    changed = first._replace(group=group, branches=branches, options=(*first.options, *added))
    return (changed, *rest)


def _uses(items: Items, block: Block) -> Iterator[Item]:
    for item in items:
        if item.block is not None and item.block.name == block.name:
            yield item
        yield from _uses(item.group or (), block)
        for branch in item.branches or ():
            yield from _uses(branch.items, block)


def _names(items: Items, entry: bool) -> Iterator[str]:
    """The names in items, but for those that stand where the block's own input arrives."""
    for number, item in enumerate(items):
        first = entry and number == 0
        if not first or item.times != 1:
            for _, term in item.options:
                yield from names(term)
            yield from names(item.condition)
        yield from names(item.times)
        yield from _names(item.group or (), first and item.times == 1)
        for branch in item.branches or ():
            yield from _names(branch.items, first)


def _used(items: Items) -> Iterator[str]:
    for item in items:
        if item.block is not None:
            yield item.block.name
        yield from _used(item.group or ())
        for branch in item.branches or ():
            yield from _used(branch.items)


def _held(items: Items) -> Iterator[str]:
    """The blocks of which a use has a name, or an output that is wanted."""
    for item in items:
        if item.block is not None and (item.name is not None or item.is_output):
            yield item.block.name
        for branch in item.branches or ():
            yield from _held(branch.items)


def _without(items: Items, block: Block) -> Items:
    """Items with a block written out wherever it is used."""
    found: list[Item] = []
    for item in items:
        if item.block is not None and item.block.name == block.name:
            terms: dict[str, Term] = {one.name: one.default for one in block.parameters}
            terms.update(item.options)
            found.extend(_spread(item, put_in(block.items, terms)))
            continue
        if item.group is not None:
            item = item._replace(group=_without(item.group, block))
        if item.branches is not None:
            item = item._replace(
                branches=tuple(
                    branch._replace(items=_without(branch.items, block)) for branch in item.branches
                )
            )
        found.append(item)
    return tuple(found)


def _spread(item: Item, body: Items) -> Items:
    """A block's items in place of a use of it."""
    if item.condition is not None or item.times != 1:
        if len(body) > 1 or body[0].condition is not None or body[0].times != 1:
            whole = Item(group=body, condition=item.condition, times=item.times, start=item.start)
            return (whole._replace(name=item.name, is_output=item.is_output, nodes=item.nodes),)
        body = (body[0]._replace(condition=item.condition, times=item.times),)
    if item.start is not None:
        body = (body[0]._replace(start=item.start), *body[1:])
    if item.name is not None or item.is_output:
        last = body[-1]._replace(name=item.name, is_output=item.is_output, nodes=item.nodes)
        body = (*body[:-1], last)
    return body


def put_in(items: Items, terms: dict[str, Term]) -> Items:
    """Items with terms put in for names; what no longer takes part is left out."""
    found: list[Item] = []
    for item in items:
        condition = None if item.condition is None else substitute(item.condition, terms)
        if condition in (False, 0):
            continue
        if condition in (True, 1):
            condition = None
        item = item._replace(
            options=tuple((key, substitute(term, terms)) for key, term in item.options),
            condition=condition,
            times=substitute(item.times, terms),
        )
        if item.kind is not None:
            item = item._replace(options=tuple(_plain(item)))
        if item.group is not None:
            inside = put_in(item.group, terms)
            if condition is None and item.times == 1:
                found.extend(inside)
                continue
            item = item._replace(group=inside)
        if item.branches is not None:
            branches = tuple(_branches(item.branches, terms))
            if len(branches) == 1 and branches[0].condition is None and condition is None:
                found.extend(branches[0].items)
                continue
            item = item._replace(branches=branches)
        found.append(item)
    return tuple(found)


def _plain(item: Item) -> Iterable[tuple[str, Term]]:
    """Options without those that have their default now."""
    assert item.kind is not None
    given = dict(item.options)
    for key, term in item.options:
        option = item.kind.options[key]
        default = option.default
        if option.like is not None:
            if term == given.get(option.like):
                continue
        elif type(term) is type(default) and term == default:
            continue
        yield key, term


def _branches(branches: tuple[Branch, ...], terms: dict[str, Term]) -> Iterable[Branch]:
    for branch in branches:
        condition = None if branch.condition is None else substitute(branch.condition, terms)
        if condition in (False, 0):
            continue
        yield branch._replace(
            items=put_in(branch.items, terms),
            condition=None if condition in (True, 1) else condition,
        )
