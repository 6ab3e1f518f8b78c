"""Elaboration: forms and an input shape make the graph, layer by layer.

After an error the layer's output is unknown, and so is all that depends on it; what stands
apart from it is still looked at. One root cause therefore gives one finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from cnncalc.diagnostics import Diagnostic, Place, did_you_mean, nearest
from cnncalc.graph import Graph, Node, Use, input_node
from cnncalc.layers.base import SIZE_LIMIT, Facts, Kind, LayerError, Reference, check_size
from cnncalc.layers.options import LimitError, OptionError
from cnncalc.records import Record
from cnncalc.shapes import Shape, WindowLimitError, product
from cnncalc.spec.expression import Expression
from cnncalc.spec.forms import BranchForm, LayerForm
from cnncalc.spec.operations import ExpressionError
from cnncalc.spec.places import argument_node, child, common_node, option_node
from cnncalc.spec.source import Node as YamlNode
from cnncalc.spec.source import ScalarNode
from cnncalc.spec.values import (
    FINDING_LIMIT,
    Listing,
    check_repeat,
    expression_place,
    quoted,
    too_many,
)

LAYER_LIMIT = 120_000
STEP_LIMIT = 2 * LAYER_LIMIT
"""As many layers are looked at, those that a condition leaves out included."""

BLOCK_DEPTH_LIMIT = 50

UNKNOWN = -1
"""In place of a node: what an earlier error leaves unknown."""


class _Refused(Exception):
    """A layer that cannot be; its finding has been noted."""


class Scope:
    """The inside of a block, or the file's own layers: names, numbers and values."""

    __slots__ = ("counts", "depth", "env", "explicit", "prefix", "use")

    def __init__(
        self,
        prefix: str,
        env: dict[str, Any],
        explicit: frozenset[str],
        use: Use | None,
        depth: int,
    ) -> None:
        self.prefix = prefix
        self.env = env
        self.explicit = explicit
        self.use = use
        self.depth = depth
        self.counts: dict[str, int] = {}


class Elaborator:
    """Builds the nodes of one network."""

    def __init__(self, parameters: Mapping[str, Any], input_shape: Shape) -> None:
        self.parameters = parameters
        self.nodes: list[Node] = [input_node(input_shape)]
        self.names: dict[str, int] = {"input": 0}
        self.unknown: set[str] = set()
        """Names of layers and blocks that an error keeps from being known."""
        self.diagnostics: list[Diagnostic] = []
        self.noted: dict[tuple[str, Place], int] = {}
        self.memo: dict[Any, tuple[Kind, Facts]] = {}
        """Kind and facts by class, options and input shapes: most layers have a twin."""
        self.kinds: dict[Any, Kind] = {}
        self.multiplicity = 1
        self.steps = 0
        self.forms: list[LayerForm | None] = [None]
        """For each node the form it comes from."""

    def run(self, forms: tuple[LayerForm, ...], explicit: frozenset[str]) -> None:
        """Elaborate the file's own layers."""
        last = self._layers(forms, Scope("", dict(self.parameters), explicit, None, 0), 0)
        if last not in (UNKNOWN, len(self.nodes) - 1):
            node = self.nodes[last]
            self.nodes[last] = node._replace(wanted=True)

    # -- findings ---------------------------------------------------------------------------

    def _note(
        self,
        rule: str,
        message: str,
        form: LayerForm,
        scope: Scope,
        *,
        place: Place | None = None,
        layer: str | None = None,
        hint: str | None = None,
    ) -> None:
        where = place or form.place
        used = scope.use.chain() if scope.use else ()
        index = self.noted.setdefault((rule, where), len(self.diagnostics))
        if index < len(self.diagnostics):
            known = self.diagnostics[index]
            self.diagnostics[index] = known._replace(times=known.times + 1)
            return
        finding = Diagnostic(
            rule, "error", message, where, layer, hint, form.source.line(where.line), used=used
        )
        self.diagnostics.append(finding)
        if len(self.diagnostics) >= FINDING_LIMIT:
            self.diagnostics.append(too_many(finding))
            raise _TooMany

    def _option_place(self, form: LayerForm, key: str | None) -> Place:
        node = option_node(form, key)
        return form.source.place(node) if node is not None else form.place

    # -- values -----------------------------------------------------------------------------

    def _evaluate(
        self, value: Any, form: LayerForm, scope: Scope, incoming: int, node: YamlNode | None
    ) -> Any:
        """An expression's value, the incoming channels put in."""
        if isinstance(value, (Expression, Listing)):
            env = scope.env
            if incoming >= 0:
                env["channels"] = self.nodes[incoming].facts.output[0]
            else:
                env.pop("channels", None)
            try:
                return value.evaluate(env)
            except ExpressionError as error:
                if incoming >= 0 or error.rule != "undefined-name":
                    self._expression_error(error, form, scope, node)
                raise _Refused from None
        return value

    def _expression_error(
        self, error: ExpressionError, form: LayerForm, scope: Scope, node: YamlNode | None
    ) -> None:
        place = form.place
        if node is not None:
            place = form.source.place(node)
            if isinstance(node, ScalarNode):
                place = expression_place(place, error.offset, quoted(node))
        self._note(error.rule, error.message, form, scope, place=place, hint=error.hint)

    def _holds(self, condition: Any, form: LayerForm, scope: Scope, incoming: int) -> bool:
        if condition is None:
            return True
        value = self._evaluate(condition, form, scope, incoming, common_node(form, "if"))
        return bool(value)

    # -- layers -----------------------------------------------------------------------------

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
            raise _TooMany
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
            except _Refused:
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

    def _start(self, form: LayerForm, scope: Scope) -> int:
        assert form.start is not None
        return self._find(form.start, form, scope, self._common_place(form, "from"))

    def _times(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        if form.repeat is None:
            return 1
        node = common_node(form, "repeat")
        value = self._evaluate(form.repeat, form, scope, incoming, node)
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
            raise _Refused from None
        times: int = value
        return times

    def _common_place(self, form: LayerForm, key: str) -> Place:
        node = common_node(form, key)
        return form.source.place(node) if node is not None else form.place

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

    def _name(self, form: LayerForm, scope: Scope) -> str:
        base = form.name or form.label
        if not form.counted:
            name = scope.prefix + base
            if name in self.names:
                self._duplicate(name, form, scope)
                raise _Refused
            return name
        number = scope.counts.get(base, 0) + 1
        if base[-1:].isdigit():
            base += "_"
        while f"{base}{number}" in scope.explicit:
            number += 1
        scope.counts[form.name or form.label] = number
        name = f"{scope.prefix}{base}{number}"
        if name in self.names:
            self._duplicate(name, form, scope)
            raise _Refused
        return name

    def _duplicate(self, name: str, form: LayerForm, scope: Scope) -> None:
        first = self.nodes[self.names[name]].place if self.names[name] >= 0 else None
        where = f" (the first is on line {first.line})" if first else ""
        self._note(
            "duplicate-name",
            f"two layers are called `{name}`{where}",
            form,
            scope,
            place=self._common_place(form, "name"),
            hint="give one of them another name",
        )

    def _plain(self, form: LayerForm, scope: Scope, incoming: int) -> int:
        """A layer of one input."""
        nodes = self.nodes
        try:
            values = form.values
            if form.dynamic:
                values = self._values(form, scope, incoming)
            reads: tuple[int, ...] = ()
            if form.references:
                values, reads = self._references(form, scope, values)
            inputs = (nodes[incoming].facts.output,)
            name = self._name(form, scope)
            found = self.memo.get((form.kind, values, inputs))
            if found is None:
                found = self._state(form, scope, values, inputs, name)
            return self._append(form, scope, name, found, (incoming,), reads)
        except _Refused:
            self._forget(form, scope)
            return UNKNOWN

    def _append(
        self,
        form: LayerForm,
        scope: Scope,
        name: str,
        found: tuple[Kind, Facts],
        inputs: tuple[int, ...],
        reads: tuple[int, ...],
    ) -> int:
        nodes = self.nodes
        index = len(nodes)
        if index > LAYER_LIMIT:
            self._note(
                "limit-exceeded", f"more than {LAYER_LIMIT:,} layers", form, scope, layer=name
            )
            raise _TooMany
        shares = None
        wanted = False
        if form.share is not None:
            shares = self._shared(form, scope, found)
        if form.wanted is not False:
            wanted = bool(
                self._evaluate(form.wanted, form, scope, inputs[0], common_node(form, "output"))
            )
        kind, facts = found
        nodes.append(Node(name, kind, inputs, facts, form.place, scope.use, shares, wanted, reads))
        self.forms.append(form)
        self.names[name] = index
        return index

    def _values(self, form: LayerForm, scope: Scope, incoming: int) -> tuple[Any, ...]:
        """The options with their expressions worked out and checked."""
        values = list(form.values)
        env = scope.env
        env["channels"] = self.nodes[incoming].facts.output[0]
        for index, value, type in form.dynamic:
            try:
                result = value.evaluate(env)
                type.check(result)
            except (ExpressionError, OptionError) as error:
                key = list(form.kind.options)[index] if form.kind else ""
                node = option_node(form, key)
                if isinstance(error, ExpressionError):
                    words = getattr(type, "words", ())
                    if isinstance(value, Expression) and (close := nearest(value.text, words)):
                        error.hint = f"did you mean `{close}`?"
                    self._expression_error(error, form, scope, node)
                else:
                    text = f"`{value.text}` = " if isinstance(value, Expression) else ""
                    self._note(
                        "limit-exceeded" if isinstance(error, LimitError) else "bad-value",
                        f"{text}`{key}` {error}"
                        if not text
                        else f"`{key}` {error} ({text.rstrip(' =')})",
                        form,
                        scope,
                        place=self._option_place(form, key),
                        hint="`//` divides whole numbers; `round`, `floor` and `ceil` give one"
                        if any(isinstance(v, float) for v in (result,))
                        else None,
                    )
                raise _Refused from None
            values[index] = result
        return tuple(values)

    def _references(
        self, form: LayerForm, scope: Scope, values: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[int, ...]]:
        """The options with named layers put in for their names."""
        known = list(values)
        reads = []
        for index in form.references:
            assert form.kind is not None
            key = list(form.kind.options)[index]
            found = self._find(values[index], form, scope, self._option_place(form, key))
            if found < 0:
                raise _Refused
            node = self.nodes[found]
            shapes = tuple(self.nodes[i].facts.output for i in node.inputs)
            known[index] = Reference(values[index], found, node.facts.output, shapes, node.kind)
            reads.append(found)
        return tuple(known), tuple(reads)

    def _state(
        self,
        form: LayerForm,
        scope: Scope,
        values: tuple[Any, ...],
        inputs: tuple[Shape, ...],
        name: str,
    ) -> tuple[Kind, Facts]:
        """The kind with these options and its facts on these inputs."""
        assert form.kind is not None
        kind: Kind | None = None
        try:
            rank = len(inputs[0]) - 1
            kind = self.kinds.get((form.kind, values, rank))
            if kind is None:
                kind = self.kinds[form.kind, values, rank] = form.kind(values, rank)
            facts = kind.facts(inputs)
            check_size(facts.output, "its output")
        except LayerError as error:
            self._note(
                error.rule,
                error.message,
                form,
                scope,
                place=self._option_place(form, error.option),
                layer=name,
                hint=error.hint,
            )
            if kind is None or error.output is None or product(error.output) > SIZE_LIMIT:
                raise _Refused from None
            # what follows can be looked at: this shape does not hang on the mistake
            return kind, Facts(error.output, windows=(None,) * len(inputs))
        except WindowLimitError as error:
            self._note("limit-exceeded", str(error), form, scope, layer=name)
            raise _Refused from None
        found = self.memo[form.kind, values, inputs] = (kind, facts)
        return found

    def _shared(self, form: LayerForm, scope: Scope, found: tuple[Kind, Facts]) -> int:
        """The node whose weights a layer uses."""
        assert form.share is not None
        place = self._common_place(form, "share")
        index = self._find(form.share, form, scope, place)
        if index < 0:
            raise _Refused
        other = self.nodes[index]
        kind, facts = found
        if type(other.kind) is not type(kind):
            self._note(
                "bad-value",
                f"`{form.share}` is a {other.kind.name}, and this layer a {kind.name}",
                form,
                scope,
                place=place,
            )
            raise _Refused
        if dict(other.facts.weights) != dict(facts.weights):
            ours, theirs = (
                ", ".join(f"{key} {list(shape)}" for key, shape in weights.items())
                for weights in (facts.weights, other.facts.weights)
            )
            self._note(
                "shape-mismatch",
                f"`{form.share}` has {theirs}, and this layer needs {ours}",
                form,
                scope,
                place=place,
            )
            raise _Refused
        return index if other.shares is None else other.shares

    # -- merges and blocks ------------------------------------------------------------------

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
                raise _Refused
            if not ends:
                self._note("bad-value", "none of its branches takes part", form, scope)
                raise _Refused
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
        except _Refused:
            self._forget(form, scope)
            return UNKNOWN

    def _branch(
        self, form: LayerForm, branch: BranchForm, scope: Scope, incoming: int
    ) -> int | None:
        """The last node of a branch; `None` where it is left out."""
        if branch.condition is not None:
            try:
                node = child(branch.node, "if")
                if not self._evaluate(branch.condition, form, scope, incoming, node):
                    return None
            except _Refused:
                return UNKNOWN
        if branch.reference is not None:
            try:
                return self._find(branch.reference, form, scope, form.source.place(branch.node))
            except _Refused:
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
                raise _TooMany  # a block that uses itself twice would branch at every level
            if form.share is not None:
                self._note(
                    "bad-value",
                    "a block cannot share weights; its layers can",
                    form,
                    scope,
                    place=self._common_place(form, "share"),
                )
                raise _Refused
            env = dict(self.parameters)
            for parameter, value in zip(block.parameters, form.values, strict=True):
                if value is parameter.default and value is not None:
                    env[parameter.name] = self._default(value, env, form, scope, incoming)
                elif isinstance(value, (Expression, Listing)):
                    node = argument_node(form, parameter.name)
                    env[parameter.name] = self._evaluate(value, form, scope, incoming, node)
                else:
                    env[parameter.name] = value
            if incoming < 0:
                raise _Refused
            name = self._name(form, scope)
        except _Refused:
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
        node = common_node(form, "output")
        return bool(self._evaluate(form.wanted, form, scope, incoming, node))

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
            raise _Refused from None

    # -- names ------------------------------------------------------------------------------

    def _find(self, reference: str, form: LayerForm, scope: Scope, place: Place) -> int:
        """The node of a name: looked up in the block first, then in the file."""
        for name in (scope.prefix + reference, reference):
            index = self.names.get(name)
            if index is not None:
                return index
            if self._is_unknown(name):
                return UNKNOWN
        recent = list(islice(reversed(self.names), 500))
        local = [n[len(scope.prefix) :] for n in recent if n.startswith(scope.prefix)]
        hint = did_you_mean(reference, {*local, *(n for n in recent if "." not in n)})
        self._note(
            "undefined-name",
            f"no earlier layer is called `{reference}`",
            form,
            scope,
            place=place,
            hint=hint,
        )
        raise _Refused

    def _is_unknown(self, name: str) -> bool:
        """Whether an error hides what has this name, or the block it is in.

        Numbers do not count: how many layers of a name there would be is unknown as well.
        """
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            head = ".".join(parts[:end])
            if head in self.unknown or head.rstrip("0123456789").rstrip("_") in self.unknown:
                return True
        return False

    def _forget(self, form: LayerForm, scope: Scope) -> None:
        """Note that a layer, and all inside it, stays unknown."""
        if form.group is not None:
            for inner in form.group:
                self._forget(inner, scope)
            return
        base = form.name or form.label
        self.unknown.add(scope.prefix + base)
        if form.counted:
            number = scope.counts.get(base, 0) + 1
            scope.counts[base] = number
            self.unknown.add(f"{scope.prefix}{base}{'_' if base[-1:].isdigit() else ''}{number}")


class _TooMany(Exception):
    """More layers than are built."""


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
) -> Elaboration:
    """Build the network of the given layers, parameters and input."""
    elaborator = Elaborator(parameters, input_shape)
    with suppress(_TooMany):
        elaborator.run(forms, explicit)
    graph = None
    if not elaborator.diagnostics:
        graph = Graph(name, source, tuple(elaborator.nodes), parameters, file)
    return Elaboration(graph, tuple(elaborator.diagnostics), tuple(elaborator.forms))
