"""Nodes of an architecture file to forms.

Each layer of a file is parsed once, into a form that names its kind or block and holds its
options, constants checked already and expressions compiled. Findings are gathered, so that
one run tells them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Diagnostic, did_you_mean
from cnncalc.language.expressions.expression import RESERVED, Expression, parse_header
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.forms.aliases import OTHER_NAMES
from cnncalc.language.forms.form import (
    COMMON_KEYS,
    BlockForm,
    BranchForm,
    Dynamic,
    LayerForm,
    number_names,
)
from cnncalc.language.forms.places import takes_list
from cnncalc.language.forms.values import EMPTY, Listing, ValueReader, describe
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source
from cnncalc.layers import KINDS, Kind
from cnncalc.layers.options import LimitError, Option, OptionError

NESTING_LIMIT = 40


class FormParser(ValueReader):
    """Parses nodes into forms, gathering what is wrong with them."""

    def __init__(self) -> None:
        super().__init__()
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
            self.report(
                "bad-value",
                f"expected a list of layers, found {describe(node)}",
                source,
                node,
                "begin each layer with `- `",
            )
            return (_blank(source, node),)
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            if not any(d.rule == "limit-exceeded" for d in self.diagnostics):
                self.report(
                    "limit-exceeded",
                    f"branches nest more than {NESTING_LIMIT} levels deep",
                    source,
                    node,
                )
            forms = [_blank(source, node)]
        else:
            forms = [self.layer(source, item) for item in node.value]
        self._depth -= 1
        result = tuple(forms)
        self._lists[id(node)] = result
        return result

    def layer(self, source: Source, node: Node) -> LayerForm:
        """One layer of a list; a broken form after a finding."""
        form = _blank(source, node)
        form.broken = not self._layer(form, source, node)
        return form

    def _layer(self, form: LayerForm, source: Source, node: Node) -> bool:
        """Fill in a form; `False` after a finding."""
        argument: Node | None = None
        before = len(self.diagnostics)
        if isinstance(node, ScalarNode):
            label_node: Node = node
        elif isinstance(node, MappingNode):
            found = self._split(form, source, node)
            if found is None:
                return False
            label_node, argument = found
        else:
            self.report(
                "bad-value",
                "expected a layer, found a list",
                source,
                node,
                "a branch stands under `add`, `multiply` or `concat`",
            )
            return False
        label = label_node.value
        form.label = label
        form.place = source.place(label_node)
        if label == "layers" and argument is not None:
            sound = len(self.diagnostics) == before
            self._group(form, argument)
            return sound
        block = self.blocks.get(label)
        if block is not None:
            form.block = block
            self._block_arguments(form, block, argument)
            return len(self.diagnostics) == before
        kind = KINDS.get(label)
        if kind is None:
            if label not in self.lost:
                self._unknown_layer(source, label_node)
            return False
        form.kind = kind
        if form.share is not None and not kind.has_weights:
            self.report("bad-value", f"`{label}` has no weights to share", source, label_node)
        sound = len(self.diagnostics) == before
        return self._options(form, kind, argument) and sound

    def _group(self, form: LayerForm, argument: Node) -> None:
        form.group = self.layers(form.source, argument)
        for key in ("name", "share", "wanted"):
            if getattr(form, key):
                word = "output" if key == "wanted" else key
                self.report(
                    "unknown-key",
                    f"a group of layers has no key `{word}`",
                    form.source,
                    form.node,
                    "give it to one of the layers, or make the group a block",
                )

    def _unknown_layer(self, source: Source, node: Node) -> None:
        label = node.value
        known = [*KINDS, *self.blocks]
        if not label.strip():
            self.report("unknown-layer", "found nothing where a layer was expected", source, node)
            return
        alias = OTHER_NAMES.get(re.sub(r"[\W_]", "", label).lower())
        hint = f"did you mean `{alias}`?" if alias else did_you_mean(label, known)
        self.report(
            "unknown-layer",
            f"there is no layer kind or block `{label}`",
            source,
            node,
            hint or "`cnncalc layers` lists the kinds",
        )

    def _split(
        self, form: LayerForm, source: Source, node: MappingNode
    ) -> tuple[Node, Node] | None:
        """The kind among a layer's keys, the common keys put into the form."""
        pairs = node.value
        if len(pairs) == 1 and pairs[0][0].value not in COMMON_KEYS:
            key, value = pairs[0]
            if isinstance(key, ScalarNode):
                return key, value
        head: tuple[Node, Node] | None = None
        extra: list[Node] = []
        seen: set[str] = set()
        for key, value in pairs:
            if not isinstance(key, ScalarNode):
                self.report("unknown-key", "a key must be a word", source, key)
                continue
            word = key.value
            if word in seen:
                self.report("duplicate-key", f"`{word}` is given twice", source, key)
                continue
            seen.add(word)
            if word in COMMON_KEYS:
                self._common(form, source, word, value)
            elif head is None:
                head = (key, value)
            elif word == "layers" or (
                (word in KINDS or word in self.blocks)
                and not (head[0].value in KINDS or head[0].value in self.blocks)
            ):
                extra.append(head[0])
                head = (key, value)
            else:
                extra.append(key)
        for key in extra:
            word = key.value
            if word in KINDS or word in self.blocks:
                message = (
                    f"a layer has one kind, and here are `{head and head[0].value}` and `{word}`"
                )
                hint: str | None = "begin the second with `- `"
            else:
                message = f"a layer has no key `{word}`"
                hint = did_you_mean(word, COMMON_KEYS)
                if (
                    head is not None
                    and head[0].value in KINDS
                    and word in KINDS[head[0].value].options
                ):
                    hint = f"write it inside: `{head[0].value}: {{…, {word}: …}}`"
            self.report("unknown-key", message, source, key, hint)
        if head is None:
            if not extra:
                self.report(
                    "missing-option",
                    "the layer has no kind",
                    source,
                    node,
                    "name one, as in `conv: {filters: 64, kernel: 3}`",
                )
            return None
        return head

    def _common(self, form: LayerForm, source: Source, key: str, node: Node) -> None:
        if key == "name":
            form.name = self.name(source, node)
        elif key == "from":
            form.start = self.text(source, node, "`from`")
        elif key == "share":
            form.share = self.text(source, node, "`share`")
        elif key == "if":
            form.condition = self.condition(source, node)
        elif key == "output":
            form.wanted = self.condition(source, node)
        else:
            form.repeat = self.repeat(source, node)

    # -- options ----------------------------------------------------------------------------

    def _arguments(
        self, form: LayerForm, node: Node | None, keys: list[str], single: str | None, listed: bool
    ) -> dict[str, tuple[Node, Node]] | None:
        """Which node is given for each key: by name, by position, or as the one value.

        `single` is the key of a lone value, which with `listed` takes a list as well.
        """
        source, label = form.source, form.label
        if node is None or (
            isinstance(node, ScalarNode) and not node.style and node.value in EMPTY
        ):
            return {}
        if isinstance(node, ScalarNode) or (listed and isinstance(node, SequenceNode)):
            if single is None:
                self.report("bad-value", f"`{label}` takes no options", source, node)
                return None
            return {single: (node, node)}
        if isinstance(node, SequenceNode):
            if len(node.value) > len(keys):
                self.report(
                    "bad-value",
                    f"`{label}` takes at most {len(keys)} values, and here are {len(node.value)}",
                    source,
                    node.value[len(keys)],
                    f"in this order: {', '.join(keys)}" if keys else None,
                )
                return None
            return {key: (item, item) for key, item in zip(keys, node.value, strict=False)}
        given: dict[str, tuple[Node, Node]] = {}
        good = True
        for key, value in node.value:
            word = key.value if isinstance(key, ScalarNode) else None
            if word in given:
                self.report("duplicate-key", f"`{word}` is given twice", source, key)
            elif word is None or word not in keys:
                hint = did_you_mean(word, keys) if word else None
                if word in COMMON_KEYS:
                    hint = f"`{word}` stands beside `{label}`, not inside it"
                self.report(
                    "unknown-key", f"`{label}` has no option `{word or '?'}`", source, key, hint
                )
            else:
                given[word] = (key, value)
                continue
            good = False
        return given if good else None

    def _options(self, form: LayerForm, kind: type[Kind], node: Node | None) -> bool:
        """Fill in the options of a kind; `False` after a finding."""
        source = form.source
        options = kind.options
        main = kind.main
        given = self._arguments(
            form,
            node,
            list(options),
            main.key if main else None,
            takes_list(kind, node),
        )
        if given is None:
            return False
        good = True
        values: list[Any] = []
        dynamic: list[Dynamic] = []
        references: list[int] = []
        missing = [key for key, option in options.items() if option.required and key not in given]
        if missing:
            self._missing(form, kind, missing, given)
            good = False
        for index, (key, option) in enumerate(options.items()):
            pair = given.get(key)
            if pair is None:
                values.append(option.default)
                continue
            if kind.branches and option is main:
                form.branches = self._branches(source, pair[1])
                good = good and form.branches is not None
                values.append(None)
                continue
            value, fine = self._option_value(form, option, pair[1])
            good = good and fine
            if isinstance(value, (Expression, Listing)):
                dynamic.append(Dynamic(index, value, option.type))
            elif option.type.reference:
                references.append(index)
            values.append(value)
        form.values = tuple(values)
        form.dynamic = tuple(dynamic)
        form.references = tuple(references)
        return good

    def _option_value(self, form: LayerForm, option: Option, node: Node) -> tuple[Any, bool]:
        try:
            return self.value(form.source, node, option.type), True
        except LimitError as error:
            self.report("limit-exceeded", f"`{option.key}` {error}", form.source, node)
        except OptionError as error:
            self.report("bad-value", f"`{option.key}` {error}", form.source, node)
        except ExpressionError as error:
            self.report_expression(error, form.source, node)
        return None, False

    def _missing(
        self,
        form: LayerForm,
        kind: type[Kind],
        missing: list[str],
        given: Mapping[str, tuple[Node, Node]],
    ) -> None:
        """Note which options are missing, and write down the layer with them."""
        needs = " and ".join(f"`{key}` ({kind.options[key].help})" for key in missing)
        written = {
            key: pair[1].value if isinstance(pair[1], ScalarNode) else "[…]"
            for key, pair in given.items()
        }
        whole = {key: written.get(key, "…") for key in kind.options if key in {*missing, *written}}
        options = ", ".join(f"{key}: {value}" for key, value in whole.items())
        place = form.place
        self.add(
            Diagnostic(
                "missing-option",
                "error",
                f"`{kind.name}` needs {needs}",
                place,
                hint=f"write `{kind.name}: {{{options}}}`",
                excerpt=form.source.line(place.line),
            )
        )

    def _branches(self, source: Source, node: Node) -> tuple[BranchForm, ...] | None:
        if not isinstance(node, SequenceNode) or not node.value:
            self.report(
                "bad-value",
                f"expected a list of branches, found {describe(node)}",
                source,
                node,
                "each branch is a list of layers, `[]` for the input itself, or a layer's name",
            )
            return None
        return tuple(self._branch(source, item) for item in node.value)

    def _branch(self, source: Source, node: Node) -> BranchForm:
        if isinstance(node, ScalarNode):
            text = self.text(source, node, "a branch")
            unknown = None if text else (_blank(source, node),)
            return BranchForm(unknown, text, None, node)
        if isinstance(node, SequenceNode):
            return BranchForm(self.layers(source, node), None, None, node)
        layers: tuple[LayerForm, ...] = ()
        condition: Any = None
        seen: set[str] = set()
        sound = True
        for key, value in node.value:
            word = key.value if isinstance(key, ScalarNode) else "?"
            before = len(self.diagnostics)
            if word in seen:
                self.report("duplicate-key", f"`{word}` is given twice", source, key)
            elif word == "layers":
                layers = self.layers(source, value)
                before = len(self.diagnostics)
            elif word == "if":
                condition = self.condition(source, value)
            else:
                hint = did_you_mean(word, ("layers", "if"))
                if word in KINDS or word in self.blocks:
                    hint = f"a branch is a list: `[{word}: …]`"
                self.report("unknown-key", f"a branch has no key `{word}`", source, key, hint)
            sound = sound and len(self.diagnostics) == before
            seen.add(word)
        if "layers" not in seen:
            self.report("missing-option", "a branch needs `layers`", source, node)
            sound = False
        return BranchForm(layers if sound else (_blank(source, node),), None, condition, node)

    def _block_arguments(self, form: LayerForm, block: BlockForm, node: Node | None) -> None:
        """Fill in a block's arguments; what is left out takes its default at each use."""
        keys = [parameter.name for parameter in block.parameters]
        given = self._arguments(form, node, keys, keys[0] if keys else None, False)
        values: list[Any] = []
        for parameter in block.parameters:
            pair = (given or {}).get(parameter.name)
            if pair is not None:
                try:
                    values.append(self.value(form.source, pair[1], None))
                    continue
                except OptionError as error:
                    self.report("bad-value", f"`{parameter.name}` {error}", form.source, pair[1])
                except ExpressionError as error:
                    self.report_expression(error, form.source, pair[1])
                values.append(1)
                continue
            if parameter.default is None and given is not None:
                place = form.place
                self.add(
                    Diagnostic(
                        "missing-option",
                        "error",
                        f"block `{block.label}` needs `{parameter.name}`",
                        place,
                        hint=f"its parameters are {', '.join(keys)}",
                        excerpt=form.source.line(place.line),
                    )
                )
            values.append(parameter.default or 1)
        form.values = tuple(values)

    # -- blocks -----------------------------------------------------------------------------

    def declare(self, source: Source, header: Node, node: Node, known: Mapping[str, Any]) -> None:
        """Declare a block, so that layers can use it; `known` are those of the same file."""
        if not isinstance(header, ScalarNode):
            self.report("bad-value", "a block's name must be a word", source, header)
            return
        try:
            label, parameters = parse_header(header.value)
        except ExpressionError as error:
            self.report_expression(error, source, header)
            self.lost.add(header.value.partition("(")[0].strip())
            return
        if label in KINDS or label in RESERVED:
            self.report(
                "duplicate-name",
                f"`{label}` is a layer kind; a block needs another name",
                source,
                header,
            )
        elif label in known:
            self.report("duplicate-name", f"the block `{label}` is declared twice", source, header)
        else:
            self.blocks[label] = BlockForm(source, header, label, parameters, node)

    def parse_blocks(self) -> None:
        """Parse the layers of every block, once all are declared."""
        for block in self.blocks.values():
            block.body = self.layers(block.source, block.node)
            block.explicit = number_names(block.body)


def _blank(source: Source, node: Node) -> LayerForm:
    """A form of which nothing is known yet; as it is, that of a layer that cannot be."""
    form = LayerForm()
    form.source = source
    form.node = node
    form.place = source.place(node)
    form.label = "?"
    form.name = form.start = form.share = form.branches = form.block = form.kind = None
    form.repeat = form.condition = form.group = None
    form.wanted = form.counted = False
    form.broken = True
    form.values = form.dynamic = form.references = ()
    return form
