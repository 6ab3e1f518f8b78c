"""Blocks of a network: the layers whose names begin alike, one after the other."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from cnncalc.graph import Graph


class BlockSpan(NamedTuple):
    """A block and its name."""

    name: str
    start: int
    end: int
    """The node after its last."""

    @property
    def nodes(self) -> tuple[int, int]:
        """The block as a plan has it."""
        return self.start, self.end


def at_depth(graph: Graph, depth: int) -> list[BlockSpan]:
    """Runs of layers that share the first `depth` parts of their names, where there are more."""
    first = len(graph.inputs)
    indexed = list(enumerate(graph.layers, first))
    found = []
    for head, run in groupby(indexed, lambda pair: tuple(pair[1].name.split(".")[:depth])):
        members = list(run)
        if all([node.name.count(".") >= depth for _, node in members]):
            found.append(BlockSpan(".".join(head), members[0][0], members[-1][0] + 1))
    return found


def depths(graph: Graph) -> range:
    """The depths at which there are blocks."""
    deepest = max([node.name.count(".") for node in graph.layers], default=0)
    return range(1, deepest + 1)


def named(graph: Graph, name: str) -> list[BlockSpan]:
    """The blocks that a name means: `stage2.basic1`, every `basic`, every `stage`.

    A block's number may be left out; of blocks inside each other the outer one counts.
    """
    blocks = [block for depth in depths(graph) for block in at_depth(graph, depth)]
    exact = [block for block in blocks if block.name == name]
    if exact:
        return exact
    found: list[BlockSpan] = []
    for block in blocks:
        if any([outer.start <= block.start and block.end <= outer.end for outer in found]):
            continue
        leaf = block.name.rpartition(".")[2]
        if name in (leaf, leaf.rstrip("0123456789").rstrip("_")):
            found.append(block)
    return sorted(found, key=lambda block: block.start)


def names(graph: Graph) -> list[str]:
    """What `named` takes: of every block the name without its number."""
    found: dict[str, None] = {}
    for depth in depths(graph):
        for block in at_depth(graph, depth):
            found[block.name.rpartition(".")[2].rstrip("0123456789").rstrip("_")] = None
    return list(found)
