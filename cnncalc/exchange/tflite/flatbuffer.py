"""Reading FlatBuffers with every offset checked: hostile files end in one message.

A table is found by the offset that points at it; a field by its slot in the table's vtable.
Nothing is copied: vectors of numbers are views of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from cnncalc.diagnostics import UsageError

VECTOR_LIMIT = 1_000_000
"""The most tables or strings that a vector may hold."""


class BrokenFileError(UsageError):
    """An offset or a length leads out of the file."""


class Table:
    """A table of a file."""

    __slots__ = ("data", "place", "size", "vtable")

    def __init__(self, data: memoryview, place: int) -> None:
        self.data = data
        self.place = place
        self.vtable = place - number(data, place, "<i")
        self.size = number(data, self.vtable, "<H")
        if self.size < 4 or self.vtable + self.size > len(data):
            raise BrokenFileError(f"the table at byte {place} has no fields")

    def field(self, slot: int) -> int | None:
        """The place of a field; `None` where it is left out."""
        at = 4 + 2 * slot
        if at + 2 > self.size:
            return None
        offset = number(self.data, self.vtable + at, "<H")
        return self.place + offset if offset else None

    def number(self, slot: int, form: str = "<i", default: Any = 0) -> Any:
        """A number, or its default."""
        at = self.field(slot)
        return default if at is None else number(self.data, at, form)

    def follow(self, slot: int) -> int | None:
        """The place that an offset points at."""
        at = self.field(slot)
        return None if at is None else at + number(self.data, at, "<I")

    def table(self, slot: int) -> Table | None:
        """A table that a field points at."""
        at = self.follow(slot)
        return None if at is None else Table(self.data, at)

    def span(self, slot: int, width: int) -> tuple[int, int]:
        """The first byte of a vector's values and their number; 0 and 0 without one."""
        at = self.follow(slot)
        if at is None:
            return 0, 0
        count = number(self.data, at, "<I")
        if at + 4 + count * width > len(self.data):
            raise BrokenFileError(
                f"a vector of {count:,} values at byte {at} reaches beyond the end"
            )
        return at + 4, count

    def vector(self, slot: int, form: str = "i") -> Sequence[Any]:
        """The numbers of a vector."""
        width = struct.calcsize(f"<{form}")
        start, count = self.span(slot, width)
        return struct.unpack_from(f"<{count}{form}", self.data, start)

    def bytes(self, slot: int) -> memoryview:
        """The bytes of a vector."""
        start, count = self.span(slot, 1)
        return self.data[start : start + count]

    def tables(self, slot: int) -> list[Table]:
        """The tables of a vector."""
        start, count = self.span(slot, 4)
        if count > VECTOR_LIMIT:
            raise BrokenFileError(f"it lists {count:,} tables; at most {VECTOR_LIMIT:,} are read")
        found = []
        for place in range(start, start + 4 * count, 4):
            found.append(Table(self.data, place + number(self.data, place, "<I")))
        return found

    def text(self, slot: int) -> str:
        """A string; empty where it is left out."""
        return bytes(self.bytes(slot)).decode("utf-8", "replace")


def root(data: memoryview) -> Table:
    """The table that a file begins with."""
    return Table(data, number(data, 0, "<I"))


def number(data: memoryview, place: int, form: str) -> Any:
    """A number at a place.

    Raises:
        BrokenFileError: the place is not in the file.
    """
    if not 0 <= place <= len(data) - struct.calcsize(form):
        raise BrokenFileError(f"an offset leads to byte {place:,} of {len(data):,}")
    return struct.unpack_from(form, data, place)[0]
