"""What a reader makes of a network: the graph, where its layers came from, and its arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.diagnostics import Diagnostic, Place
from cnncalc.graph import Graph
from cnncalc.shapes import Shape
from cnncalc.spans import SourceSpan

if TYPE_CHECKING:
    from cnncalc.exchange.reading.program import Constant
    from cnncalc.numerics.arrays import Array


LONGEST = 200
"""Characters of a place that are told."""


class Origin(NamedTuple):
    """Where a layer comes from in the framework's own terms."""

    path: tuple[str, ...] = ()
    """The modules that it lies in, outermost first; the module itself last."""
    types: tuple[str, ...] = ()
    """The class of the module at each level of the path; empty where the format has none."""
    node: str = ""
    """The framework's name of the operation: a node, an operator."""
    span: SourceSpan | None = None
    """Where it is written in the user's own file, where that is known."""
    calls: tuple[Place, ...] = ()
    """The lines of the user's code that called it, innermost first."""

    def __str__(self) -> str:
        path = ".".join(self.path)
        whole = path if not self.node or path.endswith(self.node) else f"{path} ({self.node})"
        return whole.strip()[:LONGEST]


class Result(NamedTuple):
    """One of the network's outputs, as the framework has it, in the output of a layer."""

    node: int
    split: tuple[int, ...]
    """Sizes into which the layer's output, without the batch, is split in order."""
    order: tuple[int, ...]
    """The order in which the batch and those sizes are put."""
    shape: Shape
    """The framework's shape, with the batch it was read with."""


class Reading(NamedTuple):
    """What a reader made of a network for one input."""

    graph: Graph
    origins: tuple[Origin, ...]
    """For each node of the graph."""
    constants: tuple[Mapping[str, Constant], ...]
    """Its own weights and buffers for each node, named as in `Facts`; read when asked."""
    results: tuple[Result, ...] = ()
    """The framework's outputs in its order."""
    batch: int = 1
    """Samples it was read with."""
    run: Callable[[list[Array]], list[Array]] | None = None
    """The framework's own forward pass on our inputs [B, C, *spatial]; `None` without weights."""
    unused: tuple[tuple[str, int], ...] = ()
    """Arrays that are trained and take no part in this forward pass, with their values."""
    opaque: tuple[tuple[int, str], ...] = ()
    """The nodes of operators that no kind stands for, and why none does where that is known."""
    notes: tuple[Diagnostic, ...] = ()
    """What the reader found that is no mistake of a layer."""
    tolerance: float | None = None
    """The relative difference that the rounding of its own types may make; of `float32` if none."""

    def arrays(self) -> list[dict[str, Array]]:
        """Its own weights and buffers for each node; none where a layer shares another's."""
        return [
            {} if node.shares is not None else {n: one.read() for n, one in constants.items()}
            for node, constants in zip(self.graph.nodes, self.constants, strict=True)
        ]
