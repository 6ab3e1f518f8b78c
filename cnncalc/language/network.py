"""A parsed architecture file, and the network that it is for given parameters and input."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Diagnostic, Refusal, SpecError, UsageError, nearest
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import LAYER_LIMIT, Elaboration, elaborate
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.budget import read_budget
from cnncalc.language.forms.counting import endless, minimum_layers
from cnncalc.language.forms.document import Document, Entry
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.values import Listing, ValueReader
from cnncalc.language.text.findings import Findings, TooMany, describe
from cnncalc.language.text.source import Node, SequenceNode, Source
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.layers.options import INTEGER_LIMIT, LimitError, OptionError
from cnncalc.shapes import Shape, product


class Network:
    """An architecture file with those it extends, parsed.

    Raises:
        SpecError: it is no YAML, has no layers, or has too many mistakes.
    """

    def __init__(self, source: Source, memo: Memo | None = None) -> None:
        self.source = source
        self.memo = memo
        findings = Findings(source)
        self.budget: dict[str, tuple[Source, Node, int]] = {}
        """What it may cost, by `params`, `macs` and `memory`, and where that is written."""
        try:
            document = Document(source, findings)
            # a key too many changes nothing, and uses of a block that is lost are unknown
            grave = [found for found in findings.diagnostics if found.rule != "unknown-key"]
            known = {"input", "layers"} <= document.keys.keys()
            self.sound = known and len(grave) <= len(document.parser.lost)
            """Whether its keys, parameters and blocks can be relied on."""
            self.layers, self.explicit = document.layers()
            if "budget" in document.keys:
                where, _, node = document.keys["budget"]
                self.budget = read_budget(findings, where, node)
        except TooMany:
            raise SpecError(findings.diagnostics) from None
        self.sources: Mapping[str, Source] = document.sources
        self.keys: Mapping[str, Entry] = document.keys
        self.parameters: Mapping[str, Entry] = document.parameters
        self.diagnostics = tuple(findings.diagnostics)
        """What is wrong with the file whatever its input."""
        self.name = document.text("name") or os.path.splitext(os.path.basename(source.label))[0]
        """The name it gives itself, else that of its file."""
        self.origin = document.text("source")

    layers: tuple[LayerForm, ...]
    explicit: frozenset[str]

    def values(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters' values; those of `changes` replace the file's, 1 stands for mistakes.

        Raises:
            UsageError: a change of a parameter that the file does not have.
        """
        return self._values(changes, Findings(self.source))

    def _values(self, changes: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
        for name in changes:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                close = nearest(name, self.parameters) if isinstance(name, str) else None
                raise UsageError(
                    f"{self.source.label} has no parameter `{name}`",
                    f"did you mean `{close}`?" if close else f"its parameters: {known}",
                )
        values: dict[str, Any] = {}
        for name, (source, _, node) in self.parameters.items():
            if name in changes:
                values[name] = changes[name]
            else:
                found = _constant(source, node, values, f"`{name}`", findings)
                values[name] = 1 if found is None else found
        return values

    def input_shape(self, values: Mapping[str, Any]) -> Shape:
        """The shape that the file gives its input; `(1,)` where it gives none."""
        return self._input_shape(values, Findings(self.source))

    def _input_shape(self, values: Mapping[str, Any], findings: Findings) -> Shape:
        if "input" not in self.keys:
            return (1,)
        source, _, node = self.keys["input"]
        if not isinstance(node, SequenceNode) or not 1 <= len(node.value) <= 4:
            message = (
                f"`input` has channels and up to three sizes, not {len(node.value)} numbers"
                if isinstance(node, SequenceNode)
                else f"`input` must list channels and up to three sizes, not {describe(node)}"
            )
            findings.report("bad-value", message, source, node, "write it as `[3, 224, 224]`")
            return (1,)
        shape = []
        for item in node.value:
            size = _constant(source, item, values, "`input`", findings)
            try:
                check_input_size(1 if size is None else size)
            except Refusal as refusal:
                findings.add(refusal.about("`input`"), source, item)
                size = None
            shape.append(1 if size is None else size)
        if product(tuple(shape)) > SIZE_LIMIT:
            message = "`input` would hold more than 2^53 values"
            findings.report("limit-exceeded", message, source, node)
        return tuple(shape)

    def graph(self, changes: Mapping[str, Any] | None = None, input: Shape | None = None) -> Graph:
        """The network for given parameters and input.

        Raises:
            SpecError: there is no such network.
            UsageError: an unknown parameter.
        """
        elaboration = self.elaborate(changes, input)
        if elaboration.graph is None:
            raise SpecError(elaboration.diagnostics)
        return elaboration.graph

    def elaborate(
        self, changes: Mapping[str, Any] | None = None, input: Shape | None = None
    ) -> Elaboration:
        """The network for given parameters and input, or all that is wrong with it.

        Raises:
            UsageError: an unknown parameter.
        """
        findings = Findings(self.source)
        try:
            values = self._values(changes or {}, findings)
            shape = input or self._input_shape(values, findings)
        except TooMany:
            return Elaboration(None, (*self.diagnostics, *findings.diagnostics))
        found = (*self.diagnostics, *findings.diagnostics)
        known = self.sound and not findings.noted
        circle = endless(self.layers) if known else None
        if circle is not None:
            findings.add(circle[0], circle[1].source, circle[1].head)
            return Elaboration(None, (*found, *findings.diagnostics))
        if known and minimum_layers(self.layers) > LAYER_LIMIT:
            message = f"the file makes more than {LAYER_LIMIT:,} layers"
            found, known = (*found, self._about_layers("limit-exceeded", message)), False
        if not known:
            return Elaboration(None, found)
        built = elaborate(
            self.name,
            self.origin,
            self.layers,
            self.explicit,
            values,
            shape,
            findings,
            self.memo or Memo(),
        )
        if not found:
            if built.graph is not None and not built.graph.layers:
                message = "the network has no layers: conditions and repetitions leave none"
                return Elaboration(None, (self._about_layers("missing-option", message),))
            return built
        # layers with a finding are unknown; what stands apart from them has been looked at too
        return Elaboration(None, (*found, *built.diagnostics), built.forms)

    def _about_layers(self, rule: str, message: str) -> Diagnostic:
        source, key, _ = self.keys["layers"]
        return source.finding(Refusal(rule, message), source.place(key))


def _constant(
    source: Source, node: Node, env: Mapping[str, Any], what: str, findings: Findings
) -> Any:
    """A constant or an expression of earlier values; `None` after a finding."""
    try:
        value = ValueReader(findings).value(node)
        return value.evaluate(env) if isinstance(value, (Expression, Listing)) else value
    except OptionError as refusal:
        findings.add(refusal.about(what), source, node)
    except Refusal as refusal:
        findings.add(refusal, source, node)
    return None


def check_input_size(size: Any) -> None:
    """Refuse a number that is no input size.

    Raises:
        OptionError: it is none; the message continues "`input` …".
    """
    if type(size) is not int or size < 1:
        raise OptionError(f"sizes are whole numbers from 1 on, not {size}")
    if size > INTEGER_LIMIT:
        raise LimitError(f"size {size:,} is beyond the limit of 2^31 − 1")
