"""What the last layers see of the input."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.receptive_field import last_feature_map
from cnncalc.diagnostics import Diagnostic
from cnncalc.layers.options import axes_brief
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import Rule, Subject, Verdict


class ReceptiveFieldTooSmall(Rule):
    """The last feature map does not see the whole input."""

    name = "receptive-field-too-small"
    severity = "note"
    summary = "no unit of the last feature map sees the whole input"
    why = (
        "What lies outside the window of a unit cannot change it, whatever the weights. In "
        "VGG-16 a unit of the last pool sees 212 of 224 pixels (Araujo et al. 2019, *Computing "
        "Receptive Fields of Convolutional Neural Networks*, Distill). The layers behind may "
        "still bring the parts together, as fully connected layers do."
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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        graph = subject.graph
        sizes = graph.input_shape[1:]
        field = last_feature_map(graph, subject.fields)
        if field is None or not any(s < size for s, size in zip(field.size, sizes, strict=True)):
            return
        index = next(
            i
            for i in range(len(graph.nodes) - 1, -1, -1)
            if subject.fields[i] is not None
            and graph.nodes[i].facts.output[1:]
            and describes(subject, i, field.size)
        )
        if index == 0:
            return
        message = (
            f"a unit of the last feature map sees {axes_brief(field.size)} of "
            f"{axes_brief(sizes)} pixels"
        )
        yield from self.findings(subject, [(Verdict(message), [index])])


def describes(subject: Subject, index: int, size: tuple[int, ...]) -> bool:
    """Whether a node's window has the given size."""
    field = subject.fields[index]
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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        graph = subject.graph
        sizes = graph.input_shape[1:]
        found: list[int] = []
        if not sizes or max(sizes) == 1:
            return
        limits = [2 * size for size in sizes]
        for kind, group in subject.of(Sliding):
            if max(kind.kernel) == 1:
                continue
            for index in group:
                field = subject.fields[index]
                if field is None:
                    continue
                before = subject.fields[graph.nodes[index].inputs[0]]
                if before is None:
                    continue
                for axis, limit in enumerate(limits):
                    if field[axis].size <= limit or before[axis].size < sizes[axis]:
                        break
                else:
                    found.append(index)
        if not found:
            return
        first = min(found)
        field = subject.fields[first]
        assert field is not None
        size = axes_brief(tuple([window.size for window in field]))
        more = len(found) - 1
        tail = f", and so do {more} later layers" if more > 1 else ""
        tail = ", and so does a later layer" if more == 1 else tail
        message = (
            f"its window of {size} pixels on an input of {axes_brief(sizes)} covers mostly "
            f"padding{tail}"
        )
        yield from self.findings(subject, [(Verdict(message), [first])])


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
        "kernels shrink their maps, such as AlexNet on 227, follow another arithmetic."
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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        sizes = subject.graph.input_shape[1:]
        strides = [
            (totals, index)
            for kind, group in subject.of(Sliding)
            if max(kind.stride) > 1
            and (totals := self._total(subject, index := group[0])) is not None
        ]
        # the largest stride on the way to the answer; heads beside it have their own arithmetic
        trunk: set[int] | None = None
        for totals, index in sorted(strides, key=lambda found: -max(found[0])):
            if not any(size % total for size, total in zip(sizes, totals, strict=True)):
                return
            if trunk is None:
                trunk = _ancestors(subject)
            if index in trunk:
                yield from self._judge(subject, index, totals)
                return

    def _total(self, subject: Subject, index: int) -> tuple[int, ...] | None:
        """The distance of a strided node's units in pixels on each axis."""
        node = subject.graph.nodes[index]
        field = subject.fields[index]
        if field is None:
            return None
        if max(node.facts.output[1:]) == 1 or len(field) != len(subject.graph.input_shape) - 1:
            return None
        strides = [window.stride for window in field]
        if any(stride is None or stride[1] != 1 or stride[0] == 0 for stride in strides):
            return None
        return tuple([stride[0] for stride in strides if stride is not None])

    def _judge(self, subject: Subject, index: int, totals: tuple[int, ...]) -> Iterator[Diagnostic]:
        outputs = subject.graph.nodes[index].facts.output[1:]
        uneven = []
        for size, total, output in zip(subject.graph.input_shape[1:], totals, outputs, strict=True):
            if output not in (size // total, -(-size // total)):
                return
            if size % total:
                uneven.append((size, total))
        size, total = uneven[0]
        below = size // total * total
        near = f"{below} or {below + total}" if below else str(total)
        message = (
            f"{size} is no multiple of the network's total stride {total}: "
            f"{size} / {total} = {size / total:.4g}"
        )
        yield self.finding(subject, (0,), Verdict(message, hint=f"{near} would divide"))


def _ancestors(subject: Subject) -> set[int]:
    """The nodes on the way to the last one."""
    nodes = subject.graph.nodes
    found: set[int] = set()
    waiting = [len(nodes) - 1]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting.extend(nodes[index].inputs)
    return found
