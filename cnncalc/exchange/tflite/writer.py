"""Writing a TensorFlow Lite file that differs from another in its metadata and operators' order.

Offsets in a FlatBuffer lead forward only, so the new parts stand in front and the old file behind
them, untouched: no weight is copied or changed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.tflite.flatbuffer import BrokenFileError, Table, number, root
from cnncalc.exchange.tflite.schema import (
    IDENTIFIER,
    BufferField,
    MetadataField,
    ModelField,
    SubgraphField,
)

ALIGNMENT = 16
"""Bytes to which arrays are aligned in a file."""

OFFLINE = "OfflineMemoryAllocation"
"""The entry of the metadata that states offsets of tensors in the arena.

Three numbers of 32 bits (version 1, subgraph 0, number of tensors), then an offset a tensor; −1
leaves it to the interpreter (TensorFlow Lite Micro, `docs/memory_management.md`).
"""


def offline_table(offsets: Sequence[int]) -> bytes:
    """The bytes of `OfflineMemoryAllocation`."""
    return struct.pack(f"<{3 + len(offsets)}i", 1, 0, len(offsets), *offsets)


def stated_offsets(table: memoryview | None, tensors: int) -> list[int] | None:
    """The offsets that a file states; `None` where it states none.

    Raises:
        UsageError: the table is not of this file.
    """
    if not table:
        return None
    if len(table) < 12 or len(table) % 4:
        raise UsageError(f"its table `{OFFLINE}` has {len(table)} bytes")
    _, _, count, *offsets = struct.unpack(f"<{len(table) // 4}i", table)
    if count != tensors or len(offsets) < tensors:
        raise UsageError(
            f"its table `{OFFLINE}` is for {count} tensors, and there are {tensors}",
            "the interpreter refuses such a file",
        )
    return offsets[:tensors]


class _Prefix:
    """The new parts, with the places where offsets into the old file go."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.patches: list[tuple[int, int]] = []
        """Places of offsets, and where they lead in the old file."""

    def align(self, size: int, ahead: int = 0) -> None:
        """Zeros until `ahead` bytes further is a multiple of a size."""
        while (len(self.data) + ahead) % size:
            self.data.append(0)

    def number(self, value: int, form: str = "<I") -> int:
        place = len(self.data)
        self.data += struct.pack(form, value)
        return place

    def old(self, target: int) -> None:
        """An offset to a place in the old file."""
        self.patches.append((self.number(0), target))

    def lead(self, place: int) -> None:
        """Let an offset lead to what comes next."""
        struct.pack_into("<I", self.data, place, len(self.data) - place)

    def table(self, slots: Sequence[int | None]) -> list[int | None]:
        """A table of four-byte fields; the places of those that are there."""
        self.align(4)
        vtable = len(self.data)
        self.number(4 + 2 * len(slots), "<H")
        self.number(4 + 4 * sum([one is not None for one in slots]), "<H")
        at = 4
        for one in slots:
            self.number(0 if one is None else at, "<H")
            at += 4 * (one is not None)
        self.align(4)
        self.number(len(self.data) - vtable, "<i")
        return [None if one is None else self.number(one) for one in slots]


def rewritten(data: bytes, table: bytes, order: Sequence[int] | None) -> bytes:
    """Return a file with another `OfflineMemoryAllocation`, and its operators in another order.

    Raises:
        UsageError: the file has parts that would be lost.
    """
    view = memoryview(data)
    model = root(view)
    graph = model.tables(ModelField.SUBGRAPHS)[0]
    _check(model, graph)
    buffers, metadata = model.tables(ModelField.BUFFERS), model.tables(ModelField.METADATA)
    for one in buffers:
        if one.number(BufferField.OFFSET, "<Q") > 1:
            raise UsageError("its weights stand behind the graph, at fixed places")
    kept = [one for one in metadata if one.text(MetadataField.NAME) != OFFLINE]
    prefix = _Prefix()
    start = prefix.number(0)
    prefix.data += IDENTIFIER
    fields = model_fields(model)
    fields[ModelField.METADATA] = 0
    places = prefix.table(fields)
    struct.pack_into("<I", prefix.data, start, _place(places, ModelField.VERSION) - 4)
    for slot, place in enumerate(places):
        target = model.follow(slot) if slot != ModelField.VERSION else None
        changed = {ModelField.BUFFERS, ModelField.METADATA}
        if order is not None:
            changed.add(ModelField.SUBGRAPHS)
        if place is not None and target is not None and slot not in changed:
            prefix.patches.append((place, target))
    # buffers: the old ones, and one with the table
    prefix.align(4)
    prefix.lead(_place(places, ModelField.BUFFERS))
    prefix.number(len(buffers) + 1)
    for one in buffers:
        prefix.old(one.place)
    buffer = prefix.number(0)
    prefix.align(4)
    (values,) = _next_table(prefix, buffer, [0])
    assert values is not None
    prefix.align(ALIGNMENT, ahead=4)
    prefix.lead(values)
    prefix.number(len(table))
    prefix.data += table
    # metadata: the old entries, and one that names the buffer
    prefix.align(4)
    prefix.lead(_place(places, ModelField.METADATA))
    prefix.number(len(kept) + 1)
    for one in kept:
        prefix.old(one.place)
    entry = prefix.number(0)
    name, _ = _next_table(prefix, entry, [0, len(buffers)])
    assert name is not None
    prefix.align(4)
    prefix.lead(name)
    prefix.number(len(OFFLINE))
    prefix.data += OFFLINE.encode() + b"\0"
    if order is not None:
        _subgraph(prefix, _place(places, ModelField.SUBGRAPHS), graph, order)
    prefix.align(ALIGNMENT)
    for place, target in prefix.patches:
        struct.pack_into("<I", prefix.data, place, len(prefix.data) + target - place)
    return bytes(prefix.data) + data


def _next_table(prefix: _Prefix, offset: int, slots: Sequence[int | None]) -> list[int | None]:
    """A table that an offset leads to."""
    places = prefix.table(slots)
    first = next(one for one in places if one is not None)
    struct.pack_into("<I", prefix.data, offset, first - 4 - offset)
    return places


def _subgraph(prefix: _Prefix, vector: int, graph: Table, order: Sequence[int]) -> None:
    """The one subgraph with its operators in another order."""
    prefix.align(4)
    prefix.lead(vector)
    prefix.number(1)
    offset = prefix.number(0)
    slots: list[int | None] = [
        0 if graph.field(slot) is not None else None for slot in SubgraphField
    ]
    places = _next_table(prefix, offset, slots)
    for slot, place in zip(SubgraphField, places, strict=True):
        target = graph.follow(slot)
        if place is not None and target is not None and slot != SubgraphField.OPERATORS:
            prefix.patches.append((place, target))
    prefix.lead(_place(places, SubgraphField.OPERATORS))
    operators = graph.tables(SubgraphField.OPERATORS)
    prefix.number(len(order))
    for one in order:
        prefix.old(operators[one].place)


def model_fields(model: Table) -> list[int | None]:
    """The fields of a root that are there; its version is a number, the others are offsets."""
    return [
        (model.number(slot, "<I") if slot == ModelField.VERSION else 0)
        if model.field(slot) is not None
        else None
        for slot in ModelField
    ]


def _place(places: Sequence[int | None], slot: int) -> int:
    place = places[slot]
    if place is None:
        raise BrokenFileError("a part is missing that every file has")
    return place


def _check(model: Table, graph: Table) -> None:
    """Refuse what is not known: it would be lost."""
    for table, fields, what in ((model, ModelField, "file"), (graph, SubgraphField, "graph")):
        for slot in range(len(fields), (table.size - 4) // 2):
            at = table.field(slot)
            # −1 is the number of no entry
            if at is not None and number(table.data, at, "<i") not in (0, -1):
                raise UsageError(f"its {what} has parts of a newer schema, which would be lost")
