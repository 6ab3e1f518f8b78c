"""One point of a sweep: a network's totals for an input, a batch and some parameters.

An expression of the language sees channels and parameters, never a size. So for the same
parameters another size changes no layer, only what the layers state: their facts are stated
anew along the graph, without reading the file again. Where a layer names another for its size, or
shares weights, or anything is refused, the file is elaborated as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from cnncalc.analysis.memory import activations, lifetimes
from cnncalc.analysis.report import BYTES
from cnncalc.analysis.sizes import model_bytes, training_bytes
from cnncalc.analysis.training.plan import Plan
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.graph import Graph
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.network import Network
from cnncalc.layers.base import SIZE_LIMIT, Facts, Kind, LayerError
from cnncalc.shapes import Shape, WindowLimitError, product
from cnncalc.sweeping.grid import Coordinates
from cnncalc.unknown import UNKNOWN

METRICS = ("params", "macs", "flops", "activation_bytes", "peak_activation_bytes")
ON_DEMAND = ("model_bytes", "training_bytes")
"""Worked out where they are asked for."""
COLUMNS = (*METRICS, *ON_DEMAND)
LAYERS = 60_000
"""So many layers are kept, in graphs that may be asked for another input."""
FACTS = 100_000
"""Facts that are remembered."""


class Point(NamedTuple):
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
    model_bytes: int | None = None
    training_bytes: int | None = None
    measured: Mapping[str, float | None] | None = None

    def value(self, metric: str) -> Any:
        """One of its totals, or of the figures of one's own; `None` where it is not known."""
        if self.measured is not None and metric in self.measured:
            return self.measured[metric]
        return getattr(self, metric)


class Costs(NamedTuple):
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


def own_shapes(network: Elaborates, parameters: Mapping[str, Any]) -> Mapping[str, Shape]:
    """The shapes of a network's own inputs, also where it cannot be built for them.

    Raises:
        UsageError: it has none, or no such parameter.
        SpecError: it is no network for any input, or no file of ours says what its inputs are.
    """
    try:
        return network.graph(parameters, None).input_shapes
    except SpecError:
        if not isinstance(network, Network) or network.diagnostics or not network.sound:
            raise
        return network.input_shapes(network.values(parameters))


class Stated(NamedTuple):
    """What a sum needs of a layer's facts."""

    output: Shape
    values: int
    params: int
    macs: int
    flops: int
    view: bool


Given = Shape | tuple[Shape, ...]
"""Input shape of a layer, or shapes where it has several inputs."""


class Known(NamedTuple):
    """A graph whose layers are those of another input size."""

    layers: list[tuple[Kind, dict[Given, Stated], int | tuple[int, ...]]]
    """Of every node but the input: its kind, what that stated so far, and the nodes it reads."""
    views: tuple[bool, ...]
    owning: Callable[[tuple[int, ...]], tuple[int, ...]]
    """Of the values of every node's output, those that own memory."""
    events: Callable[[tuple[int, ...]], tuple[int, ...]]
    """Of the values of every node's output, and the same negative: what comes and goes in turn."""


class Worker:
    """Works points out, one after the other, and remembers what the next one can use."""

    def __init__(
        self, network: Elaborates, dtype: str, inplace: bool, columns: tuple[str, ...] = ()
    ) -> None:
        self.network = network
        self.width = BYTES[dtype]
        self.inplace = inplace
        self.columns = columns
        """Which of `ON_DEMAND` are worked out."""
        self._known: dict[tuple[Any, ...], Known] = {}
        self._stated: dict[Kind, dict[Given, Stated]] = {}
        self._count = 0
        """Facts that are remembered."""
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
        found = Point(
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
        return self._with_sizes(found, at) if self.columns else found

    def _with_sizes(self, point: Point, at: Coordinates) -> Point:
        """A point with the sizes that are worked out on demand."""
        graph = self.network.graph(at.parameters, self._inputs(at))
        if "model_bytes" in self.columns:
            point = point._replace(model_bytes=model_bytes(graph, self.width))
        if "training_bytes" in self.columns:
            plan = Plan(batch=at.batch, width=self.width, inplace=self.inplace)
            try:
                point = point._replace(training_bytes=training_bytes(graph, plan))
            except UsageError:  # a layer does not state what its backward pass needs
                point = point._replace(training_bytes=UNKNOWN)
        return point

    def _costs(self, at: Coordinates) -> Costs | str:
        key = (at.input[0], len(at.input), *at.parameters.items())
        known = self._known.get(key)
        if known is not None:
            costs = self._resized(known, at.input)
            if costs is not None:
                return costs
        try:
            graph = self.network.graph(at.parameters, self._inputs(at))
        except SpecError as error:
            return f"{error.diagnostics[0].rule}: {error.diagnostics[0].message}"
        except UsageError as error:
            return str(error)
        if known is None:
            self._keep(key, graph)
        memory = activations(graph, self.inplace)
        params = macs = flops = 0
        for node in graph.nodes:
            stated = _stated(node.facts)
            params += stated.params if node.shares is None else 0
            macs += stated.macs
            flops += stated.flops
        return Costs(params, macs, flops, sum(memory.owned[len(graph.inputs) :]), memory.peak)

    def _inputs(self, at: Coordinates) -> GivenInput:
        """The shape of the input; of several, those of the first one's sizes go with it."""
        if self._single:
            return at.input
        try:
            own = own_shapes(self.network, at.parameters)
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
        """Remember a graph for another size of its input, where nothing else depends on sizes."""
        nodes = graph.nodes
        if len(graph.inputs) > 1 or any([n.reads or n.shares is not None for n in nodes]):
            return
        if any([node.kind.is_stated for node in nodes]):
            return  # what is stated was worked out for one input
        while self._known and (len(self._known) + 1) * len(nodes) > LAYERS:
            del self._known[next(iter(self._known))]
        times = lifetimes(graph, self.inplace)
        size = len(nodes)
        events: list[int] = []
        for index, freed in enumerate(times.freed):
            if times.owner[index] == index:
                events.append(index)
            events += [size + gone for gone in freed]
        self._known[key] = Known(
            [
                (
                    node.kind,
                    self._stated.setdefault(node.kind, {}),
                    node.inputs[0] if len(node.inputs) == 1 else node.inputs,
                )
                for node in nodes[1:]
            ],
            tuple([node.facts.view for node in nodes]),
            _taking([index for index in range(1, size) if times.owner[index] == index]),
            _taking(events),
        )

    def _resized(self, known: Known, shape: Shape) -> Costs | None:
        """The sums for another size; `None` where a layer refuses, or becomes a view."""
        if self._count > FACTS:
            self._count = 0
            for table in self._stated.values():
                table.clear()
        found = [Stated(shape, product(shape), 0, 0, 0, False)]
        add = found.append
        for kind, table, inputs in known.layers:
            if type(inputs) is int:
                given: Given = found[inputs][0]
            else:
                given = tuple([found[taken][0] for taken in inputs])  # type: ignore[union-attr]
            stated = table.get(given)
            if stated is None:
                shapes = (given,) if type(inputs) is int else given
                try:
                    stated = _stated(kind.facts(shapes))  # type: ignore[arg-type]
                except (LayerError, WindowLimitError):
                    return None
                table[given] = stated
                self._count += 1
            add(stated)
        _, values, params, macs, flops, views = zip(*found, strict=True)
        if views != known.views or max(values) > SIZE_LIMIT:
            return None
        signed = values + tuple([-count for count in values])
        peak = max(accumulate(known.events(signed)))
        return Costs(sum(params), sum(macs), sum(flops), sum(known.owning(values)), peak)


def _stated(facts: Facts) -> Stated:
    operations = facts.operations
    flops = operations[0] + sum(operations)
    return Stated(facts.output, facts.values, facts.params, operations[0], flops, facts.view)


def _taking(places: list[int]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """What takes the values at these places out of a tuple."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places) if places else lambda values: ()
