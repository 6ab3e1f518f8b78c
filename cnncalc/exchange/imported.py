"""A network that was read from a framework's format: its graph, and where each layer came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.records import Record
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.reading.program import Constant
    from cnncalc.numerics.arrays import Array


class Origin(NamedTuple):
    """Where a layer comes from in the framework's own terms."""

    path: tuple[str, ...] = ()
    """The modules that it lies in, outermost first; the module itself last."""
    types: tuple[str, ...] = ()
    """The class of the module at each level of the path; empty where the format has none."""
    node: str = ""
    """The framework's name of the operation: a node, an operator."""

    def __str__(self) -> str:
        path = ".".join(self.path)
        return (
            path if not self.node or path.endswith(self.node) else f"{path} ({self.node})".strip()
        )


class Result(NamedTuple):
    """One of the network's outputs, as the framework has it, in the output of a layer."""

    node: int
    split: tuple[int, ...]
    """Sizes into which the layer's output, without the batch, is split in order."""
    order: tuple[int, ...]
    """The order in which the batch and those sizes are put."""
    shape: Shape
    """The framework's shape, with the batch it was read with."""


class Reading(Record):
    """What a reader made of a network for one input."""

    graph: Graph
    origins: tuple[Origin, ...]
    """For each node of the graph."""
    constants: tuple[Mapping[str, Constant], ...]
    """Its own weights and buffers for each node, named as in `Facts`; read when asked."""
    results: tuple[Result, ...] = ()
    """The framework's outputs in its order."""
    unused: tuple[tuple[str, int], ...] = ()
    """Arrays that are trained and take no part in this forward pass, with their values."""

    def arrays(self) -> list[dict[str, Array]]:
        """Its own weights and buffers for each node; none where a layer shares another's."""
        return [
            {} if node.shares is not None else {n: one.read() for n, one in constants.items()}
            for node, constants in zip(self.graph.nodes, self.constants, strict=True)
        ]


class Imported:
    """A network in a framework's format: what a parsed architecture file is among ours.

    It is read once for each input it is asked about.
    """

    def __init__(self, label: str, format: str, name: str, read: Callable[[Any], Reading]) -> None:
        self.label = label
        """As the caller wrote it."""
        self.format = format
        """`PyTorch`, `ONNX` or `Keras`."""
        self.name = name
        self._read = read
        self._readings: dict[Any, Reading] = {}

    @property
    def origin(self) -> str:
        """What it was made from, in words."""
        return f"{self.format}, {self.label}"

    def reading(self, input: Shape | Mapping[str, Shape] | None = None) -> Reading:
        """What is read for an input; the format's own shapes where none is given.

        Raises:
            UsageError: the input does not fit, or is needed and not given.
            SpecError: the network holds what is no layer; carries the findings.
        """
        key = tuple(input.items()) if isinstance(input, Mapping) else input
        if key not in self._readings:
            self._readings[key] = self._read(input)
        return self._readings[key]

    def graph(
        self,
        changes: Mapping[str, Any] | None = None,
        input: Shape | Mapping[str, Shape] | None = None,
    ) -> Graph:
        """Its graph for an input."""
        self._refuse(changes)
        return self.reading(input).graph

    def elaborate(
        self,
        changes: Mapping[str, Any] | None = None,
        input: Shape | Mapping[str, Shape] | None = None,
    ) -> Elaboration:
        """Its graph for an input, as the graph of an architecture file is told."""
        return Elaboration(self.graph(changes, input), ())

    def origins(self, input: Shape | Mapping[str, Shape] | None = None) -> Sequence[Origin]:
        """Where each node of the graph comes from."""
        return self.reading(input).origins

    def _refuse(self, changes: Mapping[str, Any] | None) -> None:
        if changes:
            raise UsageError(
                f"{self.label} has no parameter `{next(iter(changes))}`",
                f"`--set` changes architecture files; `cnncalc convert {self.label} -o net.yaml` "
                "makes one",
            )
