"""A network in one row: what a list of networks shows of each."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.analysis.depth import depth
from cnncalc.analysis.receptive_field import ReceptiveField, last_feature_map, receptive_fields
from cnncalc.graph import Graph
from cnncalc.shapes import Shape

YEAR = re.compile(r"(?<![\d.:])(?:19|20)\d\d(?!\d)")
"""A year; not the first digits of an arXiv number (`arXiv:2003.13678`)."""


class Overview(NamedTuple):
    """One network."""

    name: str
    """What it is called on the command line."""
    title: str
    """What it calls itself."""
    source: str | None
    year: int | None
    """The year that its source names."""
    inputs: dict[str, Shape]
    output: Shape
    params: int
    macs: int
    depth: int
    field: ReceptiveField | None
    """Of the last feature map in the first input; `None`: it sees the whole input."""


def overview(name: str, graph: Graph) -> Overview:
    """The row of a network."""
    year = YEAR.search(graph.source or "")
    return Overview(
        name,
        graph.name,
        graph.source,
        int(year.group()) if year else None,
        graph.input_shapes,
        graph.nodes[-1].facts.output,
        sum([node.params for node in graph.nodes]),
        sum([node.facts.operations.macs for node in graph.nodes]),
        depth(graph),
        last_feature_map(graph, receptive_fields(graph)),
    )
