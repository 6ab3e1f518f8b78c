"""An architecture file with those it extends: its keys, parameters and blocks."""

from __future__ import annotations

from cnncalc.diagnostics import Refusal, misspelt
from cnncalc.language import zoo
from cnncalc.language.expressions.expression import CHANNELS, RESERVED, YAML_TRUTH
from cnncalc.language.expressions.operations import FUNCTIONS
from cnncalc.language.forms.form import LayerForm, number_names
from cnncalc.language.forms.inputs import check_names
from cnncalc.language.forms.parser import FormParser
from cnncalc.language.text.findings import Findings, describe, entries
from cnncalc.language.text.resolve import ENDINGS
from cnncalc.language.text.source import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Source,
    UnreadableError,
)

KEYS = {
    "name": "the network's name",
    "source": "where it is published: authors, year, title or arXiv number, table",
    "input": "channels, then the spatial sizes: one, two or three of them; several by their names",
    "parameters": "values that expressions use and `--set` changes",
    "blocks": "lists of layers with parameters, used like a layer kind",
    "layers": "the layers, first to last",
    "extends": "a file beside this one, or a shipped network, that this one changes",
    "budget": "the most that it may cost: params, macs, flops, memory, training_memory",
    "expect": "its exact totals, to which validation holds it: params, macs, flops, …",
}
"""Keys of an architecture file."""

EXTENDS_LIMIT = 16

Entry = tuple[Source, Node, Node]
"""A key or parameter: its file, its word, its value."""


class Document:
    """The keys, parameters and blocks of a file and of those it extends."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.source = source
        self.findings = findings
        self.parser = FormParser(findings)
        self.sources: dict[str, Source] = {}
        """The files by the names that they go by."""
        self.keys: dict[str, Entry] = {}
        self.parameters: dict[str, Entry] = {}
        self._read(source, [])
        if "input" in self.keys:
            where, _, node = self.keys["input"]
            taken = {
                **dict.fromkeys(self.parameters, "a parameter"),
                **dict.fromkeys(self.parser.blocks, "a block"),
            }
            check_names(where, node, taken, findings)

    def text(self, key: str) -> str | None:
        """The text of a key."""
        entry = self.keys.get(key)
        if entry is None or not isinstance(entry[2], ScalarNode) or not entry[2].value.strip():
            return None
        return str(entry[2].value)

    def layers(self) -> tuple[tuple[LayerForm, ...], frozenset[str]]:
        """The file's layers, and the names that they give themselves; its blocks come first."""
        self.parser.parse_blocks()
        for word in ("input", "layers"):
            if word not in self.keys and not self.findings.diagnostics:
                raise self.source.error(
                    "missing-option", f"the file has no `{word}`", 1, 1, f"`{word}`: {KEYS[word]}"
                )
        for word in ("name", "source"):
            if word in self.keys:
                source, _, node = self.keys[word]
                self.parser.reader.text(source, node, f"`{word}`")
        if "layers" not in self.keys:
            return (), frozenset()
        source, _, node = self.keys["layers"]
        forms = self.parser.layers(source, node)
        if isinstance(node, SequenceNode) and not node.value:
            self.findings.report("missing-option", "`layers` is empty", source, node)
        return forms, number_names(forms)

    def _read(self, source: Source, above: list[Source]) -> None:
        """Read a file and, before its own keys, those of the file it extends."""
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
            message = f"expected the keys of an architecture file, found {describe(root)}"
            self.findings.report("bad-value", message, source, root, "it has `input` and `layers`")
            return
        own: dict[str, Entry] = {}
        for word, key, value in entries(self.findings, source, root):
            if word in KEYS:
                own[word] = (source, key, value)
            else:
                message = f"an architecture file has no key `{word or '?'}`"
                self.findings.add(misspelt("unknown-key", message, word, KEYS), source, key)
        if "extends" in own:
            self._extend(source, own["extends"][2], [*above, source])
        for word, entry in own.items():
            if word == "parameters":
                self._declare_parameters(source, entry[2])
            elif word == "blocks":
                self._declare_blocks(source, entry[2])
            else:
                self.keys[word] = entry

    # -- extends ----------------------------------------------------------------------------

    def _extend(self, source: Source, node: Node, chain: list[Source]) -> None:
        """Read the file that `extends` names."""
        text = self.parser.reader.text(source, node, "`extends`")
        if text is None:
            return
        try:
            if not zoo.is_name(text) and not text.endswith(ENDINGS):
                message = f"`{text}` is no architecture file"
                raise Refusal("undefined-name", message, hint="they end in .yaml")
            try:
                parent = source.beside(text)
            except UnreadableError as error:
                raise Refusal("undefined-name", str(error)) from None
            if any(one.identity is not None and one.identity == parent.identity for one in chain):
                circle = " → ".join([*(one.label for one in chain), text])
                raise Refusal("bad-value", f"the file extends itself: {circle}")
            if len(chain) > EXTENDS_LIMIT:
                message = f"more than {EXTENDS_LIMIT} files extend each other"
                raise Refusal("limit-exceeded", message)
        except Refusal as refusal:
            self.findings.add(refusal, source, node)
        else:
            self._read(parent, chain)

    # -- declarations -----------------------------------------------------------------------

    def _declare_parameters(self, source: Source, node: Node) -> None:
        if not isinstance(node, MappingNode):
            message = f"expected parameters, found {describe(node)}"
            hint = "write them as `{classes: 1000}`"
            self.findings.report("bad-value", message, source, node, hint)
            return
        for word, key, value in entries(self.findings, source, node):
            if not word.isidentifier() or not word.isascii() or is_reserved(word):
                message = f"`{word}` is no name for a parameter"
                hint = "letters, digits and _, a letter first"
                self.findings.report("bad-value", message, source, key, hint)
            elif word in FUNCTIONS or word in CHANNELS:
                message = f"`{word}` has a meaning of its own"
                self.findings.report("duplicate-name", message, source, key)
            else:
                self.parameters[word] = (source, key, value)

    def _declare_blocks(self, source: Source, node: Node) -> None:
        if not isinstance(node, MappingNode):
            message = f"expected blocks, found {describe(node)}"
            hint = "write each as `name(parameters):` and its layers below"
            self.findings.report("bad-value", message, source, node, hint)
            return
        own: dict[str, Node] = {}
        for header, body in node.value:
            self.parser.declare(source, header, body, own)
            if isinstance(header, ScalarNode):
                own[header.value.partition("(")[0].strip()] = header


def is_reserved(word: str) -> bool:
    """Whether a word is none of the file's to give."""
    return word in RESERVED or word.lower() in YAML_TRUTH
