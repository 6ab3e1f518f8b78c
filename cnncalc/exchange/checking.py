"""An import proven: the network's own weights and one random input, through both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from cnncalc.analysis.completeness import require_computable
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.result import Reading, Result
from cnncalc.graph import Graph
from cnncalc.numerics.arrays import Array
from cnncalc.numerics.run.executor import LayerFailedError, execute
from cnncalc.shapes import Shape

TOLERANCE = 1e-4
"""The relative difference that rounding may make."""


class Checked(NamedTuple):
    """What came of running a network on both sides."""

    outputs: tuple[tuple[str, float], ...]
    """Our name of each output, and its largest difference relative to the framework's values."""
    tolerance: float = TOLERANCE
    """The difference that the rounding of the framework's types may make."""

    @property
    def largest(self) -> float:
        """The largest difference of all outputs."""
        return max((difference for _, difference in self.outputs), default=0.0)

    @property
    def passed(self) -> bool:
        """Whether rounding explains it."""
        return self.largest <= self.tolerance


def check_import(
    network: Imported,
    input: Shape | Mapping[str, Shape] | None = None,
    *,
    seed: int = 0,
    graph: Graph | None = None,
    threads: int = 1,
) -> Checked:
    """Run a network's own weights and one random input through NumPy and through its framework.

    With a `graph`, which must have the network's layers in their order under whatever names, it
    is that which is run: the one of a file that was written from the network.

    Raises:
        UsageError: the framework is missing, or one of the sides cannot run: there are layers
            that only state their facts.
    """
    reading = network.reading(input)
    require_computable(reading.graph)
    if reading.run is None:
        raise UsageError(f"{network.label} holds no weights, so that there is nothing to run")
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    batch = reading.batch
    inputs = [
        random.standard_normal((batch, *shape), np.float32)
        for shape in reading.graph.input_shapes.values()
    ]
    theirs = reading.run([x.copy() for x in inputs])
    ours = run(reading, inputs, graph, threads)
    names = (graph or reading.graph).nodes
    return Checked(
        tuple(
            [
                (names[result.node].name, difference(own, their))
                for result, own, their in zip(reading.results, ours, theirs, strict=True)
            ]
        ),
        reading.tolerance or TOLERANCE,
    )


def run(
    reading: Reading, inputs: list[Array], graph: Graph | None = None, threads: int = 1
) -> list[Array]:
    """The network's outputs by our NumPy pass, each in the framework's own order of axes.

    Raises:
        UsageError: a kernel refuses its arrays.
    """
    net = graph or reading.graph
    given = dict(enumerate(inputs))
    try:
        found = execute(net, reading.arrays(), given.pop, threads)
    except LayerFailedError as error:
        raise UsageError(f"{net.nodes[error.index].name} cannot be run: {error}") from None
    for index, array in zip(net.inputs, inputs, strict=True):
        found.setdefault(index, array)  # an output may be an input
    return [_turned(found[result.node], result) for result in reading.results]


def _turned(array: Array, result: Result) -> Array:
    """A layer's output in the framework's order of axes."""
    split: Any = array.reshape(array.shape[0], *result.split)
    turned: Array = split.transpose(result.order)
    return turned.reshape(result.shape)


def difference(ours: Array, theirs: Array) -> float:
    """The largest difference, relative to the largest of the framework's values."""
    if ours.shape != theirs.shape:
        return float("inf")
    known = ~np.isnan(theirs)
    if (np.isnan(ours) == known).any():
        return float("inf")
    # a root of a negative number is none on both sides
    theirs, ours = theirs[known], ours[known]
    size = float(np.max(np.abs(theirs), initial=0.0))
    apart = float(np.max(np.abs(ours.astype(np.float64) - theirs), initial=0.0))
    if not np.isfinite(apart):
        return float("inf")
    return apart / size if size else apart
