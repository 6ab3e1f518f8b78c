"""The outline that a file of ours already is: its blocks, their parameters, its repetitions.

Nothing is searched. The file's parameters have the values at hand, but for the number of
classes; what conditions on them leave out is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cnncalc.analysis.outline.terms import (
    CHANNELS,
    ENTERING,
    Name,
    Term,
    is_constant,
    names,
    substitute,
)
from cnncalc.analysis.outline.types import Block, BlockParameter, Branch, Item, Outline
from cnncalc.exchange.expressions import UnsayableError, term_of
from cnncalc.exchange.scopes import BlockScope, is_rule, names_in, settled
from cnncalc.graph import Graph
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.form import BlockForm, BranchForm, LayerForm
from cnncalc.language.network import Network

KEPT = "classes"
"""The parameter of a file that stays one."""


def own_outline(network: Network, graph: Graph) -> Outline:
    """The outline of a file's graph, in the file's own blocks.

    Raises:
        UnsayableError: the file uses what outlines have no words for.
    """
    kept = {
        key: value for key, value in graph.parameters.items() if key == KEPT and type(value) is int
    }
    known: dict[tuple[str, str], Term] = {}
    derived: set[tuple[str, str]] = set()
    while True:
        reader = _OutlineReader(graph.parameters, kept, known, derived)
        found = reader.outline(network, graph)
        more, worked = dict(settled(found)), reader.worked_out - derived
        if not more and not worked:
            return found
        known |= more
        derived |= worked


class _OutlineReader:
    def __init__(
        self,
        parameters: Mapping[str, Any],
        kept: Mapping[str, Any],
        known: Mapping[tuple[str, str], Term],
        derived: Collection[tuple[str, str]],
    ) -> None:
        self.derived = derived
        """Parameters that follow from others by some rule, and that uses give all the same."""
        self.values = {**parameters, **{key: Name(key) for key in kept}}
        self.kept = kept
        self.known = known
        """Parameters of blocks with the one value that they have."""
        self.file = BlockScope(None, self.values, known)
        self.scopes: dict[str, BlockScope] = {}
        self.order: list[BlockForm] = []
        """Blocks, each after those it uses."""
        self.blocks: dict[str, Block] = {}
        self.numbers: dict[tuple[int, str], int] = defaultdict(int)
        self.rules: set[tuple[str, str]] = set()
        self.constant: set[tuple[str, str]] = set()
        self.open: set[tuple[str, str]] = set()
        self._open: list[str] = []

    @property
    def worked_out(self) -> set[tuple[str, str]]:
        """Parameters that follow from others by a rule, and are numbers wherever they are used."""
        return (self.rules & self.constant) - self.open

    def outline(self, network: Network, graph: Graph) -> Outline:
        """The outline of the file's graph."""
        self.survey(network.layers, self.file)
        for block in self.order:
            self.write(block)
        items = self.items(network.layers, self.file)
        if items and items[-1].is_output:
            # the last output is one anyway
            items = (*items[:-1], items[-1]._replace(is_output=False))
        blocks = tuple(self.blocks[block.label] for block in self.order)
        asked = {name for item in items for name in names_in(item)}
        parameters = tuple((key, value) for key, value in self.kept.items() if key in asked)
        return Outline(graph, parameters, blocks, items)

    # -- what is used, and how ---------------------------------------------------------------

    def survey(self, forms: Sequence[LayerForm], scope: BlockScope) -> None:
        """Note the blocks in use, the layers that are referred to, the parameters that are given.

        A block is looked at again where a use tells more of it than those before.
        """
        for form in forms:
            if self._never(form, scope):
                continue
            for name in (form.start, form.share):
                self._refer(name, scope)
            for position in form.references:
                self._refer(form.values[position], scope)
            self.survey(form.group or (), scope)
            for branch in form.branches or ():
                if branch.condition is None or self._term(branch.condition, scope) is not False:
                    self._refer(branch.reference, scope)
                    self.survey(branch.layers, scope)
            if form.block is not None:
                self._survey_use(form, form.block, scope)

    def _survey_use(self, form: LayerForm, block: BlockForm, scope: BlockScope) -> None:
        if block.label in self._open:
            raise UnsayableError("a block that uses itself")
        inner = self.scopes.get(block.label)
        seen = inner is not None
        if inner is None:
            inner = self.scopes[block.label] = BlockScope(block, self.values, self.known)
        before = len(inner.layers)
        for parameter, value in zip(block.parameters, form.values, strict=True):
            if parameter.name not in form.given:
                continue
            inner.given.add(parameter.name)
            if self._names_layer(value, scope):
                inner.layers.add(parameter.name)
                self._refer(value.text, scope)
        if not seen or len(inner.layers) > before:
            self._open.append(block.label)
            self.survey(block.body, inner)
            self._open.pop()
        if not seen:
            self.order.append(block)
        for name in inner.outer:
            self._refer(name, scope)

    def _names_layer(self, value: Any, scope: BlockScope) -> bool:
        if type(value).__name__ == "LayerPath":
            raise UnsayableError("a layer inside a block, from outside")
        return isinstance(value, Expression) and value.text.isidentifier() and (
            value.text in scope.layers or not scope.knows(value.text)
        )  # fmt: skip

    def _refer(self, name: str | None, scope: BlockScope) -> None:
        if name is None or name in scope.layers:
            return
        if "." in name:
            raise UnsayableError("a layer inside a block, from outside")
        if scope is not self.file and name not in scope.own:
            scope.outer.add(name)
        else:
            scope.referred.add(name)

    def _never(self, form: LayerForm, scope: BlockScope) -> bool:
        if form.broken:
            raise UnsayableError("a layer that is none")
        for given, idle in ((form.condition, False), (form.repeat, 0)):
            if given is not None:
                term = self._term(given, scope)
                if is_constant(term) and not term and term == idle:
                    return True
        return False

    # -- items -------------------------------------------------------------------------------

    def _term(self, value: Any, scope: BlockScope) -> Term:
        return term_of(value, scope.values)

    def items(self, forms: Sequence[LayerForm], scope: BlockScope) -> tuple[Item, ...]:
        """The items of a list of layers."""
        found: list[Item] = []
        for form in forms:
            if self._never(form, scope):
                continue
            condition = None if form.condition is None else self._term(form.condition, scope)
            if is_constant(condition):
                condition = None
            times = 1 if form.repeat is None else self._term(form.repeat, scope)
            if condition is not None and form.start is not None:
                raise UnsayableError("`from` under a condition")
            item = self._item(form, scope)._replace(
                start=form.start, condition=condition, times=times
            )
            if times != 1 and any(_named(one) for one in item.group or ()):
                raise UnsayableError("a repeated layer that others refer to")
            plain = times == 1 and condition is None and form.start is None
            if item.group is not None and plain:
                found += item.group
            else:
                found.append(item)
        return tuple(found)

    def _item(self, form: LayerForm, scope: BlockScope) -> Item:
        if form.group is not None:
            return Item(group=self.items(form.group, scope))
        if form.trainable is not True:
            raise UnsayableError("frozen weights")
        item = self._layer(form, scope)
        name = self._numbered(form, scope)
        wanted = self._term(form.is_output, scope)
        if not is_constant(wanted) or ((wanted or form.share) and scope is not self.file):
            raise UnsayableError("an output or shared weights inside a block")
        if name in scope.referred or form.share is not None or wanted:
            if item.group is not None:
                raise UnsayableError("a name for a merge of one branch")
            if form.repeat is not None:
                raise UnsayableError("a repeated layer that others refer to")
        return item._replace(
            name=name if name in scope.referred else None,
            label=form.name,
            share=form.share,
            is_output=bool(wanted),
        )

    def _numbered(self, form: LayerForm, scope: BlockScope) -> str:
        """The name that the layer has in its scope, if it stands there once."""
        base = form.name or form.label
        if not form.counted:
            return base
        self.numbers[id(scope), base] += 1
        number = self.numbers[id(scope), base]
        return f"{base}{'_' if base[-1:].isdigit() else ''}{number}"

    def _layer(self, form: LayerForm, scope: BlockScope) -> Item:
        if form.block is not None:
            return self._use(form, form.block, scope)
        kind = form.kind
        assert kind is not None
        if kind.is_stated and form.dynamic:
            raise UnsayableError("a stated layer whose numbers follow from its input")
        options: list[tuple[str, Term]] = []
        given: dict[str, Term] = {}
        for (key, option), value in zip(kind.options.items(), form.values, strict=True):
            if key not in form.given or (kind.branches and option is kind.main):
                continue
            if option.type.reference:
                given[key] = value
            else:
                given[key] = self._term(value, scope)
        for key, term in given.items():
            option = kind.options[key]
            same = given.get(option.like) if option.like is not None else option.default
            if not (is_constant(term) and term == same and type(term) is type(same)):
                options.append((key, term))
        if form.branches is None:
            return Item(kind=kind, options=tuple(options))
        asked = [self._branch(branch, scope) for branch in form.branches]
        branches = [branch for branch in asked if branch is not None]
        if len(branches) == 1 and branches[0].condition is None:
            if branches[0].reference is not None:
                raise UnsayableError("a merge that is one other layer")
            return Item(group=branches[0].items)
        return Item(kind=kind, options=tuple(options), branches=tuple(branches))

    def _branch(self, branch: BranchForm, scope: BlockScope) -> Branch | None:
        condition = None
        if branch.condition is not None:
            condition = self._term(branch.condition, scope)
            if is_constant(condition):
                if not condition:
                    return None
                condition = None
        if branch.reference is not None:
            return Branch((), branch.reference, condition)
        return Branch(self.items(branch.layers, scope), None, condition)

    # -- blocks ------------------------------------------------------------------------------

    def write(self, block: BlockForm) -> None:
        """Make the block of a file's; those that it uses are made."""
        scope = self.scopes[block.label]
        items = self.items(block.body, scope)
        asked = {name for item in items for name in names_in(item)}
        parameters: list[BlockParameter] = []
        for parameter in reversed(block.parameters):
            name, default = parameter.name, None
            if name in scope.layers:
                parameters.append(BlockParameter(name, None, True))
                continue
            if name not in asked or name not in scope.parameters:
                continue
            if parameter.default is not None:
                default = self._term(parameter.default, scope)
                given = name in scope.given or (block.label, name) in self.derived
                if not is_constant(default) and given:
                    default = None  # each use gives what it would be
                elif is_rule(default):
                    self.rules.add((block.label, name))
                asked |= set(names(default))
            parameters.append(BlockParameter(name, default))
        parameters = [
            *(one for one in reversed(parameters) if one.default is None),
            *(one for one in reversed(parameters) if one.default is not None),
        ]
        known = {one.name for one in parameters}
        free = (asked & self.values.keys()) - known - scope.parameters
        layers = [BlockParameter(name, None, True) for name in sorted(scope.outer)]
        parameters = [*layers, *(BlockParameter(name) for name in sorted(free)), *parameters]
        self.blocks[block.label] = Block(block.label, tuple(parameters), items)

    def _use(self, form: LayerForm, block: BlockForm, scope: BlockScope) -> Item:
        made, inner = self.blocks[block.label], self.scopes[block.label]
        given: dict[str, Term] = {}
        for parameter, value in zip(block.parameters, form.values, strict=True):
            name = parameter.name
            if name in inner.layers:
                if name in form.given and not isinstance(value, Expression):
                    raise UnsayableError("a parameter that is a layer here and a number there")
                given[name] = value.text if name in form.given else None
            elif name in form.given:
                given[name] = self._term(value, scope)
            elif parameter.default is not None:
                here = {**given, ENTERING.text: CHANNELS}
                given[name] = substitute(self._term(parameter.default, inner), here)
        for name, term in given.items():
            # a number at every use needs no rule
            (self.constant if is_constant(term) else self.open).add((block.label, name))
        options = []
        for one in made.parameters:
            term = given.get(one.name, one.name if one.layer else Name(one.name))
            if one.default is None or (is_constant(one.default) and term != one.default):
                options.append((one.name, term))
        return Item(block=made, options=tuple(options))


def _named(item: Item) -> bool:
    """Whether an item, or one inside it, is referred to by name."""
    branches = item.branches or ()
    inside = (*(item.group or ()), *[one for branch in branches for one in branch.items])
    return item.name is not None or any(_named(one) for one in inside)
