"""The series of a graph while blocks are searched, and the patterns found in it so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_not
from typing import Any

from cnncalc.analysis.outline.alignment import AlignedSlots, joined, line_of, stacked
from cnncalc.analysis.outline.emission import Pattern
from cnncalc.analysis.outline.pieces import copied
from cnncalc.analysis.outline.regions import Piece, Series
from cnncalc.analysis.outline.scopes import Scopes


class Interner:
    """Numbers for equal things."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}

    def __call__(self, key: Any) -> int:
        return self.known.setdefault(key, len(self.known))


class Tree:
    """The series of a graph, and the patterns found in it so far."""

    def __init__(self, root: Series, named: set[int], scopes: Scopes) -> None:
        self.root = root
        self.scopes = scopes
        self.named = named
        """Nodes that are referred to: they stay in sight."""
        self.intern = Interner()
        self.patterns: list[Pattern] = []
        self.settled = False
        """Whether uses have their arguments."""
        self._skeletons: dict[int, tuple[Piece, int]] = {}
        self._contents: dict[int, tuple[Piece, int]] = {}

    def forget(self) -> None:
        """Forget what pieces looked like, after one was changed in place."""
        self._skeletons.clear()
        self._contents.clear()

    # -- what pieces have in common -----------------------------------------------------------

    def skeleton(self, piece: Piece) -> int:
        """A number, the same for pieces that are equal up to their numbers."""
        known = self._skeletons.get(id(piece))
        if known is not None and known[0] is piece:
            return known[1]
        if piece.pinned:
            # nothing else is like it
            key: Any = ("pinned", piece.lo, piece.hi)
        elif isinstance(piece.head, Pattern):
            key = ("use", id(piece.head))
        elif piece.head is None:
            key = ("run", self.series_skeleton(piece.parts[0]))
        else:
            parts = tuple([self.series_skeleton(part) for part in piece.parts])
            key = (piece.head.name, piece.words, parts)
        number = self.intern(key)
        self._skeletons[id(piece)] = (piece, number)
        return number

    def series_skeleton(self, series: Series) -> tuple[int, ...]:
        return tuple([self.skeleton(piece) for piece in series])

    def content(self, piece: Piece) -> int:
        """A number, the same for pieces that are equal."""
        known = self._contents.get(id(piece))
        if known is not None and known[0] is piece:
            return known[1]
        if piece.pinned:
            number = self.skeleton(piece)
        elif isinstance(piece.head, Pattern) and self.settled:
            number = self.intern(("used", id(piece.head), piece.head.version, piece.values))
        else:
            parts = piece.parts[:1] if piece.head is None else piece.parts
            inside = tuple([self.series_content(part) for part in parts])
            number = self.intern(("content", piece.head, piece.values, inside))
        self._contents[id(piece)] = (piece, number)
        return number

    def series_content(self, series: Series) -> tuple[int, ...]:
        return tuple([self.content(piece) for piece in series])

    def hides(self, pieces: Series) -> bool:
        """Whether a name would go out of sight inside these pieces."""
        return any(pieces[0].lo <= node < pieces[-1].hi for node in self.named)

    def names_in(self, pieces: Series) -> bool:
        """Whether one of these pieces is referred to by name."""
        return any(pieces[0].lo <= node <= pieces[-1].hi for node in self.named)

    # -- walking and changing ----------------------------------------------------------------

    def all_series(self) -> Iterator[Series]:
        """Every series, those inside of uses included."""
        stack = [self.root]
        while stack:
            series = stack.pop()
            yield series
            for piece in series:
                for part in piece.parts:
                    if not isinstance(part, int):
                        stack.append(part)

    def nested_series(self) -> Iterator[tuple[Series, frozenset[Pattern]]]:
        """Every series with the patterns of the uses that it lies in, outer ones first."""
        stack: list[tuple[Series, frozenset[Pattern]]] = [(self.root, frozenset())]
        while stack:
            series, above = stack.pop()
            yield series, above
            for piece in series:
                inner = above | {piece.head} if isinstance(piece.head, Pattern) else above
                stack += [(part, inner) for part in piece.parts if not isinstance(part, int)]

    def change(self, function: Callable[[Series, bool], Series], *, modules: bool = True) -> None:
        """Put what a function makes of every series in its place, innermost first.

        It is told whether the series lies in one of several variants of a block: what is done
        to one of them may hide what it has in common with the others. Without `modules`, it is
        told so of all blocks that were found by their modules.
        """
        self.root = self._changed(self.root, function, False, modules)

    def _changed(
        self,
        series: Series,
        function: Callable[[Series, bool], Series],
        varied: bool,
        modules: bool,
    ) -> Series:
        pieces = []
        same = True
        for piece in series:
            if piece.parts:
                inside = varied
                if isinstance(piece.head, Pattern):
                    inside = varied or piece.head.varied or (piece.head.module and not modules)
                parts = tuple(
                    part
                    if isinstance(part, int)
                    else self._changed(part, function, inside, modules)
                    for part in piece.parts
                )
                if any(map(is_not, parts, piece.parts)):
                    piece = copied(piece, parts)
                    same = False
            pieces.append(piece)
        return function(series if same else tuple(pieces), varied)

    def contexts(self) -> list[tuple[Series, bool]]:
        """One series of each skeleton, and whether it is one of several variants of a block."""
        found: dict[tuple[tuple[int, ...], bool], Series] = {}
        for series, above in self.nested_series():
            if len(series) > 1:
                varied = any(pattern.varied for pattern in above)
                found.setdefault((self.series_skeleton(series), varied), series)
        return [(series, varied) for (_, varied), series in found.items()]

    def bodies(self) -> set[tuple[int, ...]]:
        """The skeletons of all that is the whole body of a use."""
        return {
            self.series_skeleton(piece.parts[0])
            for series in self.all_series()
            for piece in series
            if isinstance(piece.head, Pattern)
        }

    # -- patterns ----------------------------------------------------------------------------

    def new_pattern(self) -> Pattern:
        """A pattern without uses."""
        self.patterns.append(Pattern(f"block{len(self.patterns)}"))
        return self.patterns[-1]

    def line(self, instances: list[tuple[Series, int]]) -> tuple[AlignedSlots, dict[Any, int]]:
        """The line of some series, and which number in it each has by content and entry."""
        variants: dict[tuple[int, ...], dict[Any, tuple[Series, int]]] = {}
        for series, entry in instances:
            known = variants.setdefault(self.series_skeleton(series), {})
            known.setdefault((self.series_content(series), entry), (series, entry))
        line: AlignedSlots | None = None
        numbers: dict[Any, int] = {}
        for variant in variants.values():
            for key in variant:
                numbers[key] = len(numbers)
            part = stacked([line_of(series, entry) for series, entry in variant.values()])
            line = part if line is None else joined(line, part)
        assert line is not None
        return line, numbers

    # -- settling ----------------------------------------------------------------------------

    def uses(self) -> dict[Pattern, list[Piece]]:
        """The uses of each pattern, those of inner patterns first."""
        found: dict[Pattern, list[Piece]] = {}
        inside: dict[Pattern | None, dict[Pattern, None]] = {}

        def visit(series: Series, around: Pattern | None) -> None:
            for piece in series:
                within = around
                if isinstance(piece.head, Pattern):
                    within = piece.head
                    inside.setdefault(around, {})[within] = None
                    found.setdefault(within, []).append(piece)
                for part in piece.parts:
                    if not isinstance(part, int):
                        visit(part, within)

        visit(self.root, None)
        order: dict[Pattern, None] = {}

        def place(pattern: Pattern, above: tuple[Pattern, ...] = ()) -> None:
            if pattern in order:
                return
            for inner in inside.get(pattern, ()):
                if inner not in above:
                    place(inner, (*above, pattern))
            order[pattern] = None

        for pattern in found:
            place(pattern)
        return {pattern: found[pattern] for pattern in order}

    def settle(self) -> None:
        """Give every pattern its parameters, and every use its arguments."""
        self.settled = True
        for pattern, uses in self.uses().items():
            self.settle_pattern(pattern, uses)

    def settle_pattern(self, pattern: Pattern, uses: list[Piece]) -> None:
        """Give a pattern its parameters, and its uses their arguments."""
        keys = [(self.series_content(use.parts[0]), use.entry) for use in uses]
        distinct = dict(zip(keys, uses, strict=True))
        if pattern.instances.keys() != distinct.keys():
            bodies = [(use.parts[0], use.entry) for use in distinct.values()]
            pattern.varied = len({self.series_skeleton(body) for body, _ in bodies}) > 1
            line, pattern.instances = self.line(bodies)
            pattern.settle(line)
            self._contents.clear()
        columns = [found.column for found in pattern.parameters]
        for use, key in zip(uses, keys, strict=True):
            number = pattern.instances[key]
            values = tuple([column[number] for column in columns])
            if values != use.values:
                use.values = values
                self._contents.clear()
