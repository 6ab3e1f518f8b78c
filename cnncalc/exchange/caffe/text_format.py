"""Protobuf's text format: messages of fields, each with its place. No schema is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from cnncalc.diagnostics import Edit, Place, Refusal, SpecError
from cnncalc.language.text.source import Source

DEPTH_LIMIT = 50
FIELD_LIMIT = 100_000
"""The largest networks that were published have a quarter of it."""

TOKEN = (
    r"[ \t\r\f\v,;]+|\#[^\n]*|(?P<line>\n)|(?P<mark>[{}<>\[\]:])"
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[^\s{}<>\[\]:,;"'\#]+)"""
)

CLOSING = {"{": "}", "<": ">"}


class Token(NamedTuple):
    """What stands between blanks, and where."""

    kind: str
    text: str
    label: str
    line: int
    column: int

    @property
    def place(self) -> Place:
        """The place of all of it."""
        end = self.column + max(len(self.text), 1)
        return Place(self.label, self.line, self.column, self.line, end)


class Scalar(NamedTuple):
    """A word, a number or a text without its quotes."""

    text: str
    token: Token
    quoted: bool = False

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.token.place


class Field(NamedTuple):
    """`name: value` or `name { ... }`."""

    name: str
    value: Scalar | Message
    token: Token
    """The name."""
    last: Token
    """Its last token."""

    @property
    def place(self) -> Place:
        """Of the name."""
        return self.token.place

    @property
    def end(self) -> Place:
        """The empty place behind it."""
        place = self.last.place
        return place._replace(column=place.end_column)


class Message:
    """The fields of a message, in order."""

    def __init__(self, source: Source, opening: Token) -> None:
        self.source = source
        self.opening = opening
        self.fields: list[Field] = []
        self.closing = opening

    @property
    def place(self) -> Place:
        """Of what opens it."""
        return self.opening.place

    @property
    def close(self) -> Place:
        """Of what closes it."""
        return self.closing.place

    def all(self, name: str) -> list[Field]:
        """The fields of a name."""
        return [one for one in self.fields if one.name == name]

    def last(self, name: str) -> Field | None:
        """The field of a name that counts: the last."""
        found = self.all(name)
        return found[-1] if found else None

    def message(self, name: str) -> Message:
        """A field's message; an empty one where it is not there."""
        field = self.last(name)
        if field is None:
            return Message(self.source, self.opening)
        if isinstance(field.value, Scalar):
            raise self.error(f"`{name}` must be a message, `{name} {{ ... }}`", field.value.place)
        return field.value

    def scalars(self, name: str) -> list[Scalar]:
        """The values of the fields of a name.

        Raises:
            SpecError: one is a message.
        """
        found = []
        for field in self.all(name):
            if isinstance(field.value, Message):
                raise self.error(f"`{name}` must be a value, not a message", field.place)
            found.append(field.value)
        return found

    def scalar(self, name: str) -> Scalar | None:
        """The value of a field."""
        found = self.scalars(name)
        return found[-1] if found else None

    def text(self, name: str, default: str = "") -> str:
        """The text of a field."""
        found = self.scalar(name)
        return default if found is None else found.text

    def error(self, message: str, place: Place, hint: str | None = None) -> SpecError:
        """A value that a field does not take."""
        return SpecError([self.source.finding(Refusal("bad-value", message, hint=hint), place)])

    def whole(self, name: str, default: int, least: int = 0) -> int:
        """A whole number."""
        found = self.scalar(name)
        return default if found is None else self.as_whole(name, found, least)

    def wholes(self, name: str, least: int = 0) -> list[int]:
        """Whole numbers."""
        return [self.as_whole(name, one, least) for one in self.scalars(name)]

    def as_whole(self, name: str, value: Scalar, least: int = 0) -> int:
        """A value as a whole number.

        Raises:
            SpecError: it is none.
        """
        if (
            value.quoted
            or not re.fullmatch(r"[+-]?\d{1,10}", value.text)
            or int(value.text) < least
        ):
            expected = "a whole number" if least < 0 else f"a whole number from {least} on"
            raise self.error(f"`{name}` must be {expected}, not `{value.text[:40]}`", value.place)
        return int(value.text)

    def real(self, name: str, default: float) -> float:
        """A number."""
        found = self.scalar(name)
        return default if found is None else self.as_real(name, found)

    def as_real(self, name: str, value: Scalar) -> float:
        """A value as a number.

        Raises:
            SpecError: it is none.
        """
        try:
            found = float(value.text.removesuffix("f"))
        except ValueError:
            found = float("nan")
        if value.quoted or not abs(found) < 1e300:
            raise self.error(f"`{name}` must be a number, not `{value.text[:40]}`", value.place)
        return found

    def truth(self, name: str, default: bool) -> bool:
        """A truth value.

        Raises:
            SpecError: it is none.
        """
        found = self.scalar(name)
        if found is None:
            return default
        if found.text not in TRUTH:
            message = f"`{name}` must be true or false, not `{found.text[:40]}`"
            raise self.error(message, found.place)
        return TRUTH[found.text]

    def appended(self, text: str) -> Edit:
        """The edit that adds a field behind the last one."""
        if not self.fields:
            place = self.close._replace(end_column=self.close.column)
            return Edit(place, f" {text} ")
        last = self.fields[-1]
        alone = last.place.line > self.place.line and last.end.line < self.close.line
        if not alone:
            return Edit(last.end, f" {text}")
        line = self.source.line(last.place.line) or ""
        indent = line[: len(line) - len(line.lstrip())]
        rest = (self.source.line(last.end.line) or "")[last.end.column - 1 :]
        if rest.strip():  # a comment, which stays with its field
            end = len(self.source.line(last.end.line) or "") + 1
            return Edit(last.end._replace(column=end, end_column=end), f"\n{indent}{text}")
        return Edit(last.end, f"\n{indent}{text}")


TRUTH = {"true": True, "True": True, "t": True, "1": True,
         "false": False, "False": False, "f": False, "0": False}  # fmt: skip


def parsed(source: Source) -> Message:
    """The text as a message.

    Raises:
        SpecError: it is no text format; the first mistake is told.
    """
    text = source.text
    if text.count(":") + text.count("{") + text.count("<") > FIELD_LIMIT:
        refusal = Refusal("limit-exceeded", f"more than {FIELD_LIMIT:,} fields")
        raise SpecError([source.finding(refusal, Place(source.label, 1, 1, 1, 2))])
    return _Parser(source).message(None, 0)


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = self._tokens()
        self.held: Token | None = None

    def _tokens(self) -> Iterator[Token]:
        text, label = self.source.text, self.source.label
        line, start, position = 1, 0, 0
        match_at = re.compile(TOKEN).match
        while position < len(text):
            match = match_at(text, position)
            column = position - start + 1
            if match is None:
                place = Place(label, line, column, line, column + 1)
                self._fail("a text without its closing quote", place)
            position = match.end()
            kind = match.lastgroup
            if kind == "line":
                line, start = line + 1, position
            elif kind is not None:
                yield Token(kind, match.group(), label, line, column)
        yield Token("end", "", label, line, len(text) - start + 1)

    def _fail(self, message: str, place: Place, hint: str | None = None) -> NoReturn:
        found = self.source.finding(Refusal("yaml-syntax", message, hint=hint), place)
        raise SpecError([found]) from None

    def next(self) -> Token:
        """The next token, which is taken."""
        held, self.held = self.held, None
        return held if held is not None else next(self.tokens)

    def peek(self) -> Token:
        """The next token, which stays."""
        if self.held is None:
            self.held = next(self.tokens)
        return self.held

    def message(self, opening: Token | None, depth: int) -> Message:
        """A message up to what closes it."""
        start = Token("start", "", self.source.label, 1, 1)
        found = Message(self.source, opening or start)
        if depth > DEPTH_LIMIT:
            self._fail(f"messages lie more than {DEPTH_LIMIT} deep in each other", found.place)
        closing = None if opening is None else CLOSING[opening.text]
        while True:
            token = self.next()
            if token.kind == "end" or (token.kind == "mark" and token.text == closing):
                if token.text != (closing or ""):
                    assert opening is not None
                    self._fail(f"`{opening.text}` is never closed", opening.place)
                found.closing = token
                return found
            if token.kind != "word" or not re.fullmatch(r"[A-Za-z_][\w./]*", token.text):
                what = f"`{token.text[:40]}`"
                hint = "one `}` too many?" if token.text == "}" else None
                self._fail(f"expected the name of a field, found {what}", token.place, hint)
            self.field(found, token, depth)

    def field(self, found: Message, name: Token, depth: int) -> None:
        """A field behind its name."""
        token = self.next()
        colon = token.text == ":" and token.kind == "mark"
        if colon:
            token = self.next()
        if token.kind == "mark" and token.text == "[" and colon:
            while self.peek().text != "]":
                if self.peek().kind == "end":
                    self._fail("`[` is never closed", token.place)
                self.value(found, name, self.next(), depth)
            self.next()
            return
        if not colon and not (token.kind == "mark" and token.text in CLOSING):
            self._fail(
                f"expected `:` or `{{` behind `{name.text[:40]}`, found `{token.text[:40]}`",
                token.place,
            )
        self.value(found, name, token, depth)

    def value(self, found: Message, name: Token, token: Token, depth: int) -> None:
        """A value of a field."""
        value: Scalar | Message
        if token.kind == "mark" and token.text in CLOSING:
            value = self.message(token, depth + 1)
            end = value.closing
        elif token.kind in ("word", "text"):
            text = token.text[1:-1] if token.kind == "text" else token.text
            end = token
            while token.kind == "text" and self.peek().kind == "text":
                more = self.next()
                text, end = text + more.text[1:-1], more
            value = Scalar(text, token, token.kind == "text")
        else:
            self._fail(f"`{name.text[:40]}` has no value", token.place)
        found.fields.append(Field(name.text, value, name, end))
