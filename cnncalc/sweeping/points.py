"""One point of a sweep: a network's totals for an input, a batch and some parameters.

An expression of the language sees channels and parameters, never a size. So for the same
parameters another size changes no layer, only what the layers state: their facts are stated
anew along the graph, without reading the file again. Where a layer names another for its size, or
shares weights, or anything is refused, the file is elaborated as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from cnncalc.analysis.memory import Activations, Lifetimes, activations, alive, lifetimes
from cnncalc.analysis.report import BYTES
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.graph import Graph
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.layers.base import SIZE_LIMIT, Facts, Kind, LayerError
from cnncalc.records import Record
from cnncalc.shapes import Shape, WindowLimitError
from cnncalc.sweeping.grid import Coordinates

METRICS = ("params", "macs", "flops", "activation_bytes", "peak_activation_bytes")
LAYERS = 60_000
"""So many layers are kept, in graphs that may be asked for another input."""
FACTS = 100_000
"""Facts that are remembered."""


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

    def graph(
        self, changes: Mapping[str, Any] | None = None, input: GivenInput | None = None
    ) -> Graph:
        """Its graph for given parameters and input."""


class Known(NamedTuple):
    """A graph whose layers are those of another input size."""

    kinds: list[Kind]
    inputs: list[tuple[int, ...]]
    first: int
    """How many nodes are the network's inputs; 1 where it is resized."""
    views: list[bool]
    times: Lifetimes


class Worker:
    """Works points out, one after the other, and remembers what the next one can use."""

    def __init__(self, network: Elaborates, dtype: str, inplace: bool) -> None:
        self.network = network
        self.width = BYTES[dtype]
        self.inplace = inplace
        self._known: dict[tuple[Any, ...], Known] = {}
        self._facts: dict[tuple[Kind, tuple[Shape, ...]], Facts] = {}
        self._last: tuple[Any, Costs | str] | None = None
        self._single = False
        """Whether the network is known to have one input."""

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
        key = (at.input[0], len(at.input), *at.parameters.items())
        known = self._known.get(key)
        if known is not None:
            facts = self._resized(known, at.input)
            if facts is not None:
                return _sums(facts, alive(known.times, [one.values for one in facts]), known.first)
        try:
            graph = self.network.graph(at.parameters, self._inputs(at))
        except SpecError as error:
            return f"{error.diagnostics[0].rule}: {error.diagnostics[0].message}"
        except UsageError as error:
            return str(error)
        if known is None:
            self._keep(key, graph)
        facts = [node.facts for node in graph.nodes]
        costs = _sums(facts, activations(graph, self.inplace), len(graph.inputs))
        twice = sum([node.facts.params for node in graph.nodes if node.shares is not None])
        return costs._replace(params=costs.params - twice)

    def _inputs(self, at: Coordinates) -> GivenInput:
        """The shape of the input; of several, those of the first one's sizes go with it."""
        if self._single:
            return at.input
        try:
            own = self.network.graph(at.parameters, None).input_shapes
        except UsageError:  # it has no shape of its own
            return at.input
        self._single = len(own) == 1
        if self._single:
            return at.input
        first, *others = own
        sizes = own[first][1:]
        return {first: at.input} | {
            name: (own[name][0], *at.input[1:]) for name in others if own[name][1:] == sizes
        }

    def _keep(self, key: tuple[Any, ...], graph: Graph) -> None:
        """Remember a graph for another size of its input, where nothing else hangs on sizes."""
        nodes = graph.nodes
        if len(graph.inputs) > 1 or any([n.reads or n.shares is not None for n in nodes]):
            return
        while self._known and (len(self._known) + 1) * len(nodes) > LAYERS:
            del self._known[next(iter(self._known))]
        self._known[key] = Known(
            [node.kind for node in nodes],
            [node.inputs for node in nodes],
            1,
            [node.facts.view for node in nodes],
            lifetimes(graph, self.inplace),
        )

    def _resized(self, known: Known, shape: Shape) -> list[Facts] | None:
        """What the layers state for another size; `None` where one refuses, or becomes a view."""
        if len(self._facts) > FACTS:
            self._facts.clear()
        memo = self._facts
        found = [Facts(shape, windows=())]
        outputs = [shape]
        layers = zip(known.kinds, known.inputs, known.views, strict=True)
        next(layers)
        for kind, inputs, view in layers:
            given: tuple[Shape, ...]
            if len(inputs) == 1:
                given = (outputs[inputs[0]],)
            else:
                given = tuple([outputs[taken] for taken in inputs])
            facts = memo.get((kind, given))
            if facts is None:
                try:
                    facts = memo[kind, given] = kind.facts(given)
                except (LayerError, WindowLimitError):
                    return None
            if facts.values > SIZE_LIMIT or facts.view != view:
                return None
            found.append(facts)
            outputs.append(facts.output)
        return found


def _sums(facts: list[Facts], memory: Activations, first: int) -> Costs:
    params = macs = flops = 0
    for one in facts:
        params += one.params
        operations = one.operations
        macs += operations[0]
        flops += operations[0] + sum(operations)
    return Costs(params, macs, flops, sum(memory.owned[first:]), memory.peak)
