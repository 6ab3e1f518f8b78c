"""The transforms that a command asks for, one after the other, on a network of whatever format."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.graph import Graph
from cnncalc.language.forms.inputs import GivenInput, replaced
from cnncalc.language.network import Network
from cnncalc.transforms.files import class_parameter, edited_file
from cnncalc.transforms.rewriting import GraphChange, TransformStep, chained, rewritten
from cnncalc.transforms.steps import RequestedTransforms, steps_of

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Arrays


class Transformed(NamedTuple):
    """A network that was transformed."""

    before: Graph
    """The network as it was, on the input that its weights are for."""
    steps: tuple[TransformStep, ...]
    input: Any
    """The input that it was read with."""
    graph: Graph
    text: str | None = None
    """The text of the file that the network stood in, with the changes made in it."""

    @property
    def whole(self) -> TransformStep:
        """All steps as one."""
        return reduce(chained, self.steps)

    @property
    def told(self) -> list[str]:
        """What was done, in words."""
        return [step.told for step in self.steps if step.told]

    def arrays(self, arrays: Sequence[Arrays], seed: int) -> list[Arrays]:
        """Its arrays, from those of the network as it was."""
        from cnncalc.transforms.weights import carried

        before, found = self.before, list(arrays)
        for step in self.steps:
            found = carried(before, step, found, seed)
            before = step.graph
        return found

    def drawn(self) -> list[str]:
        """The layers whose arrays are not those of the network before."""
        from cnncalc.transforms.weights import drawn

        before, found = self.before, set[int]()
        for step in self.steps:
            found = {place for place, origin in enumerate(step.origins) if origin in found}
            found |= drawn(before, step)
            before = step.graph
        return [self.graph.nodes[place].name for place in sorted(found)]


def transformed(
    network: Network | Imported,
    wanted: RequestedTransforms,
    changes: dict[str, Any],
    input: GivenInput | None,
) -> Transformed:
    """The network after the wanted transforms, then on another input where one is given.

    It is transformed on its own input, for which its weights are, wherever it has one.

    Raises:
        UsageError: a transform has nothing to do, or cannot be done.
        SpecError: the network is none.
    """
    own: GivenInput | None = None
    try:
        before = _graph(network, changes, None)
    except UsageError:
        if input is None or isinstance(network, Network):
            raise
        own, before = input, _graph(network, changes, input)
    goal = None
    if wanted.classes is not None and isinstance(network, Network):
        own_name = class_parameter(network, changes)
        if own_name is not None:
            goal = _graph(network, {**changes, own_name: wanted.classes}, own)
    steps = steps_of(before, wanted, goal)
    graph = steps[-1].graph if steps else before
    shapes = None if input is None else replaced(graph.input_shapes, input, graph.name)
    if shapes is not None and shapes != graph.input_shapes:
        steps.append(rewritten(graph, GraphChange(), shapes))
    found = Transformed(before, tuple(steps), own, steps[-1].graph)
    if not isinstance(network, Network):
        return found
    edited = edited_file(network, wanted, changes, shapes, found.graph)
    return found if edited is None else found._replace(text=edited[0], graph=edited[1])


def _graph(network: Network | Imported, changes: dict[str, Any], input: GivenInput | None) -> Graph:
    elaboration = network.elaborate(changes, input)
    if elaboration.graph is None:
        raise SpecError(elaboration.diagnostics)
    return elaboration.graph


def difference(found: Transformed, arrays: Sequence[Arrays], seed: int) -> float:
    """The largest relative difference between the outputs before and after, on the same weights.

    Both sides run in NumPy, on the input that the network was transformed on.

    Raises:
        UsageError: the transform changes what the network computes.
    """
    import numpy as np

    from cnncalc.exchange.checking import difference as apart
    from cnncalc.numerics.run.executor import execute

    if found.drawn():
        raise UsageError("`--check` compares nothing with weights that are drawn anew")
    steps = [step for step in found.steps if step.told]
    whole = reduce(chained, steps)
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    inputs = [
        random.standard_normal((1, *shape), np.float32)
        for shape in found.before.input_shapes.values()
    ]
    results = []
    for graph, own in (
        (found.before, list(arrays)),
        (whole.graph, found._replace(steps=tuple(steps)).arrays(arrays, seed)),
    ):
        results.append(execute(graph, own, dict(enumerate(x.copy() for x in inputs)).pop, 1))
    theirs, ours = results
    return max(
        [
            apart(ours[place].reshape(theirs[origin].shape), theirs[origin])
            for place, origin in whole.outputs.items()
        ]
    )
