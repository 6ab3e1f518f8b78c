"""What the last layers see of the input."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.receptive_field import Field, last_feature_map
from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Graph
from cnncalc.layers.options import axes_brief
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import NOTHING_NEAR, Rule, RuleContext, Violation, listed


class ReceptiveFieldTooSmall(Rule):
    """The last feature map does not see the whole input."""

    name = "receptive-field-too-small"
    severity = "note"
    summary = "no unit of the last feature map sees the whole input"
    why = (
        "What lies outside the window of a unit cannot change it, whatever the weights. In "
        "VGG-16 a unit of the last pool sees 212 of 224 pixels (Araujo et al. 2019, *Computing "
        "Receptive Fields of Convolutional Neural Networks*, Distill), and its fully connected "
        "layers bring the parts together. Told where nothing does: where the last map is pooled "
        "over all its positions, so that the answer is an average of answers about parts."
    )
    fails = """\
input: [3, 64, 64]
layers:
  - conv: {filters: 16, kernel: 3}
  - relu
  - max_pool: 2
  - global_avg_pool
"""
    passes = """\
input: [3, 8, 8]
layers:
  - conv: {filters: 16, kernel: 3}
  - relu
  - conv: {filters: 16, kernel: 3}
  - relu
  - conv: {filters: 16, kernel: 5, padding: 2}
  - relu
  - global_avg_pool
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        told: dict[int, list[str]] = {}
        for source, fields in enumerate(subject.fields_by_input):
            found = self._seen(subject.graph, source, fields)
            if found is not None:
                told.setdefault(found[0], []).append(found[1])
        for index, parts in told.items():
            message = f"a unit of the last feature map sees {listed(parts)}"
            yield from self.findings(subject, [(Violation(message), [index])])

    def _seen(self, graph: Graph, source: int, fields: list[Field]) -> tuple[int, str] | None:
        """The last layer before a pool that sees too little of an input, and how much it sees."""
        sizes = graph.nodes[source].facts.output[1:]
        field = last_feature_map(graph, fields)
        if field is None or not any(s < size for s, size in zip(field.size, sizes, strict=True)):
            return None
        index = next(
            i
            for i in range(len(graph.nodes) - 1, -1, -1)
            if graph.nodes[i].facts.output[1:] and describes(fields[i], field.size)
        )
        if index in graph.inputs or not _pooled(graph, fields, index):
            return None
        seen = f"{axes_brief(field.size)} of {axes_brief(sizes)} pixels"
        return index, seen + of_input(graph, source)


def of_input(graph: Graph, source: int) -> str:
    """Which input is spoken of, where there are several."""
    return f" of `{graph.nodes[source].name}`" if len(graph.inputs) > 1 else ""


def _pooled(graph: Graph, fields: list[Field], index: int) -> bool:
    """Whether a pool over all positions is the first to see the whole map of a node."""
    nodes = graph.nodes
    for later in range(index + 1, len(nodes)):
        if fields[later] is None:
            sizes = nodes[later].facts.output[1:]
            return nodes[later].kind.resamples and set(sizes) == {1}
    return False


def describes(field: Field, size: tuple[int, ...]) -> bool:
    """Whether a node's window has the given size."""
    return field is not None and tuple([window.size for window in field]) == size


class UnproductiveLayer(Rule):
    """Kernels that see mostly padding."""

    name = "unproductive-layer"
    severity = "note"
    summary = "the receptive field already exceeds the input: kernels see mostly padding"
    why = (
        "A layer whose input sees the whole image already can add no context (Richter et al. "
        "2021, *(Input) Size Matters for CNN Classifiers*, who call such layers unproductive). "
        "Told once for a network, at the first layer whose window covers more padding than "
        "image on every axis."
    )
    fails = """\
input: [3, 4, 4]
layers:
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
"""
    passes = """\
input: [3, 16, 16]
layers:
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, padding: 1}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        told: set[int] = set()
        for source, fields in enumerate(subject.fields_by_input):
            yield from self._check(subject, source, fields, told)

    def _check(
        self, subject: RuleContext, source: int, fields: list[Field], told: set[int]
    ) -> Iterator[Diagnostic]:
        """What is seen of one input; each layer is told once."""
        graph = subject.graph
        sizes = graph.nodes[source].facts.output[1:]
        found: list[int] = []
        if not sizes or max(sizes) == 1:
            return
        limits = [2 * size for size in sizes]
        for kind, group in subject.of(Sliding):
            if max(kind.kernel) == 1:
                continue
            for index in group:
                field = fields[index]
                if field is None:
                    continue
                before = fields[graph.nodes[index].inputs[0]]
                if before is None:
                    continue
                for axis, limit in enumerate(limits):
                    if field[axis].size <= limit or before[axis].size < sizes[axis]:
                        break
                else:
                    found.append(index)
        if not found or min(found) in told:
            return
        first = min(found)
        told.add(first)
        field = fields[first]
        assert field is not None
        size = axes_brief(tuple([window.size for window in field]))
        more = len(found) - 1
        tail = f", and so do {more} later layers" if more > 1 else ""
        tail = ", and so does a later layer" if more == 1 else tail
        message = (
            f"its window of {size} pixels on an input of {axes_brief(sizes)} covers mostly "
            f"padding{of_input(graph, source)}{tail}"
        )
        yield from self.findings(subject, [(Violation(message), [first])])


class InputNotDivisible(Rule):
    """The input's size is no multiple of the network's total stride."""

    name = "input-not-divisible"
    severity = "note"
    summary = "the input's size is no multiple of the network's total stride"
    why = (
        "A network that halves its input five times has a total stride of 32. Where 32 does not "
        "divide the size, sizes are rounded on the way: the last row of units hangs over the "
        "edge or falls short of it (CS231n course notes: *the input layer should be divisible by "
        "2 many times*). Told where each layer keeps or divides its size; networks whose "
        "kernels shrink their maps, such as AlexNet on 227, follow another arithmetic, and where "
        "every kernel's stride comes out even nothing is rounded: no finding."
    )
    fails = """\
input: [3, 30, 30]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
  - relu
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        for source, fields in enumerate(subject.fields_by_input):
            yield from self._check(subject, source, fields)

    def _check(
        self, subject: RuleContext, source: int, fields: list[Field]
    ) -> Iterator[Diagnostic]:
        """What the strides make of one input."""
        sizes = subject.graph.nodes[source].facts.output[1:]
        strides = [
            (totals, index)
            for kind, group in subject.of(Sliding)
            if max(kind.stride) > 1
            for index in (group if len(subject.graph.inputs) > 1 else group[:1])
            if (totals := self._total(subject.graph, fields[index], index, len(sizes))) is not None
        ]
        # the largest stride on the way to the answer; heads beside it have their own arithmetic
        trunk: frozenset[int] | None = None
        for totals, index in sorted(strides, key=lambda found: -max(found[0])):
            if not any(size % total for size, total in zip(sizes, totals, strict=True)):
                return
            if trunk is None:
                trunk = subject.graph.ancestors(len(subject.graph.nodes) - 1)
            if index in trunk:
                if not _tiles(subject, index):
                    yield from self._judge(subject, source, index, totals)
                return

    def _total(self, graph: Graph, field: Field, index: int, axes: int) -> tuple[int, ...] | None:
        """The distance of a strided node's units in pixels on each axis."""
        if field is None or len(field) != axes or max(graph.nodes[index].facts.output[1:]) == 1:
            return None
        strides = [window.stride for window in field]
        if any(stride is None or stride[1] != 1 or stride[0] == 0 for stride in strides):
            return None
        return tuple([stride[0] for stride in strides if stride is not None])

    def _judge(
        self, subject: RuleContext, source: int, index: int, totals: tuple[int, ...]
    ) -> Iterator[Diagnostic]:
        outputs = subject.graph.nodes[index].facts.output[1:]
        uneven = []
        sizes = subject.graph.nodes[source].facts.output[1:]
        for axis, (size, total, output) in enumerate(zip(sizes, totals, outputs, strict=True), 1):
            if output not in (size // total, -(-size // total)):
                return
            if size % total:
                uneven.append((axis, size, total))
        _, size, total = uneven[0]
        message = (
            f"{size} is no multiple of the network's total stride {total}: "
            f"{size} / {total} = {size / total:.4g}"
        )
        hint = self._hint(subject, source, uneven) if subject.offers else None
        yield self.finding(subject, (source,), Violation(message, hint=hint))

    def _hint(self, subject: RuleContext, source: int, uneven: list[tuple[int, int, int]]) -> str:
        """The multiples below and above, each tried on the whole network."""
        found = []
        for step in (0, 1):
            shape = list(subject.graph.nodes[source].facts.output)
            for axis, size, total in uneven:
                shape[axis] = (size // total + step) * total
            if min(shape) > 0 and subject.trials.input(self.name, source, tuple(shape)):
                found.append(axes_brief(tuple(shape[1:])))
        return f"{' or '.join(found)} would divide" if found else NOTHING_NEAR


def _tiles(subject: RuleContext, index: int) -> bool:
    """Whether every kernel on the way to a node comes out even: nothing is rounded."""
    nodes = subject.graph.nodes
    way = subject.graph.ancestors(index)
    return not any([axis.remainder for node in way for axis in nodes[node].facts.slides])
