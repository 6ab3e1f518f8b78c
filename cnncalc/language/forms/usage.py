"""What of a file nothing uses: parameters, blocks, and parameters of blocks.

What only an unused block uses is unused as well, and so is what only an unused parameter's value
uses. A name counts as used wherever an expression holds it, whatever the expression comes to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.form import BlockForm, LayerForm
from cnncalc.language.forms.values import LayerPath, MixedList, TableForm

NOTHING: frozenset[str] = frozenset()


class Usage(NamedTuple):
    """What the layers of a file use."""

    names: frozenset[str]
    """Names outside blocks: parameters of the file, and names of layers."""
    blocks: Mapping[str, frozenset[str]]
    """For each block that is used the names in its layers."""


class Unused(NamedTuple):
    """What nothing uses, by name."""

    parameters: tuple[str, ...]
    blocks: tuple[str, ...]
    block_parameters: tuple[tuple[str, str], ...]
    """Blocks that are used, each with a parameter that its layers do not use."""


def usage(layers: tuple[LayerForm, ...]) -> Usage:
    """The names and blocks that a list of layers uses, with those that its blocks use in turn."""
    names: set[str] = set()
    blocks: dict[str, frozenset[str]] = {}
    waiting: list[BlockForm] = []
    names.update(_names(layers, waiting))
    while waiting:
        block = waiting.pop()
        if block.label in blocks:
            continue
        blocks[block.label] = NOTHING  # a block may use itself
        inside = blocks[block.label] = frozenset(_names(block.body, waiting))
        own = {parameter.name for parameter in block.parameters}
        names |= inside - own
        for parameter in block.parameters:  # a default may use the parameters before it
            inside |= names_in(parameter.default)
            names |= names_in(parameter.default) - own
        blocks[block.label] = inside
    return Usage(frozenset(names), blocks)


def used_parameters(names: Iterable[str], values: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The parameters among names, with those that their values use; `values` holds the latter."""
    used: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in values and name not in used:
            used.add(name)
            waiting += values[name]
    return frozenset(used)


def _names(layers: tuple[LayerForm, ...], blocks: list[BlockForm]) -> Iterator[str]:
    """The names in the expressions of a list of layers; the blocks that it uses are noted."""
    waiting, done = [layers], set()
    while waiting:
        forms = waiting.pop()
        if id(forms) in done:
            continue
        done.add(id(forms))
        for form in forms:
            for value in (
                form.condition, form.repeat, form.is_output, form.trainable, form.start,
                form.share, *form.values,
            ):  # fmt: skip
                yield from names_in(value)
            if form.block is not None:
                blocks.append(form.block)
            if form.group is not None:
                waiting.append(form.group)
            for branch in form.branches or ():
                waiting.append(branch.layers)
                yield from names_in(branch.condition)
                yield from names_in(branch.reference)


def names_in(value: Any) -> frozenset[str]:
    """The names in a value."""
    if isinstance(value, Expression):
        return value.names
    if isinstance(value, str):
        return frozenset((value.partition(".")[0],))  # of a layer, which a block may be given
    if isinstance(value, LayerPath):
        return frozenset((value.text.partition(".")[0],))
    if isinstance(value, MixedList):
        return NOTHING.union(*map(names_in, value.items))
    if isinstance(value, TableForm):
        return NOTHING.union(*[names_in(one) for _, one in value.pairs])
    return NOTHING
