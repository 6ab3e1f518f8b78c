"""Equal rounds, one after the other, become a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from cnncalc.analysis.outline.pieces import follow, inner_series, is_merge, rank
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.tree import Tree

LONGEST = 24
"""The most pieces of a round."""


def fold_runs(tree: Tree) -> None:
    """Fold equal rounds, but not in blocks that were found by their modules or have variants.

    It would hide what their uses have in common. What was folded there stays so while its rounds
    are equal.
    """
    tree.change(partial(_fold, tree), modules=False)


def unroll_merges(tree: Tree) -> None:
    """Write the runs of merges out, where blocks are looked for again."""
    tree.change(
        lambda series, varied: series if varied else unrolled(series, _of_merges), modules=False
    )


def _of_merges(piece: Piece) -> bool:
    return is_merge(piece) or any(
        _of_merges(inner) for part in inner_series(piece) for inner in part
    )


def _fold(tree: Tree, series: Series, varied: bool) -> Series:
    if varied:
        return unrolled(series, lambda run: len(set(map(tree.series_content, run.parts))) > 1)
    folded = series
    series = unrolled(series)  # a round may stand before or behind a run by now
    if len(series) < 2:
        return series
    contents = list(tree.series_content(series))
    pieces: list[Piece] = []
    position = 0
    while position < len(series):
        times, period = _longest(tree, series, contents, position)
        if times < 2 or _begins_later(series, contents, position, times, period):
            pieces.append(series[position])
            position += 1
            continue
        end = position + times * period
        starts = range(position, end, period)
        pieces.append(run_of([series[start : start + period] for start in starts]))
        position = end
    return folded if len(pieces) == len(folded) and _equal(pieces, folded) else tuple(pieces)


def _equal(pieces: Sequence[Piece], before: Series) -> bool:
    """Whether nothing has changed."""
    return all(
        one is other
        or (one.head is other.head is None and (one.lo, one.hi) == (other.lo, other.hi)
            and one.values == other.values)
        for one, other in zip(pieces, before, strict=True)
    )  # fmt: skip


def run_of(rounds: Sequence[Series]) -> Piece:
    """A run of some rounds."""
    first, last = rounds[0][0], rounds[-1][-1]
    return Piece(
        None, (len(rounds),), first.lo, last.hi, first.source, first.entry, last.exit, tuple(rounds)
    )


def unrolled(series: Series, chosen: Callable[[Piece], bool] = lambda run: True) -> Series:
    """The pieces with rounds in place of the runs among them, or of the chosen ones."""
    if all(piece.head is not None for piece in series):
        return series
    pieces: list[Piece] = []
    for piece in series:
        if piece.head is None and chosen(piece):
            for part in inner_series(piece):
                pieces.extend(part)
        else:
            pieces.append(piece)
    return tuple(pieces)


def _longest(tree: Tree, series: Series, contents: list[int], position: int) -> tuple[int, int]:
    """The rounds that cover most from a position on: how many, and how long each is."""
    best = 0, 0
    for period in range(1, min(LONGEST, (len(series) - position) // 2) + 1):
        if contents[position] != contents[position + period]:
            continue
        times = 1
        first = contents[position : position + period]
        while contents[position + times * period : position + (times + 1) * period] == first:
            times += 1
        while times > 1:
            covered = series[position : position + times * period]
            if follow(covered) and not tree.names_in(covered):
                break
            times -= 1
        if times > 1 and times * period > best[0] * best[1]:
            best = times, period
    return best


def _begins_later(
    series: Series, contents: list[int], position: int, times: int, period: int
) -> bool:
    """Whether as many rounds begin further on with what begins a block better."""
    size = times * period
    for start in range(position + 1, position + period):
        if (
            rank(series[start]) > rank(series[position])
            and contents[start : start + size] == contents[start : start + period] * times
        ):
            return True
    return False
