"""Transposed convolutions that reach their outputs unevenly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.graph import Graph
from cnncalc.layers.base import Facts
from cnncalc.layers.conv import ConvTranspose
from cnncalc.layers.options import axes_brief
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import LayerRule, Repair, Rule, RuleContext, Violation, listed
from cnncalc.shapes import TransposedSlide, transposed_size


class Checkerboard(LayerRule[ConvTranspose]):
    """The kernel of a transposed convolution is no multiple of its stride."""

    name = "checkerboard"
    severity = "warning"
    summary = "a transposed kernel that is no multiple of its stride overlaps unevenly"
    why = (
        "Where the stride does not divide the kernel, some outputs are sums over more inputs "
        "than their neighbours, and the result shows a checkerboard (Odena et al. 2016, "
        "*Deconvolution and Checkerboard Artifacts*, Distill). DCGAN was first published with 5×5 "
        "kernels and stride 2; its later implementations use 4×4. Alternatives: an upsampling "
        "followed by a convolution, or a pixel shuffle."
    )
    repair = "The nearest kernel that is a multiple, padded for the same output (`--unsafe`)."
    fails = """\
input: [128, 16, 16]
layers:
  - conv_transpose: {filters: 64, kernel: 5, stride: 2, padding: 2, output_padding: 1}
"""
    passes = """\
input: [128, 16, 16]
layers:
  - conv_transpose: {filters: 64, kernel: 4, stride: 2, padding: 1}
"""
    kinds = ConvTranspose

    def judge(
        self, subject: RuleContext, index: int, kind: ConvTranspose, facts: Facts
    ) -> Violation | None:
        """What is to be said of a node."""
        kernel, stride, dilation = kind.kernel, kind.stride, kind.dilation
        sizes = subject.shape_of_input(index)[1:]
        for axis, step in enumerate(stride):
            if step == 1 or sizes[axis] == 1:
                continue  # one input makes the output alone: nothing overlaps
            slide = TransposedSlide(sizes[axis], kernel[axis], step, dilation=dilation[axis])
            most, least = slide.most, slide.least
            if least == most:
                continue
            holes = "; the others stay empty" if least == 0 else f", the others {least}"
            message = (
                f"kernel {kernel[axis]} is no multiple of stride {step}: some outputs sum {most} "
                f"input{'s' if most > 1 else ''} on this axis{holes}"
            )
            hint = "or `upsample` and then a convolution"
            return Violation(message, "kernel", hint=hint, repairs=self._repairs(kind, sizes))
        return None

    def _repairs(self, kind: ConvTranspose, sizes: tuple[int, ...]) -> tuple[Repair, ...]:
        kernel, stride, padding, extra = kind.kernel, kind.stride, kind.padding, kind.output_padding
        if isinstance(padding, str) or set(kind.dilation) != {1}:
            return ()
        found = []
        for grow in (False, True):
            kernels, pads = [], []
            for axis, (size, step) in enumerate(zip(kernel, stride, strict=True)):
                multiple = (size + grow * (step - 1)) // step * step if size % step else size
                if multiple == 0:
                    break
                before, after = padding[axis]
                whole = transposed_size(sizes[axis], size, step, before, after, extra[axis], 1)
                total = transposed_size(sizes[axis], multiple, step, 0, 0, 0, 1) - whole
                if total < 0 or total % 2:
                    break
                kernels.append(multiple)
                pads.append(total // 2)
            if len(kernels) < len(kernel):
                continue
            texts = [_text(kernels), _text(pads)]
            found.append(
                Repair(
                    f"kernel {texts[0]} with padding {texts[1]} gives the same output",
                    {"kernel": texts[0], "padding": texts[1], "output_padding": ""}
                    if any(extra)
                    else {"kernel": texts[0], "padding": texts[1]},
                )
            )
        return tuple(found)


class SizeNotRestored(Rule):
    """A decoder that mirrors an encoder, and ends in another size."""

    name = "size-not-restored"
    severity = "note"
    summary = "a decoder undoes every stride of its encoder, and its output has another size"
    why = (
        "A convolution with stride 2 makes 13 units of 25 and of 26, and the transposed "
        "convolution of the same options comes back to 25 only; sizes that were rounded add up, "
        "and a reconstruction cannot be compared with its input. PyTorch's `output_padding` "
        "chooses the size (documentation of `ConvTranspose2d`: *it is used to find the output "
        "shape, and adds no zeros to the output*). Told where it is what restores the input's "
        "size."
    )
    repair = "`output_padding`, where every use of the written layer needs the same (`--unsafe`)."
    fails = """\
input: [1, 28, 28]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
  - relu
  - conv_transpose: {filters: 1, kernel: 3, stride: 2, padding: 1}
"""
    passes = """\
input: [1, 28, 28]
layers:
  - conv: {filters: 8, kernel: 3, stride: 2, padding: 1}
  - relu
  - conv_transpose: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        graph = subject.graph
        nodes, last = graph.nodes, len(graph.nodes) - 1
        wanted = nodes[0].facts.output[1:]
        if len(graph.inputs) > 1 or not wanted or len(nodes[last].facts.output) != len(wanted) + 1:
            return
        if nodes[last].facts.output[1:] == wanted:
            return
        extra = _mirrored(graph)
        if not extra:
            return
        # imported where there is something to say: others do without it
        from cnncalc.rules.fix_testing import rebuilt

        changes = {
            index: nodes[index].kind.changed({"output_padding": more}, len(wanted))
            for index, more in extra.items()
        }
        changed = rebuilt(graph, changes)
        if changed is None or changed.nodes[last].facts.output[1:] != wanted:
            return
        needed = {
            index: more
            for index, more in extra.items()
            if more != getattr(nodes[index].kind, "output_padding", None)
        }
        first = min(needed)
        layers = [
            f"`output_padding: {_text(list(more))}` of `{nodes[index].name}`"
            for index, more in needed.items()
        ]
        size, output = (axes_brief(one) for one in (wanted, nodes[last].facts.output[1:]))
        message = f"an input of {size} comes back as {output}: sizes are rounded on the way down"
        hint = f"{listed(layers)} restore{'s' if len(layers) == 1 else ''} {size}"
        finding = self.finding(subject, (first,), Violation(message, hint=hint))
        fixes: tuple[Fix, ...] = ()
        if subject.offers:
            edits = self._edits(subject, extra)
            fixes = (Fix(f"{listed(layers)}: output {size}", edits=edits),) if edits else ()
        yield finding._replace(fixes=fixes)

    def _edits(
        self, subject: RuleContext, extra: Mapping[int, tuple[int, ...]]
    ) -> tuple[Edit, ...]:
        """The options written; none where uses of one written layer need different ones."""
        edits: list[Edit] = []
        done: set[object] = set()
        for index, more in extra.items():
            uses = subject.uses_of(index)
            if not uses or any([extra.get(use) != more for use in uses]):
                return ()
            key = subject.statement(index)
            kind = subject.graph.nodes[index].kind
            if key in done or getattr(kind, "output_padding", None) == more:
                continue
            done.add(key)
            found = subject.edits(index, {"output_padding": _text(list(more)) if any(more) else ""})
            if not found:
                return ()
            edits += found
        return tuple(edits)


def _mirrored(graph: Graph) -> dict[int, tuple[int, ...]]:
    """For each transposed convolution the output padding that gives what its twin was given.

    The twin is the layer on the way down whose stride it undoes: the last in, the first out.
    Nothing where strides and sizes do not match.
    """
    nodes = graph.nodes
    down: list[int] = []
    found: dict[int, tuple[int, ...]] = {}
    for index in sorted(graph.ancestors(len(nodes) - 1) | {len(nodes) - 1}):
        kind = nodes[index].kind
        if isinstance(kind, ConvTranspose):
            if max(kind.stride) == 1:
                continue
            if not down or isinstance(kind.padding, str):
                return {}
            twin = nodes[down.pop()]
            strided = twin.kind
            if not isinstance(strided, Sliding) or strided.stride != kind.stride:
                return {}
            # what the twin was given, and what comes in here: its output, restored
            target = nodes[twin.inputs[0]].facts.output[1:]
            incoming = twin.facts.output[1:]
            bare = [
                transposed_size(size, k, s, before, after, 0, d)
                for size, k, s, (before, after), d in zip(
                    incoming, kind.kernel, kind.stride, kind.padding, kind.dilation, strict=True
                )
            ]
            more = tuple([size - own for size, own in zip(target, bare, strict=True)])
            limits = zip(more, kind.stride, kind.dilation, strict=True)
            if not all(0 <= one < max(step, taps) for one, step, taps in limits):
                return {}
            found[index] = more
        elif isinstance(kind, Sliding) and max(kind.stride) > 1:
            down.append(index)
    return {} if down else found


def _text(values: list[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"[{', '.join(map(str, values))}]"
