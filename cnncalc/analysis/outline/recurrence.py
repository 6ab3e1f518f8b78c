"""Recurring sequences of pieces become patterns, the one that saves most first."""

from __future__ import annotations

from collections import defaultdict
from operator import is_

from cnncalc.analysis.outline.abstraction import Abstraction
from cnncalc.analysis.outline.emission import Pattern, items_of, length
from cnncalc.analysis.outline.pieces import (
    copied,
    follow,
    holds_merge,
    is_merge,
    is_single,
    rank,
    text_length,
    use_of,
)
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.tree import Tree

LONGEST = 12
"""The most pieces of a series that are taken for one pattern at once."""


def chunk(tree: Tree, merges: bool) -> None:
    """Recurring sequences of pieces become patterns, the one that saves most first.

    Without `merges`, only sequences of layers and of their patterns.
    """
    while True:
        found = _best(tree, merges)
        if found is None:
            return
        pattern = tree.new_pattern()
        tree.settle_pattern(pattern, _use(tree, pattern, found))


def _best(tree: Tree, merges: bool) -> tuple[int, ...] | None:
    places: dict[tuple[int, ...], list[Series]] = defaultdict(list)
    bodies = tree.bodies()
    for series, varied in tree.contexts():
        numbers = tree.series_skeleton(series)
        ends: dict[tuple[int, ...], int] = {}
        for start in range(len(numbers)):
            for size in range(1, min(LONGEST, len(numbers) - start) + 1):
                if size == len(numbers) and numbers in bodies:
                    break
                last = series[start + size - 1]
                if last.pinned or (not merges and holds_merge(last)):
                    break
                if size > 1 and last.source != series[start + size - 2].hi:
                    break
                if merges and numbers[start + size - 1] in numbers[start : start + size - 1]:
                    break  # a run, sooner or later
                if size == 1 and not is_merge(last):
                    continue
                if varied and not is_single(series[start : start + size]):
                    break
                if tree.scopes.cuts(series[start].lo, last.hi):
                    continue
                key = numbers[start : start + size]
                if ends.get(key, 0) <= start:
                    ends[key] = start + size
                    places[key].append(series[start : start + size])
    ranked = []
    for key, found in places.items():
        if len(found) > 1 and not _is_power(key) and not (len(key) == len(found[0]) == 0):
            size = text_length(found[0])
            ranked.append(((len(found) - 1) * size, len(key), key, found))
    ranked.sort(key=lambda entry: (-entry[0], entry[1]))
    best, chosen = 24.0, None
    for bound, _, key, found in ranked[:40]:
        if bound <= best:
            break
        saved = _saved(tree, found)
        if saved > best:
            best, chosen = saved, key
    return chosen


def _saved(tree: Tree, found: list[Series]) -> float:
    """About how many characters a pattern saves that stands in these places."""
    visible = [pieces for pieces in found if not tree.hides(pieces)]
    if len(visible) < 2:
        return 0
    distinct = {(tree.series_content(one), one[0].entry): one for one in visible}
    line = tree.line([(one, one[0].entry) for one in list(distinct.values())[:64]])[0]
    whole = Abstraction(line)
    count = len(whole.parameters)
    texts = sum(text_length(pieces) for pieces in visible)
    body = text_length(found[0])
    if not any(isinstance(piece.head, Pattern) for piece in found[0]):
        body = length(items_of(line, whole.terms))
    saved = texts - (24 + 10 * count + body) - len(visible) * (18 + 4 * count)
    # an activation belongs to what is before it, and a pool ends a stage
    return saved * (0.7, 0.9, 1.0, 1.0)[rank(found[0][0])]


def _use(tree: Tree, pattern: Pattern, key: tuple[int, ...]) -> list[Piece]:
    """Replace a sequence by the uses of a pattern, everywhere; the uses."""
    size = len(key)
    whole = key in tree.bodies()
    uses: list[Piece] = []

    def replace(series: Series, varied: bool) -> Series:
        numbers = tree.series_skeleton(series)
        if len(numbers) < size or (whole and numbers == key):
            return series
        before = len(uses)
        pieces: list[Piece] = []
        position = 0
        while position < len(series):
            if numbers[position : position + size] == key:
                body = series[position : position + size]
                if (
                    not (varied and not is_single(body))
                    and not tree.hides(body)
                    and follow(body)
                    and not tree.scopes.cuts(body[0].lo, body[-1].hi)
                ):
                    uses.append(use_of(pattern, body))
                    pieces.append(uses[-1])
                    position += size
                    continue
            pieces.append(series[position])
            position += 1
        return tuple(pieces) if len(uses) > before else series

    tree.change(replace)
    return uses


def reuse(tree: Tree) -> None:
    """Rounds of runs that are what a pattern stands for become its uses, at no new parameter."""
    bodies: dict[tuple[int, ...], Pattern] = {}
    for pattern, uses in tree.uses().items():
        bodies.update(dict.fromkeys([tree.series_skeleton(use.parts[0]) for use in uses], pattern))
    runs = (piece for series in tree.all_series() for piece in series if piece.head is None)
    rounds = dict.fromkeys([tree.series_skeleton(run.parts[0]) for run in runs])
    for pattern in dict.fromkeys([bodies[one] for one in rounds if one in bodies]):
        before, count = tree.root, len(pattern.block.parameters)

        def used(series: Series, varied: bool, wanted: Pattern = pattern) -> Series:
            pieces = []
            for piece in series:
                if piece.head is None and not varied:
                    found = bodies.get(tree.series_skeleton(piece.parts[0]))
                    if found is wanted and len(piece.parts[0]) > 1:
                        piece = copied(piece, tuple([(use_of(wanted, r),) for r in piece.parts]))
                pieces.append(piece)
            return series if all(map(is_, pieces, series)) else tuple(pieces)

        tree.change(used)
        if tree.root is not before:
            tree.settle()
            if len(pattern.block.parameters) > count:
                tree.root = before
                tree.settle()


def _is_power(key: tuple[int, ...]) -> bool:
    """Whether the sequence repeats a shorter one, possibly with a partial last copy."""
    size = len(key)
    return any(key[period:] == key[:-period] for period in range(1, size // 2 + 1))
