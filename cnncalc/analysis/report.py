"""The report: what every analysis says of every layer, gathered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, SupportsIndex, overload

from cnncalc.analysis.memory import Activations, activations
from cnncalc.analysis.receptive_field import Field, ReceptiveField, describe, fields_by_input
from cnncalc.diagnostics import Diagnostic, UsageError, did_you_mean
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import NOTHING, UNKNOWN_OPERATIONS, Operations
from cnncalc.shapes import Shape
from cnncalc.unknown import UNKNOWN, is_known, least

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8, "int8": 1}
"""Bytes a value by type."""


class Settings(NamedTuple):
    """How a network is looked at."""

    batch: int = 1
    dtype: str = "float32"
    inplace: bool = False


class LayerReport:
    """One layer's row. Shapes are per sample; operations and bytes are for the whole batch."""

    __slots__ = ("_fields", "_graph", "_settings", "_values", "index", "node", "number")

    def __init__(
        self,
        graph: Graph,
        index: int,
        number: int,
        settings: Settings,
        values: int,
        fields: list[list[Field]],
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._values = values
        self._fields = fields
        self.index = index
        self.number = number
        """Its place among the layers, from 1 on."""
        self.node: Node = graph.nodes[index]

    @property
    def name(self) -> str:
        """Hierarchical name."""
        return self.node.name

    @property
    def kind(self) -> str:
        """The layer kind's name."""
        return self.node.kind.name

    @property
    def is_known(self) -> bool:
        """Whether nothing of it is unknown."""
        return self.node.facts.is_complete

    @property
    def operator(self) -> str | None:
        """What a layer that states its facts calls itself; `None` of our own kinds."""
        return self.node.kind.option_value("name") if self.node.kind.is_stated else None

    @property
    def short_options(self) -> str:
        """The options that matter, in short: `3×3/2 p1`."""
        return self.node.kind.short_options()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the layers whose outputs it takes."""
        nodes = self._graph.nodes
        return tuple([nodes[index].name for index in self.node.inputs])

    @property
    def output_shape(self) -> Shape:
        """Output shape of one sample, channels first."""
        return self.node.facts.output

    @property
    def weights(self) -> Mapping[str, Shape]:
        """Shapes of the trainable arrays it owns; none where it shares another layer's."""
        return NOTHING if self.node.shares is not None else self.node.facts.weights

    @property
    def buffers(self) -> Mapping[str, Shape]:
        """Shapes of the arrays that are stored and not trained."""
        return NOTHING if self.node.shares is not None else self.node.facts.buffers

    @property
    def shares(self) -> str | None:
        """The layer whose weights it uses."""
        shares = self.node.shares
        return None if shares is None else self._graph.nodes[shares].name

    @property
    def params(self) -> int:
        """Values of its weights, frozen ones included."""
        return self.node.params

    @property
    def trainable_params(self) -> int:
        """Those of its parameters that are trained."""
        return self.node.trainable_params

    @property
    def operations(self) -> Operations:
        """Operations for the batch, each term by itself."""
        batch = self._settings.batch
        found = self.node.facts.operations
        return found if batch == 1 else Operations(*[count * batch for count in found])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions, linear layers and matrix products."""
        return self.node.facts.operations.macs * self._settings.batch

    @property
    def flops(self) -> int:
        """Every arithmetic operation."""
        return self.node.facts.operations.flops * self._settings.batch

    @property
    def activations(self) -> int:
        """Values of the output for the batch, none where it is the input's memory."""
        return self._values * self._settings.batch

    @property
    def activation_bytes(self) -> int:
        """Bytes of the output, none where it is the input's memory."""
        return self.activations * BYTES[self._settings.dtype]

    @property
    def receptive_field(self) -> ReceptiveField | None:
        """What one output unit sees of the first input.

        `None` where that is the whole input, or no axes remain; size 0 where it sees nothing.
        """
        return described(self._fields[0][self.index])

    @property
    def receptive_fields(self) -> dict[str, ReceptiveField | None]:
        """What one output unit sees of each input, by the inputs' names."""
        nodes = self._graph.nodes
        return {nodes[source].name: field for source, field in enumerate(self.seen)}

    @property
    def seen(self) -> tuple[ReceptiveField | None, ...]:
        """What one output unit sees of each input, as `receptive_field`."""
        index = self.index
        return tuple([described(fields[index]) for fields in self._fields])

    def __repr__(self) -> str:
        what = f"{self.kind} {self.short_options}".rstrip()
        shape = "×".join(map(str, self.output_shape))
        counts = f"{self.params:,} parameters, {self.macs:,} MACs"
        return f"<LayerReport {self.name}: {what} → {shape}, {counts}>"

    @property
    def fields(self) -> tuple[Field, ...]:
        """For each input the receptive field as windows, exact for every unit."""
        return tuple([fields[self.index] for fields in self._fields])


def described(field: Field) -> ReceptiveField | None:
    """Size, stride and start of a field, where it has them."""
    return None if field is None else describe(field)


class UnknownLayerError(UsageError, KeyError):
    """There is no layer of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class Layers(tuple[LayerReport, ...]):
    """Layers in execution order, by index or by name."""

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> LayerReport: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[LayerReport, ...]: ...
    def __getitem__(self, key: SupportsIndex | str | slice) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for layer in self:
            if layer.name == key:
                return layer
        raise UnknownLayerError(f"there is no layer `{key}`", self._nearest(key))

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            return key in self.names
        return super().__contains__(key)

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names."""
        return tuple([layer.name for layer in self])

    def _nearest(self, name: str) -> str:
        """What may be meant by a name that no layer has."""
        names = self.names
        inside = [one for one in names if one.startswith(f"{name}.")]
        if inside:
            return f"`{name}` is a block; its layers are {', '.join(inside[:8])}"
        return did_you_mean(name, names) or f"its layers are {', '.join(names[:8])}…"

    def __repr__(self) -> str:
        return f"<{len(self)} layers: {', '.join(self.names[:8])}{', …' * (len(self) > 8)}>"


class Totals(NamedTuple):
    """Sums over the layers; operations and bytes for the whole batch.

    A sum of which a part is unknown is that of the known parts, and `at_least` names it; one of
    which nothing is known is `UNKNOWN`.
    """

    layers: int
    params: int
    trainable_params: int
    weights: int
    biases: int
    buffers: int
    param_bytes: int
    macs: int
    flops: int
    activations: int
    activation_bytes: int
    peak_activation_bytes: int
    operations: Operations
    at_least: tuple[str, ...] = ()
    """The sums that are not complete."""
    unknown_layers: int = 0
    """Layers of which something is unknown that a sum needs."""


SUMMED = ("params", "trainable_params", "biases", "weights", "buffers", "activations")
"""The sums of what layers store and give."""


NO_FAILURES: Mapping[int, str] = {}


class _Sum:
    """A sum of counts, of which some may be unknown."""

    __slots__ = ("known", "terms", "total")

    def __init__(self) -> None:
        self.total = 0
        self.terms = self.known = 0

    def add(self, count: int) -> None:
        """Add a count."""
        self.terms += 1
        if count is not UNKNOWN:
            self.known += 1
            self.total += count

    @property
    def value(self) -> int:
        """The known part, or `UNKNOWN` where there is none."""
        return UNKNOWN if self.terms and not self.known else self.total


class Report:
    """A network, analyzed."""

    def __init__(
        self,
        graph: Graph,
        settings: Settings = Settings(),
        fields: list[list[Field]] | None = None,
        judge: Callable[[], tuple[Diagnostic, ...]] = tuple,
    ) -> None:
        """`fields` are the receptive fields by input, where they are known already.

        `judge` is called where the findings are asked for: not everyone shows them.
        """
        self.graph = graph
        self.settings = settings
        self._judge = judge
        self._activations: Activations = activations(graph, settings.inplace)
        self._fields = fields_by_input(graph) if fields is None else fields

    def __getstate__(self) -> dict[str, Any]:
        # with the findings in place of what would find them, which holds the parsed file
        return {**self.__dict__, "diagnostics": self.diagnostics, "_judge": tuple}

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the rules say of the network."""
        return self._judge()

    failed: Mapping[int, str] = NO_FAILURES
    """The nodes of layers that cannot be, and why: none of a network without mistakes."""

    mistaken: bool = False
    """Whether the network has mistakes: then it is shown as far as it is known."""

    @property
    def complete(self) -> bool:
        """Whether there is no mistake, and nothing of any layer is unknown."""
        return not self.mistaken and all([node.facts.is_complete for node in self.graph.nodes])

    @property
    def name(self) -> str:
        """The network's name."""
        return self.graph.name

    @property
    def source(self) -> str | None:
        """Where the network is published."""
        return self.graph.source

    @property
    def batch(self) -> int:
        """Samples in a batch."""
        return self.settings.batch

    @property
    def dtype(self) -> str:
        """Type of weights and activations."""
        return self.settings.dtype

    @property
    def input_shape(self) -> Shape:
        """Shape of one sample of the first input."""
        return self.graph.input_shape

    @property
    def inputs(self) -> dict[str, Shape]:
        """Shapes of one sample of each input, by the inputs' names."""
        return self.graph.input_shapes

    def seen(self, index: int) -> tuple[ReceptiveField | None, ...]:
        """What a unit of the graph's node `index` sees of each input, as `receptive_fields`."""
        return tuple([described(fields[index]) for fields in self._fields])

    @property
    def fields(self) -> list[list[Field]]:
        """The receptive fields by input, for another report of the same graph."""
        return self._fields

    @property
    def peak_layer(self) -> str:
        """The layer during which the most activations are alive."""
        return self.graph.nodes[self._activations.peak_node].name

    @cached_property
    def layers(self) -> Layers:
        """The layers in execution order, by index or by name."""
        graph, settings = self.graph, self.settings
        owned, fields = self._activations.owned, self._fields
        inputs = len(graph.inputs)
        return Layers(
            [
                LayerReport(graph, index, index - inputs + 1, settings, owned[index], fields)
                for index in range(inputs, len(graph.nodes))
            ]
        )

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the layers whose output is wanted."""
        return tuple(self.graph.nodes[index].name for index in self.graph.outputs)

    @cached_property
    def totals(self) -> Totals:
        """The sums."""
        if self._unknown_layers():
            return self._known_totals()
        batch, width = self.settings.batch, BYTES[self.settings.dtype]
        params = trainable = biases = buffers = 0
        sums = [0] * len(Operations._fields)
        for node in self.graph.nodes:
            facts = node.facts
            if node.shares is None:
                params += facts.params
                trainable += node.trainable_params
                biases += facts.biases
                buffers += facts.buffer_values
            for term, count in enumerate(facts.operations):
                if count:
                    sums[term] += count
        operations = Operations(*[count * batch for count in sums])
        inputs = len(self.graph.inputs)
        values = sum(self._activations.owned[inputs:]) * batch
        return Totals(
            layers=len(self.graph.nodes) - inputs,
            params=params,
            trainable_params=trainable,
            weights=params - biases,
            biases=biases,
            buffers=buffers,
            param_bytes=params * width,
            macs=operations.macs,
            flops=operations.flops,
            activations=values,
            activation_bytes=values * width,
            peak_activation_bytes=self._activations.peak * batch * width,
            operations=operations,
        )

    def _unknown_layers(self) -> int:
        """How many layers state something unknown that is summed."""
        nodes = self.graph.nodes
        return sum(
            [
                not is_known((facts.values, facts.params, facts.buffer_values, *facts.operations))
                for facts in [node.facts for node in nodes]
            ]
        )

    def _known_totals(self) -> Totals:
        """The sums of what is known, and which of them are not complete."""
        batch, width = self.settings.batch, BYTES[self.settings.dtype]
        sums = {name: _Sum() for name in SUMMED}
        operations = [_Sum() for _ in Operations._fields]
        inputs = len(self.graph.inputs)
        for node, owned in zip(self.graph.nodes, self._activations.owned, strict=True):
            facts, own = node.facts, node.shares is None
            if not node.inputs:
                continue
            sums["params"].add(facts.params if own else 0)
            sums["trainable_params"].add(node.trainable_params)
            sums["biases"].add(facts.biases if own else 0)
            sums["weights"].add(facts.params - facts.biases if own else 0)
            sums["buffers"].add(facts.buffer_values if own else 0)
            sums["activations"].add(owned)
            for term, count in zip(operations, facts.operations, strict=True):
                term.add(count)
        parts = Operations(*[term.value * batch for term in operations])
        found = {name: one.value for name, one in sums.items()}
        every = {**sums, "macs": operations[0]}
        at_least = [name for name, one in every.items() if one.known < one.terms]
        if any([term.known < term.terms for term in operations]):
            at_least.append("flops")
        known = Operations(*map(least, parts))
        derived = {"params": "param_bytes", "activations": "activation_bytes"}
        at_least += [derived[name] for name in at_least if name in derived]
        if "activations" in at_least:
            at_least.append("peak_activation_bytes")
        return Totals(
            layers=len(self.graph.nodes) - inputs,
            params=found["params"],
            trainable_params=found["trainable_params"],
            weights=found["weights"],
            biases=found["biases"],
            buffers=found["buffers"],
            param_bytes=found["params"] * width,
            macs=parts.macs,
            flops=UNKNOWN if parts == UNKNOWN_OPERATIONS else known.flops,
            activations=found["activations"] * batch,
            activation_bytes=found["activations"] * batch * width,
            peak_activation_bytes=self._activations.peak * batch * width,
            operations=parts,
            at_least=tuple(at_least),
            unknown_layers=self._unknown_layers(),
        )
