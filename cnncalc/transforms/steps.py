"""Which transforms are wanted, and the steps that they are."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.graph import Graph
from cnncalc.transforms.convolving import fully_convolutional
from cnncalc.transforms.folding import fold_batch_norm
from cnncalc.transforms.outputs import resized, with_classes, without_auxiliary
from cnncalc.transforms.rewriting import GraphChange, TransformStep, rewritten


class RequestedTransforms(NamedTuple):
    """Which transforms are wanted."""

    without_auxiliary: bool = False
    classes: int | None = None
    fold_batch_norm: bool = False
    fully_convolutional: bool = False


def steps_of(
    graph: Graph, wanted: RequestedTransforms, goal: Graph | None = None
) -> list[TransformStep]:
    """The wanted transforms of a graph, each on what the one before made.

    `goal` is what a parameter of the file makes of the network with the wanted classes.
    """
    steps: list[TransformStep] = []

    def take(change: GraphChange) -> Graph:
        steps.append(rewritten(graph, change))
        return steps[-1].graph

    if wanted.without_auxiliary:
        graph = take(without_auxiliary(graph))
    if wanted.classes is not None:
        if goal is None:
            graph = take(with_classes(graph, wanted.classes))
        else:
            if wanted.without_auxiliary:
                goal = rewritten(goal, without_auxiliary(goal)).graph
            graph = take(resized(graph, goal, wanted.classes))
    if wanted.fold_batch_norm:
        graph = take(fold_batch_norm(graph))
    if wanted.fully_convolutional:
        take(fully_convolutional(graph))
    return steps
