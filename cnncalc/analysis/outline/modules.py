"""Modules that are alike become patterns, as the names of their layers suggest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import pairwise

from cnncalc.analysis.outline.abstraction import Abstraction
from cnncalc.analysis.outline.alignment import AlignedSlots, joined, weight, weight_in_common
from cnncalc.analysis.outline.emission import Pattern
from cnncalc.analysis.outline.pieces import (
    copied,
    follow,
    patterns_within,
    unfolded,
    use_of,
)
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.runs import fold_runs, run_of, unrolled
from cnncalc.analysis.outline.tree import Tree


def gather_scopes(tree: Tree) -> None:
    """Modules that are alike become patterns, as their names suggest, innermost first."""
    for kind in tree.scopes.kinds():
        wanted = {(one.lo, one.hi): one for one in tree.scopes.found if one.kind == kind}
        found = _bodies(tree, wanted)
        if 2 * len(found) < len(wanted):
            continue  # modules that the branches of merges cut across tell nothing
        clusters = _groups(tree, found)
        if not clusters:
            continue
        for cluster in clusters:
            pattern = tree.new_pattern()
            pattern.module = True
            pattern.hint = next(iter(wanted.values())).name
            _use_spans(tree, pattern, cluster)
        tree.settle()
        fold_runs(tree)
        tree.settle()


def _bodies(tree: Tree, wanted: Iterable[tuple[int, int]]) -> list[Series]:
    """The pieces of the wanted scopes."""
    found: list[Series] = []
    around: dict[Series, frozenset[Pattern]] = {}
    free = dict.fromkeys(wanted)
    for series, above in tree.nested_series():  # outer ones first
        for start, end in list(_spans(tree, series, free)):
            body = series[start:end]
            found.append(body)
            around[body] = above
            del free[body[0].lo, body[-1].hi]
    # no pattern may come to use itself
    inside = {pattern for body in found for pattern in patterns_within(body)}
    return [body for body in found if not around[body] & inside]


def _spans(
    tree: Tree, series: Series, wanted: Container[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Where in a series a wanted scope stands, from its first piece to behind its last."""
    ends: dict[int, int] | None = None
    for start, piece in enumerate(series):
        for high in sorted(tree.scopes.ends.get(piece.lo, ())):
            if (piece.lo, high) not in wanted:
                continue
            if ends is None:
                ends = {one.hi: position + 1 for position, one in enumerate(series)}
            end = ends.get(high)
            if end is None:
                continue
            body = series[start:end]
            single = len(body) == 1 and not body[0].parts
            if single or tree.hides(body) or not follow(body) or any(p.pinned for p in body):
                continue
            yield start, end


def _groups(tree: Tree, found: list[Series]) -> list[dict[tuple[int, int], Series]]:
    """The intervals that one pattern may serve with their pieces, for each such pattern."""
    alike: dict[tuple[int, ...], list[Series]] = defaultdict(list)
    for series in _equally_folded(tree, found):
        alike[tree.series_skeleton(series)].append(series)
    clusters: list[tuple[list[Series], AlignedSlots]] = []
    for group in sorted(alike.values(), key=lambda group: -len(group)):
        line = tree.line([(one, one[0].entry) for one in group[:64]])[0]
        for position, (members, other) in enumerate(clusters):
            both = joined(other, line)
            common = sum(weight_in_common(slot) for slot in both.slots)
            if 2 * common >= max(weight(other), weight(line)) and _modest(both):
                clusters[position] = ([*members, *group], both)
                break
        else:
            clusters.append((group, line))
    return [
        {(one[0].lo, one[-1].hi): one for one in members}
        for members, _ in clusters
        if len(members) > 1
    ]


def _equally_folded(tree: Tree, found: list[Series]) -> Iterator[Series]:
    """The series as those told of them, with their runs folded as they are in the others."""
    heads = {
        tree.skeleton(one)
        for series in found
        for one, run in pairwise(series)
        if run.head is None and tree.series_skeleton(run.parts[0]) == (tree.skeleton(one),)
    }
    folded: dict[tuple[int, ...], set[tuple[int, ...]]] = defaultdict(set)
    headed = {series: _headed(tree, series, heads) for series in found}
    plain = {series: unfolded(series) for series in found}
    for series, without in plain.items():
        folded[tree.series_skeleton(without)].add(tree.series_skeleton(headed[series]))
    for series, without in plain.items():
        several = len(folded[tree.series_skeleton(without)]) > 1
        yield without if several else headed[series]


def _headed(tree: Tree, series: Series, heads: set[int]) -> Series:
    """The series with the first of several units by itself, and the equal ones behind it a run."""
    pieces: list[Piece] = []
    units: list[Piece] = []
    for piece in (*unrolled(series, lambda run: tree.skeleton(run.parts[0][0]) in heads), None):
        if piece is not None and tree.skeleton(piece) in heads:
            units.append(piece)
            continue
        contents = {tree.content(unit) for unit in units[1:]}
        pieces += units[:1]
        pieces += [run_of([(unit,) for unit in units[1:]])] if len(contents) == 1 else units[1:]
        units = []
        if piece is not None:
            pieces.append(piece)
    return tuple(pieces)


def _modest(line: AlignedSlots) -> bool:
    """Whether a pattern of this line would not be all conditions."""
    whole = Abstraction(line)
    return sum(found.flag for found in whole.parameters) < 4


def _use_spans(tree: Tree, pattern: Pattern, spans: Mapping[tuple[int, int], Series]) -> None:
    free = dict.fromkeys(spans)

    def replaced(series: Series) -> Series:
        found = list(_spans(tree, series, free))
        for start, end in found:
            del free[series[start].lo, series[end - 1].hi]
        pieces = []
        for piece in series:
            if piece.parts:
                parts = tuple(
                    part if isinstance(part, int) else replaced(part) for part in piece.parts
                )
                if any(a is not b for a, b in zip(parts, piece.parts, strict=True)):
                    piece = copied(piece, parts)
            pieces.append(piece)
        for start, end in sorted(found, reverse=True):
            body = spans[series[start].lo, series[end - 1].hi]
            pieces[start:end] = [use_of(pattern, body)]
        return tuple(pieces)

    tree.root = replaced(tree.root)
