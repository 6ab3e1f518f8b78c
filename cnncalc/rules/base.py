"""What a rule is: one class with its name, its reasons, its two examples and its check.

Layers with the same options on the same input shape share one `Facts` object, so a rule that
looks at single layers judges each such group once, however often a network repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar

from cnncalc.analysis.receptive_field import Field, receptive_fields
from cnncalc.diagnostics import Diagnostic, Fix, Place, Severity
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.places import option_node
from cnncalc.language.load import Network
from cnncalc.layers.base import Facts, Kind
from cnncalc.layers.sliding import slides
from cnncalc.records import Record
from cnncalc.shapes import Shape, Slide

WINDOWED = frozenset(
    [
        "conv",
        "depthwise_conv",
        "separable_conv",
        "locally_connected",
        "max_pool",
        "avg_pool",
        "lp_pool",
    ]
)
"""Kinds whose kernel slides over their input."""

AXES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}
"""What one unit of each spatial axis is called."""


class Limits(Record):
    """What the caller lets a network cost; `None`: anything."""

    params: int | None = None
    macs: int | None = None
    memory: int | None = None
    batch: int = 1
    width: int = 4
    """Bytes a value."""


class Subject:
    """A network under examination: its graph, and the file it was written in."""

    def __init__(
        self,
        network: Network,
        elaboration: Elaboration,
        fields: list[Field] | None = None,
        limits: Limits = Limits(),
    ) -> None:
        assert elaboration.graph is not None
        self.network = network
        self.graph: Graph = elaboration.graph
        self.forms = elaboration.forms
        self.limits = limits
        if fields is not None:
            self.fields = fields

    @cached_property
    def fields(self) -> list[Field]:
        """Receptive fields of all nodes."""
        return receptive_fields(self.graph)

    @cached_property
    def groups(self) -> list[list[int]]:
        """The nodes by kind, options and input shapes; the input is left out."""
        found: dict[int, list[int]] = {}
        for index, node in enumerate(self.graph.nodes):
            key = id(node.facts)
            if key in found:
                found[key].append(index)
            else:
                found[key] = [index]
        return list(found.values())[1:]

    @cached_property
    def by_kind(self) -> Mapping[str, list[list[int]]]:
        """Groups by the name of their kind."""
        found: dict[str, list[list[int]]] = {}
        nodes = self.graph.nodes
        for group in self.groups:
            found.setdefault(nodes[group[0]].kind.name, []).append(group)
        return found

    def of(self, kinds: Iterable[str]) -> Iterator[list[int]]:
        """Groups of the given kinds."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    @cached_property
    def uses(self) -> list[int]:
        """For each node how many layers take its output; being wanted counts as a use."""
        counts = [0] * len(self.graph.nodes)
        for node in self.graph.nodes:
            for taken in node.inputs:
                counts[taken] += 1
        for index in self.graph.outputs:
            counts[index] += 1
        return counts

    @cached_property
    def consumers(self) -> list[list[int]]:
        """For each node the nodes that take its output."""
        found: list[list[int]] = [[] for _ in self.graph.nodes]
        for index, node in enumerate(self.graph.nodes):
            for taken in node.inputs:
                found[taken].append(index)
        return found

    @cached_property
    def _axes(self) -> dict[int, tuple[Slide, ...]]:
        return {}

    def axes(self, index: int) -> tuple[Slide, ...]:
        """The kernel of a windowed node on each axis."""
        node = self.graph.nodes[index]
        key = id(node.facts)
        found = self._axes.get(key)
        if found is None:
            found = self._axes[key] = slides(node.kind, self.shape_of_input(index))
        return found

    def shape_of_input(self, index: int) -> Shape:
        """Shape of a node's first input."""
        nodes = self.graph.nodes
        return nodes[nodes[index].inputs[0]].facts.output

    @cached_property
    def instances(self) -> Mapping[int, int]:
        """How many nodes come from each written layer (by the identity of its YAML node)."""
        found: dict[int, int] = {}
        for form in self.forms:
            if form is not None:
                key = id(form.node)
                found[key] = found.get(key, 0) + 1
        return found

    def own(self, form: LayerForm | None) -> bool:
        """Whether a layer stands in the file itself and not in one that it extends."""
        return form is not None and form.source is self.network.source

    def place(self, index: int, option: str | None = None) -> Place | None:
        """Where a layer, or one of its options, is written; that of the input is its key's."""
        form = self.forms[index]
        if form is None:
            entry = self.network.keys.get("input")
            return entry[0].place(entry[2]) if entry else None
        node = option_node(form, option)
        return form.source.place(node) if node is not None else form.place

    def excerpt(self, place: Place | None) -> str | None:
        """The source line of a place."""
        if place is None or place.file not in self.network.sources:
            return None
        return self.network.sources[place.file].line(place.line)


class Repair(Record):
    """Options of one layer to write anew."""

    description: str
    options: Mapping[str, str] = {}
    """Text by option; an empty text takes the option away."""
    safe: bool = False


class Verdict(Record):
    """What a rule says of a layer."""

    message: str
    option: str | None = None
    severity: Severity | None = None
    hint: str | None = None
    repairs: tuple[Repair, ...] = ()


class Rule:
    """A rule; the class attributes are its documentation."""

    name: ClassVar[str]
    severity: ClassVar[Severity]
    summary: ClassVar[str]
    """What it finds, in one line."""
    why: ClassVar[str]
    """Why it matters, with the source."""
    repair: ClassVar[str] = ""
    """What `--fix` does about it; empty where nothing."""
    fails: ClassVar[str]
    """An architecture file in which it finds something."""
    passes: ClassVar[str]
    """The same file, mended."""

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        raise NotImplementedError

    def findings(
        self, subject: Subject, judged: Iterable[tuple[Verdict, list[int]]]
    ) -> Iterator[Diagnostic]:
        """A finding for each written layer among the judged nodes, with the count of its uses.

        Repairs are offered where they stand in the file itself and every use of the written
        layer has the finding: what is right elsewhere is not to be changed.
        """
        written: dict[int, tuple[Verdict, int, int]] = {}
        forms = subject.forms
        for verdict, indices in judged:
            for index in indices:
                form = forms[index]
                key = id(form.node) if form is not None else 0
                known = written.get(key)
                if known is None:
                    written[key] = (verdict, index, 1)
                else:
                    first = known[0]
                    if first.repairs and first.repairs != verdict.repairs:
                        first = first._replace(repairs=_common(first.repairs, verdict.repairs))
                    written[key] = (first, known[1], known[2] + 1)
        for key, (verdict, index, times) in written.items():
            whole = key == 0 or times == subject.instances[key]
            yield self.finding(subject, index, verdict, times, whole)

    def finding(
        self,
        subject: Subject,
        index: int,
        verdict: Verdict,
        times: int = 1,
        mendable: bool = True,
    ) -> Diagnostic:
        """A finding about a node."""
        from cnncalc.rules.edits import set_options

        node = subject.graph.nodes[index]
        place = subject.place(index, verdict.option)
        form = subject.forms[index]
        mendable = mendable and subject.own(form)
        fixes = tuple(
            [
                Fix(
                    repair.description,
                    repair.safe,
                    set_options(form, repair.options)
                    if mendable and form is not None and repair.options
                    else (),
                )
                for repair in verdict.repairs
            ]
        )
        return Diagnostic(
            self.name,
            verdict.severity or self.severity,
            verdict.message,
            place,
            node.name,
            verdict.hint,
            subject.excerpt(place),
            fixes,
            node.use.chain() if node.use else (),
            times,
        )


class LayerRule(Rule):
    """A rule that looks at one layer at a time: its options on its input's shape."""

    kinds: ClassVar[Iterable[str]]

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        judged = []
        for group in subject.of(self.kinds):
            node = nodes[group[0]]
            verdict = self.judge(subject, group[0], node.kind, node.facts)
            if verdict is not None:
                judged.append((verdict, group))
        if judged:
            yield from self.findings(subject, judged)

    def judge(self, subject: Subject, index: int, kind: Kind, facts: Facts) -> Verdict | None:
        """What is to be said of a node; the same holds for all with these facts."""
        raise NotImplementedError


def _common(first: tuple[Repair, ...], second: tuple[Repair, ...]) -> tuple[Repair, ...]:
    """The repairs that both would make."""
    return tuple(repair for repair in first if repair in second)


def listed(words: list[str]) -> str:
    """Words as a sentence lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
