"""Hints: the modules or blocks that a graph's layers lie in, as their names tell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.analysis.outline.naming import identifier
from cnncalc.graph import Graph

CONTAINERS = ("sequential", "module_list", "module_dict", "module", "model")
"""Classes that say nothing of what they hold."""


class Hint(NamedTuple):
    """Where a layer lies: the names around it, outermost first, and their classes where known."""

    path: tuple[str, ...]
    types: tuple[str, ...] = ()


class ModuleScope(NamedTuple):
    """A module or block: an interval of the execution order that holds it and nothing else."""

    lo: int
    hi: int
    depth: int
    kind: str
    """The same for scopes that may be uses of one block; a container's has a colon."""
    name: str
    """What such a block may be called; empty where nothing tells."""


class Scopes:
    """The scopes of a graph."""

    def __init__(self, graph: Graph, hints: Sequence[Hint] | None) -> None:
        if hints is None:
            hints = [Hint(tuple(node.name.split("."))) for node in graph.nodes]
        members: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, hint in enumerate(hints):
            for depth in range(1, len(hint.path) + 1):
                members[hint.path[:depth]].append(index)
        self.found: list[ModuleScope] = []
        self.ends: dict[int, set[int]] = defaultdict(set)
        """For the first node of scopes the last nodes of them."""
        self.around: list[list[ModuleScope]] = [[] for _ in graph.nodes]
        """For each node the scopes that it lies in."""
        self.labels: dict[int, tuple[str, ...]] = {}
        """For the last node of scopes the path of the outermost of them."""
        for path, nodes in members.items():
            if nodes[-1] - nodes[0] + 1 != len(nodes):
                continue
            if len(self.labels.get(nodes[-1], path)) >= len(path):
                self.labels[nodes[-1]] = path
            if len(nodes) < 2:
                continue
            types = hints[nodes[0]].types
            scope = ModuleScope(
                nodes[0], nodes[-1], len(path), _kind(path, types), _name(path, types)
            )
            self.found.append(scope)
            self.ends[scope.lo].add(scope.hi)
            for index in nodes:
                self.around[index].append(scope)
        self.found = list(_apart(self.found))

    def cuts(self, low: int, high: int) -> bool:
        """Whether an interval holds a part of a scope, and something else besides."""
        return any(scope.lo < low and scope.hi < high for scope in self.around[low]) or any(
            scope.hi > high and scope.lo > low for scope in self.around[high]
        )

    def kinds(self) -> list[str]:
        """The kinds of scopes that there are several of, innermost first."""
        depths: dict[str, int] = {}
        counts: dict[str, int] = defaultdict(int)
        for scope in self.found:
            counts[scope.kind] += 1
            depths[scope.kind] = max(depths.get(scope.kind, 0), scope.depth)
        several = [kind for kind, count in counts.items() if count > 1]
        return sorted(several, key=lambda kind: -depths[kind])


def _apart(scopes: Sequence[ModuleScope]) -> Iterator[ModuleScope]:
    """Leaf scopes that are the only child of their module."""
    modules = {(one.lo, one.hi) for one in scopes if ":" not in one.kind}
    own = {one.kind for one in scopes if ":" not in one.kind or (one.lo, one.hi) not in modules}
    return (one for one in scopes if one.kind in own)


def _kind(path: tuple[str, ...], types: tuple[str, ...]) -> str:
    own = types[len(path) - 1] if len(types) >= len(path) else ""
    if own and identifier(own) not in CONTAINERS:
        return own
    # numbers count things of one kind: `layer1.0` and `layer2.3`
    return own + ":" + re.sub(r"\d+", "#", ".".join(path[-2:]))


def _name(path: tuple[str, ...], types: tuple[str, ...]) -> str:
    own = identifier(types[len(path) - 1]) if len(types) >= len(path) else ""
    if own and own not in CONTAINERS:
        return own
    return identifier(re.sub(r"[\d_.-]+$", "", path[-1]))
