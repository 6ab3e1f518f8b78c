"""What names mean in a block of a file, and what all uses of a block have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.outline.terms import (
    CHANNELS,
    ENTERING,
    FUNCTIONS,
    Name,
    Operation,
    Term,
    is_constant,
    names,
)
from cnncalc.analysis.outline.types import Item, Outline
from cnncalc.language.forms.form import BlockForm, LayerForm


class BlockScope:
    """The inside of a block, or the file's own layers."""

    def __init__(
        self,
        block: BlockForm | None,
        values: Mapping[str, Term],
        known: Mapping[tuple[str, str], Term],
    ) -> None:
        self.block = block
        own = {parameter.name for parameter in block.parameters} if block else set()
        label = block.label if block else ""
        settled = {name: known[label, name] for name in own if (label, name) in known}
        self.values = {key: term for key, term in values.items() if key not in own} | settled
        """What names stand for that are none here, or of one value in all uses."""
        self.parameters = own - settled.keys()
        self.layers: set[str] = set()
        """Parameters that stand for layers."""
        self.referred: set[str] = set()
        """Layers that others refer to."""
        self.outer: set[str] = set()
        """Layers of the file itself that a block refers to: it is given them."""
        self.own = own_names(block.body) if block else set()
        self.given: set[str] = set()
        """Parameters that some use gives."""

    def knows(self, name: str) -> bool:
        """Whether a name is that of a value."""
        here = self.parameters - self.layers
        return name in here or name in self.values or name in (CHANNELS.text, ENTERING.text)


def settled(outline: Outline) -> Iterator[tuple[tuple[str, str], Term]]:
    """Parameters of blocks that have one value in all uses: constructors need none of them."""
    given: dict[tuple[str, str], list[Term]] = defaultdict(list)

    def visit(items: Sequence[Item]) -> None:
        for item in items:
            options = dict(item.options)
            for one in item.block.parameters if item.block is not None else ():
                if not one.layer and item.block is not None:
                    given[item.block.name, one.name].append(options.get(one.name, one.default))
            visit(item.group or ())
            for branch in item.branches or ():
                visit(branch.items)

    visit(outline.items)
    for block in outline.blocks:
        visit(block.items)
    for (block_name, name), terms in given.items():
        first = terms[0]
        if not all(term == first and type(term) is type(first) for term in terms):
            continue
        # a number, or a parameter under another name
        if is_constant(first) or (isinstance(first, Name) and _is_own(outline, block_name, name)):
            yield (block_name, name), first


def _is_own(outline: Outline, block: str, name: str) -> bool:
    """Whether a parameter follows from others of its block."""
    (found,) = [one for one in outline.blocks if one.name == block]
    default = {one.name: one.default for one in found.parameters}[name]
    return default is not None and not is_constant(default)


def own_names(forms: Sequence[LayerForm]) -> set[str]:
    """The names that the layers of a block may have."""
    found: set[str] = set()
    for form in forms:
        base = form.name or form.label
        apart = "_" if base[-1:].isdigit() else ""
        found |= {base, *(f"{base}{apart}{number}" for number in range(1, 100) if form.counted)}
        found |= own_names(form.group or ())
        for branch in form.branches or ():
            found |= own_names(branch.layers)
    return found


def is_rule(term: Term) -> bool:
    """Whether a term is more than plain arithmetic."""
    if not isinstance(term, Operation):
        return False
    return term.sign in FUNCTIONS or is_rule(term.left) or is_rule(term.right)


def names_in(item: Item) -> Iterator[str]:
    """The names in the terms of an item and what it holds."""
    for _, term in item.options:
        yield from names(term)
    yield from names(item.condition)
    yield from names(item.times)
    for inner in item.group or ():
        yield from names_in(inner)
    for branch in item.branches or ():
        yield from names(branch.condition)
        for inner in branch.items:
            yield from names_in(inner)
