"""What changed between two networks, layer by layer.

Layers are aligned by the alignment of least cost over both sequences (Needleman and Wunsch 1970):
layers of the same kind may stand for each other, the more gladly the more of their options and of
their names agree. What is left without a partner was added or removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Reference
from cnncalc.layers.options import Table

Options = dict[str, Any]

CELLS = 2_000_000
"""Alignments of more cells than this are first divided at runs that are the same in both."""

GAP = 4
"""What a layer without a partner costs; two that stand for each other cost at most one less."""


class Change(NamedTuple):
    """One layer that differs."""

    change: Literal["added", "removed", "changed"]
    layer: str
    """Its name; in the second network where it is in both."""
    kind: str
    before: Options
    """Of a removed layer all options that it was given, of a changed one those that differ."""
    after: Options


def options(node: Node) -> Options:
    """All options of a layer as plain values."""
    kind = node.kind
    return {key: plain(kind.option_value(key)) for key in kind.options if key not in BRANCHES}


def given(node: Node) -> Options:
    """The options that are not at their defaults."""
    kind, rank = node.kind, len(node.facts.output) - 1
    found = options(node)
    for key, option in kind.options.items():
        value = kind.option_value(key)
        default = getattr(kind, option.like) if option.like is not None else option.default
        if option.like is None and default is not None:
            default = option.type.build(default, rank)
        if key in found and value == default:
            del found[key]
    return found


BRANCHES = ("inputs",)
"""Options that say what a layer takes, which `from` tells."""


def plain(value: Any) -> Any:
    """An option's value as JSON has it: pairs and axes that agree as one number."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, Table):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        if value and all([item == value[0] for item in value]):
            return plain(value[0])
        return [plain(item) for item in value]
    return value


def changes(before: Graph, after: Graph) -> list[Change]:
    """What differs, in the order of the second network."""
    old, new = before.layers, after.layers
    pairs = align(old, new)
    partner = {two: one for one, two in pairs if one is not None and two is not None}
    kept = set(partner.values())
    sources = _sources(after, partner), _sources(before, {one: one for one in kept})
    found: list[Change] = []
    for one, two in pairs:
        if two is None and one is not None:
            node = old[one]
            found.append(Change("removed", node.name, node.kind.name, given(node), {}))
        elif one is None and two is not None:
            node = new[two]
            found.append(Change("added", node.name, node.kind.name, {}, given(node)))
        elif one is not None and two is not None:
            was, now = options(old[one]), options(new[two])
            if sources[0][two] != sources[1][one]:
                was["from"], now["from"] = _names(before, old[one]), _names(after, new[two])
            differ = [key for key in {**was, **now} if was.get(key) != now.get(key)]
            if differ:
                found.append(
                    Change(
                        "changed",
                        new[two].name,
                        new[two].kind.name,
                        {key: was.get(key) for key in differ},
                        {key: now.get(key) for key in differ},
                    )
                )
    return found


def _sources(graph: Graph, known: dict[int, int]) -> list[list[int | None]]:
    """For each layer where its inputs come from, as layers of the first network.

    Layers without a partner are looked through (a whole unit as well, where all its branches begin
    at one layer), so that what follows an added
    layer is not told as changed. Inputs of the network are negative; `None` is a layer without
    a partner.
    """
    first = len(graph.nodes) - len(graph.layers)
    origin: list[int | None] = [index - first for index in range(first)]
    found: list[list[int | None]] = []
    for index, node in enumerate(graph.layers):
        came = [origin[taken] for taken in node.inputs]
        found.append(came)
        through = came[0] if len(set(came)) == 1 else None
        origin.append(known.get(index, through))
    return found


def _names(graph: Graph, node: Node) -> Any:
    names = [graph.nodes[index].name for index in node.inputs]
    return names[0] if len(names) == 1 else names


Pairs = list[tuple[int | None, int | None]]


def align(old: Sequence[Node], new: Sequence[Node]) -> Pairs:
    """Which layers stand for each other, by index; `None` where one has no partner."""
    marks = [[(type(node.kind), node.kind.short_options()) for node in side] for side in (old, new)]
    start = 0
    while start < min(len(old), len(new)) and _same(marks, old, new, start, start):
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and _same(marks, old, new, -end - 1, -end - 1):
        end += 1
    found: Pairs = [(index, index) for index in range(start)]
    found += _middle(marks, old, new, (start, len(old) - end), (start, len(new) - end))
    found += [(len(old) - end + index, len(new) - end + index) for index in range(end)]
    return found


Marks = list[list[tuple[type, str]]]
Span = tuple[int, int]


def _same(marks: Marks, old: Sequence[Node], new: Sequence[Node], one: int, two: int) -> bool:
    return marks[0][one] == marks[1][two] and old[one].name == new[two].name


def _middle(marks: Marks, old: Sequence[Node], new: Sequence[Node], one: Span, two: Span) -> Pairs:
    """An alignment of two spans, divided at common runs where it would be too large."""
    rows, columns = one[1] - one[0], two[1] - two[0]
    if rows * columns <= CELLS:
        return _aligned(marks, old, new, one, two)
    matcher = SequenceMatcher(None, marks[0][slice(*one)], marks[1][slice(*two)], autojunk=False)
    run = matcher.find_longest_match()
    if not run.size:
        return _unpaired(one, two)
    first, second = one[0] + run.a, two[0] + run.b
    return [
        *_middle(marks, old, new, (one[0], first), (two[0], second)),
        *[(first + index, second + index) for index in range(run.size)],
        *_middle(marks, old, new, (first + run.size, one[1]), (second + run.size, two[1])),
    ]


def _unpaired(one: Span, two: Span) -> Pairs:
    return [*[(index, None) for index in range(*one)], *[(None, index) for index in range(*two)]]


def _aligned(marks: Marks, old: Sequence[Node], new: Sequence[Node], one: Span, two: Span) -> Pairs:
    """The alignment of least cost of two spans."""
    costs = [[GAP * column for column in range(two[1] - two[0] + 1)]]
    steps: list[list[str]] = [["<"] * len(costs[0])]
    for row in range(one[0], one[1]):
        above = costs[-1]
        line, step = [above[0] + GAP], ["^"]
        mark, name = marks[0][row], old[row].name
        for column in range(two[0], two[1]):
            best, way = above[len(line)] + GAP, "^"
            if line[-1] + GAP < best:
                best, way = line[-1] + GAP, "<"
            other = marks[1][column]
            if mark[0] is other[0]:
                cost = above[len(line) - 1] + _cost(mark, other, name, new[column].name)
                if cost <= best:
                    best, way = cost, "\\"
            line.append(best)
            step.append(way)
        costs.append(line)
        steps.append(step)
    found: Pairs = []
    row, column = one[1] - one[0], two[1] - two[0]
    while row or column:
        way = steps[row][column]
        row -= way != "<"
        column -= way != "^"
        found.append(
            (one[0] + row if way != "<" else None, two[0] + column if way != "^" else None)
        )
    return found[::-1]


def _cost(mark: tuple[type, str], other: tuple[type, str], name: str, second: str) -> int:
    """What two layers of the same kind cost as partners: 0 where all agrees."""
    return 4 * (mark[1] != other[1]) + 2 * (name != second)
