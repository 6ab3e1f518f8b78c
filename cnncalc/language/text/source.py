"""Source files: read within limits, composed into YAML nodes that keep their positions."""

from __future__ import annotations

import os
import re
from typing import Any, NoReturn

import yaml

from cnncalc.diagnostics import Diagnostic, Place, Refusal, SpecError
from cnncalc.language.text.resolve import which

BYTE_LIMIT = 8 * 1024 * 1024
DEPTH_LIMIT = 200
NODE_LIMIT = 250_000
MESSAGE_LIMIT = 600
"""A message that quotes a longer word is cut."""
SEPARATORS = ("[", "{", ",", ": ", ":\n", "- ", "-\n", "? ", "?\n")
"""In front of every value but the first stands one of them."""

BREAKS = "\r\x85\u2028\u2029"
"""What else ends a line for YAML, whose places count so."""

BRACKETS = re.compile(r"(?:(?<=\s)|^)#[^\n]*|[\[\]{}]", re.MULTILINE)
INDENTED = re.compile(
    rf"^(?: {{{DEPTH_LIMIT + 1}}} *(?=[^ #\n])| *(?:[-?:][ \t]+){{{DEPTH_LIMIT + 1}}})",
    re.MULTILINE,
)

ScalarNode = yaml.ScalarNode
SequenceNode = yaml.SequenceNode
MappingNode = yaml.MappingNode
Node = yaml.Node

Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class UnreadableError(Exception):
    """A file that cannot be read at all."""


class Source:
    """The text of an architecture file and the name it goes by in messages."""

    def __init__(self, label: str, text: str, path: str | None = None) -> None:
        self.label = label
        self.text = text
        self.path = path
        self._lines: list[str] | None = None

    @classmethod
    def read(cls, path: str, label: str | None = None) -> Source:
        """Read a file.

        Raises:
            UnreadableError: there is no such file, or it is none.
            SpecError: it is too large, or no UTF-8 text.
        """
        name = label or path
        try:
            if os.path.isdir(path):
                raise UnreadableError(f"{name} is a directory, not an architecture file")
            with open(path, "rb") as stream:
                data = stream.read(BYTE_LIMIT + 1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UnreadableError(f"cannot read {name}: {reason}") from None
        return cls(name, _decode(name, data), path)

    @classmethod
    def decode(cls, label: str, data: bytes) -> Source:
        """A source from bytes, such as standard input."""
        return cls(label, _decode(label, data))

    @property
    def identity(self) -> str | None:
        """What tells the file from others; `None` for a text without a file."""
        return None if self.path is None else os.path.realpath(self.path)

    def beside(self, text: str) -> Source:
        """The file that `extends` names here: a path from this file's folder, a shipped network.

        Raises:
            Refusal: there is no such network or file.
            UnreadableError: it cannot be read.
            SpecError: it is no text.
        """
        return Source.read(*which(text, os.path.dirname(self.path or "")))

    @property
    def written(self) -> bool:
        """Whether it is a file that goes by its own path, and not a shipped network."""
        return self.path is not None and os.path.realpath(self.label) == os.path.realpath(self.path)

    def original(self) -> str:
        """The text as it stands in the file, its line ends and byte order mark included."""
        if self.path is None:
            return self.text
        with open(self.path, encoding="utf-8", newline="") as stream:
            return stream.read()

    def line(self, number: int) -> str | None:
        """A line of the text, counted from 1."""
        lines = self.lines()
        return lines[number - 1] if 1 <= number <= len(lines) else None

    def lines(self) -> list[str]:
        """The lines of the text, as YAML counts them."""
        if self._lines is None:
            text = self.text
            for sign in BREAKS:
                text = text.replace(sign, "\n")
            self._lines = text.split("\n")
        return self._lines

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        start, end = node.start_mark, node.end_mark
        return Place(self.label, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def compose(self) -> Node | None:
        """The text as YAML nodes; `None` for an empty text.

        Raises:
            SpecError: it is no YAML, holds several documents, or nests too deeply.
        """
        try:
            _check_limits(self)
            return _compose(self.text)
        except yaml.YAMLError as error:
            self._refuse(error)
        except RecursionError:
            raise self.error(
                "limit-exceeded", f"nested more than {DEPTH_LIMIT} levels deep", 1, 1
            ) from None

    def _refuse(self, error: yaml.YAMLError) -> NoReturn:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        message = f"{problem}, {context}" if context else str(problem)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        position = getattr(error, "position", None)
        if mark is None and isinstance(position, int):
            before = self.text[:position]
            line, column = before.count("\n") + 1, position - before.rfind("\n")
        hint = None
        if "mapping values are not allowed" in message:
            hint = "keys below a bare word need a colon behind it: `- relu:`"
        if "\t" in (self.line(line) or "") and "token" in message:
            hint = "indent with spaces; YAML takes no tabs"
        raise self.error("yaml-syntax", message, line, column, hint) from None

    def finding(self, refusal: Refusal, place: Place) -> Diagnostic:
        """What is wrong at a place of the text."""
        message = refusal.message
        if len(message) > MESSAGE_LIMIT:
            message = message[: MESSAGE_LIMIT - 1] + "…"
        return Diagnostic(
            refusal.rule,
            "error",
            message,
            place,
            hint=refusal.hint,
            excerpt=self.line(place.line),
            shapes=refusal.shapes,
        )

    def error(
        self, rule: str, message: str, line: int, column: int, hint: str | None = None
    ) -> SpecError:
        """A finding about the text itself."""
        place = Place(self.label, line, column, line, column + 1)
        return SpecError([self.finding(Refusal(rule, message, hint=hint), place)])


def _decode(label: str, data: bytes) -> str:
    if len(data) > BYTE_LIMIT:
        raise Source(label, "").error(
            "limit-exceeded",
            f"the file is larger than {BYTE_LIMIT // 1024 // 1024} MiB",
            1,
            1,
        )
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        raise Source(label, "").error(
            "yaml-syntax",
            "the file is UTF-16 text"
            if utf16
            else f"byte {data[error.start]:#04x} is no UTF-8 text",
            line,
            column,
            "save it as UTF-8",
        ) from None
    return text.replace("\r\n", "\n")


def _compose(text: str) -> Node | None:
    loader = Loader(text)
    try:
        node: Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


def _check_limits(source: Source) -> None:
    """Refuse texts that the composer would need too long, or too deep a stack, for.

    Brackets in quotes count too, which no honest file comes near to. Nesting by indentation
    needs a column a level, or a dash, question mark or colon in front of each.
    """
    text = source.text
    if sum(map(text.count, SEPARATORS)) > NODE_LIMIT:
        raise source.error("limit-exceeded", f"the file holds over {NODE_LIMIT:,} values", 1, 1)
    longest = max(map(len, text.split("\n")))
    if max(longest, text.count("[") + text.count("{")) <= DEPTH_LIMIT:
        return
    depth = 0
    deep = INDENTED.search(text)
    position = deep.end() if deep else len(text)
    for match in BRACKETS.finditer(text, 0, position):
        sign = match.group()
        if sign in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                deep, position = match, match.start()
                break
        elif sign in "]}":
            depth = max(depth - 1, 0)
    if deep:
        line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
        message = f"nested more than {DEPTH_LIMIT} levels deep"
        raise source.error("limit-exceeded", message, line, column)
