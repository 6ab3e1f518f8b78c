"""Values of an architecture file: numbers, truth values, texts and expressions.

YAML's own ideas of what a scalar is (`yes`, `1e3`, `0o10`, `1:30`) are not followed: what is no
decimal number, `true` or `false` is an expression, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.diagnostics import Refusal, nearest
from cnncalc.language.expressions.expression import Expression, parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.text.findings import Findings
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source
from cnncalc.layers.options import Axes, LimitError, OptionError, Table, Type

NAME_LIMIT = 120
REPEAT_LIMIT = 120_000

INFINITE = {"inf", "nan", *[f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "nan")]}
"""Words that other YAML readers take for no finite number, in lower case."""
ENDLESS = (".inf", "inf")
"""What an infinite number is called, where an option takes one."""
YAML_WORDS = {
    word: meaning
    for words, meaning in (
        ("yes Yes YES on On ON TRUE", "true"),
        ("no No NO off Off OFF FALSE", "false"),
    )
    for word in words.split()
}
EMPTY = {"", "~", "null", "Null", "NULL"}


class MixedList(NamedTuple):
    """A list of which some items are expressions."""

    items: tuple[Any, ...]

    def evaluate(self, env: Mapping[str, Any]) -> tuple[Any, ...]:
        """The list with its expressions worked out."""
        return tuple(
            item.evaluate(env) if isinstance(item, DYNAMIC) else item for item in self.items
        )


class TableForm(NamedTuple):
    """A mapping of which some values are expressions."""

    pairs: tuple[tuple[str, Any], ...]

    def evaluate(self, env: Mapping[str, Any]) -> Table:
        """The mapping with its expressions worked out."""
        return Table(
            [
                (key, one.evaluate(env) if isinstance(one, DYNAMIC) else one)
                for key, one in self.pairs
            ]
        )


DYNAMIC = (Expression, MixedList, TableForm)
"""What stands for a value that depends on names."""


class LayerPath(NamedTuple):
    """The name of a layer inside a block, which is no expression: `stage1.conv2`."""

    text: str


PATH = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)+")


class Word(str):
    """A word that a caller gives a parameter: other formats have scales and configurations."""

    refusal: str

    def __new__(cls, text: str, refusal: str) -> Word:
        """A word, and what is said to it where only numbers are taken."""
        found = super().__new__(cls, text)
        found.refusal = refusal
        return found


class ValueReader:
    """Reads values from nodes."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._scalars: dict[tuple[str, bool], Any] = {}

    def scalar(self, node: ScalarNode) -> Any:
        """A scalar as a number, a truth value, or an expression.

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
        if _is_whole(text):
            return int(text)
        if text in ("true", "false") or (plain and text in ("True", "False")):
            return text in ("true", "True")
        if plain and text in YAML_WORDS:
            raise ExpressionError(
                f"`{text}` is neither a number nor true or false",
                0,
                "bad-value",
                f"write {YAML_WORDS[text]} for a truth value",
                instead=YAML_WORDS[text],
                safe=True,
                word=text,
            )
        if plain and text in EMPTY:
            raise ExpressionError("found nothing where a value was expected", 0, "bad-value")
        if text.lower() in INFINITE:
            raise ExpressionError(
                f"`{text}` is no finite number", 0, "bad-value", "write a number such as 1 or 0.5"
            )
        try:
            expression = parse(text)
        except ExpressionError as error:
            if re.fullmatch(r"[-+]?\.?\d[-+\w.:,]*", text):
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

    def value(self, node: Node, type: Type | None = None, depth: int = 0) -> Any:
        """An option's value: a constant (checked), an `Expression` or a `MixedList`.

        Raises:
            Refusal: the value does not fit.
        """
        if isinstance(node, ScalarNode):
            if (
                type is not None
                and type.text
                and (not node.style or type.reference or type.verbatim)
            ):
                text: str = node.value
                if type.reference:
                    return text
                try:
                    type.check(text)
                    return text
                except OptionError as error:
                    if type.verbatim or not re.fullmatch(r"[A-Za-z_]\w*", text):
                        raise
                    if (close := nearest(text, getattr(type, "words", ()))) is not None:
                        raise OptionError(error.message, instead=close, word=text) from None
                    return parse(text)
            if type is not None and node.value in getattr(type, "words", ()):
                return node.value
            if type is not None and type.infinite and node.value.lstrip("+-") in ENDLESS:
                return float(node.value.replace(".", ""))
            sizes = as_sizes(node.value) if isinstance(type, Axes) else None
            if sizes:
                message = f"must be {type.expects if type else 'a value'}, not `{node.value}`"
                raise OptionError(message, instead=sizes, word=node.value)
            value = self.scalar(node)
            if type is not None and not isinstance(value, Expression):
                type.check(value)
            return value
        if isinstance(node, SequenceNode):
            if depth > 2:
                raise OptionError("nests lists too deeply")
            items = tuple(self.value(item, None, depth + 1) for item in node.value)
            if any(isinstance(item, DYNAMIC) for item in items):
                return MixedList(items)
            if type is not None:
                type.check(items)
            return items
        if type is not None and type.keyed and isinstance(node, MappingNode):
            pairs = self._pairs(node, depth)
            if any(isinstance(one, DYNAMIC) for _, one in pairs):
                return TableForm(pairs)
            type.check(Table(pairs))
            return Table(pairs)
        raise OptionError(f"must be {type.expects if type else 'a value'}, and here is a mapping")

    def _pairs(self, node: MappingNode, depth: int) -> tuple[tuple[str, Any], ...]:
        """The keys of a mapping with their values."""
        pairs: dict[str, Any] = {}
        for key, content in node.value:
            if not isinstance(key, ScalarNode):
                raise OptionError("has a key that is no word").at(key)
            word: str = key.value
            if word in pairs:
                raise OptionError(f"has `{word}` twice", "duplicate-key").at(key)
            pairs[word] = self.value(content, None, depth + 1)
        return tuple(pairs.items())

    def read(self, source: Source, node: Node, about: str, type: Type | None = None) -> Any:
        """A value as `value` gives it; `None` after a finding, whose message is `about` it."""
        try:
            return self.value(node, type)
        except OptionError as refusal:
            self.findings.add(refusal.about(about), source, node)
        except Refusal as refusal:
            self.findings.add(refusal, source, node)
        return None

    def argument(self, source: Source, node: Node, about: str) -> Any:
        """What is given to a block: a value as `read` gives it, or the path of a layer."""
        if isinstance(node, ScalarNode) and "." in node.value and PATH.fullmatch(node.value):
            return LayerPath(node.value)
        return self.read(source, node, about)

    def constant(self, source: Source, node: Node, env: Mapping[str, Any], about: str) -> Any:
        """A constant, or the value of an expression of known values; `None` after a finding."""
        value = self.read(source, node, about)
        try:
            return value.evaluate(env) if isinstance(value, DYNAMIC) else value
        except Refusal as refusal:
            self.findings.add(refusal, source, node)
        return None

    def condition(self, source: Source, node: Node) -> Any:
        """A truth value or an expression; `True` after a finding."""
        value = self.read(source, node, "a condition")
        if type(value) is tuple or isinstance(value, MixedList | TableForm | str):
            message = "a condition is true or false, not a list"
            self.findings.report("bad-value", message, source, node)
            return True
        return True if value is None else value

    def text(self, source: Source, node: Node, what: str) -> str | None:
        """A scalar's text as it stands."""
        if isinstance(node, ScalarNode) and node.value.strip():
            if len(node.value) <= 1000:
                return str(node.value)
            self.findings.report("limit-exceeded", f"{what} of over 1,000 characters", source, node)
            return None
        self.findings.report("bad-value", f"{what} must be a text", source, node)
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
        self.findings.report(
            rule, problem or f"a name of over {NAME_LIMIT} characters", source, node
        )
        return None

    def repeat(self, source: Source, node: Node) -> Any:
        """How often a layer stands: a whole number or an expression; 1 after a finding."""
        before = self.findings.noted
        value = self.read(source, node, "`repeat`")
        if isinstance(value, Expression):
            return value
        if self.findings.noted == before:
            try:
                check_repeat(value)
                return value
            except OptionError as refusal:
                self.findings.add(refusal.about("`repeat`"), source, node)
        return 1


def as_sizes(text: str) -> str | None:
    """`3x3` as the language writes it, `3` or `[3, 5]`; `None` where it is no such text."""
    if not re.fullmatch(r"[1-9]\d{0,8}(?: ?[xX×] ?[1-9]\d{0,8}){1,2}", text):
        return None
    sizes = [int(size) for size in re.findall(r"\d+", text)]
    return str(sizes[0]) if len(set(sizes)) == 1 else str(sizes)


def _is_whole(text: str) -> bool:
    """Whether a text is a decimal whole number without needless zeros, of a sane length."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits.isascii() or not digits.isdecimal() or len(text) >= 20:
        return False
    return digits[0] != "0" or len(digits) == 1


def check_repeat(value: Any) -> None:
    """How often: a whole number from 0 on."""
    if type(value) is not int or value < 0:
        raise OptionError(f"must be a whole number from 0 on, not {value}")
    if value > REPEAT_LIMIT:
        raise LimitError(f"is {value:,}; at most {REPEAT_LIMIT:,} layers are built")
