"""What all uses of a block together tell of its parameters: numbers, tuples or truth values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from cnncalc.analysis.outline.terms import CHANNELS, ENTERING, Term, evaluate, names
from cnncalc.analysis.outline.types import Block, Item, Outline
from cnncalc.exchange.writing.python.channels import is_local

LIMIT = 1000
"""So many combinations of values are looked at."""

Values = Mapping[str, set[Any]]


class Parameters(NamedTuple):
    """What is known of a block's parameters from all its uses."""

    tuples: Mapping[str, int]
    """Those that hold tuples, with their lengths."""
    flags: frozenset[str]
    """Those that are true or false."""
    floats: frozenset[str]
    least: Mapping[str, int]
    """The smallest value of those that are whole numbers."""


def parameters_of(outline: Outline) -> dict[str, Parameters]:
    """For each block by its name."""
    values: dict[str, dict[str, set[Any]]] = {
        block.name: defaultdict(set) for block in outline.blocks
    }
    own = {name: {value} for name, value in outline.parameters}
    _gather(outline.items, own, values)
    for block in reversed(outline.blocks):
        _gather(block.items, values[block.name], values)
    found: dict[str, Parameters] = {}
    for block in outline.blocks:
        known = values[block.name]
        counted = set(_counted(block, found))
        found[block.name] = Parameters(
            {
                name: max(len(value) for value in many if type(value) is tuple)
                for name, many in known.items()
                if any(type(value) is tuple for value in many)
            },
            frozenset(
                name
                for name, many in known.items()
                if name not in counted and all(type(v) in (int, bool) and v in (0, 1) for v in many)
            ),
            frozenset(
                name for name, many in known.items() if any(type(value) is float for value in many)
            ),
            {
                name: min(many)
                for name, many in known.items()
                if many and all(type(value) is int for value in many)
            },
        )
    return found


def _uses(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        if item.block is not None:
            yield item
        yield from _uses(item.group or ())
        for branch in item.branches or ():
            yield from _uses(branch.items)


def _gather(items: Sequence[Item], own: Values, values: dict[str, dict[str, set[Any]]]) -> None:
    """Note the values that uses among items give."""
    for item in _uses(items):
        assert item.block is not None
        given = dict(item.options)
        theirs = values[item.block.name]
        for parameter in item.block.parameters:
            if parameter.layer:
                continue
            if parameter.name in given or not is_local(parameter.default):
                term = given.get(parameter.name, parameter.default)
                theirs[parameter.name] |= _values(term, own)
            else:
                theirs[parameter.name] |= _values(parameter.default, theirs)


def _values(term: Term, own: Values) -> set[Any]:
    """The values that a term takes; those that depend on channels are whole numbers from 1 on."""
    asked = sorted(set(names(term)))
    hidden = {CHANNELS.text, ENTERING.text}
    if hidden & {*asked} or any(not own.get(name) for name in asked):
        return {1, 2}
    choices = [own[name] for name in asked]
    combinations = 1
    for choice in choices:
        combinations *= len(choice)
    if combinations > LIMIT:
        return {1, 2}
    return {evaluate(term, dict(zip(asked, found, strict=True))) for found in product(*choices)}


def _counted(block: Block, found: Mapping[str, Parameters]) -> Iterator[str]:
    """The names that a block needs as numbers."""

    def visit(items: Sequence[Item]) -> Iterator[str]:
        for item in items:
            yield from names(item.times)
            for key, term in item.options:
                if item.block is None or key not in found[item.block.name].flags:
                    yield from names(term)
            for condition in (item.condition, *[b.condition for b in item.branches or ()]):
                if condition is not None and not _is_flag(condition):
                    yield from names(condition)
            yield from visit(item.group or ())
            for branch in item.branches or ():
                yield from visit(branch.items)

    yield from visit(block.items)


def _is_flag(condition: Term) -> bool:
    """Whether a condition is a name, or the opposite of one."""
    return type(condition).__name__ == "Name" or getattr(condition, "sign", "") == "not"
