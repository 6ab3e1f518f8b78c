"""Strides that leave rows and columns of their input unread."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic
from cnncalc.layers.base import Facts
from cnncalc.layers.options import axes_brief
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import AXES, LayerRule, Repair, Rule, Subject, Verdict, listed
from cnncalc.shapes import Slide


class StrideDoesNotTile(LayerRule[Sliding]):
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
    kinds = Sliding

    def judge(self, subject: Subject, index: int, kind: Sliding, facts: Facts) -> Verdict | None:
        """What is to be said of a node."""
        if max(kind.stride) == 1:
            return None  # steps of one always come out even
        axes = facts.slides
        if not any([axis.remainder and not axis.ceil for axis in axes]):
            return None
        lost = [number for number, axis in enumerate(axes) if axis.unread]
        if lost:
            axis = axes[lost[0]]
            repairs = near_repairs(axes, kind)
            return Verdict(_losses(axes, lost), "stride", repairs=repairs)
        padded = [n for n, axis in enumerate(axes) if axis.remainder and axis.stride <= axis.extent]
        if not padded or isinstance(kind.padding, str):
            return None
        axis = axes[padded[0]]
        message = f"{arithmetic(axis)}: only padding is left unread"
        if len(padded) < len(axes):
            message += f" ({', '.join(AXES[len(axes)][n] + 's' for n in padded)})"
        return Verdict(message, "stride", "note")


class StrideSkipsInput(Rule):
    """The stride is larger than the kernel, and nothing else reads what it skips."""

    name = "stride-skips-input"
    severity = "warning"
    summary = "the stride exceeds the effective kernel: units between the windows are never read"
    why = (
        "With a stride over `D·(F − 1) + 1` there are gaps between neighbouring windows. A 1×1 "
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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        judged = []
        for kind, group in subject.of(Sliding):
            if max(kind.stride) == 1:
                continue
            axes = subject.graph.nodes[group[0]].facts.slides
            if all([axis.stride <= axis.extent or axis.output == 1 for axis in axes]):
                continue
            lonely = [index for index in group if not self._read_elsewhere(subject, index)]
            if lonely:
                judged.append((self._verdict(axes), lonely))
        yield from self.findings(subject, judged)

    def _read_elsewhere(self, subject: Subject, index: int) -> bool:
        """Whether other layers that take the same input read it without gaps."""
        nodes = subject.graph.nodes
        taken = nodes[index].inputs[0]
        if subject.uses[taken] == 1:
            return False
        for other in subject.consumers[taken]:
            if all(axis.stride <= axis.extent for axis in nodes[other].facts.slides):
                return True  # so does a layer in which no kernel slides
        return taken in subject.graph.outputs

    def _verdict(self, axes: tuple[Slide, ...]) -> Verdict:
        read = total = 1
        for axis in axes:
            taps = min(axis.stride, axis.extent) if axis.output > 1 else axis.stride
            read, total = read * taps, total * axis.stride
        axis = max(axes, key=lambda a: a.stride - a.extent)
        reach = f"kernel {axis.kernel}"
        if axis.dilation > 1:
            reach += f" with dilation {axis.dilation} ({axis.extent} wide)"
        message = (
            f"stride {axis.stride} steps over {reach}: {total - read} of every {total} units of "
            "the input are read by nothing"
        )
        kernels = tuple([max(a.kernel, a.stride) if a.dilation == 1 else a.kernel for a in axes])
        repairs: tuple[Repair, ...] = ()
        if all([a.dilation == 1 for a in axes]) and _fits(axes, kernels):
            text = _axes_text(kernels)
            repairs = (
                Repair(f"kernel {axes_brief(kernels)} leaves no gaps", {"kernel": text}),
                Repair("or pool before a layer with stride 1"),
            )
        return Verdict(message, "stride", repairs=repairs)


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
        count = axes[numbers[0]].unread
        names = listed([units[n] + ("s" if count > 1 else "") for n in numbers])
        verb = "is" if count == 1 and len(numbers) == 1 else "are"
        texts.append(f"{formula}: the last {count} {names} {verb} never read")
    return "; ".join(texts)


def near_repairs(axes: tuple[Slide, ...], kind: Sliding | None) -> tuple[Repair, ...]:
    """Near repairs, those that change least first, each with the output it would give.

    Without a kind, those of a convolution whose padding is a number.
    """
    found: list[Repair] = []
    paddings = [_paddings(axis) for axis in axes]
    half = kind is not None and kind.half_padding
    if kind is None or not isinstance(kind.padding, str):
        for rank in range(max(map(len, paddings))):
            chosen = [options[min(rank, len(options) - 1)] for options in paddings if options]
            if len(chosen) < len(axes):
                break
            changed = [
                a._replace(before=b, after=c) for a, (b, c) in zip(axes, chosen, strict=True)
            ]
            if half and any(max(a.before, a.after) > a.extent // 2 for a in changed):
                continue
            text = _padding_text(chosen)
            found.append(_repair("padding", text, _padding_words(chosen), changed))
    for option, changed in (("kernel", _kernels(axes)), ("stride", _strides(axes))):
        if changed:
            values = tuple([getattr(axis, option) for axis in changed])
            text = _axes_text(values)
            found.append(
                _repair(option, text, f"{option} {axes_brief(values)}", changed, kind=kind)
            )
    if kind is not None and "ceil_mode" in kind.options:
        changed = [axis._replace(ceil=True) for axis in axes]
        found.append(_repair("ceil_mode", "true", "`ceil_mode: true`", changed, "reads all"))
    for grown in (False, True):
        sizes = [_tiling_size(axis, grown) for axis in axes]
        if min(sizes) > 0:
            changed = [a._replace(size=size) for a, size in zip(axes, sizes, strict=True)]
            if min(axis.travel for axis in changed) >= 0:
                found.append(
                    Repair(f"an input of {axes_brief(tuple(sizes))} tiles: {_output(changed)}")
                )
    return tuple(found)


def _tiling_size(axis: Slide, grown: bool) -> int:
    """The nearest smaller or larger input that tiles."""
    if not axis.unread:
        return axis.size
    return axis.size + (axis.stride - axis.remainder if grown else -axis.remainder)


def _repair(
    option: str,
    text: str,
    words: str,
    axes: list[Slide],
    does: str = "tiles",
    kind: Sliding | None = None,
) -> Repair:
    options = {option: text}
    if option == "kernel" and kind is not None and kind.options["stride"].like is not None:
        # a pool's stride follows its kernel unless it is written
        options["stride"] = _axes_text(tuple([axis.stride for axis in axes]))
    return Repair(f"{words} {does}: {_output(axes)}", options)


def _output(axes: list[Slide]) -> str:
    return f"output {axes_brief(tuple([axis.output for axis in axes]))}"


def _axes_text(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else f"[{', '.join(map(str, values))}]"


def _padding_text(pairs: list[tuple[int, int]]) -> str:
    if all(before == after for before, after in pairs):
        return _axes_text(tuple([before for before, _ in pairs]))
    return f"[{', '.join(f'[{before}, {after}]' for before, after in pairs)}]"


def _padding_words(pairs: list[tuple[int, int]]) -> str:
    if len(set(pairs)) > 1:
        return f"padding {_padding_text(pairs)}"
    before, after = pairs[0]
    return f"padding {before}" if before == after else f"padding {before} before and {after} after"


def _paddings(axis: Slide) -> list[tuple[int, int]]:
    """Paddings with which the stride tiles and reads the whole axis, least change first."""
    if not axis.unread:
        return [(axis.before, axis.after)]
    total = axis.stride - axis.remainder
    found = []
    if total % 2 == 0:
        found.append((axis.before + total // 2, axis.after + total // 2))
    found.append((axis.before, axis.after + total))
    if total % 2:
        found.append((axis.before + total, axis.after))
    return found


def _kernels(axes: tuple[Slide, ...]) -> list[Slide]:
    """Kernels that take in what is left: the output keeps its size."""
    changed = []
    for axis in axes:
        if not axis.unread:
            changed.append(axis)
        elif axis.remainder % axis.dilation or axis.kernel == 1:
            return []
        else:
            changed.append(axis._replace(kernel=axis.kernel + axis.remainder // axis.dilation))
    return changed


def _strides(axes: tuple[Slide, ...]) -> list[Slide]:
    """The next smaller strides that tile."""
    changed = []
    for axis in axes:
        if not axis.unread:
            changed.append(axis)
            continue
        stride = next(s for s in range(axis.stride - 1, 0, -1) if axis.travel % s == 0)
        changed.append(axis._replace(stride=stride))
    return changed


def arithmetic(axis: Slide) -> str:
    """The output's formula with its numbers put in."""
    return f"{formula(axis)} = {quotient(axis)}"


def formula(axis: Slide) -> str:
    """`(224 + 2·0 − 11) / 4 + 1`."""
    even = axis.before == axis.after
    padding = f"2·{axis.before}" if even else f"{axis.before} + {axis.after}"
    return f"({axis.size} + {padding} − {axis.extent}) / {axis.stride} + 1"


def quotient(axis: Slide) -> str:
    """Its value before rounding, to four places."""
    digits = 4
    while True:
        text = f"{axis.travel / axis.stride + 1:.{digits}f}".rstrip("0").rstrip(".")
        if "." in text or not axis.remainder or digits > 12:
            return text
        digits += 2
