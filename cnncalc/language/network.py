"""A parsed architecture file, and the network that it is for given parameters and input."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import Diagnostic, Refusal, SpecError, UsageError, nearest
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import LAYER_LIMIT, Elaboration, elaborate
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.forms.counting import endless, minimum_layers
from cnncalc.language.forms.document import Document, Entry
from cnncalc.language.forms.form import BlockForm, LayerForm
from cnncalc.language.forms.inputs import (
    ONLY,
    GivenInput,
    check_axes,
    read_inputs,
    replaced,
    written_inputs,
)
from cnncalc.language.forms.usage import Unused, names_in, usage, used_parameters
from cnncalc.language.forms.values import ValueReader, Word
from cnncalc.language.text.findings import Findings, TooMany
from cnncalc.language.text.source import Node, Source
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.language.elaboration.partial import Partial


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
        self.expect: dict[str, tuple[Source, Node, int]] = {}
        """Its exact totals, as the file itself (not one that it extends) has them."""
        try:
            document = Document(source, findings)
            # a key too many changes nothing, and uses of a block that is lost are unknown
            grave = [found for found in findings.diagnostics if found.rule != "unknown-key"]
            known = {"input", "layers"} <= document.keys.keys()
            self.sound = known and len(grave) <= len(document.parser.lost)
            """Whether its keys, parameters and blocks can be relied on."""
            self.layers, self.explicit = document.layers()
            self._read_limits(document, findings)
        except TooMany:
            raise SpecError(findings.diagnostics) from None
        self.sources: Mapping[str, Source] = document.sources
        self.keys: Mapping[str, Entry] = document.keys
        self.parameters: Mapping[str, Entry] = document.parameters
        self.blocks: Mapping[str, BlockForm] = document.parser.blocks
        self.diagnostics = tuple(findings.diagnostics)
        """What is wrong with the file whatever its input."""
        self.name = document.text("name") or os.path.splitext(os.path.basename(source.label))[0]
        """The name it gives itself, else that of its file."""
        self.origin = document.text("source")

    layers: tuple[LayerForm, ...]
    explicit: frozenset[str]

    def _read_limits(self, document: Document, findings: Findings) -> None:
        """What it may cost, and what it must."""
        if not {"budget", "expect"} & document.keys.keys():
            return
        from cnncalc.language.forms.budget import read_budget, read_expect

        if "budget" in document.keys:
            where, _, node = document.keys["budget"]
            self.budget = read_budget(findings, where, node)
        if "expect" in document.keys:
            where, _, node = document.keys["expect"]
            self.expect = read_expect(findings, where, node) if where is self.source else {}

    def unused(self) -> Unused:
        """The parameters and blocks that nothing uses, and such parameters of blocks."""
        found = usage(self.layers)
        quiet = ValueReader(Findings(self.source))
        values = {
            name: names_in(quiet.read(source, node, name))
            for name, (source, _, node) in self.parameters.items()
        }
        names = found.names
        if "input" in self.keys:
            source, _, node = self.keys["input"]
            for shape in written_inputs(source, node).values():
                names |= names_in(quiet.read(source, shape, "`input`"))
        used = used_parameters(names, values)
        return Unused(
            tuple([name for name in self.parameters if name not in used]),
            tuple([name for name in self.blocks if name not in found.blocks]),
            tuple(
                [
                    (label, parameter.name)
                    for label, block in self.blocks.items()
                    for parameter in block.parameters
                    if parameter.name not in found.blocks.get(label, (parameter.name,))
                ]
            ),
        )

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
                if isinstance(values[name], Word):
                    raise UsageError(values[name].refusal)
            else:
                found = ValueReader(findings).constant(source, node, values, f"`{name}`")
                values[name] = 1 if found is None else found
        return values

    def input_shapes(
        self, values: Mapping[str, Any], given: GivenInput | None = None
    ) -> dict[str, Shape]:
        """The shapes of its inputs, by name: those given, else the file's.

        Raises:
            UsageError: an input that the file does not have.
        """
        return self._input_shapes(values, given, Findings(self.source))

    def _input_shapes(
        self, values: Mapping[str, Any], given: GivenInput | None, findings: Findings
    ) -> dict[str, Shape]:
        if "input" not in self.keys:
            return replaced({ONLY: (1,)}, given, self.source.label)
        source, _, node = self.keys["input"]
        before = findings.noted
        written = read_inputs(source, node, values, findings)
        shapes = replaced(written, given, self.source.label)
        if findings.noted == before:
            check_axes(written, shapes, self.source.label)
        return shapes

    def graph(
        self, changes: Mapping[str, Any] | None = None, input: GivenInput | None = None
    ) -> Graph:
        """The network for given parameters and inputs.

        Raises:
            SpecError: there is no such network.
            UsageError: an unknown parameter or input.
        """
        elaboration = self.elaborate(changes, input)
        if elaboration.graph is None:
            raise SpecError(elaboration.diagnostics)
        return elaboration.graph

    def elaborate(
        self, changes: Mapping[str, Any] | None = None, input: GivenInput | None = None
    ) -> Elaboration:
        """The network for given parameters and inputs, or all that is wrong with it.

        Raises:
            UsageError: an unknown parameter or input.
        """
        findings = Findings(self.source)
        try:
            values = self._values(changes or {}, findings)
            shapes = self._input_shapes(values, input, findings)
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
            shapes,
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

    def partial(
        self, changes: Mapping[str, Any] | None = None, input: GivenInput | None = None
    ) -> Partial | None:
        """The network as far as it is known, where it has mistakes.

        `None` where its inputs, its parameters or its blocks are not known.

        Raises:
            UsageError: an unknown parameter or input.
        """
        findings = Findings(self.source)
        try:
            values = self._values(changes or {}, findings)
            shapes = self._input_shapes(values, input, findings)
        except TooMany:
            return None
        readable = {"input", "layers"} <= self.keys.keys() and not findings.noted
        if not readable or endless(self.layers) is not None:
            return None
        if minimum_layers(self.layers) > LAYER_LIMIT:
            return None
        from cnncalc.language.elaboration.partial import partial_graph  # only for mistakes

        memo = self.memo or Memo()
        return partial_graph(
            self.name, self.origin, self.layers, self.explicit, values, shapes, findings, memo
        )

    def _about_layers(self, rule: str, message: str) -> Diagnostic:
        source, key, _ = self.keys["layers"]
        return source.finding(Refusal(rule, message), source.place(key))
