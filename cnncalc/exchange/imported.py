"""A network that was read from a framework's format: its graph, and where each layer came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import SpecError, UsageError, nearest
from cnncalc.exchange.reading.result import Origin, Reading, Result
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.text.source import Source
from cnncalc.shapes import Shape


class Imported:
    """A network in a framework's format: what a parsed architecture file is among ours.

    It is read once for each input it is asked about, and for each choice of its parameters.
    """

    def __init__(
        self,
        label: str,
        format: str,
        name: str,
        read: Callable[..., Reading],
        *,
        source: Source | None = None,
        reopen: Callable[[Source], Imported] | None = None,
        parameters: Mapping[str, Any] | None = None,
        channels_last: bool = False,
        takes_examples: bool = False,
    ) -> None:
        self.label = label
        """As the caller wrote it."""
        self.format = format
        """`PyTorch`, `ONNX`, `Keras`, `darknet`, ..."""
        self.name = name
        self.source = source
        """The text that it was read from, where people write that themselves."""
        self.reopen = reopen
        """Reads the same network from a changed text; repairs are tried so."""
        self.parameters = parameters or {}
        """What `--set` changes, with the file's own values; `read` is given the changes, too."""
        self.channels_last = channels_last
        """Whether its own arrays have their channels last."""
        self.takes_examples = takes_examples
        """Whether it is read by running it, so that example tensors are an input of it."""
        self._read = read
        self.asked: Any = None
        """The input that its graph was last asked for."""
        self._chosen: tuple[tuple[str, Any], ...] = ()
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
        key = (tuple(input.items()) if isinstance(input, Mapping) else input, self._chosen)
        if key not in self._readings:
            more = (dict(self._chosen),) if self.parameters else ()
            try:
                self._readings[key] = self._read(input, *more)
            except SpecError as error:
                raise self._shown(error) from None
        return self._readings[key]

    def _shown(self, error: SpecError) -> SpecError:
        """The same with the lines of the text that are meant."""
        source = self.source
        if source is None:
            return error
        return SpecError(
            [
                one._replace(excerpt=source.line(one.place.line))
                if one.place is not None and one.excerpt is None and one.place.file == source.label
                else one
                for one in error.diagnostics
            ]
        )

    def graph(
        self,
        changes: Mapping[str, Any] | None = None,
        input: Shape | Mapping[str, Shape] | None = None,
    ) -> Graph:
        """Its graph for an input; `changes` of its parameters stay until others are asked for.

        Raises:
            UsageError: a change of a parameter that it does not have.
            SpecError: as `reading`.
        """
        self._choose_parameters(changes or {})
        self.asked = input
        return self.reading(input).graph

    def elaborate(
        self,
        changes: Mapping[str, Any] | None = None,
        input: Shape | Mapping[str, Shape] | None = None,
    ) -> Elaboration:
        """Its graph for an input, as the graph of an architecture file is told."""
        return Elaboration(self.graph(changes, input), self.reading(input).notes)

    def origins(self, input: Shape | Mapping[str, Shape] | None = None) -> Sequence[Origin]:
        """Where each node of the graph comes from."""
        return self.reading(input).origins

    def _choose_parameters(self, changes: Mapping[str, Any]) -> None:
        for name in changes:
            if name in self.parameters:
                continue
            if self.parameters:
                close = nearest(name, self.parameters)
                known = ", ".join(self.parameters)
                raise UsageError(
                    f"{self.label} has no parameter `{name}`",
                    f"did you mean `{close}`?" if close else f"its parameters: {known}",
                )
            raise UsageError(
                f"{self.label} has no parameter `{name}`",
                f"`--set` changes architecture files; `cnncalc convert {self.label} -o net.yaml` "
                "makes one",
            )
        self._chosen = tuple(sorted(changes.items()))


def from_graph(graph: Graph, label: str) -> Imported:
    """A network of which only the graph is left, as in a report that was pickled."""
    count = len(graph.nodes)
    reading = Reading(graph, (Origin(),) * count, ({},) * count)

    def read(input: Any) -> Reading:
        given = dict(input) if isinstance(input, Mapping) else {next(iter(shapes)): input}
        if input is not None and any(shapes.get(name) != given[name] for name in given):
            raise UsageError(
                f"{label} is a report without its network, and has no other input",
                "analyze the network again",
            )
        return reading

    shapes = graph.input_shapes
    return Imported(label, "report", graph.name, read)


__all__ = ["Imported", "Origin", "Reading", "Result", "from_graph"]
