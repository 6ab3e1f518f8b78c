"""One layer: its options worked out, its kind and facts stated, its node built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.diagnostics import nearest
from cnncalc.graph import Node
from cnncalc.language.elaboration.scopes import UNKNOWN, Refused, Scope, TooMany, Workbench
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.places import common_node, option_node
from cnncalc.language.forms.values import REPEAT_LIMIT, Listing, expression_place, quoted
from cnncalc.language.text.source import Node as YamlNode
from cnncalc.language.text.source import ScalarNode
from cnncalc.layers.base import SIZE_LIMIT, Facts, Kind, LayerError, Reference, check_size
from cnncalc.layers.options import LimitError, OptionError
from cnncalc.shapes import Shape, WindowLimitError, product

LAYER_LIMIT = REPEAT_LIMIT


class Memory:
    """What has been stated of layers: most have a twin, in their network or in another.

    Kinds are known by class, options and number of axes; facts by class, options and input
    shapes. One memory may serve any number of networks, one after the other.
    """

    __slots__ = ("facts", "kinds")

    LIMIT = 50_000
    """So many facts are kept before a new network begins with none."""

    def __init__(self) -> None:
        self.facts: dict[Any, tuple[Kind, Facts]] = {}
        self.kinds: dict[Any, Kind] = {}

    def trim(self) -> None:
        """Forget everything, when there is too much of it."""
        if len(self.facts) > self.LIMIT:
            self.facts.clear()
            self.kinds.clear()


class LayerBuilder(Workbench):
    """Builds single layers."""

    def __init__(
        self, parameters: Mapping[str, Any], input_shape: Shape, memory: Memory | None = None
    ) -> None:
        super().__init__(parameters, input_shape)
        memory = memory or Memory()
        memory.trim()
        self.memo = memory.facts
        self.kinds = memory.kinds

    def _evaluate(
        self,
        value: Any,
        form: LayerForm,
        scope: Scope,
        incoming: int,
        find: Callable[[], YamlNode | None],
    ) -> Any:
        """An expression's value, the incoming channels put in; `find` tells where it stands."""
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
                    self._expression_error(error, form, scope, find())
                raise Refused from None
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
        except Refused:
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
            raise TooMany
        shares = None
        wanted = False
        if form.share is not None:
            shares = self._shared(form, scope, found)
        if form.wanted is not False:
            wanted = bool(
                self._evaluate(
                    form.wanted, form, scope, inputs[0], lambda: common_node(form, "output")
                )
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
                    if words and isinstance(value, Expression) and value.text.isidentifier():
                        close = nearest(value.text, words)
                        error = ExpressionError(
                            f"`{key}` must be {type.expects}, not `{value.text}`",
                            0,
                            "bad-value",
                            f"did you mean `{close}`?" if close else None,
                        )
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
                raise Refused from None
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
                raise Refused
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
                raise Refused from None
            # what follows can be looked at: this shape does not hang on the mistake
            return kind, Facts(error.output, windows=(None,) * len(inputs))
        except WindowLimitError as error:
            self._note("limit-exceeded", str(error), form, scope, layer=name)
            raise Refused from None
        found = self.memo[form.kind, values, inputs] = (kind, facts)
        return found

    def _shared(self, form: LayerForm, scope: Scope, found: tuple[Kind, Facts]) -> int:
        """The node whose weights a layer uses."""
        assert form.share is not None
        place = self._common_place(form, "share")
        index = self._find(form.share, form, scope, place)
        if index < 0:
            raise Refused
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
            raise Refused
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
            raise Refused
        return index if other.shares is None else other.shares
