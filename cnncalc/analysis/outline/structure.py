"""The structure of a graph as a tree of its own nodes: what draws a network reads this.

An outline says what recurs once, in parameters. Here every use of a block stands with the nodes
that it is, and every round of a run with its own.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.outline.build import searched
from cnncalc.analysis.outline.emission import Pattern
from cnncalc.analysis.outline.regions import Piece
from cnncalc.graph import Graph


class Part(NamedTuple):
    """A layer, a merge with its branches, a block, or a run of equal rounds."""

    what: str
    """`layer`, `merge`, `block` or `run`."""
    lo: int
    """Its first node; those from `lo` to `hi` are its own, in execution order."""
    hi: int
    """Its last node, whose output is its own."""
    source: int
    """The node whose output it takes."""
    inner: tuple[tuple[Part, ...] | int, ...] = ()
    """Branches of a merge (an int is the node of a layer elsewhere), the rounds of a run, or the
    one body of a block."""


def structure(graph: Graph) -> tuple[Part, ...]:
    """The structure of a graph from its inputs on; every layer is in it once."""
    return tuple(map(_part, searched(graph).tree.root))


def _part(piece: Piece) -> Part:
    inner = tuple([part if isinstance(part, int) else tuple(map(_part, part))
                   for part in piece.parts])  # fmt: skip
    if piece.head is None:
        what = "run"
    elif isinstance(piece.head, Pattern):
        what = "block"
    else:
        what = "merge" if piece.head.branches else "layer"
    return Part(what, piece.lo, piece.hi, piece.source, inner)
