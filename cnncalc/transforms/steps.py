"""Which transforms are wanted, and the steps that they are."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.graph import Graph
from cnncalc.transforms.convolving import fully_convolutional
from cnncalc.transforms.folding import fold_batch_norm
from cnncalc.transforms.outputs import with_classes, without_auxiliary
from cnncalc.transforms.rewriting import GraphChange, TransformStep, rewritten


class RequestedTransforms(NamedTuple):
    """Which transforms are wanted."""

    without_auxiliary: bool = False
    classes: int | None = None
    fold_batch_norm: bool = False
    fully_convolutional: bool = False


def steps_of(graph: Graph, wanted: RequestedTransforms) -> list[TransformStep]:
    """The wanted transforms of a graph, each on what the one before made."""
    steps: list[TransformStep] = []

    def take(change: GraphChange) -> Graph:
        steps.append(rewritten(graph, change))
        return steps[-1].graph

    if wanted.without_auxiliary:
        graph = take(without_auxiliary(graph))
    if wanted.classes is not None:
        graph = take(with_classes(graph, wanted.classes))
    if wanted.fold_batch_norm:
        graph = take(fold_batch_norm(graph))
    if wanted.fully_convolutional:
        take(fully_convolutional(graph))
    return steps
