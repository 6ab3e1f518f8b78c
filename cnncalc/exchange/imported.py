"""A network that was read from a framework's format: its graph, and where each layer came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.reading.result import Origin, Reading, Result
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.shapes import Shape


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


__all__ = ["Imported", "Origin", "Reading", "Result"]
