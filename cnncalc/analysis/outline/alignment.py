"""Several pieces of a graph laid on each other: what they have in common, and what varies.

`AlignedSlots` is a list of slots that stands for any number of series at once, its instances. A
slot has a row for each instance: the piece that stands there, or `None` where it has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.outline.regions import Piece, Series, kind_of

ALONE = Piece(None, (), -1, -1, -1, -1, -1)
"""In a merge's row: the instance has one of its branches and no merge."""


class Slot:
    """One place in a line."""

    __slots__ = ("branches", "entries", "head", "rows", "taken")

    def __init__(
        self,
        head: Any,
        rows: list[Piece | None],
        entries: list[int | None],
        branches: list[AlignedSlots | int],
        taken: list[list[bool]],
    ) -> None:
        self.head = head
        """What its pieces are."""
        self.rows = rows
        self.entries = entries
        """For each instance the channels that reach this place; `None` where they vary."""
        self.branches = branches
        """The branches of a merge, or the rounds of a run as one."""
        self.taken = taken
        """For each branch and instance, whether the branch takes part."""


class AlignedSlots:
    """Slots one after the other."""

    __slots__ = ("exits", "size", "slots")

    def __init__(self, slots: list[Slot], exits: list[int | None], size: int) -> None:
        self.slots = slots
        self.exits = exits
        """For each instance the channels that leave it."""
        self.size = size
        """How many instances it stands for."""

    def entries(self, position: int) -> list[int | None]:
        """For each instance the channels that reach a position."""
        return self.slots[position].entries if position < len(self.slots) else self.exits


def line_of(series: Series, entry: int | None, known: bool = True) -> AlignedSlots:
    """The line of one series; with `known` false, the channels inside it vary."""
    slots = [_slot(piece, known) for piece in series]
    leaving = series[-1].exit if series else entry
    return AlignedSlots(slots, [leaving if known else None], 1)


def _slot(piece: Piece, known: bool) -> Slot:
    entry = piece.entry if known else None
    branches: list[AlignedSlots | int]
    if kind_of(piece.head) is not None:
        branches = [
            branch if isinstance(branch, int) else line_of(branch, entry, known)
            for branch in piece.parts
        ]
    elif piece.head is None:
        same = len({part[0].entry for part in piece.parts}) == 1
        branches = [line_of(piece.parts[0], entry, known and same)]
        if not same:
            entry = None
    else:
        branches = []
    return Slot(piece.head, [piece], [entry], branches, [[True] for _ in branches])


def stacked(lines: Sequence[AlignedSlots]) -> AlignedSlots:
    """Lines of the same skeleton as one."""
    if len(lines) == 1:
        return lines[0]
    slots = []
    for column in zip(*[line.slots for line in lines], strict=True):
        first = column[0]
        branches: list[AlignedSlots | int] = []
        for number, branch in enumerate(first.branches):
            if isinstance(branch, int):
                branches.append(branch)
            else:
                branches.append(stacked([slot.branches[number] for slot in column]))
        slots.append(
            Slot(
                first.head,
                [row for slot in column for row in slot.rows],
                [entry for slot in column for entry in slot.entries],
                branches,
                [[flag for slot in column for flag in slot.taken[n]] for n in range(len(branches))],
            )
        )
    return AlignedSlots(slots, [leaving for line in lines for leaving in line.exits], len(lines))


def aligned(one: AlignedSlots, other: AlignedSlots) -> tuple[AlignedSlots, int]:
    """Two lines as one, slots that only one of them has with empty rows; the weight in common."""
    left, right = one.slots, other.slots
    gain = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            best = max(gain[i + 1][j], gain[i][j + 1])
            match = likeness(left[i], right[j])
            if match:
                best = max(best, match + gain[i + 1][j + 1])
            gain[i][j] = best
    slots: list[Slot] = []
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and j < len(right):
            match = likeness(left[i], right[j])
            if match and gain[i][j] == match + gain[i + 1][j + 1]:
                slots.append(_joined(left[i], right[j]))
                i, j = i + 1, j + 1
                continue
        if j == len(right) or (i < len(left) and gain[i][j] == gain[i + 1][j]):
            slots.append(_padded(left[i], other.size, other.entries(j), after=True))
            i += 1
        else:
            slots.append(_padded(right[j], one.size, one.entries(i), after=False))
            j += 1
    return AlignedSlots(slots, one.exits + other.exits, one.size + other.size), gain[0][0]


def weight(line: AlignedSlots) -> int:
    """What a line weighs in a comparison."""
    return sum(
        10 + sum(weight(branch) for branch in slot.branches if isinstance(branch, AlignedSlots))
        for slot in line.slots
    )


def likeness(one: Slot, other: Slot) -> int:
    """How much two slots have in common; 0 where they cannot be one."""
    if one.head is not other.head or len(one.branches) != len(other.branches):
        return 0
    if any(row is not None and row.pinned for row in (*one.rows, *other.rows)):
        return 0
    common = 6
    first, second = _sample(one), _sample(other)
    if first is not None and second is not None and first.words != second.words:
        return 0
    if first is not None and second is not None and first.values:
        pairs = zip(first.values, second.values, strict=True)
        same = sum(
            a == b or (a == first.entry and b == second.entry and a is not None) for a, b in pairs
        )
        common += 4 * same // len(first.values)
    else:
        common += 4
    for ours, theirs in zip(one.branches, other.branches, strict=True):
        if isinstance(ours, AlignedSlots) and isinstance(theirs, AlignedSlots):
            common += aligned(ours, theirs)[1]
    return common


def _sample(slot: Slot) -> Piece | None:
    return next((row for row in slot.rows if row is not None and row is not ALONE), None)


def _joined(one: Slot, other: Slot) -> Slot:
    branches: list[AlignedSlots | int] = []
    for ours, theirs in zip(one.branches, other.branches, strict=True):
        assert isinstance(ours, AlignedSlots)
        assert isinstance(theirs, AlignedSlots)
        branches.append(aligned(ours, theirs)[0])
    return Slot(
        one.head,
        one.rows + other.rows,
        one.entries + other.entries,
        branches,
        [a + b for a, b in zip(one.taken, other.taken, strict=True)],
    )


def _padded(slot: Slot, size: int, entries: list[int | None], *, after: bool) -> Slot:
    """A slot that further instances do not have."""
    nothing: list[Piece | None] = [None] * size

    def add(mine: list[Any], others: list[Any]) -> list[Any]:
        return mine + others if after else others + mine

    branches: list[AlignedSlots | int] = [
        branch
        if isinstance(branch, int)
        else AlignedSlots(
            [_padded(inner, size, [None] * size, after=after) for inner in branch.slots],
            add(branch.exits, [None] * size),
            branch.size + size,
        )
        for branch in slot.branches
    ]
    return Slot(
        slot.head,
        add(slot.rows, nothing),
        add(slot.entries, entries),
        branches,
        [add(flags, [False] * size) for flags in slot.taken],
    )


def _merges(slot: Slot) -> bool:
    return kind_of(slot.head) is not None and bool(slot.branches)


def wrapped(line: AlignedSlots, like: AlignedSlots) -> AlignedSlots | None:
    """A line with a part of it as the one branch of a merge, as another line has it.

    The other line has one merge, of which some branches are nothing but the incoming tensor.
    """
    merges = [number for number, slot in enumerate(like.slots) if _merges(slot)]
    if len(merges) != 1 or any(_merges(slot) for slot in line.slots):
        return None
    (position,) = merges
    behind = len(like.slots) - position - 1
    merge = like.slots[position]
    full = [
        n for n, one in enumerate(merge.branches) if isinstance(one, AlignedSlots) and one.slots
    ]
    end = len(line.slots) - behind
    if len(full) != 1 or end <= position:
        return None
    size = line.size
    inner = AlignedSlots(line.slots[position:end], line.entries(end), size)
    branches: list[AlignedSlots | int] = []
    taken: list[list[bool]] = []
    for number, _ in enumerate(merge.branches):
        mine = number == full[0]
        branches.append(inner if mine else AlignedSlots([], line.entries(position), size))
        taken.append([mine] * size)
    slot = Slot(merge.head, [ALONE] * size, line.entries(position), branches, taken)
    return AlignedSlots([*line.slots[:position], slot, *line.slots[end:]], line.exits, size)


def joined(one: AlignedSlots, other: AlignedSlots) -> AlignedSlots:
    """Two lines as one, a merge in one of them taken for a merge of one branch in the other."""
    first = wrapped(one, other)
    if first is not None:
        return aligned(first, other)[0]
    second = wrapped(other, one)
    if second is not None:
        return aligned(one, second)[0]
    return aligned(one, other)[0]


def weight_in_common(slot: Slot) -> int:
    """What a slot weighs where all its instances have it."""
    if any(row is None for row in slot.rows):
        return 0
    return 10 + sum(
        sum(weight_in_common(inner) for inner in branch.slots)
        for branch in slot.branches
        if isinstance(branch, AlignedSlots)
    )


def slots_of(line: AlignedSlots) -> Iterator[Slot]:
    """All slots of a line, those of branches after their merge's place begins."""
    for slot in line.slots:
        yield slot
        for branch in slot.branches:
            if isinstance(branch, AlignedSlots):
                yield from slots_of(branch)
