"""What the search asks of pieces: their place, their weight, how well they begin a block."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from cnncalc.analysis.outline.emission import Pattern
from cnncalc.analysis.outline.keys import keys_of
from cnncalc.analysis.outline.regions import Piece, Series, kind_of
from cnncalc.layers.activation import PassThrough

RANKS = {"conv": 3, "linear": 3, "norm": 2, "pool": 1, "activation": 0}
"""How well a layer of a family begins a block."""


def inner_series(piece: Piece) -> Iterator[Series]:
    """The branches, rounds or body of a piece."""
    for part in piece.parts:
        if not isinstance(part, int):
            yield part


def copied(piece: Piece, parts: tuple[Any, ...]) -> Piece:
    """A piece with other parts."""
    return Piece(piece.head, piece.values, piece.lo, piece.hi, piece.source, piece.entry,
                 piece.exit, parts, piece.pinned)  # fmt: skip


def use_of(pattern: Pattern, body: Series) -> Piece:
    """The use of a pattern in place of some pieces."""
    first, last = body[0], body[-1]
    return Piece(pattern, (), first.lo, last.hi, first.source, first.entry, last.exit, (body,))


def flattened(series: Series) -> Series:
    """The pieces with the bodies of uses in place of the uses."""
    pieces: list[Piece] = []
    for piece in series:
        if isinstance(piece.head, Pattern):
            pieces.extend(flattened(piece.parts[0]))
        elif piece.parts:
            parts = tuple(
                part if isinstance(part, int) else flattened(part) for part in piece.parts
            )
            pieces.append(copied(piece, parts))
        else:
            pieces.append(piece)
    return tuple(pieces)


def unfolded(series: Series) -> Series:
    """The pieces with the rounds of runs in place of the runs."""
    pieces: list[Piece] = []
    for piece in series:
        if isinstance(piece.head, Pattern) or not piece.parts:
            pieces.append(piece)
        elif piece.head is None:
            for part in inner_series(piece):
                pieces.extend(unfolded(part))
        else:
            parts = tuple(part if isinstance(part, int) else unfolded(part) for part in piece.parts)
            pieces.append(copied(piece, parts))
    return tuple(pieces)


def text_length(series: Series) -> int:
    """About how many characters a series takes in a file."""
    return sum(_piece_length(piece) for piece in series)


def _piece_length(piece: Piece) -> int:
    if isinstance(piece.head, Pattern):
        return 18 + 4 * piece.head.count
    if piece.head is None:
        return 20 + text_length(piece.parts[0])
    total = 14 + len(piece.head.name)
    for value, key in zip(piece.values, keys_of(piece.head), strict=True):
        if value is not None and value != piece.head.options[key].default:
            total += len(key) + 4 + len(str(value))
    for part in piece.parts:
        total += 4 if isinstance(part, int) else 4 + text_length(part)
    return total


def follow(pieces: Series) -> bool:
    """Whether each piece takes the output of the one before it."""
    return all(b.source == a.hi for a, b in pairwise(pieces))


def is_view(piece: Piece) -> bool:
    """Whether a piece does nothing at inference."""
    return isinstance(piece.head, type) and issubclass(piece.head, PassThrough)


def is_merge(piece: Piece) -> bool:
    """Whether a piece is a merge with its branches."""
    kind = kind_of(piece.head)
    return kind is not None and kind.branches


def holds_merge(piece: Piece) -> bool:
    """Whether a piece is a merge or a run of what holds one."""
    if piece.head is None:
        return any(holds_merge(inner) for inner in piece.parts[0])
    return is_merge(piece)


def rank(piece: Piece) -> int:
    """How well a piece begins a block: a convolution better than a pool or an activation."""
    kind = kind_of(piece.head)
    if kind is None or kind.branches:
        return 3
    return RANKS.get(kind.family, 2)


def is_single(pieces: Series) -> bool:
    """Whether pieces are one layer with weights and what follows it."""
    return rank(pieces[0]) > 2 and all(rank(piece) <= 2 for piece in pieces[1:])


def patterns_within(series: Series) -> Iterator[Pattern]:
    """The patterns of all uses in a series, at any depth."""
    for piece in series:
        if isinstance(piece.head, Pattern):
            yield piece.head
        for part in inner_series(piece):
            yield from patterns_within(part)
