"""Strides that leave rows and columns of their input unread."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.layers.sliding import slides
from cnncalc.rules.base import Rule, Subject
from cnncalc.shapes import Slide

AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class StrideDoesNotTile(Rule):
    """The last rows or columns are dropped."""

    name = "stride-does-not-tile"
    severity = "warning"
    summary = "the kernel's last position leaves rows or columns of the input unread"
    why = (
        "Where (W + P − E) / S is no whole number, every framework rounds down in silence and the "
        "last rows and columns never reach the layer (CS231n course notes, `Convolutional "
        "Networks`, constraints on strides). Where only padding is left unread this is a note: "
        "nothing of the image is lost, but the windows are not centred."
    )
    fails = """\
input: [3, 224, 224]
layers:
  - conv: {filters: 96, kernel: 11, stride: 4}
"""
    passes = """\
input: [3, 227, 227]
layers:
  - conv: {filters: 96, kernel: 11, stride: 4}
"""

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        known: dict[tuple[int, tuple[int, ...]], tuple[Slide, ...] | None] = {}
        for index, node in enumerate(subject.graph.nodes):
            kind = node.kind
            if "stride" not in kind.options or "output_padding" in kind.options:
                continue
            shape = subject.graph.nodes[node.inputs[0]].facts.output
            key = (id(kind), shape)
            if key not in known:
                axes = slides(kind, shape)
                loose = any(axis.remainder and not axis.ceil for axis in axes)
                known[key] = axes if loose else None
            found = known[key]
            if found is not None:
                yield from self._judge(subject, index, found)

    def _judge(self, subject: Subject, index: int, axes: tuple[Slide, ...]) -> Iterator[Diagnostic]:
        lost = [axis for axis in axes if axis.unread]
        padded = [axis for axis in axes if axis.remainder and axis.stride <= axis.extent]
        if isinstance(subject.graph.nodes[index].kind.__dict__["padding"], str) and not lost:
            return
        worst = lost or padded
        if not worst:
            return
        axis = worst[0]
        names = AXIS_NAMES[len(axes)]
        where = " and ".join(names[i] for i, a in enumerate(axes) if a in worst)
        what = (
            f"the last {axis.unread} of {axis.size} are never read ({where})"
            if lost
            else f"only padding is left unread ({where})"
        )
        yield self.finding(
            subject,
            index,
            f"{arithmetic(axis)}: {what}",
            option="stride",
            severity="warning" if lost else "note",
            fixes=self._repairs(subject, index, axes, axis) if lost else (),
        )

    def _repairs(
        self, subject: Subject, index: int, axes: tuple[Slide, ...], axis: Slide
    ) -> tuple[Fix, ...]:
        """Near repairs, those that change least first, each with the output it would give."""
        same = all(other == axis for other in axes)
        fixes = []
        short = axis.stride - axis.remainder
        for total in (short, -axis.remainder):
            for before, after in _paddings(axis, total):
                changed = axis._replace(before=before, after=after)
                edits: tuple[Edit, ...] = ()
                if same:
                    value = (
                        str(before)
                        if before == after
                        else f"[{', '.join([f'[{before}, {after}]'] * len(axes))}]"
                    )
                    edits = self._edit(subject, index, "padding", value)
                fixes.append(
                    Fix(
                        f"padding {before} before and {after} after tiles: output {changed.output}",
                        edits=edits,
                    )
                )
        for stride in range(axis.stride - 1, 0, -1):
            if axis.travel % stride == 0:
                changed = axis._replace(stride=stride)
                edits = self._edit(subject, index, "stride", str(stride)) if same else ()
                fixes.append(Fix(f"stride {stride} tiles: output {changed.output}", edits=edits))
                break
        sizes = sorted({axis.size - axis.remainder, axis.size + short})
        fixes += [
            Fix(f"an input of {size} tiles: output {axis._replace(size=size).output}")
            for size in sizes
            if size > 0 and axis._replace(size=size).travel >= 0
        ]
        return tuple(fixes)

    def _edit(self, subject: Subject, index: int, option: str, value: str) -> tuple[Edit, ...]:
        form = subject.forms[index]
        place = subject.place(index, option)
        if form is None or place is None or place == form.place:
            return ()
        written = subject.network.sources[place.file].line(place.line) or ""
        text = written[place.column - 1 : place.end_column - 1]
        if place.line != place.end_line or not text.strip().isdigit():
            return ()
        return (Edit(place, value),)


def _paddings(axis: Slide, total: int) -> list[tuple[int, int]]:
    """Paddings that add `total` in all, the change behind, or on both sides alike."""
    found = []
    if axis.after + total >= 0:
        found.append((axis.before, axis.after + total))
    half = total // 2
    if total % 2 == 0 and axis.before + half >= 0 and axis.after + half >= 0:
        found.insert(0, (axis.before + half, axis.after + half))
    return found


def arithmetic(axis: Slide) -> str:
    """The output's formula with its numbers put in."""
    padding = (
        f"2·{axis.before}" if axis.before == axis.after else f"{axis.before} + {axis.after}"
    )
    result = f"{axis.travel / axis.stride + 1:.4f}".rstrip("0").rstrip(".")
    return f"({axis.size} + {padding} − {axis.extent}) / {axis.stride} + 1 = {result}"
