"""Equal rounds, one after the other, become a run."""

from __future__ import annotations

from functools import partial

from cnncalc.analysis.outline.pieces import follow, is_merge, rank
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.tree import Tree

LONGEST = 24
"""The most pieces of a round."""


def fold_runs(tree: Tree, *, merges: bool = True) -> None:
    """Fold equal rounds; without `merges` only those of plain layers."""
    tree.change(partial(_fold, tree, merges))


def _fold(tree: Tree, merges: bool, series: Series, varied: bool) -> Series:
    if len(series) < 2 or varied:
        return series
    contents = list(tree.series_content(series))
    if not merges:
        contents = [
            -number if is_merge(piece) else content
            for number, (piece, content) in enumerate(zip(series, contents, strict=True), 1)
        ]
    pieces: list[Piece] = []
    position = 0
    while position < len(series):
        times, period = _longest(tree, series, contents, position)
        if times < 2 or _begins_later(series, contents, position, times, period):
            pieces.append(series[position])
            position += 1
            continue
        end = position + times * period
        rounds = tuple(series[start : start + period] for start in range(position, end, period))
        first, last = series[position], series[end - 1]
        pieces.append(
            Piece(None, (times,), first.lo, last.hi, first.source, first.entry, last.exit, rounds)
        )
        position = end
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
