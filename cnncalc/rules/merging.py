"""Branches that meet: whether they look at the same pixels, and sizes that only sometimes fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cnncalc.analysis.receptive_field import Field, unseen
from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.graph import Node
from cnncalc.layers.reshape import Pad
from cnncalc.layers.sliding import Pairs, Sliding
from cnncalc.rules.base import Rule, RuleContext, Violation
from cnncalc.shapes import FIXED, Window
from cnncalc.unknown import is_known


class MisalignedMerge(Rule):
    """Branches that meet are centred on different pixels."""

    name = "misaligned-merge"
    severity = "warning"
    summary = "branches that meet look at different pixels: their units are centred elsewhere"
    why = (
        "Sizes that agree do not mean that places agree. A branch padded otherwise than its "
        "neighbour, or cropped at a corner, is added to values of other pixels, and no framework "
        "says so (Araujo et al. 2019, *Computing Receptive Fields of Convolutional Neural "
        "Networks*, Distill, on alignment). Centres are compared exactly, in pixels of the "
        "input. A quarter of a unit passes, as do differences that upsampling brings with it. "
        "Where the network pads an axis on one side only, always the same one, that is meant "
        "(causal convolutions, van den Oord et al. 2016, *WaveNet*): there the branches must end, "
        "or begin, at the same pixel."
    )
    fails = """\
input: [16, 33, 33]
layers:
  - concat:
      - [conv: {filters: 16, kernel: 3, stride: 2, padding: 1}]
      - [{max_pool: {kernel: 3, stride: 2, ceil_mode: true}}, {pad: {padding: [[0, 1], [0, 1]]}}]
"""
    passes = """\
input: [16, 33, 33]
layers:
  - concat:
      - [conv: {filters: 16, kernel: 3, stride: 2, padding: 1}]
      - [max_pool: {kernel: 3, stride: 2, padding: 1}]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        judged = []
        sides = _one_sided(nodes)
        for index, node in enumerate(nodes):
            if len(node.inputs) < 2 or node.kind.is_stated or not is_known(node.facts.output):
                continue
            for fields in subject.fields_by_input:
                verdict = self._judge(fields, node, sides)
                if verdict is not None:
                    judged.append((verdict, [index]))
                    break
        yield from self.findings(subject, judged)

    def _judge(
        self, fields: Sequence[Field], node: Node, sides: Mapping[int, int]
    ) -> Violation | None:
        """How the branches differ in what they see of one input of the network."""
        sizes, windows = node.facts.output, node.facts.windows
        base = next((n for n, index in enumerate(node.inputs) if not unseen(fields[index])), 0)
        first, here = fields[node.inputs[base]], windows[base]
        for number, index in enumerate(node.inputs[base + 1 :], base + 2):
            field, there = fields[index], windows[number - 1]
            if field is first or not (first and field and here and there):
                continue
            known: tuple[Window, Window] | None = None
            for axis, (one, two) in enumerate(zip(first, field, strict=True)):
                count = sizes[axis + 1]
                if not (one.is_known and two.is_known):
                    continue
                if count == 1 or one is two or (one, two) == known:
                    continue
                if here[axis] is FIXED or there[axis] is FIXED:
                    continue
                known = (one, two)
                message = _difference(one, two, count, f"branch {base + 1}")
                if message is not None and not _meant(one, two, count, sides.get(axis)):
                    return Violation(
                        f"branch {number} {message}",
                        hint="pad or crop the branches alike, so that their centres meet",
                    )
        return None


def _one_sided(nodes: Iterable[Node]) -> dict[int, int]:
    """For each axis that is padded on one side only, always the same: where windows end alike.

    1: the last pixels of branches agree (padding in front); 0: the first (padding behind). Such
    padding is written out, and keeps what the kernel takes away: a convolution's own, or a
    layer's before it.
    """
    found: dict[int, set[int]] = {}
    for node in nodes:
        kind = node.kind
        pairs: Pairs = ()
        if isinstance(kind, Sliding) and not isinstance(kind.padding, str):
            if max(kind.stride) > 1:
                continue
            pairs = kind.padding
        elif isinstance(kind, Pad):
            pairs = kind.padding
        for axis, (before, after) in enumerate(pairs):
            if before != after:
                slides = node.facts.slides
                whole = not slides or before + after == slides[axis].extent - 1
                side = (1 if not after else 0) if whole and 0 in (before, after) else -1
                found.setdefault(axis, set()).add(side)
    return {axis: min(sides) for axis, sides in found.items() if sides in ({0}, {1})}


def _meant(one: Window, two: Window, count: int, side: int | None) -> bool:
    """Whether the windows of two branches end at the same pixel on one side, for every unit."""
    if side is None or one.stride != two.stride:
        return False
    spans = [(one.at(unit), two.at(unit)) for unit in (0, count - 1)]
    return all(here and there and here[side] == there[side] for here, there in spans)


def _difference(one: Window, two: Window, count: int, base: str) -> str | None:
    """What sets a branch's units apart from those of a first; `None`: they are well aligned."""
    here, there = _centres(one, count), _centres(two, count)
    if here is None or there is None:
        return None
    start, end = there[0] - here[0], there[1] - here[1]
    pace = max(here[1] - here[0], there[1] - there[0], 1) / (count - 1)
    # copies of one unit share its centre, so that upsampling moves centres by up to half a block
    phases = max(len(one.spans) if one.step else 1, len(two.spans) if two.step else 1)
    if max(abs(start), abs(end)) <= pace * max(0.25, (phases - 1) / 2) + 1e-9:
        return None
    if abs(start - end) > pace / 2:
        paces = [(c[1] - c[0]) / (count - 1) for c in (there, here)]
        return f"has its units {paces[0]:.4g} px apart, and {base} {paces[1]:.4g} px"
    side = "after" if start > 0 else "before"
    return f"is centred {abs(start):.4g} px of the input {side} {base}"


def _centres(window: Window, count: int) -> tuple[float, float] | None:
    """Centres of the first and of the last unit, evened out over the pattern of the window."""
    step, spans, _ = window
    if step is None:
        first, last = window.at(0), window.at(count - 1)
        if first is None or last is None:
            return None
        return (first[0] + first[1]) / 2, (last[0] + last[1]) / 2
    total = 0
    for span in spans:
        if span is None:
            return None
        total += span[0] + span[1]
    phases = len(spans)
    start = (total - step * (phases - 1)) / (2 * phases)
    return start, start + step / phases * (count - 1)


class OddUpsampling(Rule):
    """Branches whose sizes only meet for some inputs."""

    name = "odd-upsampling"
    severity = "error"
    summary = "a skip connection whose sizes meet for some inputs only, and not for this one"
    why = (
        "Halving an odd size drops half a unit, and doubling does not bring it back: 225 becomes "
        "112 and then 224, which does not fit its skip connection (U-Net, Ronneberger et al. "
        "2015, section 2: *it is important to select the input tile size such that all 2×2 "
        "max-pooling operations are applied to a layer with an even x- and y-size*). The nearest "
        "inputs that fit are named; `upsample: {like: …}` or `crop` take any."
    )
    fails = """\
input: [3, 225, 225]
layers:
  - {conv: {filters: 8, kernel: 3, padding: 1}, name: down}
  - relu
  - max_pool: {kernel: 2, ceil_mode: true}
  - {conv_transpose: {filters: 8, kernel: 2, stride: 2}, name: up}
  - concat: [up, down]
"""
    passes = """\
input: [3, 224, 224]
layers:
  - {conv: {filters: 8, kernel: 3, padding: 1}, name: down}
  - relu
  - max_pool: {kernel: 2, ceil_mode: true}
  - {conv_transpose: {filters: 8, kernel: 2, stride: 2}, name: up}
  - concat: [up, down]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """None: a network with this mistake cannot be built (see `language.refine`)."""
        return iter(())


class UnusedLayer(Rule):
    """A layer whose output nothing takes."""

    name = "unused-layer"
    severity = "warning"
    summary = "nothing takes the layer's output, and it is not marked as an output"
    why = (
        "It costs memory and computation in a framework that runs what is written, and is most "
        "often a `from:` that leads past it. A layer that is wanted for itself, such as an "
        "auxiliary head, says `output: true`. A layer of which only the size or the switches "
        "are used counts as used."
    )
    fails = """\
input: [3, 32, 32]
layers:
  - {conv: {filters: 8, kernel: 3}, name: stem}
  - relu
  - max_pool: 2
  - {conv: {filters: 8, kernel: 1}, from: stem}
"""
    passes = """\
input: [3, 32, 32]
layers:
  - {conv: {filters: 8, kernel: 3}, name: stem}
  - relu
  - {max_pool: 2, output: true}
  - {conv: {filters: 8, kernel: 1}, from: stem}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        uses = subject.uses
        if all(uses):
            return
        nodes = subject.graph.nodes
        read = {index for node in nodes for index in node.reads}
        inputs = subject.graph.inputs
        # what a merge of one branch passes over is told there
        passed = {lone.before for lone in subject.written.lone} if subject.written else set()
        unused = [i for i, count in enumerate(uses) if not count and i not in read | passed]
        verdict = Violation(
            "nothing takes its output", hint="`output: true` if it is wanted, else leave it out"
        )
        yield from self.findings(subject, [(verdict, [i for i in unused if i not in inputs])])
        for index in unused:
            if index in inputs:
                message = f"nothing takes the input `{nodes[index].name}`"
                hint = "begin a branch with `from:` and its name, or leave it out"
                yield self.finding(subject, (index,), Violation(message, hint=hint))


class MergeOfOneBranch(Rule):
    """A merge that is written with a single branch."""

    name = "merge-of-one-branch"
    severity = "warning"
    summary = "a merge such as `add` that is written with one branch, and merges nothing"
    why = (
        "A merge takes the branches that it lists, and no other: `add: [skip]` is the layer "
        "`skip` itself, and what stands before it is passed over. The tensor that comes in is "
        "the branch `[]`. Where other branches are left out by their `if`, there is no finding: "
        "so an optional shortcut is written."
    )
    repair = "The branch `[]` in front, where the shapes then fit (`--unsafe`)."
    fails = """\
input: [3, 32, 32]
layers:
  - {conv: [8, 3, 1, 1], name: skip}
  - relu
  - conv: [8, 3, 1, 1]
  - add: [skip]
"""
    passes = """\
input: [3, 32, 32]
layers:
  - {conv: [8, 3, 1, 1], name: skip}
  - relu
  - conv: [8, 3, 1, 1]
  - add: [[], skip]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        written = subject.written.lone if subject.written is not None else ()
        times = Counter(id(lone.form) for lone in written)
        for lone in {id(lone.form): lone for lone in reversed(written)}.values():
            form, nodes = lone.form, subject.graph.nodes
            node = form.given["inputs"]
            start = form.source.place(node)
            line = form.source.line(start.line) or ""
            inside = line[start.column - 1 : start.end_column - 1]
            shown = inside[1:-1] if start.line == start.end_line and inside[:1] == "[" else "…"
            fixes: tuple[Fix, ...] = ()
            if subject.own(form) and shown != "…":
                place = start._replace(column=start.column + 1, end_column=start.column + 1)
                text = f"`{form.label}: [[], {shown}]`"
                fixes = (Fix(f"write {text}", edits=(Edit(place, "[], "),)),)
            lost = ""
            if lone.before != lone.taken and not subject.uses[lone.before]:
                lost = f", and nothing takes the output of `{nodes[lone.before].name}`"
            yield Diagnostic(
                self.name,
                self.severity,
                f"one branch {'merges' if form.kind is None else form.kind.verb} nothing: "
                f"`{form.label}` of one branch is that branch{lost}",
                form.place,
                None,
                f"`{form.label}: [[], {shown}]` takes what comes in as well",
                form.source.line(form.place.line),
                fixes,
                lone.use.chain() if lone.use else (),
                times[id(form)],
            )
