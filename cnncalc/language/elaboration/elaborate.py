"""Elaboration: forms and an input shape make the graph, layer by layer.

After an error the layer's output is unknown, and so is all that depends on it; what stands
apart from it is still looked at. One root cause therefore gives one finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Graph, Use
from cnncalc.language.elaboration.building import LAYER_LIMIT, LayerBuilder, Memory
from cnncalc.language.elaboration.scopes import UNKNOWN, Refused, Scope, TooMany
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.form import BranchForm, LayerForm
from cnncalc.language.forms.places import argument_node, child, common_node
from cnncalc.language.forms.values import (
    Listing,
    check_repeat,
)
from cnncalc.layers.options import OptionError
from cnncalc.records import Record
from cnncalc.shapes import Shape

STEP_LIMIT = 2 * LAYER_LIMIT
"""As many layers are looked at, those that a condition leaves out included."""

BLOCK_DEPTH_LIMIT = 50


class Elaborator(LayerBuilder):
    """Builds the nodes of one network."""

    def __init__(
        self, parameters: Mapping[str, Any], input_shape: Shape, memory: Memory | None = None
    ) -> None:
        super().__init__(parameters, input_shape, memory)
        self.multiplicity = 1
        """How often the innermost `repeat` runs, those around it multiplied in."""
        self.steps = 0

    def run(self, forms: tuple[LayerForm, ...], explicit: frozenset[str]) -> None:
        """Elaborate the file's own layers."""
        last = self._layers(forms, Scope("", dict(self.parameters), explicit, None, 0), 0)
        if last not in (UNKNOWN, len(self.nodes) - 1):
            node = self.nodes[last]
            self.nodes[last] = node._replace(wanted=True)

    def _layers(self, forms: tuple[LayerForm, ...], scope: Scope, incoming: int) -> int:
        """A list of layers applied one after the other; the index of the last."""
        self.steps += len(forms) + 1
        if self.steps > STEP_LIMIT and forms:
            self._note(
                "limit-exceeded",
                f"over {STEP_LIMIT:,} layers, counting those left out",
                forms[0],
                scope,
            )
            raise TooMany
        for form in forms:
            if form.broken:
                self._forget(form, scope)
                incoming = UNKNOWN
                continue
            if form.condition is None and form.repeat is None and form.start is None:
                incoming = self._one(form, scope, incoming)
                continue
            try:
                start = incoming if form.start is None else self._start(form, scope)
                if not self._holds(form.condition, form, scope, start):
                    continue
                times = self._times(form, scope, start)
            except Refused:
                self._forget(form, scope)
                incoming = UNKNOWN
                continue
            before = self.multiplicity
            self.multiplicity = before * max(times, 1)
            if self.multiplicity > LAYER_LIMIT:
                self._note(
                    "limit-exceeded",
                    f"`repeat` makes {self.multiplicity:,} layers, more than {LAYER_LIMIT:,}",
                    form,
                    scope,
                    place=self._common_place(form, "repeat"),
                )
                times, start = 1, UNKNOWN
            if times:
                incoming = start
            for _ in range(times):
                incoming = self._one(form, scope, incoming)
                if incoming < 0:
                    break  # the rounds to come would hang on the same mistake
            self.multiplicity = before
        return incoming

    def _holds(self, condition: Any, form: LayerForm, scope: Scope, incoming: int) -> bool:
        if condition is None:
            return True
        return bool(
            self._evaluate(condition, form, scope, incoming, lambda: common_node(form, "if"))
        )

    def _start(self, form: LayerForm, scope: Scope) -> int:
        assert form.start is not None
        return self._find(form.start, form, scope, self._common_place(form, "from"))

    def _times(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        if form.repeat is None:
            return 1
        value = self._evaluate(
            form.repeat, form, scope, incoming, lambda: common_node(form, "repeat")
        )
        try:
            check_repeat(value)
        except OptionError as error:
            self._note(
                "bad-value",
                f"`repeat` {error}",
                form,
                scope,
                place=self._common_place(form, "repeat"),
            )
            raise Refused from None
        times: int = value
        return times

    def _one(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """One layer, one use of a block, or one round of a group."""
        if form.kind is not None:
            if form.branches is not None:
                return self._merge(form, scope, incoming)
            if incoming < 0:
                self._forget(form, scope)
                return UNKNOWN
            return self._plain(form, scope, incoming)
        if form.group is not None:
            return self._layers(form.group, scope, incoming)
        return self._block(form, scope, incoming)

    def _merge(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """A merge: its branches, then the layer itself; a merge of one branch is that branch."""
        assert form.branches is not None
        ends: list[int] = []
        for branch in form.branches:
            end = self._branch(form, branch, scope, incoming)
            if end is not None:
                ends.append(end)
        try:
            if UNKNOWN in ends or (not ends and incoming < 0):
                raise Refused
            if not ends:
                self._note("bad-value", "none of its branches takes part", form, scope)
                raise Refused
            if len(ends) == 1:
                if form.name is not None:
                    self.names[self._name(form, scope)] = ends[0]
                return ends[0]
            shapes = tuple([self.nodes[end].facts.output for end in ends])
            name = self._name(form, scope)
            found = self.memo.get((form.kind, form.values, shapes))
            if found is None:
                found = self._state(form, scope, form.values, shapes, name)
            return self._append(form, scope, name, found, tuple(ends), ())
        except Refused:
            self._forget(form, scope)
            return UNKNOWN

    def _branch(
        self, form: LayerForm, branch: BranchForm, scope: Scope, incoming: int
    ) -> int | None:
        """The last node of a branch; `None` where it is left out."""
        if branch.condition is not None:
            try:
                if not self._evaluate(
                    branch.condition, form, scope, incoming, lambda: child(branch.node, "if")
                ):
                    return None
            except Refused:
                return UNKNOWN
        if branch.reference is not None:
            try:
                return self._find(branch.reference, form, scope, form.source.place(branch.node))
            except Refused:
                return UNKNOWN
        return self._layers(branch.layers or (), scope, incoming)

    def _block(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """One use of a block."""
        block = form.block
        assert block is not None
        try:
            if scope.depth >= BLOCK_DEPTH_LIMIT:
                self._note(
                    "limit-exceeded",
                    f"blocks use each other more than {BLOCK_DEPTH_LIMIT} levels deep",
                    form,
                    scope,
                    hint=f"`{block.label}` may use itself",
                )
                raise TooMany  # a block that uses itself twice would branch at every level
            if form.share is not None:
                self._note(
                    "bad-value",
                    "a block cannot share weights; its layers can",
                    form,
                    scope,
                    place=self._common_place(form, "share"),
                )
                raise Refused
            env = dict(self.parameters)
            for parameter, value in zip(block.parameters, form.values, strict=True):
                if value is parameter.default and value is not None:
                    env[parameter.name] = self._default(value, env, form, scope, incoming)
                elif isinstance(value, (Expression, Listing)):
                    find = partial(argument_node, form, parameter.name)
                    env[parameter.name] = self._evaluate(value, form, scope, incoming, find)
                else:
                    env[parameter.name] = value
            if incoming < 0:
                raise Refused
            name = self._name(form, scope)
        except Refused:
            self._forget(form, scope)
            return UNKNOWN
        inner = Scope(name + ".", env, block.explicit, Use(form.place, scope.use), scope.depth + 1)
        before = len(self.nodes)
        last = self._layers(block.body, inner, incoming)
        if last < 0:
            self.unknown.add(name)
        else:
            self.names[name] = last
            if form.wanted is not False and last >= before and self._wants(form, scope, incoming):
                self.nodes[last] = self.nodes[last]._replace(wanted=True)
        return last

    def _wants(self, form: LayerForm, scope: Scope, incoming: int) -> bool:
        return bool(
            self._evaluate(form.wanted, form, scope, incoming, lambda: common_node(form, "output"))
        )

    def _default(
        self, value: Expression, env: dict[str, Any], form: LayerForm, scope: Scope, incoming: int
    ) -> Any:
        """A parameter's default, which sees the parameters before it."""
        if incoming >= 0:
            env["channels"] = self.nodes[incoming].facts.output[0]
        try:
            return value.evaluate(env)
        except ExpressionError as error:
            assert form.block is not None
            self._note(
                error.rule, error.message, form, scope, place=form.block.place, hint=error.hint
            )
            raise Refused from None


class Elaboration(Record):
    """A network's graph, or what keeps it from being one."""

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    forms: tuple[LayerForm | None, ...] = ()
    """For each node what is written of it; `None` for the input."""


def elaborate(
    name: str,
    source: str | None,
    forms: tuple[LayerForm, ...],
    explicit: frozenset[str],
    parameters: Mapping[str, Any],
    input_shape: Shape,
    file: str | None = None,
    memory: Memory | None = None,
) -> Elaboration:
    """Build the network of the given layers, parameters and input."""
    elaborator = Elaborator(parameters, input_shape, memory)
    with suppress(TooMany):
        elaborator.run(forms, explicit)
    graph = None
    if not elaborator.diagnostics:
        graph = Graph(name, source, tuple(elaborator.nodes), parameters, file)
    return Elaboration(graph, tuple(elaborator.diagnostics), tuple(elaborator.forms))
