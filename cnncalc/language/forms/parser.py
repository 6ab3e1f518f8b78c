"""Nodes of an architecture file to forms.

Each layer of a file is parsed once, into a form that names its kind or block and holds its
options, constants checked already and expressions compiled. Findings are gathered, so that
one run tells them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Refusal, misspelt
from cnncalc.language.expressions.expression import RESERVED, parse_header
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.aliases import TYPES
from cnncalc.language.forms.arguments import (
    bind_options,
    bind_parameters,
    read_options,
    read_parameters,
)
from cnncalc.language.forms.form import (
    COMMON_KEYS,
    BlockForm,
    BranchForm,
    LayerForm,
    blank,
    number_names,
)
from cnncalc.language.forms.values import ValueReader
from cnncalc.language.text.findings import Findings, describe, entries
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source
from cnncalc.layers import KINDS, Kind

NESTING_LIMIT = 40


class FormParser:
    """Parses nodes into forms, gathering what is wrong with them."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.reader = ValueReader(findings)
        self.blocks: dict[str, BlockForm] = {}
        self.lost: set[str] = set()
        """Names of blocks whose declaration has a finding."""
        self._lists: dict[int, tuple[LayerForm, ...]] = {}
        self._depth = 0

    # -- layers -----------------------------------------------------------------------------

    def layers(self, source: Source, node: Node) -> tuple[LayerForm, ...]:
        """A list of layers."""
        known = self._lists.get(id(node))
        if known is not None:
            return known
        if not isinstance(node, SequenceNode):
            self.findings.report(
                "bad-value",
                f"expected a list of layers, found {describe(node)}",
                source,
                node,
                "begin each layer with `- `",
            )
            return (blank(source, node),)
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            if not any(d.rule == "limit-exceeded" for d in self.findings.diagnostics):
                message = f"branches nest more than {NESTING_LIMIT} levels deep"
                self.findings.report("limit-exceeded", message, source, node)
            forms = [blank(source, node)]
        else:
            forms = [self.layer(source, item) for item in node.value]
        self._depth -= 1
        result = tuple(forms)
        self._lists[id(node)] = result
        return result

    def layer(self, source: Source, node: Node) -> LayerForm:
        """One layer of a list; a broken form after a finding.

        Findings inside a group or a branch break the layers they are about, and not this one.
        """
        form = blank(source, node)
        before = self.findings.noted
        if not self._head(form):
            return form
        if form.label == "layers" and form.argument is not None:
            form.broken = self.findings.noted > before
            self._group(form, form.argument)
        elif (block := self.blocks.get(form.label)) is not None:
            form.block = block
            bind_parameters(form, block, self.findings)
            read_parameters(form, block, self.reader)
            form.broken = self.findings.noted > before
        elif (kind := KINDS.get(form.label)) is not None and not self._is_foreign(form):
            form.kind = kind
            if form.share is not None and not kind.has_weights:
                message = f"`{form.label}` has no weights to share"
                self.findings.report("bad-value", message, source, form.head)
            bind_options(form, kind, self.findings)
            if kind.several is not None and "inputs" in form.given:
                form.kind = kind = kind.several
            read_options(form, kind, self.reader)
            form.broken = self.findings.noted > before
            self._branches(form, kind)
        elif form.label not in self.lost:
            self._unknown_layer(form)
        return form

    def _head(self, form: LayerForm) -> bool:
        """Find the kind among a layer's keys, and put the common keys into the form."""
        source, node = form.source, form.node
        if isinstance(node, MappingNode):
            if not self._split(form, node):
                return False
        elif not isinstance(node, ScalarNode):
            self.findings.report(
                "bad-value",
                "expected a layer, found a list",
                source,
                node,
                "a branch stands under `add`, `multiply` or `concat`",
            )
            return False
        form.label = form.head.value
        form.place = source.place(form.head)
        return True

    def _group(self, form: LayerForm, argument: Node) -> None:
        form.group = self.layers(form.source, argument)
        for key in ("name", "share", "output"):
            if key in form.keys:
                self.findings.report(
                    "unknown-key",
                    f"a group of layers has no key `{key}`",
                    form.source,
                    form.node,
                    "give it to one of the layers, or make the group a block",
                )

    def _is_foreign(self, form: LayerForm) -> bool:
        """Whether the options are those of another framework; the finding says what is meant."""
        argument = form.argument
        if not isinstance(argument, MappingNode) or all(
            isinstance(key, ScalarNode) and key.value in KINDS[form.label].options
            for key, _ in argument.value
        ):
            return False
        # imported when a layer is written as elsewhere: its tables are of no use to others
        from cnncalc.language.forms.foreign import is_foreign

        return is_foreign(form)

    def _foreign(self, form: LayerForm, others: Mapping[str, Node], message: str) -> bool:
        """Note what a layer of another framework means; `False` where that is not certain."""
        from cnncalc.language.forms.foreign import meant  # as above

        found = meant(form, others)
        if found is None or form.source is not self.findings.own:
            return False
        written = " and ".join([f"`{line}`" for line in found.lines])
        refusal = Refusal("unknown-layer", message, hint=f"write {written}")
        self.findings.add(refusal, form.source, form.head, lines=(form.node, found.lines))
        return True

    def _unknown_layer(self, form: LayerForm) -> None:
        from cnncalc.language.forms.aliases import OTHER_NAMES

        label = form.label
        if label in KINDS:
            message = f"`{label}` is written here with options of another framework"
        else:
            message = f"there is no layer kind or block `{label}`"
        if label not in TYPES and self._foreign(form, {}, message):
            return
        message = f"there is no layer kind or block `{label}`"
        alias = OTHER_NAMES.get(re.sub(r"[\W_]", "", label).lower())
        if not label.strip():
            refusal = Refusal("unknown-layer", "found nothing where a layer was expected")
        elif alias:
            refusal = Refusal("unknown-layer", message, instead=alias, word=label)
        else:
            refusal = misspelt("unknown-layer", message, label, [*KINDS, *self.blocks])
            refusal.hint = refusal.hint or "`cnncalc layers` lists the kinds"
        # layers beside it are numbered as they will be once it is mended
        form.label = refusal.instead or form.label
        self.findings.add(refusal, form.source, form.head)

    def _split(self, form: LayerForm, node: MappingNode) -> bool:
        """Tell the kind from the common keys; `False` where there is none."""
        heads: list[tuple[Node, Node]] = []
        before = self.findings.noted
        for word, key, value in entries(self.findings, form.source, node):
            if word in COMMON_KEYS:
                form.keys[word] = value
                self._common(form, word, value)
            else:
                heads.append((key, value))
        if not heads:
            if self.findings.noted == before:
                self.findings.report(
                    "missing-option",
                    "the layer has no kind",
                    form.source,
                    node,
                    "name one, as in `conv: {filters: 64, kernel: 3}`",
                )
            return False
        form.head, form.argument = next(
            (pair for pair in heads if self._is_layer(pair[0].value)), heads[0]
        )
        typed = next((pair for pair in heads if pair[0].value in TYPES), None)
        if typed is not None and not self._is_layer(form.head.value):
            others = {key.value: value for key, value in heads if key is not typed[0]}
            form.head, form.argument = typed
            form.label, form.place = form.head.value, form.source.place(form.head)
            message = f"a layer's kind is its key, not its `{form.label}`"
            if self._foreign(form, others, message):
                return False
        for key, _ in heads:
            if key is not form.head:
                self.findings.add(self._second(form.head.value, key.value), form.source, key)
        return True

    def _is_layer(self, word: str) -> bool:
        return word == "layers" or word in KINDS or word in self.blocks

    def _second(self, head: str, word: str) -> Refusal:
        """A word beside a layer's kind that is no common key."""
        if self._is_layer(word):
            return Refusal(
                "unknown-key",
                f"a layer has one kind, and here are `{head}` and `{word}`",
                hint="begin the second with `- `",
            )
        message = f"a layer has no key `{word}`"
        if head in KINDS and word in KINDS[head].options:
            hint = f"write it inside: `{head}: {{…, {word}: …}}`"
            return Refusal("unknown-key", message, hint=hint)
        return misspelt("unknown-key", message, word, COMMON_KEYS)

    def _common(self, form: LayerForm, key: str, node: Node) -> None:
        source, reader = form.source, self.reader
        if key == "name":
            form.name = reader.name(source, node)
        elif key == "from":
            form.start = reader.text(source, node, "`from`")
        elif key == "share":
            form.share = reader.text(source, node, "`share`")
        elif key == "if":
            form.condition = reader.condition(source, node)
        elif key == "output":
            form.is_output = reader.condition(source, node)
        elif key == "trainable":
            form.trainable = reader.condition(source, node)
        else:
            form.repeat = reader.repeat(source, node)

    # -- branches ---------------------------------------------------------------------------

    def _branches(self, form: LayerForm, kind: type[Kind]) -> None:
        """Parse the branches of a merge."""
        node = form.given.get(kind.main.key) if kind.branches and kind.main else None
        if node is None:
            return
        if isinstance(node, SequenceNode) and node.value:
            form.branches = tuple(self._branch(form.source, item) for item in node.value)
            return
        form.broken = True
        self.findings.report(
            "bad-value",
            f"expected a list of branches, found {describe(node)}",
            form.source,
            node,
            "each branch is a list of layers, `[]` for the input itself, or a layer's name",
        )

    def _branch(self, source: Source, node: Node) -> BranchForm:
        if isinstance(node, ScalarNode):
            text = self.reader.text(source, node, "a branch")
            return BranchForm(node, () if text else (blank(source, node),), text)
        if isinstance(node, SequenceNode):
            return BranchForm(node, self.layers(source, node))
        assert isinstance(node, MappingNode)
        layers: tuple[LayerForm, ...] | None = None
        condition: Any = None
        condition_node: Node | None = None
        noted = 0
        before = self.findings.noted
        for word, key, value in entries(self.findings, source, node):
            if word == "layers":
                start = self.findings.noted
                layers = self.layers(source, value)
                noted += self.findings.noted - start
            elif word == "if":
                condition, condition_node = self.reader.condition(source, value), value
            elif word in KINDS or word in self.blocks:
                message, hint = (
                    f"a branch has no key `{word}`",
                    f"a branch is a list: `[{word}: …]`",
                )
                self.findings.report("unknown-key", message, source, key, hint)
            else:
                message = f"a branch has no key `{word}`"
                self.findings.add(
                    misspelt("unknown-key", message, word, ("layers", "if")), source, key
                )
        if layers is None:
            self.findings.report("missing-option", "a branch needs `layers`", source, node)
        if layers is None or self.findings.noted - noted > before:
            layers = (blank(source, node),)
        return BranchForm(node, layers, None, condition, condition_node)

    # -- blocks -----------------------------------------------------------------------------

    def declare(self, source: Source, header: Node, node: Node, known: Mapping[str, Any]) -> None:
        """Declare a block, so that layers can use it; `known` are those of the same file."""
        if not isinstance(header, ScalarNode):
            self.findings.report("bad-value", "a block's name must be a word", source, header)
            return
        try:
            label, parameters = parse_header(header.value)
        except ExpressionError as refusal:
            self.findings.add(refusal, source, header)
            self.lost.add(header.value.partition("(")[0].strip())
            return
        if label in KINDS or label in RESERVED:
            message = f"`{label}` is a layer kind; a block needs another name"
            self.findings.report("duplicate-name", message, source, header)
        elif label in known:
            message = f"the block `{label}` is declared twice"
            self.findings.report("duplicate-name", message, source, header)
        else:
            self.blocks[label] = BlockForm(source, header, label, parameters, node)

    def parse_blocks(self) -> None:
        """Parse the layers of every block, once all are declared."""
        for block in self.blocks.values():
            block.body = self.layers(block.source, block.node)
            block.explicit = number_names(block.body)
