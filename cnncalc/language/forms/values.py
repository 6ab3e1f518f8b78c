"""Values of an architecture file: numbers, truth values, texts and expressions.

YAML's own ideas of what a scalar is (`yes`, `1e3`, `0o10`, `1:30`) are not followed: what is no
decimal number, `true` or `false` is an expression, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Diagnostic, Place, SpecError, nearest
from cnncalc.language.expressions.expression import Expression, parse
from cnncalc.language.expressions.operations import ExpressionError
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source
from cnncalc.layers.options import LimitError, OptionError, Type
from cnncalc.records import Record

NAME_LIMIT = 120
REPEAT_LIMIT = 120_000
MESSAGE_LIMIT = 600
"""A message that quotes a longer word is cut."""
FINDING_LIMIT = 200
"""After so many findings a file is not looked at any further."""

YAML_WORDS = {
    word: meaning
    for words, meaning in (
        ("yes Yes YES on On ON True TRUE", "true"),
        ("no No NO off Off OFF False FALSE", "false"),
    )
    for word in words.split()
}
EMPTY = {"", "~", "null", "Null", "NULL"}


class Listing(Record):
    """A list of which some items are expressions."""

    items: tuple[Any, ...]

    def evaluate(self, env: Mapping[str, Any]) -> tuple[Any, ...]:
        """The list with its expressions worked out."""
        return tuple(
            item.evaluate(env) if isinstance(item, (Expression, Listing)) else item
            for item in self.items
        )


class ValueReader:
    """Reads values from nodes, gathering what is wrong with them."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._scalars: dict[tuple[str, bool], Any] = {}

    # -- findings ---------------------------------------------------------------------------

    def report(
        self, rule: str, message: str, source: Source, node: Node, hint: str | None = None
    ) -> None:
        """Note what is wrong with a node."""
        place = source.place(node)
        self.add(
            Diagnostic(rule, "error", message, place, hint=hint, excerpt=source.line(place.line))
        )

    def add(self, finding: Diagnostic) -> None:
        """Note a finding.

        Raises:
            SpecError: there are too many of them.
        """
        if len(finding.message) > MESSAGE_LIMIT:
            finding = finding._replace(message=finding.message[: MESSAGE_LIMIT - 1] + "…")
        self.diagnostics.append(finding)
        if len(self.diagnostics) >= FINDING_LIMIT:
            raise SpecError([*self.diagnostics, too_many(finding)])

    def report_expression(self, error: ExpressionError, source: Source, node: Node) -> None:
        """Note what is wrong with an expression, at its character."""
        place = expression_place(source.place(node), error.offset, quoted(node))
        self.add(
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
        if _is_whole(text):
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

    def repeat(self, source: Source, node: Node) -> Any:
        """How often a layer stands: a whole number or an expression; 1 after a finding."""
        try:
            value = self.value(source, node, None)
            if not isinstance(value, Expression):
                check_repeat(value)
                if value > REPEAT_LIMIT:
                    raise LimitError(f"is {value:,}; at most {REPEAT_LIMIT:,} layers are built")
            return value
        except LimitError as error:
            self.report("limit-exceeded", f"`repeat` {error}", source, node)
        except OptionError as error:
            self.report("bad-value", f"`repeat` {error}", source, node)
        except ExpressionError as error:
            self.report_expression(error, source, node)
        return 1


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


def quoted(node: Node) -> bool:
    """Whether a scalar stands in quotes."""
    return isinstance(node, ScalarNode) and node.style in ("'", '"')


def expression_place(place: Place, offset: int, in_quotes: bool) -> Place:
    """The place of one character of an expression that stands on one line."""
    if place.line != place.end_line:
        return place
    column = min(place.column + offset + in_quotes, max(place.end_column - 1, place.column))
    end = max(place.end_column - in_quotes, column + 1)
    return place._replace(column=column, end_column=end)


def describe(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list" if node.value else "an empty list"
    return f"`{node.value}`" if node.value.strip() else "nothing"


def too_many(last: Diagnostic) -> Diagnostic:
    """The finding that ends a list of findings."""
    return Diagnostic(
        "limit-exceeded",
        "error",
        f"more than {FINDING_LIMIT} findings; what follows was not looked at",
        last.place,
        excerpt=last.excerpt,
    )
