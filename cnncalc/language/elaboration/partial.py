"""A network as far as it is known: the rows up to a mistake, and what is certain behind it.

A layer that cannot be becomes a node of which at most parts of its output are known, and so does
every layer that needs what is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic, Refusal
from cnncalc.graph import Graph, Node
from cnncalc.language.elaboration.memo import Memo, Stated
from cnncalc.language.elaboration.names import Scope, Unknown
from cnncalc.language.elaboration.options import evaluate
from cnncalc.language.elaboration.sharing import shared_weights
from cnncalc.language.elaboration.walk import Elaborator
from cnncalc.language.forms.form import BranchForm, LayerForm
from cnncalc.language.text.findings import Findings, TooMany
from cnncalc.layers.base import Facts, Kind, LayerError
from cnncalc.layers.probing import certain_facts, unknown_facts
from cnncalc.shapes import UNKNOWN_SHAPE, Shape
from cnncalc.unknown import UNKNOWN, UnknownValueError, is_known

SPATIAL = ("kernel", "stride", "padding", "dilation", "output_padding")
"""Options whose repair changes the sizes of the output, and not its channels."""


class Unbuilt(Kind):
    """A layer that could not be made: it has the name that the file gives it, and no options."""

    name = "unbuilt"
    family = "unbuilt"

    def __init__(self, label: str) -> None:
        self.__dict__["name"] = label

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        return unknown_facts(UNKNOWN_SHAPE, len(inputs))


class Partial(NamedTuple):
    """A network as far as it is known."""

    graph: Graph
    failed: Mapping[int, str]
    """The nodes of layers that cannot be, and why."""


def partial_graph(
    name: str,
    source: str | None,
    forms: tuple[LayerForm, ...],
    explicit: frozenset[str],
    parameters: Mapping[str, Any],
    input_shapes: Mapping[str, Shape],
    findings: Findings,
    memo: Memo,
) -> Partial:
    """Build what is known of the network of the given layers, parameters and inputs.

    `findings` are thrown away: those of the whole elaboration are told.
    """
    elaborator = PartialElaborator(parameters, input_shapes, findings, memo)
    with suppress(TooMany):
        elaborator.run(forms, explicit)
    graph = Graph(name, source, tuple(elaborator.nodes), parameters, findings.own.label)
    return Partial(graph, elaborator.failed)


class PartialElaborator(Elaborator):
    """Builds a node for every layer, whatever is wrong with it."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        input_shapes: Mapping[str, Shape],
        findings: Findings,
        memo: Memo,
    ) -> None:
        super().__init__(parameters, input_shapes, findings, memo)
        self.failed: dict[int, str] = {}
        self.rank = max([len(shape) - 1 for shape in input_shapes.values()], default=0)

    def _layers(self, forms: tuple[LayerForm, ...], scope: Scope, incoming: int) -> int:
        self._enter(forms, scope)
        for form in forms:
            before = len(self.nodes)
            try:
                incoming = self._form(form, scope, incoming)
            except Refusal as refusal:  # of its condition, or of how often it stands
                incoming = self._unknown_layer(form, scope, incoming, before, refusal.message)
            except (Unknown, UnknownValueError):
                if scope.use is not None:
                    # whether it is there decides how what follows in the block is numbered
                    incoming = self._unknown_rest(form, scope, incoming)
                    break
                incoming = self._unknown_layer(form, scope, incoming, before, None)
        self._depth -= 1
        return incoming

    def _one(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        before, depth = len(self.nodes), self._depth
        try:
            if not form.broken:
                return super()._one(form, scope, incoming)
            message: str | None = "it cannot be read"
        except Refusal as refusal:
            message = refusal.message
        except (Unknown, UnknownValueError):
            message = None
        self._depth = depth
        return self._unknown_layer(form, scope, incoming, before, message)

    def _unknown_rest(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """The node of all that follows in a block, of which nothing is known; its index."""
        facts = unknown_facts(UNKNOWN_SHAPE, 1)
        name = f"{scope.prefix}…{len(self.nodes)}"
        self.nodes.append(Node(name, Unbuilt("?"), (incoming,), facts, form.place, scope.use))
        self.forms.append(form)
        return len(self.nodes) - 1

    def _unknown_layer(
        self, form: LayerForm, scope: Scope, incoming: int, before: int, message: str | None
    ) -> int:
        """The node of a layer, a block or a group of which nothing is known; its index."""
        if len(self.nodes) > before and form.block is not None:
            # what stands in the block is known, or says itself that it is not
            return len(self.nodes) - 1
        index = len(self.nodes)
        try:
            name = self.names.take(form, scope)
        except Refusal:
            name = f"{scope.prefix}{form.name or form.label}@{index}"
        facts = unknown_facts(UNKNOWN_SHAPE, 1)
        label = form.label if form.group is None else "layers"
        self.nodes.append(Node(name, Unbuilt(label), (incoming,), facts, form.place, scope.use))
        self.forms.append(form)
        self.names.give(name, index)
        if message is not None:
            self.failed[index] = message
        return index

    # -- single layers ----------------------------------------------------------------------

    def _layer(
        self,
        form: LayerForm,
        scope: Scope,
        values: tuple[Any, ...],
        inputs: tuple[int, ...],
        reads: tuple[int, ...] = (),
    ) -> int:
        nodes, index = self.nodes, len(self.nodes)
        if all([is_known(nodes[one].facts.output) for one in (*inputs, *reads)]):
            return super()._layer(form, scope, values, inputs, reads)
        name = self.names.take(form, scope)
        kind, facts = self._stated(form, scope, values, inputs, name)
        if reads:
            facts = unknown_facts(UNKNOWN_SHAPE, len(inputs))
        shares, is_output = None, False
        if form.share is not None:
            other = self._named(form.share, form.keys["share"], scope).node
            with suppress(Refusal):
                shares = shared_weights(form, nodes, other, kind, facts)
        if form.is_output is not False:
            env = self._environment(scope, inputs[0])
            is_output = bool(evaluate(form.is_output, env, form.keys["output"]))
        nodes.append(
            Node(name, kind, inputs, facts, form.place, scope.use, shares, is_output, reads)
        )
        self.forms.append(form)
        self.names.give(name, index)
        return index

    def _stated(
        self,
        form: LayerForm,
        scope: Scope,
        values: tuple[Any, ...],
        inputs: tuple[int, ...],
        name: str,
    ) -> Stated:
        """The layer's kind and facts, as far as they are certain."""
        assert form.kind is not None
        shapes = tuple([self.nodes[index].facts.output for index in inputs])
        kind: Kind
        try:
            if all(map(is_known, shapes)):
                return self.memo.state(form.kind, values, shapes)
            rank = self.rank if shapes[0] is UNKNOWN_SHAPE else len(shapes[0]) - 1
            kind = self.memo.kind(form.kind, values, rank)
        except Refusal as refusal:
            self._note(refusal, form, scope, name)
            self.failed[len(self.nodes)] = refusal.message
            return self._failing(form.kind, values, shapes, refusal)
        facts = certain_facts(form.kind, values, shapes, self.rank)
        return kind, facts or unknown_facts(UNKNOWN_SHAPE, len(shapes))

    def _failing(
        self,
        kind: type[Kind],
        values: tuple[Any, ...],
        shapes: tuple[Shape, ...],
        refusal: Refusal,
    ) -> Stated:
        """What is certain of a layer that its input or its options refuse."""
        output = refusal.output if isinstance(refusal, LayerError) else None
        if output is not None and refusal.option in SPATIAL:
            output = (output[0], *[UNKNOWN] * (len(output) - 1))
        if output is None and len(shapes) == 1 and len(shapes[0]) > 1:
            # on maps of other sizes there may be such a layer, and its channels are the same
            larger = (shapes[0][0], *[UNKNOWN] * (len(shapes[0]) - 1))
            facts = certain_facts(kind, values, (larger,), self.rank)
            if facts is not None:
                output = (facts.output[0], *[UNKNOWN] * (len(facts.output) - 1))
        try:
            made: Kind = self.memo.kind(kind, values, len(shapes[0]) - 1)
        except Refusal:
            made = Unbuilt(kind.name)
        return made, unknown_facts(output or UNKNOWN_SHAPE, len(shapes))

    # -- merges -----------------------------------------------------------------------------

    def _branch(
        self, form: LayerForm, branch: BranchForm, scope: Scope, incoming: int
    ) -> int | None:
        try:
            if branch.condition is not None:
                env = self._environment(scope, incoming)
                if not evaluate(branch.condition, env, branch.condition_node):
                    return None
            if branch.reference is not None:
                return self._named(branch.reference, branch.node, scope).node
        except Unknown:
            raise Refusal("undefined-name", "what one of its branches is is not known") from None
        return self._layers(branch.layers, scope, incoming)

    # -- small things -----------------------------------------------------------------------

    def _environment(self, scope: Scope, incoming: int) -> Mapping[str, Any]:
        shape = self.nodes[incoming].facts.output
        known = shape[0] is not UNKNOWN
        return scope.environment(shape[0] if known else None)


def with_messages(partial: Partial, diagnostics: tuple[Diagnostic, ...]) -> Partial:
    """The same, with the message of the finding where the layer itself has none."""
    places = {
        (found.place.file, found.place.line): found.message
        for found in reversed(diagnostics)
        if found.place is not None
    }
    failed = dict(partial.failed)
    for index, message in failed.items():
        place = partial.graph.nodes[index].place
        if isinstance(partial.graph.nodes[index].kind, Unbuilt) and place is not None:
            failed[index] = places.get((place.file, place.line), message)
    return partial._replace(failed=failed)
