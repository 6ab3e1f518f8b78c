"""Merges that are alike become patterns, what some of them leave out under a condition."""

from __future__ import annotations

from collections import defaultdict
from math import inf

from cnncalc.analysis.outline.abstraction import Abstraction
from cnncalc.analysis.outline.alignment import AlignedSlots, aligned, joined, weight
from cnncalc.analysis.outline.emission import Pattern, items_of, length
from cnncalc.analysis.outline.pieces import copied, flattened, is_merge, is_view, use_of
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.tree import Tree


def gather_merges(tree: Tree) -> None:
    """Merges that are alike become patterns, what some of them leave out under a condition."""
    done: set[int] = set()
    while True:
        groups: dict[int, list[Piece]] = defaultdict(list)
        for series, above in tree.nested_series():
            if any(pattern.varied for pattern in above):
                continue
            for piece in series:
                if is_merge(piece) and not piece.pinned and not tree.hides((piece,)):
                    number = tree.skeleton(piece)
                    if number not in done and all(
                        not is_merge(inner) or tree.skeleton(inner) in done or inner.pinned
                        for part in piece.parts
                        if not isinstance(part, int)
                        for inner in part
                    ):
                        groups[number].append(piece)
        if not groups:
            return
        for cluster in _clusters(tree, groups):
            done.update(cluster)
            if sum(len(groups[number]) for number in cluster) > 1:
                pattern = tree.new_pattern()
                tree.settle_pattern(pattern, _use_merges(tree, pattern, set(cluster)))


def _use_merges(tree: Tree, pattern: Pattern, numbers: set[int]) -> list[Piece]:
    uses: list[Piece] = []

    def replace(series: Series, varied: bool) -> Series:
        if varied:
            return series
        pieces = list(series)
        before = len(uses)
        for position, piece in enumerate(series):
            if is_merge(piece) and tree.skeleton(piece) in numbers and not tree.hides((piece,)):
                pieces[position] = use_of(pattern, (piece,))
                uses.append(pieces[position])
        return tuple(pieces) if len(uses) > before else series

    tree.change(replace)
    return uses


def wrap(tree: Tree) -> None:
    """What is one branch of a merge here and stands alone there uses the merge's pattern."""
    for pattern, uses in tree.uses().items():
        body = uses[0].parts[0]
        if len(body) != 1 or not is_merge(body[0]) or len(body[0].parts) != 2:
            continue
        full = [part for part in body[0].parts if not isinstance(part, int) and part]
        if len(full) != 1 or not isinstance(full[0][0].head, Pattern):
            continue
        inner = full[0][0].head
        if any(not is_view(piece) for piece in full[0][1:]):
            continue
        _wrap(tree, pattern, inner)


def _wrap(tree: Tree, pattern: Pattern, inner: Pattern) -> None:
    def replace(series: Series) -> Series:
        return tuple(
            use_of(pattern, (piece,)) if piece.head is inner else piece for piece in series
        )

    def walk(series: Series) -> Series:
        pieces = []
        for piece in series:
            if not isinstance(piece.head, Pattern) and piece.parts:
                parts = tuple(part if isinstance(part, int) else walk(part) for part in piece.parts)
                if any(a is not b for a, b in zip(parts, piece.parts, strict=True)):
                    piece = copied(piece, parts)
            pieces.append(piece)
        return replace(tuple(pieces))

    tree.root = walk(tree.root)


def merge_patterns(tree: Tree) -> None:
    """Patterns that are alike become one, if that is shorter."""
    changed = True
    while changed:
        changed = False
        uses = tree.uses()
        found = list(uses)
        for position, one in enumerate(found):
            for other in found[position + 1 :]:
                common = aligned(one.line, other.line)[1]
                if 10 * common < 7 * max(weight(one.line), weight(other.line)):
                    continue
                if _within(one, other) or _within(other, one):
                    continue
                both = joined(one.line, other.line)
                if _cost(tree, both, many=True) < _cost(tree, one.line, many=True) + _cost(
                    tree, other.line, many=True
                ):
                    for use in uses[other]:
                        use.head = one
                    tree.forget()
                    changed = True
                    break
            if changed:
                break
        tree.settle()


def _clusters(tree: Tree, groups: dict[int, list[Piece]]) -> list[list[int]]:
    """Skeletons that one pattern may serve."""
    clusters: list[tuple[list[int], AlignedSlots, float]] = []
    for number, pieces in sorted(groups.items(), key=lambda entry: -len(entry[1])):
        line = _line(tree, [(piece,) for piece in pieces])
        cost = _cost(tree, line, many=len(pieces) > 1)
        for position, (members, other, known) in enumerate(clusters):
            both, common = aligned(other, line)
            if 10 * common < 7 * max(weight(other), weight(line)):
                continue
            whole = _cost(tree, both, many=True)
            if whole < cost + known:
                clusters[position] = ([*members, number], both, whole)
                break
        else:
            clusters.append(([number], line, cost))
    return [members for members, _, _ in clusters]


def _line(tree: Tree, found: list[Series]) -> AlignedSlots:
    """The line of some series, uses written out, each that is different once."""
    distinct = {(tree.series_content(series), series[0].entry): series for series in found}
    return tree.line([(flattened(one), one[0].entry) for one in list(distinct.values())[:64]])[0]


def _cost(tree: Tree, line: AlignedSlots, *, many: bool) -> float:
    """About how many characters it takes to write a pattern and its uses."""
    whole = Abstraction(line)
    text = length(items_of(line, whole.terms))
    if not many:
        return text
    count = len(whole.parameters)
    flags = sum(found.flag for found in whole.parameters)
    conditions = len(whole.terms.conditions) + len(whole.terms.branches)
    if flags > 1 or conditions > 4:
        return inf
    text += 25 * flags + 10 * conditions + 15 * max(count - 6, 0)
    return 24 + 10 * count + text + min(line.size, 12) * (18 + 4 * count)


def _within(inner: Pattern, outer: Pattern) -> bool:
    """Whether a pattern uses another, at any depth."""
    stack = [outer.line]
    while stack:
        for slot in stack.pop().slots:
            if slot.head is inner:
                return True
            if isinstance(slot.head, Pattern):
                stack.append(slot.head.line)
            stack += [branch for branch in slot.branches if isinstance(branch, AlignedSlots)]
    return False
