"""Where the values of a JSON text stand in it.

The text is parsed by `json`; only the values on the way to one that is asked for are looked at
again, each skipped at the speed of `json` itself.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from cnncalc.diagnostics import Place

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")

Key = str | int


class JsonPlaces:
    """Positions in one text, found when they are asked for."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts: list[int] | None = None
        self._children: dict[int, dict[Key, tuple[int, int]]] = {}

    def span(self, path: Sequence[Key]) -> tuple[int, int] | None:
        """Where the value of a path begins and ends, from 0; `None` where there is none."""
        offset = self._skip(0)
        end = len(self.text)
        for key in path:
            found = self._members(offset).get(key)
            if found is None:
                return None
            offset, end = found
        return offset, end

    def place(self, path: Sequence[Key]) -> Place | None:
        """Lines and columns of the value of a path."""
        span = self.span(path)
        if span is None:
            return None
        (line, column), (end_line, end_column) = map(self._position, span)
        return Place(self.file, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        if self._starts is None:
            self._starts = [0, *[match.end() for match in re.finditer("\n", self.text)]]
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _skip(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset)
        assert match is not None
        return match.end()

    def _members(self, offset: int) -> dict[Key, tuple[int, int]]:
        """The spans of what a mapping or a list holds, by key or number."""
        found = self._children.get(offset)
        if found is None:
            try:
                found = dict(self._scanned(offset))
            except (ValueError, RecursionError):
                found = {}
            self._children[offset] = found
        return found

    def _scanned(self, offset: int) -> Iterator[tuple[Key, tuple[int, int]]]:
        text = self.text
        first = text[offset : offset + 1]
        if first not in ("{", "["):
            return
        mapping, number = first == "{", 0
        position = self._skip(offset + 1)
        while position < len(text) and text[position] not in "}]":
            key: Key = number
            if mapping:
                key, position = _DECODER.raw_decode(text, position)
                position = self._skip(self._skip(position) + 1)  # a colon between the two
            _, end = _DECODER.raw_decode(text, position)
            yield key, (position, end)
            number += 1
            position = self._skip(end)
            if text[position : position + 1] == ",":
                position = self._skip(position + 1)
