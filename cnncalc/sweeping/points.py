"""One point of a sweep: a network's totals for an input, a batch and some parameters.

An expression of the language sees channels and parameters, never a size. So for the same
parameters another size changes no layer, only what the layers state: their facts are stated
anew along the graph, without reading the file again. Where a layer names another for its size, or
shares weights, or anything is refused, the file is elaborated as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cnncalc.analysis.memory import activations
from cnncalc.analysis.report import BYTES
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import SIZE_LIMIT, Facts, Kind, LayerError
from cnncalc.records import Record
from cnncalc.shapes import Shape, WindowLimitError
from cnncalc.sweeping.grid import Coordinates

METRICS = ("params", "macs", "flops", "activation_bytes", "peak_activation_bytes")
GRAPHS = 64
"""Graphs that are kept for another input."""
FACTS = 100_000
"""Facts that are remembered."""
FACTS_FIELD = Node._fields.index("facts")


class Point(Record):
    """What a network costs at one point; operations and bytes for the whole batch."""

    input_shape: Shape
    batch: int
    parameters: Mapping[str, Any]
    params: int | None
    macs: int | None
    flops: int | None
    activation_bytes: int | None
    peak_activation_bytes: int | None
    error: str | None


class Costs(Record):
    """Sums for one sample; activations in values."""

    params: int
    macs: int
    flops: int
    activations: int
    peak: int


class Elaborates(Protocol):
    """A network: a parsed file, or one that was read from a framework's format."""

    def graph(self, changes: Mapping[str, Any] | None = None, input: Shape | None = None) -> Graph:
        """Its graph for given parameters and input."""


class Worker:
    """Works points out, one after the other, and remembers what the next one can use."""

    def __init__(self, network: Elaborates, dtype: str, inplace: bool) -> None:
        self.network = network
        self.width = BYTES[dtype]
        self.inplace = inplace
        self._graphs: dict[tuple[Any, ...], Graph] = {}
        self._facts: dict[tuple[Kind, tuple[Shape, ...]], Facts] = {}
        self._last: tuple[Any, Costs | str] | None = None

    def point(self, at: Coordinates) -> Point:
        """The totals of one point, or why there are none."""
        key = (at.input, tuple(at.parameters.items()))
        if self._last is None or self._last[0] != key:
            self._last = (key, self._costs(at))
        costs = self._last[1]
        if isinstance(costs, str):
            return Point(at.input, at.batch, at.parameters, None, None, None, None, None, costs)
        width = self.width * at.batch
        return Point(
            at.input,
            at.batch,
            at.parameters,
            costs.params,
            costs.macs * at.batch,
            costs.flops * at.batch,
            costs.activations * width,
            costs.peak * width,
            None,
        )

    def _costs(self, at: Coordinates) -> Costs | str:
        try:
            return self._sums(self._graph(at))
        except SpecError as error:
            return _told(error.diagnostics[0])
        except UsageError as error:
            return str(error)

    def _graph(self, at: Coordinates) -> Graph:
        key = (at.input[0], len(at.input), *at.parameters.items())
        known = self._graphs.get(key)
        if known is not None:
            found = self._resized(known, at.input)
            if found is not None:
                return found
        graph = self.network.graph(at.parameters, at.input)
        bound = any([node.reads or node.shares is not None for node in graph.nodes])
        if known is None and not bound:
            if len(self._graphs) >= GRAPHS:
                del self._graphs[next(iter(self._graphs))]
            self._graphs[key] = graph
        return graph

    def _resized(self, graph: Graph, shape: Shape) -> Graph | None:
        """The graph for another size of its input; `None` where a layer refuses."""
        if len(self._facts) > FACTS:
            self._facts.clear()
        known, make = self._facts, Node._make
        nodes: list[Node] = []
        outputs: list[Shape] = []
        for node in graph.nodes:
            if not node.inputs:
                if nodes:
                    return None
                nodes.append(node._replace(facts=Facts(shape, windows=())))
                outputs.append(shape)
                continue
            given = tuple([outputs[taken] for taken in node.inputs])
            facts = known.get((node.kind, given))
            if facts is None:
                try:
                    facts = known[node.kind, given] = node.kind.facts(given)
                except (LayerError, WindowLimitError):
                    return None
                if facts.values > SIZE_LIMIT:
                    return None
            # as `_replace(facts=…)` does, at a third of its price
            nodes.append(make((*node[:FACTS_FIELD], facts, *node[FACTS_FIELD + 1 :])))
            outputs.append(facts.output)
        return graph._replace(nodes=tuple(nodes))

    def _sums(self, graph: Graph) -> Costs:
        params = macs = flops = 0
        for node in graph.nodes:
            params += node.params
            operations = node.facts.operations
            macs += operations[0]
            flops += operations[0] + sum(operations)
        alive = activations(graph, self.inplace)
        return Costs(params, macs, flops, sum(alive.owned[1:]), alive.peak)


def _told(finding: Diagnostic) -> str:
    return f"{finding.rule}: {finding.message}"
