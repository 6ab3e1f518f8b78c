"""What a rule is: one class with its name, its reasons, its two examples and its check.

Layers with the same options on the same input shape share one `Facts` object, so a rule that
looks at single layers judges each such group once, however often a network repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar, cast

from cnncalc.analysis.receptive_field import Field, fields_by_input
from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place, Severity
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import LoneBranch, StaleChannels
from cnncalc.language.forms.document import Entry
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.inputs import written_inputs
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers.base import Facts, Kind
from cnncalc.layers.options import axes_brief
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.rules.fix_testing import Fits, FixTester
    from cnncalc.spans import SourceSpan

K = TypeVar("K", bound=Kind)

AXES = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}
"""What one unit of each spatial axis is called."""


class Limits(NamedTuple):
    """What the caller lets a network cost; `None`: anything."""

    params: int | None = None
    macs: int | None = None
    memory: int | None = None
    training_memory: int | None = None
    batch: int = 1
    width: int = 4
    """Bytes a value."""
    flops: int | None = None


class WrittenFile(NamedTuple):
    """The file that a network was written in."""

    network: Network
    forms: tuple[LayerForm | None, ...]
    """For each node what is written of it; `None` for an input."""
    moved: tuple[StaleChannels, ...] = ()
    """Conditions on channels that have just changed."""
    lone: tuple[LoneBranch, ...] = ()
    """Merges that are written with one branch."""


class Foreign(NamedTuple):
    """The user's own file in another format that a network was read from."""

    spans: tuple[SourceSpan | None, ...]
    """For each node where it is written."""
    sources: Mapping[str, Source]
    """The texts by the name that places give them."""
    notes: tuple[Diagnostic, ...] = ()
    """What its reader found that is no mistake of a layer."""


class RuleContext:
    """A network under examination: its graph, and the file it was written in if there is one.

    A network that was read from another format has places and edits in that file where its
    reader knows them; else its findings have the names of layers in place of lines.
    """

    def __init__(
        self,
        graph: Graph,
        written: WrittenFile | None = None,
        fields: list[list[Field]] | None = None,
        limits: Limits = Limits(),
        offers: bool = True,
        foreign: Foreign | None = None,
    ) -> None:
        self.graph = graph
        self.written = written
        self.foreign = foreign
        self.limits = limits
        self.offers = offers
        """Whether repairs are wanted: they cost time, for each of them is tried."""
        self.tester: Callable[[], FixTester]
        """Makes what tries changes; `checks.check` gives it, which knows all rules."""
        if fields is not None:
            self.fields_by_input = fields

    @cached_property
    def trials(self) -> FixTester:
        """Tries changes of the network."""
        return self.tester()

    @cached_property
    def fields_by_input(self) -> list[list[Field]]:
        """For each input of the network the receptive fields of all nodes."""
        return fields_by_input(self.graph)

    @cached_property
    def groups(self) -> list[list[int]]:
        """The nodes by kind, options and input shapes; inputs are left out."""
        found: dict[int, list[int]] = {}
        for index, node in enumerate(self.graph.nodes):
            if not node.inputs:
                continue
            found.setdefault(id(node.facts), []).append(index)
        return list(found.values())

    @cached_property
    def by_class(self) -> Mapping[type[Kind], list[list[int]]]:
        """Groups by the class of their kind."""
        found: dict[type[Kind], list[list[int]]] = {}
        nodes = self.graph.nodes
        for group in self.groups:
            found.setdefault(type(nodes[group[0]].kind), []).append(group)
        return found

    def of(self, kinds: type[K]) -> Iterator[tuple[K, list[int]]]:
        """Groups of the kinds of a class, each with the first one's kind."""
        nodes = self.graph.nodes
        for found, groups in self.by_class.items():
            if issubclass(found, kinds):
                for group in groups:
                    yield cast(K, nodes[group[0]].kind), group

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

    def shape_of_input(self, index: int) -> Shape:
        """Shape of a node's first input."""
        nodes = self.graph.nodes
        return nodes[nodes[index].inputs[0]].facts.output

    def form(self, index: int) -> LayerForm | None:
        """What is written of a node."""
        return self.written.forms[index] if self.written is not None else None

    def span(self, index: int) -> SourceSpan | None:
        """Where a node is written in a file of another format."""
        return self.foreign.spans[index] if self.foreign is not None else None

    def statement(self, index: int) -> object:
        """What identifies the written layer that a node comes from; `None` where none is known."""
        form = self.form(index)
        if form is not None:
            return id(form.node)
        span = self.span(index)
        # a statement of another format may make layers of several kinds
        return None if span is None else (span.place, type(self.graph.nodes[index].kind))

    @cached_property
    def instances(self) -> Mapping[object, list[int]]:
        """The nodes that come from each written layer."""
        found: dict[object, list[int]] = {}
        for index in range(len(self.graph.nodes)):
            key = self.statement(index)
            if key is not None:
                found.setdefault(key, []).append(index)
        return found

    def uses_of(self, index: int) -> list[int]:
        """The nodes that come from the written layer of a node."""
        return self.instances.get(self.statement(index), [])

    def edits(self, index: int, options: Mapping[str, str]) -> tuple[Edit, ...]:
        """Edits of the file itself that give the written layer of a node other options."""
        form = self.form(index)
        if form is not None:
            if not self.own(form):
                return ()
            from cnncalc.rules.edits import set_options

            return set_options(form, options)
        span = self.span(index)
        return () if span is None else span.edits(options)

    def chain(self, index: int) -> tuple[Place, ...]:
        """Where the blocks or functions around a node are used, innermost first."""
        node, span = self.graph.nodes[index], self.span(index)
        if span is not None:
            return span.used
        return node.use.chain() if node.use else ()

    def own(self, form: LayerForm | None) -> bool:
        """Whether a layer stands in the file itself and not in one that it extends."""
        written = self.written
        return written is not None and form is not None and form.source is written.network.source

    def place(self, index: int, option: str | None = None) -> Place | None:
        """Where a layer, or one of its options, is written; of an input, where its shape is."""
        form, span = self.form(index), self.span(index)
        if span is not None:
            return span.place_of(option)
        if form is None:
            entry = self._entry("input")
            where = entry and written_inputs(entry[0], entry[2]).get(self.graph.nodes[index].name)
            return entry and entry[0].place(where or entry[2])
        node = form.given.get(option or "")
        return form.source.place(node) if node is not None else form.place

    def place_of_key(self, key: str) -> Place | None:
        """Where a key of the file is written."""
        entry = self._entry(key)
        return entry and entry[0].place(entry[1])

    def _entry(self, key: str) -> Entry | None:
        return self.written.network.keys.get(key) if self.written is not None else None

    def excerpt(self, place: Place | None) -> str | None:
        """The source line of a place."""
        if place is None:
            return None
        sources: Mapping[str, Source] = {}
        if self.written is not None:
            sources = self.written.network.sources
        elif self.foreign is not None:
            sources = self.foreign.sources
        source = sources.get(place.file)
        return None if source is None else source.line(place.line)


class Repair(NamedTuple):
    """Options of one layer to write anew."""

    description: str
    options: Mapping[str, str]
    """Text by option; an empty text takes the option away."""
    safe: bool = False


class Violation(NamedTuple):
    """What a rule says of a layer."""

    message: str
    option: str | None = None
    severity: Severity | None = None
    hint: str | None = None
    repairs: tuple[Repair, ...] = ()
    fits: Fits | None = None
    """What another input of the network must make of the layer to be offered."""


NOTHING_NEAR = "none of the near changes that were tried would help without breaking something else"


class Rule:
    """A rule; the class attributes are its documentation."""

    name: str
    severity: Severity
    summary: str
    """What it finds, in one line."""
    why: str
    """Why it matters, with the source."""
    repair: str = ""
    """What `--fix` does about it; empty where nothing."""
    fails: str
    """An architecture file in which it finds something."""
    passes: str
    """The same file, mended."""
    language: str = "yaml"
    """What the examples are written in: `yaml`, or `python` of a module with a class `Net`."""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        raise NotImplementedError

    def findings(
        self, subject: RuleContext, judged: Iterable[tuple[Violation, list[int]]]
    ) -> Iterator[Diagnostic]:
        """A finding for each written layer among the judged nodes, with the count of its uses.

        Without a file, one for each message. An edit is offered only if the layer is written in
        the file itself and every use of the layer has the finding.
        """
        alone = not subject.offers  # each by itself: nobody reads them
        written: dict[object, tuple[Violation, list[int]]] = {}
        for verdict, indices in judged:
            for index in indices:
                key = subject.statement(index)
                if key is None:
                    key = verdict.message if not alone else index
                known = written.get(key)
                if known is None:
                    written[key] = (verdict, [index])
                    continue
                first, uses = known
                if first.repairs and first.repairs != verdict.repairs:
                    first = first._replace(repairs=_common(first.repairs, verdict.repairs))
                    written[key] = (first, uses)
                uses.append(index)
        for verdict, uses in written.values():
            whole = len(uses) == len(subject.uses_of(uses[0]))
            yield self.finding(subject, uses, verdict, whole)

    def finding(
        self, subject: RuleContext, uses: Sequence[int], verdict: Violation, mendable: bool = True
    ) -> Diagnostic:
        """A finding about a node and others like it."""
        node = subject.graph.nodes[uses[0]]
        place = subject.place(uses[0], verdict.option)
        fixes: tuple[Fix, ...] = ()
        hint = verdict.hint
        if subject.offers and (verdict.repairs or verdict.fits):
            fixes = self._fixes(subject, uses, verdict, mendable)
            hint = hint or (None if fixes else NOTHING_NEAR)
        return Diagnostic(
            self.name,
            verdict.severity or self.severity,
            verdict.message,
            place,
            node.name,
            hint,
            subject.excerpt(place),
            fixes,
            subject.chain(uses[0]),
            len(uses),
        )

    def _fixes(
        self, subject: RuleContext, uses: Sequence[int], verdict: Violation, mendable: bool
    ) -> tuple[Fix, ...]:
        """The repairs: with edits where they can be written, else those that helped when tried.

        What can be written is tried as it is written, by whoever knows the text.
        """
        alike = subject.uses_of(uses[0])
        fixes = []
        for repair in verdict.repairs:
            edits = subject.edits(uses[0], repair.options) if mendable else ()
            tried = edits and subject.foreign is None  # by whoever knows the text
            if tried or subject.trials.options(self.name, uses, alike or uses, repair.options):
                fixes.append(Fix(repair.description, repair.safe, edits))
        if verdict.fits is not None:
            nodes = subject.graph.nodes
            own = nodes[uses[0]].inputs[0] in subject.graph.inputs
            for other in subject.trials.inputs(self.name, uses, verdict.fits):
                size, output = (axes_brief(n.facts.output[1:]) for n in (other[0], other[uses[0]]))
                words = f"{'an' if own else 'a network'} input of {size} tiles: output {output}"
                fixes.append(Fix(words))
        return tuple(fixes)


class LayerRule(Rule, Generic[K]):
    """A rule that looks at one layer at a time: its options on its input's shape."""

    kinds: ClassVar[type[Kind]]
    """The class of the kinds it looks at."""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        judged = []
        for kind, group in subject.of(self.kinds):
            verdict = self.judge(subject, group[0], cast(K, kind), nodes[group[0]].facts)
            if verdict is not None:
                judged.append((verdict, group))
        if judged:
            yield from self.findings(subject, judged)

    def judge(self, subject: RuleContext, index: int, kind: K, facts: Facts) -> Violation | None:
        """What is to be said of a node; the same holds for all with these facts."""
        raise NotImplementedError


def _common(first: tuple[Repair, ...], second: tuple[Repair, ...]) -> tuple[Repair, ...]:
    """The repairs that both would make."""
    return tuple(repair for repair in first if repair in second)


def listed(words: list[str]) -> str:
    """Words as a sentence lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
