"""What a rule is: one class with its name, its reasons, its two examples and its check."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from cnncalc.analysis.receptive_field import Field, receptive_fields
from cnncalc.diagnostics import Diagnostic, Fix, Place, Severity
from cnncalc.graph import Graph, Node
from cnncalc.spec.elaborate import Elaboration, option_node
from cnncalc.spec.load import Network


class Subject:
    """A network under examination: its graph, and the file it was written in."""

    def __init__(self, network: Network, elaboration: Elaboration) -> None:
        assert elaboration.graph is not None
        self.network = network
        self.graph: Graph = elaboration.graph
        self.forms = elaboration.forms

    @cached_property
    def fields(self) -> list[Field]:
        """Receptive fields of all nodes."""
        return receptive_fields(self.graph)

    def place(self, index: int, option: str | None = None) -> Place | None:
        """Where a layer, or one of its options, is written."""
        form = self.forms[index]
        if form is None:
            return None
        node = option_node(form, option)
        return form.source.place(node) if node is not None else form.place

    def excerpt(self, place: Place | None) -> str | None:
        """The source line of a place."""
        if place is None or place.file not in self.network.sources:
            return None
        return self.network.sources[place.file].line(place.line)


class Rule:
    """A rule; the class attributes are its documentation."""

    name: ClassVar[str]
    severity: ClassVar[Severity]
    summary: ClassVar[str]
    """What it finds, in one line."""
    why: ClassVar[str]
    """Why it matters, with the source."""
    fails: ClassVar[str]
    """An architecture file in which it finds something."""
    passes: ClassVar[str]
    """The same file, mended."""

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        raise NotImplementedError

    def finding(
        self,
        subject: Subject,
        index: int,
        message: str,
        *,
        option: str | None = None,
        severity: Severity | None = None,
        hint: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> Diagnostic:
        """A finding about a layer."""
        node: Node = subject.graph.nodes[index]
        place = subject.place(index, option)
        return Diagnostic(
            self.name,
            severity or self.severity,
            message,
            place,
            node.name,
            hint,
            subject.excerpt(place),
            fixes,
            node.use.chain() if node.use else (),
        )
