"""What names stand in a list of items, how often, and which of them are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from cnncalc.analysis.outline.terms import Operation, Term, simplified
from cnncalc.analysis.outline.types import Item


def base_of(item: Item) -> str:
    """What an item is called where it has no name of its own."""
    if item.name is not None:
        return item.name
    if item.kind is not None:
        return item.kind.name
    return item.block.name if item.block is not None else "layers"


def summed(term: Term) -> Term:
    """`1 + 2·i + 1` with the numbers last."""
    number, rest = 0, []
    waiting = [term]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Operation) and one.sign == "+":
            waiting += [one.right, one.left]
        elif type(one) is int:
            number += one
        else:
            rest.append(one)
    if not rest:
        return number
    found = rest[0]
    for one in rest[1:]:
        found = Operation("+", found, one)
    if number < 0:
        return Operation("-", found, -number)
    return Operation("+", found, number) if number else found


def inside(item: Item) -> Iterator[Item]:
    """The items in an item."""
    yield from item.group or ()
    for branch in item.branches or ():
        yield from branch.items


def occurrences(items: Collection[Item], many: bool) -> Iterator[tuple[str, int]]:
    """How often each name occurs, twice at least where it is repeated."""
    counts: Counter[str] = Counter()

    def visit(item: Item, many: bool) -> None:
        many = many or item.times != 1
        if item.group is None:
            counts[base_of(item)] += 2 if many else 1
        for one in inside(item):
            visit(one, many)

    for item in items:
        visit(item, many)
    yield from counts.items()


def each_round(item: Item) -> Iterator[tuple[str, Term]]:
    """How many names an item takes of each, itself and what is in it."""
    found: dict[str, Term] = {}

    def visit(one: Item, times: Term) -> None:
        times = simplified(Operation("*", one.times, times))
        if one.group is None:
            base = base_of(one)
            found[base] = simplified(Operation("+", found.get(base, 0), times))
        for inner in inside(one):
            visit(inner, times)

    visit(item, 1)
    yield from found.items()


def referred(items: Sequence[Item]) -> Iterator[str]:
    """The names whose tensors are asked for."""
    for item in items:
        if item.start is not None:
            yield item.start
        for branch in item.branches or ():
            if branch.reference is not None:
                yield branch.reference
        yield from referred(list(inside(item)))


def shared(items: Sequence[Item]) -> Iterator[str]:
    """The names whose weights are used again."""
    for item in items:
        if item.share is not None:
            yield item.share
        yield from shared(list(inside(item)))
