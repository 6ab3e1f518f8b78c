"""Strides that leave rows and columns of their input unread."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from cnncalc.coverage import unread
from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Node
from cnncalc.layers.options import axes_brief
from cnncalc.layers.reshape import Pad
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.axis import arithmetic, axes_text, near_repairs
from cnncalc.rules.base import AXES, Repair, Rule, RuleContext, Violation, listed
from cnncalc.shapes import Slide, product


class StrideDoesNotTile(Rule):
    """The last rows or columns are dropped."""

    name = "stride-does-not-tile"
    severity = "warning"
    summary = "the kernel's last position leaves rows or columns of the input unread"
    why = (
        "Where `(W + P − E) / S + 1` is no whole number, every framework rounds it down in "
        "silence, and the last rows and columns never reach the layer (CS231n course notes, "
        "*Convolutional Networks*, constraints on strides: AlexNet's first layer does not tile "
        "an input of 224). It is a note where only padding is left unread, as by a 3×3 kernel "
        "with stride 2 and padding 1 on an even size: nothing of the image is lost, and the "
        "windows lie to one side by half a step. With `ceil_mode` a pool reads everything."
    )
    repair = (
        "Every near repair is named with the output it would give, those that change least "
        "first: padding, the kernel, the stride, the input. All of them change what the network "
        "computes, so only `--unsafe` applies them."
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

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network; a layer of padding in front counts as the layer's own."""
        judged = []
        for kind, group in subject.of(Sliding):
            if max(kind.stride) == 1:
                continue  # steps of one always come out even
            by_axes: dict[tuple[Slide, ...], list[int]] = {}
            for index in group:
                by_axes.setdefault(_padded(subject, index), []).append(index)
            for axes, alike in by_axes.items():
                own = subject.graph.nodes[alike[0]].facts.slides
                verdict = self._verdict(kind, axes, own)
                if verdict is not None:
                    judged.append((verdict, alike))
        yield from self.findings(subject, judged)

    def _verdict(
        self, kind: Sliding, axes: tuple[Slide, ...], own: tuple[Slide, ...]
    ) -> Violation | None:
        """What is to be said of a kernel on each axis; `own` has the layer's own padding alone."""
        if not any([axis.remainder for axis in axes]):
            return None
        lost = [number for number, axis in enumerate(axes) if unread(axis).behind]
        if lost:
            axis = axes[lost[0]]
            repairs = near_repairs(own, kind)
            return Violation(_losses(axes, lost), "stride", repairs=repairs, fits=_tiles)
        padded = [
            number
            for number, axis in enumerate(axes)
            if axis.remainder and not axis.ceil and axis.stride <= axis.extent
        ]
        if not padded or isinstance(kind.padding, str):
            return None
        axis = axes[padded[0]]
        message = f"{arithmetic(axis)}: only padding is left unread"
        if len(padded) < len(axes):
            message += f" ({', '.join(AXES[len(axes)][n] + 's' for n in padded)})"
        return Violation(message, "stride", "note")


def _padded(subject: RuleContext, index: int) -> tuple[Slide, ...]:
    """A layer's kernel on each axis, with a constant that is put around its input as padding."""
    nodes = subject.graph.nodes
    axes = nodes[index].facts.slides
    before = nodes[nodes[index].inputs[0]].kind
    if not isinstance(before, Pad) or before.mode != "constant":
        return axes
    return tuple(
        [
            axis._replace(
                size=axis.size - first - last,
                before=axis.before + first,
                after=axis.after + last,
            )
            for axis, (first, last) in zip(axes, before.padding, strict=True)
        ]
    )


def _tiles(node: Node, axis: int) -> bool:
    """Whether a layer leaves nothing behind its last window on an axis."""
    return not unread(node.facts.slides[axis]).behind


class StrideSkipsInput(Rule):
    """The stride is larger than the kernel, and nothing else reads what it skips."""

    name = "stride-skips-input"
    severity = "warning"
    summary = "the stride steps over units that no window reads, and nothing else reads them"
    why = (
        "With a stride over `D·(F − 1) + 1` there are gaps between neighbouring windows, and where "
        "stride and dilation share a factor all taps fall on the same units of each window. A 1×1 "
        "convolution with stride 2 throws away three quarters of its input (He et al. 2018, *Bag "
        "of tricks*, arXiv:1812.01187, section 4: ResNet's first bottleneck design). Where "
        "another layer reads the same input whole, as beside a ResNet's projection shortcut, "
        "nothing is lost, and there is no finding."
    )
    repair = "A kernel as wide as the stride, which changes the weights (`--unsafe`)."
    fails = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 1, stride: 2}
"""
    passes = """\
input: [3, 32, 32]
layers:
  - conv: {filters: 16, kernel: 2, stride: 2}
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        judged = []
        for kind, group in subject.of(Sliding):
            if max(kind.stride) == 1:
                continue
            axes = subject.graph.nodes[group[0]].facts.slides
            if not any(map(_skipped, axes)):
                continue
            lonely = [index for index in group if not self._read_elsewhere(subject, index)]
            if lonely:
                judged.append((self._verdict(axes), lonely))
        yield from self.findings(subject, judged)

    def _read_elsewhere(self, subject: RuleContext, index: int) -> bool:
        """Whether other layers that take the same input read it without gaps."""
        nodes = subject.graph.nodes
        taken = nodes[index].inputs[0]
        if subject.uses[taken] == 1:
            return False
        for other in subject.consumers[taken]:
            if not any(map(_skipped, nodes[other].facts.slides)):
                return True  # so does a layer in which no kernel slides
        return taken in subject.graph.outputs

    def _verdict(self, axes: tuple[Slide, ...]) -> Violation:
        axis = max(axes, key=_skipped)
        names, numbers = AXES[len(axes)], [n for n, one in enumerate(axes) if _skipped(one)]
        counts = {(_skipped(axes[n]), axes[n].size) for n in numbers}
        if len(counts) == 1:
            lost = _of(axes[numbers[0]], listed([names[n] + "s" for n in numbers]))
        else:
            lost = listed([_of(axes[n], names[n] + "s") for n in numbers])
        message = f"{skips(axis)}: {lost} are never read"
        if len(axes) > 1:
            units = product(tuple([a.size for a in axes]))
            read = product(tuple([a.size - _skipped(a) for a in axes]))
            message += f": {units - read:,} of {units:,} units"
        kernels = tuple([max(a.kernel, a.stride) if a.dilation == 1 else a.kernel for a in axes])
        hint = "or pool before a layer with stride 1"
        if any([a.dilation > 1 for a in axes]) or not _fits(axes, kernels):
            return Violation(message, "stride", hint=hint.removeprefix("or "))
        repair = Repair(
            f"kernel {axes_brief(kernels)} leaves no gaps", {"kernel": axes_text(kernels)}
        )
        return Violation(message, "stride", hint=hint, repairs=(repair,))


def _skipped(axis: Slide) -> int:
    """Units that the stride steps over: between windows, or taps that never fall on them."""
    lost = 0
    if axis.output > 1 and axis.stride > axis.extent:
        lost += unread(axis).between
    if axis.output > 1 and axis.kernel > 1 and gcd(axis.stride, axis.dilation) > 1:
        lost += unread(axis).inside
    return lost


def _of(axis: Slide, names: str) -> str:
    return f"{_skipped(axis)} of {axis.size} {names}"


def skips(axis: Slide) -> str:
    """Why a kernel steps over units: the stride is larger, or shares a factor with the dilation."""
    shared = gcd(axis.stride, axis.dilation)
    if axis.stride <= axis.extent:
        return f"stride {axis.stride} and dilation {axis.dilation} share the factor {shared}"
    reach = f"kernel {axis.kernel}"
    if axis.dilation > 1:
        reach += f" with dilation {axis.dilation} ({axis.extent} wide)"
    return f"stride {axis.stride} steps over {reach}"


def _fits(axes: tuple[Slide, ...], kernels: tuple[int, ...]) -> bool:
    return all(axis._replace(kernel=k).travel >= 0 for axis, k in zip(axes, kernels, strict=True))


def _losses(axes: tuple[Slide, ...], lost: list[int]) -> str:
    """The arithmetic of the axes that lose something, and what they lose."""
    units = AXES[len(axes)]
    parts: dict[str, list[int]] = {}
    for number in lost:
        parts.setdefault(arithmetic(axes[number]), []).append(number)
    texts = []
    for formula, numbers in parts.items():
        count = unread(axes[numbers[0]]).behind
        names = listed([units[n] + ("s" if count > 1 else "") for n in numbers])
        verb = "is" if count == 1 and len(numbers) == 1 else "are"
        texts.append(f"{formula}: the last {count} {names} {verb} never read")
    return "; ".join(texts)
