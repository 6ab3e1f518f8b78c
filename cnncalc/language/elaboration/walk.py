"""The walk over the forms that builds the nodes of one network, layer by layer.

After a refusal the layer's output is unknown, and so is all that depends on it; what stands
apart from it is still looked at. One root cause therefore gives one finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Refusal
from cnncalc.graph import Node, Use, input_node
from cnncalc.language.elaboration.arguments import block_arguments
from cnncalc.language.elaboration.memo import Memo, Stated
from cnncalc.language.elaboration.names import Names, Scope, Unknown
from cnncalc.language.elaboration.options import evaluate, option_values, references
from cnncalc.language.elaboration.sharing import (
    BlockUse,
    earlier_use,
    share_block,
    shared_weights,
)
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.expressions.operations import GivenLayer
from cnncalc.language.forms.counting import DEPTH_LIMIT
from cnncalc.language.forms.form import BlockForm, BranchForm, LayerForm
from cnncalc.language.forms.values import REPEAT_LIMIT, check_repeat
from cnncalc.language.text.findings import Findings, TooMany
from cnncalc.language.text.source import Node as TextNode
from cnncalc.layers.base import SIZE_LIMIT, Facts, LayerError
from cnncalc.layers.merge import projection
from cnncalc.layers.options import OptionError
from cnncalc.shapes import AXIS_NAMES, Shape, product

LAYER_LIMIT = REPEAT_LIMIT

STEP_LIMIT = 2 * LAYER_LIMIT
"""As many layers are looked at, those that a condition leaves out included."""

BLOCK_DEPTH_LIMIT = 50

UNKNOWN = -1
"""In place of a node: what an earlier finding keeps from being known."""


class Elaborator:
    """Walks over the forms and builds the nodes of one network."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        input_shapes: Mapping[str, Shape],
        findings: Findings,
        memo: Memo,
    ) -> None:
        self.parameters = parameters
        self.findings = findings
        self.memo = memo
        memo.trim()
        self.nodes: list[Node] = [input_node(shape, name) for name, shape in input_shapes.items()]
        self.forms: list[LayerForm | None] = [None] * len(self.nodes)
        """For each node the form it comes from."""
        self.names = Names(self.nodes)
        self.moved: list[StaleChannels] = []
        self.lone: list[LoneBranch] = []
        self._uses: dict[str, BlockUse] = {}
        """The uses of blocks, by their names."""
        self._multiplicity = 1
        """How often the innermost `repeat` runs, those around it multiplied in."""
        self._steps = 0
        self._depth = 0
        """Blocks, groups and branches around the layer at hand."""

    def run(self, forms: tuple[LayerForm, ...], explicit: frozenset[str]) -> None:
        """Elaborate the file's own layers.

        Raises:
            TooMany: more layers or findings than are looked at.
        """
        last = self._layers(forms, Scope("", dict(self.parameters), explicit, None, 0), 0)
        if last not in (UNKNOWN, len(self.nodes) - 1):
            self._want(last)

    # -- lists of layers --------------------------------------------------------------------

    def _layers(self, forms: tuple[LayerForm, ...], scope: Scope, incoming: int) -> int:
        """A list of layers applied one after the other; the index of the last."""
        self._enter(forms, scope)
        taken = incoming
        """What the layer before took."""
        for form in forms:
            try:
                if form.broken:
                    raise Unknown
                if form.condition is not None and self._moved(form, taken, incoming):
                    self.moved.append(StaleChannels(form, taken, incoming, scope.use))
                before, incoming = incoming, self._form(form, scope, incoming)
                if incoming != before:
                    taken = before
                continue
            except Refusal as refusal:
                self._note(refusal, form, scope)
            except Unknown:
                pass
            self.names.forget(form, scope)
            incoming = UNKNOWN
        self._depth -= 1
        return incoming

    def _enter(self, forms: tuple[LayerForm, ...], scope: Scope) -> None:
        """Count a list of layers, and how deep it lies.

        Raises:
            TooMany: more layers, or deeper, than are looked at.
        """
        self._steps += len(forms) + 1
        if self._steps > STEP_LIMIT and forms:
            message = f"over {STEP_LIMIT:,} layers, counting those left out"
            self._note(Refusal("limit-exceeded", message), forms[0], scope)
            raise TooMany
        self._depth += 1
        if self._depth > DEPTH_LIMIT and forms:
            message = f"nested more than {DEPTH_LIMIT} levels deep, with the blocks around it"
            self._note(Refusal("limit-exceeded", message), forms[0], scope)
            raise TooMany

    def _form(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """What one form makes: a layer or several, or none."""
        if form.condition is None and form.repeat is None and form.start is None:
            return self._one(form, scope, incoming)
        start = incoming
        if form.start is not None:
            start = self._named(form.start, form.keys["from"], scope).node
        env = self._environment(scope, start)
        if form.condition is not None and not evaluate(form.condition, env, form.keys["if"]):
            return incoming
        times = 1 if form.repeat is None else self._times(form, env)
        before = self._multiplicity
        self._multiplicity = before * max(times, 1)
        if self._multiplicity > LAYER_LIMIT:
            message = f"`repeat` makes {self._multiplicity:,} layers, more than {LAYER_LIMIT:,}"
            self._note(Refusal("limit-exceeded", message).at(form.keys["repeat"]), form, scope)
            times, start = 1, UNKNOWN
        if times:
            incoming = start
        outer = scope.round
        try:
            for index in range(times):
                if form.repeat is not None:
                    scope.begin_round(index)
                incoming = self._one(form, scope, incoming)
                if incoming < 0:
                    break  # the rounds to come would depend on the same mistake
        finally:
            self._multiplicity = before
            scope.end_rounds(outer)
        return incoming

    def _times(self, form: LayerForm, env: Mapping[str, Any]) -> int:
        node = form.keys["repeat"]
        times = evaluate(form.repeat, env, node)
        try:
            check_repeat(times)
        except OptionError as refusal:
            raise refusal.about("`repeat`").at(node) from None
        found: int = times
        return found

    def _one(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """One layer, one use of a block, or one round of a group."""
        if form.trainable is True:
            return self._made(form, scope, incoming)
        env = self._environment(scope, incoming)
        trainable = evaluate(form.trainable, env, form.keys["trainable"])
        before = len(self.nodes)
        found = self._made(form, scope, incoming)
        if not trainable:
            for index in range(before, len(self.nodes)):
                node = self.nodes[index]
                if node.facts.weights:
                    self.nodes[index] = node._replace(frozen=frozenset(node.facts.weights))
        return found

    def _made(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        if form.group is not None:
            return self._layers(form.group, scope, incoming)
        if form.block is not None:
            return self._block(form, form.block, scope, incoming)
        if form.branches is not None:
            return self._merge(form, form.branches, scope, incoming)
        if incoming < 0:
            raise Unknown
        values = self._values(form, scope, incoming) if form.dynamic else form.values
        reads: tuple[int, ...] = ()
        if form.references:
            values, reads = references(form, values, self.names, self.nodes, scope)
        return self._layer(form, scope, values, (incoming,), reads)

    def _values(self, form: LayerForm, scope: Scope, incoming: int) -> tuple[Any, ...]:
        """The options of a layer, expressions worked out."""
        env = self._environment(scope, incoming)
        if form.kind is not None and form.kind.is_stated and incoming >= 0:
            sizes = self.nodes[incoming].facts.output[1:]
            env = {**dict(zip(AXIS_NAMES.get(len(sizes), ()), sizes, strict=False)), **env}
        return option_values(form, env)

    # -- single layers ----------------------------------------------------------------------

    def _layer(
        self,
        form: LayerForm,
        scope: Scope,
        values: tuple[Any, ...],
        inputs: tuple[int, ...],
        reads: tuple[int, ...] = (),
    ) -> int:
        """Build one node; its index."""
        nodes = self.nodes
        index = len(nodes)
        name = self.names.take(form, scope)
        if index > LAYER_LIMIT:
            self._note(
                Refusal("limit-exceeded", f"more than {LAYER_LIMIT:,} layers"), form, scope, name
            )
            raise TooMany
        kind, facts = self._stated(form, scope, values, inputs, name)
        shares = None
        is_output = False
        if form.share is not None:
            other = self._named(form.share, form.keys["share"], scope).node
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
        """The layer's kind and facts; after a refusal those facts that are certain all the same."""
        assert form.kind is not None
        shapes = tuple([self.nodes[index].facts.output for index in inputs])
        try:
            return self.memo.state(form.kind, values, shapes)
        except Refusal as refusal:
            refusal.at(form.given.get(refusal.option or ""))
            self._note(refusal, form, scope, name, self._shortcut(refusal, form, scope))
            output = refusal.output if isinstance(refusal, LayerError) else None
            if output is None or product(output) > SIZE_LIMIT:
                raise Unknown from None
        # what follows can be looked at: this shape does not depend on the mistake
        kind = self.memo.kind(form.kind, values, len(shapes[0]) - 1)
        return kind, Facts(output, windows=(None,) * len(inputs))

    def _merge(
        self, form: LayerForm, branches: tuple[BranchForm, ...], scope: Scope, incoming: int
    ) -> int:
        """A merge: its branches, then the layer itself; a merge of one branch is that branch."""
        ends = [self._branch(form, branch, scope, incoming) for branch in branches]
        taken = tuple([end for end in ends if end is not None])
        if UNKNOWN in taken or (not taken and incoming < 0):
            raise Unknown
        if not taken:
            raise Refusal("bad-value", "none of its branches takes part")
        if len(taken) > 1 or (form.kind is not None and form.kind.is_stated):
            values = self._values(form, scope, incoming) if form.dynamic else form.values
            return self._layer(form, scope, values, taken)
        if len(branches) == 1 and branches[0].condition is None:
            self.lone.append(LoneBranch(form, incoming, taken[0], scope.use))
        if form.name is not None:
            self.names.give(self.names.take(form, scope), taken[0])
        return taken[0]

    def _branch(
        self, form: LayerForm, branch: BranchForm, scope: Scope, incoming: int
    ) -> int | None:
        """The last node of a branch; `None` where it is left out."""
        try:
            if branch.condition is not None:
                env = self._environment(scope, incoming)
                if not evaluate(branch.condition, env, branch.condition_node):
                    return None
            if branch.reference is not None:
                return self._named(branch.reference, branch.node, scope).node
        except Refusal as refusal:
            self._note(refusal, form, scope)
            return UNKNOWN
        except Unknown:
            return UNKNOWN
        return self._layers(branch.layers, scope, incoming)

    def _shortcut(
        self, refusal: Refusal, form: LayerForm, scope: Scope
    ) -> tuple[TextNode, tuple[str, ...]] | None:
        """The layer that an identity branch lacks, told in the hint; with its edit outside blocks.

        In a block other uses may lack another layer, or none.
        """
        branches = form.branches or ()
        empty = [number for number, one in enumerate(branches) if one.is_identity]
        if len(branches) != 2 or len(refusal.shapes) != 2 or len(empty) != 1:
            return None
        (number,) = empty
        if form.kind is None or form.kind.joins:
            return None
        needed = projection(refusal.shapes[1 - number], refusal.shapes[number])
        if needed is None:
            return None
        words, written = needed
        refusal.hint = f"the shortcut, branch {number + 1}, needs {words}: `[{written}]`"
        return (branches[number].node, (f"[{written}]",)) if scope.use is None else None

    # -- blocks -----------------------------------------------------------------------------

    def _block(self, form: LayerForm, block: BlockForm, scope: Scope, incoming: int) -> int:
        """One use of a block."""
        if scope.depth >= BLOCK_DEPTH_LIMIT:
            message = f"blocks use each other more than {BLOCK_DEPTH_LIMIT} levels deep"
            again = scope.use is not None and form.place in scope.use.chain()
            hint = f"`{block.label}` uses itself, and no `if` ends it" if again else None
            self._note(Refusal("limit-exceeded", message, hint=hint), form, scope)
            raise TooMany  # a block that uses itself twice would branch at every level
        outside = self._environment(scope, incoming)
        env = block_arguments(
            form, block, outside, self.parameters, self.names, scope, self.findings
        )
        if incoming < 0:
            raise Unknown
        twin = None
        if form.share is not None:
            found = self._named(form.share, form.keys["share"], scope)
            twin = earlier_use(form, block, self._uses, found.name)
        name = self.names.take(form, scope)
        inner = Scope(name + ".", env, block.explicit, Use(form.place, scope.use), scope.depth + 1)
        before = len(self.nodes)
        last = self._layers(block.body, inner, incoming)
        if last < 0:
            self.names.hide(name)
            return last
        self.names.give(name, last)
        use = self._uses[name] = BlockUse(name, block, before, len(self.nodes))
        if twin is not None:
            share_block(form, self.nodes, use, twin)
        if form.is_output is not False and last >= before:
            outside = self._environment(scope, incoming)
            if evaluate(form.is_output, outside, form.keys["output"]):
                self._want(last)
        return last

    def _moved(self, form: LayerForm, taken: int, incoming: int) -> bool:
        """Whether a condition depends on `channels` that the layer before has changed."""
        if min(taken, incoming) < 0 or form.start is not None:
            return False
        names = form.condition.names if isinstance(form.condition, Expression) else ()
        return "channels" in names and self._channels(taken) != self._channels(incoming)

    # -- small things -----------------------------------------------------------------------

    def _channels(self, index: int) -> int:
        return self.nodes[index].facts.output[0]

    def _environment(self, scope: Scope, incoming: int) -> Mapping[str, Any]:
        """The names of a scope; the channels of what comes in are known where that is."""
        return scope.environment(self._channels(incoming) if incoming >= 0 else None)

    def _named(self, reference: str, where: Any, scope: Scope) -> GivenLayer:
        """The layer of a name that stands at a node of the file."""
        try:
            return self.names.find(reference, scope)
        except Refusal as refusal:
            raise refusal.at(where) from None

    def _want(self, index: int) -> None:
        self.nodes[index] = self.nodes[index]._replace(is_output=True)

    def _note(
        self,
        refusal: Refusal,
        form: LayerForm,
        scope: Scope,
        layer: str | None = None,
        lines: tuple[TextNode, tuple[str, ...]] | None = None,
    ) -> None:
        used = scope.use.chain() if scope.use else ()
        self.findings.add(refusal, form.source, form.head, layer, used, lines)


class StaleChannels(NamedTuple):
    """A condition on `channels` that the layer before it in the list has just changed."""

    form: LayerForm
    before: int
    after: int
    """The nodes that the layer before took, and made."""
    use: Use | None


class LoneBranch(NamedTuple):
    """A merge that is written with one branch: it is that branch, and nothing is merged."""

    form: LayerForm
    before: int
    """The node whose output reaches the merge."""
    taken: int
    """The node that the branch ends in."""
    use: Use | None
