"""Modules that are alike become patterns, as the names of their layers suggest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cnncalc.analysis.outline.abstraction import Abstraction
from cnncalc.analysis.outline.emission import Pattern
from cnncalc.analysis.outline.pieces import (
    copied,
    follow,
    is_merge,
    patterns_within,
    use_of,
)
from cnncalc.analysis.outline.regions import Series
from cnncalc.analysis.outline.runs import fold_runs
from cnncalc.analysis.outline.slots import Line, joined, weight, weight_in_common
from cnncalc.analysis.outline.tree import Tree


def gather_scopes(tree: Tree) -> None:
    """Modules that are alike become patterns, as their names suggest, innermost first."""
    for kind in tree.scopes.kinds():
        wanted = {(one.lo, one.hi): one for one in tree.scopes.found if one.kind == kind}
        found: list[Series] = []
        around: dict[Series, frozenset[Pattern]] = {}
        free = dict(wanted)
        for series, above in tree.nested_series():  # outer ones first
            for start, end in list(_spans(tree, series, free)):
                body = series[start:end]
                found.append(body)
                around[body] = above
                del free[body[0].lo, body[-1].hi]
        # no pattern may come to use itself
        inside = {pattern for body in found for pattern in patterns_within(body)}
        found = [body for body in found if not around[body] & inside]
        clusters = _groups(tree, found)
        if not clusters:
            continue
        for cluster in clusters:
            pattern = tree.new_pattern()
            pattern.hint = next(iter(wanted.values())).name
            _use_spans(tree, pattern, cluster)
            tree.settle_pattern(pattern, tree.uses()[pattern])
        tree.settle()
        fold_runs(tree)
        tree.settle()


def _spans(
    tree: Tree, series: Series, wanted: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Where in a series a wanted scope stands, from its first piece to behind its last."""
    starts = {piece.lo: position for position, piece in enumerate(series)}
    ends = {piece.hi: position + 1 for position, piece in enumerate(series)}
    for low, high in wanted:
        start, end = starts.get(low), ends.get(high)
        if start is None or end is None:
            continue
        body = series[start:end]
        single = len(body) == 1 and not is_merge(body[0]) and not isinstance(body[0].head, Pattern)
        if single or tree.hides(body) or not follow(body) or any(p.pinned for p in body):
            continue
        yield start, end


def _groups(tree: Tree, found: list[Series]) -> list[set[tuple[int, int]]]:
    """The intervals that one pattern may serve, for each such pattern."""
    alike: dict[tuple[int, ...], list[Series]] = defaultdict(list)
    for series in found:
        alike[tree.series_skeleton(series)].append(series)
    clusters: list[tuple[list[Series], Line]] = []
    for group in sorted(alike.values(), key=lambda group: -len(group)):
        line = tree.line([(one, one[0].entry) for one in group[:64]])[0]
        for position, (members, other) in enumerate(clusters):
            both = joined(other, line)
            common = sum(weight_in_common(slot) for slot in both.slots)
            if 2 * common >= max(weight(other), weight(line)) and _modest(tree, both):
                clusters[position] = ([*members, *group], both)
                break
        else:
            clusters.append((group, line))
    return [
        {(one[0].lo, one[-1].hi) for one in members} for members, _ in clusters if len(members) > 1
    ]


def _modest(tree: Tree, line: Line) -> bool:
    """Whether a pattern of this line would not be all conditions."""
    whole = Abstraction(line)
    return sum(found.flag for found in whole.parameters) < 4


def _use_spans(tree: Tree, pattern: Pattern, spans: set[tuple[int, int]]) -> None:
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
            pieces[start:end] = [use_of(pattern, tuple(pieces[start:end]))]
        return tuple(pieces)

    tree.root = replaced(tree.root)
