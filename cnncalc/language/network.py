"""An architecture file with those it extends, and the network it is for given parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Diagnostic, SpecError, did_you_mean, nearest
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.language.elaboration.building import LAYER_LIMIT, Memory
from cnncalc.language.elaboration.elaborate import Elaboration, elaborate
from cnncalc.language.errors import UsageError
from cnncalc.language.expressions.expression import RESERVED, YAML_TRUTH, Expression
from cnncalc.language.expressions.operations import FUNCTIONS, ExpressionError
from cnncalc.language.forms.budget import read_budget
from cnncalc.language.forms.form import LayerForm, number_names
from cnncalc.language.forms.parser import FormParser
from cnncalc.language.forms.values import Listing, describe
from cnncalc.language.text.source import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Source,
    UnreadableError,
)
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.layers.options import INTEGER_LIMIT, LimitError, OptionError
from cnncalc.shapes import Shape, product

KEYS = {
    "name": "the network's name",
    "source": "where it is published: authors, year, title or arXiv number, table",
    "input": "channels, then the spatial sizes: one, two or three of them",
    "parameters": "values that expressions use and `--set` changes",
    "blocks": "lists of layers with parameters, used like a layer kind",
    "layers": "the layers, first to last",
    "extends": "a file beside this one, or a shipped network, that this one changes",
    "budget": "the most that it may cost: params, macs, memory",
}
"""Keys of an architecture file."""

EXTENDS_LIMIT = 16


class Network:
    """An architecture file with those it extends, parsed."""

    def __init__(self, source: Source, memory: Memory | None = None) -> None:
        self.source = source
        self.memory = memory
        self.sources: dict[str, Source] = {}
        self.parser = FormParser()
        self.keys: dict[str, tuple[Source, Node, Node]] = {}
        self.parameters: dict[str, tuple[Source, Node, Node]] = {}
        self.layers: tuple[LayerForm, ...] = ()
        self.explicit: frozenset[str] = frozenset()
        self.budget: dict[str, tuple[Source, Node, int]] = {}
        """What it may cost, by `params`, `macs` and `memory`, and where that is written."""
        self.sound = False
        """Whether its keys, parameters and blocks can be relied on."""
        self._read(source, [])
        self._parse()

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """What is wrong with the file whatever its input."""
        return self.parser.diagnostics

    @property
    def name(self) -> str:
        """The name it gives itself, else that of its file."""
        found = self.keys.get("name")
        if found is not None and isinstance(found[2], ScalarNode) and found[2].value.strip():
            return str(found[2].value)
        return _stem(self.source.label)

    @property
    def origin(self) -> str | None:
        """Its `source`."""
        found = self.keys.get("source")
        return str(found[2].value) if found and isinstance(found[2], ScalarNode) else None

    # -- reading ----------------------------------------------------------------------------

    def _read(self, source: Source, above: list[Source]) -> None:
        """Read a file and, before its own keys, those of the file it extends."""
        parser = self.parser
        self.sources[source.label] = source
        root = source.compose()
        if root is None:
            raise source.error(
                "missing-option",
                "the file is empty",
                1,
                1,
                "an architecture file has `input` and `layers`",
            )
        if not isinstance(root, MappingNode):
            parser.report(
                "bad-value",
                f"expected the keys of an architecture file, found {describe(root)}",
                source,
                root,
                "it has `input` and `layers`",
            )
            return
        own: dict[str, tuple[Source, Node, Node]] = {}
        for key, value in root.value:
            word = key.value if isinstance(key, ScalarNode) else None
            if word in own:
                parser.report("duplicate-key", f"`{word}` is given twice", source, key)
            elif word is None or word not in KEYS:
                parser.report(
                    "unknown-key",
                    f"an architecture file has no key `{word or '?'}`",
                    source,
                    key,
                    did_you_mean(word or "", KEYS),
                )
            else:
                own[word] = (source, key, value)
        if "extends" in own:
            self._extend(source, own["extends"][2], [*above, source])
        for word, entry in own.items():
            if word == "parameters":
                self._declare_parameters(source, entry[2])
            elif word == "blocks":
                self._declare_blocks(source, entry[2])
            else:
                self.keys[word] = entry

    def _extend(self, source: Source, node: Node, chain: list[Source]) -> None:
        text = self.parser.text(source, node, "`extends`")
        if text is None:
            return
        path = self._extended_path(source, text)
        if path is None:
            close = nearest(text, zoo.names())
            self.parser.report(
                "undefined-name",
                f"there is no file or shipped network `{text}` to extend",
                source,
                node,
                f"did you mean `{close}`?" if close else None,
            )
            return
        if any(one.path is not None and os.path.samefile(one.path, path) for one in chain):
            self.parser.report(
                "bad-value",
                "the file extends itself: " + " → ".join([*(one.label for one in chain), text]),
                source,
                node,
            )
            return
        if len(chain) > EXTENDS_LIMIT:
            self.parser.report(
                "limit-exceeded", f"more than {EXTENDS_LIMIT} files extend each other", source, node
            )
            return
        label = _stem(path) if os.path.dirname(path) == zoo.folder() else path
        try:
            parent = Source.read(path, label)
        except UnreadableError as error:
            self.parser.report("undefined-name", str(error), source, node)
            return
        self._read(parent, chain)

    def _extended_path(self, source: Source, text: str) -> str | None:
        if len(text) > 500 or "\0" in text:
            return None
        base = os.path.dirname(source.path) if source.path is not None else ""
        itself = None
        for name in (text, f"{text}.yaml", f"{text}.yml"):
            candidate = os.path.join(base, name)
            if os.path.isfile(candidate):
                if source.path is None or not os.path.samefile(candidate, source.path):
                    return candidate
                itself = candidate
        # a file may bear the name of the shipped network that it extends
        shipped = zoo.path(text)
        inside = (
            source.path is not None
            and shipped is not None
            and os.path.samefile(shipped, source.path)
        )
        return itself if shipped is None or inside else shipped

    def _declare_parameters(self, source: Source, node: Node) -> None:
        parser = self.parser
        if not isinstance(node, MappingNode):
            parser.report(
                "bad-value",
                f"expected parameters, found {describe(node)}",
                source,
                node,
                "write them as `{classes: 1000}`",
            )
            return
        seen: set[str] = set()
        for key, value in node.value:
            word = key.value if isinstance(key, ScalarNode) else ""
            if word in seen:
                parser.report("duplicate-key", f"`{word}` is given twice", source, key)
            elif (
                not word.isidentifier()
                or not word.isascii()
                or word in RESERVED
                or word.lower() in YAML_TRUTH
            ):
                parser.report(
                    "bad-value",
                    f"`{word}` is no name for a parameter",
                    source,
                    key,
                    "letters, digits and _, a letter first",
                )
            elif word in FUNCTIONS or word == "channels":
                parser.report("duplicate-name", f"`{word}` has a meaning of its own", source, key)
            else:
                self.parameters[word] = (source, key, value)
            seen.add(word)

    def _declare_blocks(self, source: Source, node: Node) -> None:
        if not isinstance(node, MappingNode):
            self.parser.report(
                "bad-value",
                f"expected blocks, found {describe(node)}",
                source,
                node,
                "write each as `name(parameters):` and its layers below",
            )
            return
        own: dict[str, Any] = {}
        for header, body in node.value:
            self.parser.declare(source, header, body, own)
            if isinstance(header, ScalarNode):
                own[header.value.partition("(")[0].strip()] = header

    def _parse(self) -> None:
        # a key too many changes nothing, and uses of a block that is lost are unknown
        grave = [finding for finding in self.diagnostics if finding.rule != "unknown-key"]
        self.sound = {"input", "layers"} <= self.keys.keys() and len(grave) <= len(self.parser.lost)
        self.parser.parse_blocks()
        for word in ("input", "layers"):
            if word not in self.keys and not self.parser.diagnostics:
                raise self.source.error(
                    "missing-option", f"the file has no `{word}`", 1, 1, f"`{word}`: {KEYS[word]}"
                )
        for word in ("name", "source"):
            if word in self.keys:
                source, _, node = self.keys[word]
                self.parser.text(source, node, f"`{word}`")
        if "layers" in self.keys:
            source, _, node = self.keys["layers"]
            self.layers = self.parser.layers(source, node)
            self.explicit = number_names(self.layers)
            if isinstance(node, SequenceNode) and not node.value:
                self.parser.report("missing-option", "`layers` is empty", source, node)
        if "budget" in self.keys:
            self.budget = read_budget(self.parser, *self.keys["budget"])

    # -- elaboration ------------------------------------------------------------------------

    def values(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters' values; those of `changes` replace the file's.

        Raises:
            UsageError: a change of a parameter that the file does not have.
        """
        for name in changes:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                close = nearest(name, self.parameters)
                raise UsageError(
                    f"{self.source.label} has no parameter `{name}`",
                    f"did you mean `{close}`?" if close else f"its parameters: {known}",
                )
        values: dict[str, Any] = {}
        for name, (source, _, node) in self.parameters.items():
            if name in changes:
                values[name] = changes[name]
                continue
            values[name] = self._value(source, node, values, f"`{name}`")
        return values

    def _value(self, source: Source, node: Node, env: Mapping[str, Any], what: str) -> Any:
        """A constant or an expression of earlier values; 1 after a finding."""
        try:
            value = self.parser.value(source, node, None)
            if isinstance(value, (Expression, Listing)):
                value = value.evaluate(env)
            return value
        except ExpressionError as error:
            self.parser.report_expression(error, source, node)
        except LimitError as error:
            self.parser.report("limit-exceeded", f"{what} {error}", source, node)
        except OptionError as error:
            self.parser.report("bad-value", f"{what} {error}", source, node)
        return 1

    def input_shape(self, values: Mapping[str, Any]) -> Shape:
        """The shape that the file gives its input; `(1,)` after a finding."""
        if "input" not in self.keys:
            return (1,)
        source, _, node = self.keys["input"]
        if not isinstance(node, SequenceNode) or not 1 <= len(node.value) <= 4:
            self.parser.report(
                "bad-value",
                f"`input` must list channels and up to three sizes, not {describe(node)}"
                if not isinstance(node, SequenceNode)
                else f"`input` has channels and up to three sizes, not {len(node.value)} numbers",
                source,
                node,
                "write it as `[3, 224, 224]`",
            )
            return (1,)
        shape = []
        for item in node.value:
            size = self._value(source, item, values, "`input`")
            problem = check_input_size(size)
            if problem:
                self.parser.report(problem[0], f"`input` {problem[1]}", source, item)
                size = 1
            shape.append(size)
        if product(tuple(shape)) > SIZE_LIMIT:
            self.parser.report(
                "limit-exceeded", "`input` would hold more than 2^53 values", source, node
            )
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
        parser = self.parser
        static = len(parser.diagnostics)
        values = self.values(changes or {})
        shape = input or self.input_shape(values)
        found = tuple(parser.diagnostics)
        del parser.diagnostics[static:]
        known = self.sound and len(found) == static
        if known and minimum_layers(self.layers) > LAYER_LIMIT:
            found, known = (*found, self._too_many()), False
        if not known:
            return Elaboration(None, found)
        built = elaborate(
            self.name,
            self.origin,
            self.layers,
            self.explicit,
            values,
            shape,
            self.source.label,
            self.memory,
        )
        if not found:
            if built.graph is not None and not built.graph.layers:
                return Elaboration(None, (self._no_layers(),))
            return built
        # layers with a finding are unknown; what stands apart from them has been looked at too
        return Elaboration(None, (*found, *built.diagnostics))

    def _no_layers(self) -> Diagnostic:
        source, key, _ = self.keys["layers"]
        place = source.place(key)
        return Diagnostic(
            "missing-option",
            "error",
            "the network has no layers: conditions and repetitions leave none",
            place,
            excerpt=source.line(place.line),
        )

    def _too_many(self) -> Diagnostic:
        source, key, _ = self.keys["layers"]
        place = source.place(key)
        return Diagnostic(
            "limit-exceeded",
            "error",
            f"the file makes more than {LAYER_LIMIT:,} layers",
            place,
            excerpt=source.line(place.line),
        )


def _stem(path: str) -> str:
    """A file's name without folders and ending."""
    return os.path.splitext(os.path.basename(path))[0]


def check_input_size(size: Any) -> tuple[str, str] | None:
    """Rule and message for a number that is no input size."""
    if type(size) is not int or size < 1:
        return "bad-value", f"sizes are whole numbers from 1 on, not {size}"
    if size > INTEGER_LIMIT:
        return "limit-exceeded", f"size {size:,} is beyond the limit of 2^31 − 1"
    return None


def minimum_layers(forms: tuple[LayerForm, ...]) -> int:
    """At least how many layers a list makes: what is conditional counts as none.

    Each list is counted once, however often blocks and aliases use it, so that a file of a few
    lines that would make billions of layers is refused at once.
    """
    known: dict[int, int] = {}

    def count(layers: tuple[LayerForm, ...]) -> int:
        key = id(layers)
        if key not in known:
            known[key] = 0  # a block that uses itself adds nothing here
            total = 0
            for form in layers:
                if isinstance(form.repeat, Expression) or not _always(form.condition):
                    continue
                times = 1 if form.repeat is None else form.repeat
                inside = 1
                if form.block is not None:
                    inside = count(form.block.body)
                elif form.group is not None:
                    inside = count(form.group)
                for branch in form.branches or ():
                    if branch.layers and _always(branch.condition):
                        inside += count(branch.layers)
                total = min(total + times * inside, 2**62)
            known[key] = total
        return known[key]

    return count(forms)


def _always(condition: Any) -> bool:
    """Whether a condition is known to hold."""
    return condition is None or (not isinstance(condition, Expression) and bool(condition))
