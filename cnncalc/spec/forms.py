"""The parsed form of an architecture file: what is written, before any input shape is known.

Each layer of a file is parsed once, into a form that names its kind or block and holds its
options, constants checked already and expressions compiled. Findings are gathered, so that
one run tells them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic, Place, did_you_mean, nearest
from cnncalc.layers import KINDS, Kind
from cnncalc.layers.options import LimitError, Option, OptionError, Type
from cnncalc.spec.expression import (
    RESERVED,
    Expression,
    ExpressionError,
    Parameter,
    parse,
    parse_header,
)
from cnncalc.spec.source import MappingNode, Node, ScalarNode, SequenceNode, Source

COMMON_KEYS = ("name", "from", "repeat", "if", "output", "share")
NESTING_LIMIT = 40
NAME_LIMIT = 120

NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)")
NUMBER_LIKE = re.compile(r"[-+]?\.?\d")
YAML_WORDS = {
    word: meaning
    for words, meaning in (
        ("yes Yes YES on On ON y Y True TRUE", "true"),
        ("no No NO off Off OFF n N False FALSE", "false"),
    )
    for word in words.split()
}
EMPTY = {"", "~", "null", "Null", "NULL"}


class Listing(NamedTuple):
    """A list of which some items are expressions."""

    items: tuple[Any, ...]

    def evaluate(self, env: Mapping[str, Any]) -> tuple[Any, ...]:
        """The list with its expressions worked out."""
        return tuple(
            item.evaluate(env) if isinstance(item, (Expression, Listing)) else item
            for item in self.items
        )


class Dynamic(NamedTuple):
    """An option whose value is an expression: its position among the options."""

    position: int
    value: Expression | Listing
    type: Type


class LayerForm:
    """One layer as it is written."""

    __slots__ = (
        "block",
        "branches",
        "condition",
        "counted",
        "dynamic",
        "group",
        "kind",
        "label",
        "name",
        "node",
        "place",
        "references",
        "repeat",
        "share",
        "source",
        "start",
        "values",
        "wanted",
    )

    source: Source
    node: MappingNode | ScalarNode
    place: Place
    label: str
    """The kind's or block's name."""
    kind: type[Kind] | None
    block: BlockForm | None
    group: tuple[LayerForm, ...] | None
    """The layers of `{layers: [...], repeat: n}`, which adds no level to their names."""
    name: str | None
    start: str | None
    """`from`."""
    share: str | None
    repeat: Any
    condition: Any
    wanted: Any
    values: tuple[Any, ...]
    """Options of the kind, or arguments of the block, in declared order."""
    dynamic: tuple[Dynamic, ...]
    """Those of them that are expressions."""
    references: tuple[int, ...]
    """Those of them that name a layer."""
    branches: tuple[BranchForm, ...] | None
    counted: bool
    """Whether its name carries a number."""


class BranchForm(NamedTuple):
    """A branch of a merge: a list of layers, or the name of one."""

    layers: tuple[LayerForm, ...] | None
    reference: str | None
    condition: Any
    node: Node


class BlockForm:
    """A block: its parameters and its layers (parsed when first used)."""

    __slots__ = ("body", "explicit", "header", "label", "node", "parameters", "place", "source")

    def __init__(
        self,
        source: Source,
        header: Node,
        label: str,
        parameters: tuple[Parameter, ...],
        node: Node,
    ) -> None:
        self.source = source
        self.header = header
        self.label = label
        self.parameters = parameters
        self.node = node
        self.place = source.place(header)
        self.body: tuple[LayerForm, ...] = ()
        self.explicit: frozenset[str] = frozenset()
        """Names that its layers give themselves."""


class FormParser:
    """Parses nodes into forms, gathering what is wrong with them."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.blocks: dict[str, BlockForm] = {}
        self._scalars: dict[tuple[str, bool], Any] = {}
        self._lists: dict[int, tuple[LayerForm, ...]] = {}
        self._depth = 0

    # -- findings ---------------------------------------------------------------------------

    def report(
        self, rule: str, message: str, source: Source, node: Node, hint: str | None = None
    ) -> None:
        """Note what is wrong with a node."""
        place = source.place(node)
        self.diagnostics.append(
            Diagnostic(rule, "error", message, place, hint=hint, excerpt=source.line(place.line))
        )

    def report_expression(self, error: ExpressionError, source: Source, node: Node) -> None:
        """Note what is wrong with an expression, at its character."""
        place = expression_place(source.place(node), error.offset, quoted(node))
        self.diagnostics.append(
            Diagnostic(
                error.rule,
                "error",
                error.message,
                place,
                hint=error.hint,
                excerpt=source.line(place.line),
            )
        )

    # -- values -----------------------------------------------------------------------------

    def scalar(self, source: Source, node: ScalarNode) -> Any:
        """A scalar as a number, a truth value, or an expression; `None` after a finding.

        Raises:
            ExpressionError: it is none of these.
        """
        text: str = node.value
        plain = not node.style
        key = (text, plain)
        try:
            return self._scalars[key]
        except KeyError:
            pass
        value = self._scalars[key] = self._scalar(text, plain)
        return value

    def _scalar(self, text: str, plain: bool) -> Any:
        if NUMBER.fullmatch(text) and len(text) < 20:
            return int(text)
        if text == "true" or text == "false":
            return text == "true"
        if plain and text in YAML_WORDS:
            raise ExpressionError(
                f"`{text}` is neither a number nor true or false",
                0,
                "bad-value",
                f"write {YAML_WORDS[text]} for a truth value",
            )
        if plain and text in EMPTY:
            raise ExpressionError("found nothing where a value was expected", 0, "bad-value")
        if re.fullmatch(r"[-+]?\.(inf|nan)", text, re.IGNORECASE) or text.lower() in ("nan", "inf"):
            raise ExpressionError(
                f"`{text}` is no finite number", 0, "bad-value", "write a number such as 1 or 0.5"
            )
        try:
            expression = parse(text)
        except ExpressionError as error:
            if NUMBER_LIKE.match(text) and re.fullmatch(r"[-+\w.:,]+", text):
                raise ExpressionError(
                    f"`{text}` is no number",
                    0,
                    "bad-value" if error.rule == "bad-expression" else error.rule,
                    error.hint or "numbers are decimal: 10, 0.5",
                ) from None
            raise
        if not expression.names:
            return expression.evaluate({})
        return expression

    def value(self, source: Source, node: Node, type: Type | None, depth: int = 0) -> Any:
        """An option's value: a constant (checked), an `Expression` or a `Listing`.

        Raises:
            OptionError, ExpressionError: the value does not fit.
        """
        if isinstance(node, ScalarNode):
            if type is not None and type.text and (not node.style or type.reference):
                text: str = node.value
                if type.reference:
                    return text
                try:
                    type.check(text)
                    return text
                except OptionError as error:
                    if not re.fullmatch(r"[A-Za-z_]\w*", text):
                        raise
                    if (close := nearest(text, getattr(type, "words", ()))) is not None:
                        raise OptionError(f"{error}; did you mean `{close}`?") from None
                    return parse(text)
            if type is not None and node.value in getattr(type, "words", ()):
                return node.value
            value = self.scalar(source, node)
            if type is not None and not isinstance(value, Expression):
                type.check(value)
            return value
        if isinstance(node, SequenceNode):
            if depth > 2:
                raise OptionError("nests lists too deeply")
            items = tuple(self.value(source, item, None, depth + 1) for item in node.value)
            if any(isinstance(item, (Expression, Listing)) for item in items):
                return Listing(items)
            if type is not None:
                type.check(items)
            return items
        raise OptionError(f"must be {type.expects if type else 'a value'}, and here is a mapping")

    def condition(self, source: Source, node: Node) -> Any:
        """A truth value or an expression; `True` after a finding."""
        try:
            value = self.value(source, node, None)
        except ExpressionError as error:
            self.report_expression(error, source, node)
            return True
        except OptionError as error:
            self.report("bad-value", f"a condition {error}", source, node)
            return True
        if type(value) is tuple or isinstance(value, Listing | str):
            self.report("bad-value", "a condition is true or false, not a list", source, node)
            return True
        return value

    def text(self, source: Source, node: Node, what: str) -> str | None:
        """A scalar's text as it stands."""
        if isinstance(node, ScalarNode) and node.value.strip():
            if len(node.value) <= 1000:
                return str(node.value)
            self.report("limit-exceeded", f"{what} of over 1,000 characters", source, node)
            return None
        self.report("bad-value", f"{what} must be a text", source, node)
        return None

    def name(self, source: Source, node: Node) -> str | None:
        """The name of a layer."""
        text = self.text(source, node, "a name")
        if text is None:
            return None
        problem = None
        if "." in text:
            problem = "a name has no dot: dots lead into blocks"
        elif text == "input":
            problem = "`input` is the network's own input"
        elif text != text.strip() or "\n" in text:
            problem = "a name is one line, without spaces around it"
        if problem is None and len(text) <= NAME_LIMIT:
            return text
        rule = "bad-value" if problem else "limit-exceeded"
        self.report(rule, problem or f"a name of over {NAME_LIMIT} characters", source, node)
        return None

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
            return ()
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            if not any(d.rule == "limit-exceeded" for d in self.diagnostics):
                self.report(
                    "limit-exceeded",
                    f"branches nest more than {NESTING_LIMIT} levels deep",
                    source,
                    node,
                )
            forms: list[LayerForm | None] = []
        else:
            forms = [self.layer(source, item) for item in node.value]
        self._depth -= 1
        result = tuple(form for form in forms if form is not None)
        self._lists[id(node)] = result
        return result

    def layer(self, source: Source, node: Node) -> LayerForm | None:
        """One layer of a list; `None` after a finding."""
        form = LayerForm()
        form.source = source
        form.name = form.start = form.share = form.branches = form.block = form.kind = None
        form.repeat = form.condition = form.group = None
        form.wanted = form.counted = False
        form.values = form.dynamic = form.references = ()
        argument: Node | None = None
        if isinstance(node, ScalarNode):
            form.node = node
            label_node: Node = node
        elif isinstance(node, MappingNode):
            form.node = node
            found = self._split(form, source, node)
            if found is None:
                return None
            label_node, argument = found
        else:
            self.report(
                "bad-value",
                "expected a layer, found a list",
                source,
                node,
                "a branch stands under `add`, `multiply` or `concat`",
            )
            return None
        label = label_node.value
        form.label = label
        form.place = source.place(label_node)
        if label == "layers" and argument is not None:
            return self._group(form, argument)
        block = self.blocks.get(label)
        if block is not None:
            form.block = block
            self._block_arguments(form, block, argument)
            return form
        kind = KINDS.get(label)
        if kind is None:
            self._unknown_layer(source, label_node)
            return None
        form.kind = kind
        if form.share is not None and not kind.has_weights:
            self.report("bad-value", f"`{label}` has no weights to share", source, label_node)
        if not self._options(form, kind, argument):
            return None
        return form

    def _group(self, form: LayerForm, argument: Node) -> LayerForm:
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
        return form

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
            elif word == "layers" or ((word in KINDS or word in self.blocks) and not (
                head[0].value in KINDS or head[0].value in self.blocks
            )):
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
            form.repeat = self._repeat(source, node)

    def _repeat(self, source: Source, node: Node) -> Any:
        try:
            value = self.value(source, node, None)
            if not isinstance(value, Expression):
                check_repeat(value)
            return value
        except LimitError as error:
            self.report("limit-exceeded", f"`repeat` {error}", source, node)
        except OptionError as error:
            self.report("bad-value", f"`repeat` {error}", source, node)
        except ExpressionError as error:
            self.report_expression(error, source, node)
        return 1

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
            main is not None and (main.variadic or kind.branches),
        )
        if given is None:
            return False
        good = True
        values: list[Any] = []
        dynamic: list[Dynamic] = []
        references: list[int] = []
        for index, (key, option) in enumerate(options.items()):
            pair = given.get(key)
            if pair is None:
                if option.required:
                    self._missing(form, option, kind)
                    good = False
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

    def _missing(self, form: LayerForm, option: Option, kind: type[Kind]) -> None:
        example = f"`{kind.name}: {{{option.key}: …}}`"
        place = form.place
        self.diagnostics.append(
            Diagnostic(
                "missing-option",
                "error",
                f"`{kind.name}` needs `{option.key}`: {option.help}",
                place,
                hint=f"write {example}",
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
        before = len(self.diagnostics)
        branches = tuple(self._branch(source, item) for item in node.value)
        return branches if len(self.diagnostics) == before else None

    def _branch(self, source: Source, node: Node) -> BranchForm:
        if isinstance(node, ScalarNode):
            return BranchForm(None, self.text(source, node, "a branch"), None, node)
        if isinstance(node, SequenceNode):
            return BranchForm(self.layers(source, node), None, None, node)
        layers: tuple[LayerForm, ...] = ()
        condition: Any = None
        seen: set[str] = set()
        for key, value in node.value:
            word = key.value if isinstance(key, ScalarNode) else "?"
            if word in seen:
                self.report("duplicate-key", f"`{word}` is given twice", source, key)
            elif word == "layers":
                layers = self.layers(source, value)
            elif word == "if":
                condition = self.condition(source, value)
            else:
                hint = did_you_mean(word, ("layers", "if"))
                if word in KINDS or word in self.blocks:
                    hint = f"a branch is a list: `[{word}: …]`"
                self.report("unknown-key", f"a branch has no key `{word}`", source, key, hint)
            seen.add(word)
        if "layers" not in seen:
            self.report("missing-option", "a branch needs `layers`", source, node)
        return BranchForm(layers, None, condition, node)

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
                self.diagnostics.append(
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


def number_names(forms: tuple[LayerForm, ...]) -> frozenset[str]:
    """Decide which layers of a scope carry a number; the names given explicitly.

    A name is numbered where it occurs more than once, branches included, or under `repeat`.
    """
    times: dict[str, int] = {}
    explicit: set[str] = set()
    scope: list[LayerForm] = []
    visited: set[int] = set()

    def visit(layers: tuple[LayerForm, ...], repeated: bool) -> None:
        for form in layers:
            many = repeated or form.repeat is not None
            if form.group is not None:
                if id(form.group) not in visited:
                    visited.add(id(form.group))
                    visit(form.group, many)
                continue
            name = form.name or form.label
            times[name] = times.get(name, 0) + (2 if many else 1)
            form.counted = many
            if form.name is not None:
                explicit.add(form.name)
            scope.append(form)
            for branch in form.branches or ():
                if branch.layers and id(branch.layers) not in visited:
                    visited.add(id(branch.layers))
                    visit(branch.layers, many)

    visit(forms, False)
    for form in scope:
        if form.name is None:
            form.counted = times[form.label] > 1 or form.label in explicit
    return frozenset(explicit)


def check_repeat(value: Any) -> None:
    """How often: a whole number from 0 on."""
    if type(value) is not int or value < 0:
        raise OptionError(f"must be a whole number from 0 on, not {value}")


def quoted(node: Node) -> bool:
    """Whether a scalar stands in quotes."""
    return isinstance(node, ScalarNode) and node.style in ("'", '"')


def expression_place(place: Place, offset: int, in_quotes: bool) -> Place:
    """The place of one character of an expression that stands on one line."""
    if place.line != place.end_line:
        return place
    column = min(place.column + offset + in_quotes, max(place.end_column - 1, place.column))
    return place._replace(column=column)


def describe(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list" if node.value else "an empty list"
    return f"`{node.value}`" if node.value.strip() else "nothing"


OTHER_NAMES = {
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "convolution": "conv",
    "convtranspose2d": "conv_transpose",
    "deconv": "conv_transpose",
    "conv2dtranspose": "conv_transpose",
    "deconvolution": "conv_transpose",
    "depthwiseconv2d": "depthwise_conv",
    "dwconv": "depthwise_conv",
    "separableconv2d": "separable_conv",
    "maxpool": "max_pool",
    "maxpool2d": "max_pool",
    "maxpooling2d": "max_pool",
    "pool": "max_pool",
    "avgpool": "avg_pool",
    "avgpool2d": "avg_pool",
    "averagepooling2d": "avg_pool",
    "averagepool": "avg_pool",
    "gap": "global_avg_pool",
    "globalaveragepooling2d": "global_avg_pool",
    "globalaveragepool": "global_avg_pool",
    "adaptiveavgpool2d": "adaptive_avg_pool",
    "fc": "linear",
    "dense": "linear",
    "fullyconnected": "linear",
    "innerproduct": "linear",
    "bn": "batch_norm",
    "batchnorm": "batch_norm",
    "batchnorm2d": "batch_norm",
    "batchnormalization": "batch_norm",
    "lrn": "local_response_norm",
    "ln": "layer_norm",
    "swish": "silu",
    "hswish": "hard_swish",
    "lrelu": "leaky_relu",
    "sum": "add",
    "cat": "concat",
    "concatenate": "concat",
    "mul": "multiply",
    "unpool": "max_unpool",
    "zeropad": "pad",
    "zeropadding2d": "pad",
    "upsampling2d": "upsample",
    "interpolate": "upsample",
    "se": "squeeze_excitation",
    "attention": "self_attention",
    "locallyconnected2d": "locally_connected",
}
"""What other frameworks call a kind, letters and digits only."""
