"""Padding that moves the windows to one side, or that is all a window sees."""

from __future__ import annotations

from cnncalc.coverage import unread
from cnncalc.layers.base import Facts
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import LayerRule, Repair, RuleContext, Violation
from cnncalc.shapes import Slide


class UnevenPadding(LayerRule[Sliding]):
    """One side of an axis is padded more than the other."""

    name = "uneven-padding"
    severity = "warning"
    summary = "more padding on one side of an axis than on the other: the windows are not centred"
    why = (
        "With one more zero behind than in front, every unit looks half a pixel to one side, and "
        "the shifts of several layers add up. TensorFlow's `same` does so wherever the total is "
        "odd: with an even kernel, or a 3×3 kernel with stride 2 on an even size, where PyTorch "
        "pads alike; weights carried over from one to the other see shifted images. No finding "
        "where uneven padding is written out and is what makes the stride tile, or where it "
        "keeps a 1-D convolution from seeing the future (causal padding)."
    )
    repair = (
        "The same padding on both sides, where that gives the same output and leaves nothing "
        "unread (`--unsafe`)."
    )
    fails = """\
input: [3, 224, 224]
layers:
  - conv: {filters: 32, kernel: 3, stride: 2, padding: same}
"""
    passes = """\
input: [3, 224, 224]
layers:
  - conv: {filters: 32, kernel: 3, stride: 2, padding: 1}
"""
    kinds = Sliding

    def judge(
        self, subject: RuleContext, index: int, kind: Sliding, facts: Facts
    ) -> Violation | None:
        """What is to be said of a node."""
        written = kind.padding
        if not isinstance(written, str) and all([before == after for before, after in written]):
            return None
        axes = facts.slides
        uneven = [axis for axis in axes if axis.before != axis.after]
        if not isinstance(written, str):
            uneven = [axis for axis in uneven if not _meant(axis, len(axes))]
        if not uneven:
            return None
        axis = uneven[0]
        shift = abs(axis.before - axis.after)
        start = f"`{written}` pads" if isinstance(written, str) else "pads"
        message = (
            f"{start} {axis.before} before and {axis.after} after: every window lies "
            f"{shift / 2:g} unit{'s' if shift > 2 else ''} off centre"
        )
        even = _even(axes)
        if even is None:
            return Violation(message, "padding", hint="an odd kernel can be padded alike")
        text = str(even[0]) if len(set(even)) == 1 else f"[{', '.join(map(str, even))}]"
        repair = Repair(f"padding {text} is even and gives the same output", {"padding": text})
        return Violation(message, "padding", repairs=(repair,))


def _meant(axis: Slide, rank: int) -> bool:
    """Whether uneven padding that is written out has a reason that shows."""
    causal = rank == 1 and axis.after == 0 and axis.before == axis.extent - 1
    odd = (axis.before + axis.after) % 2 == 1
    return causal or (axis.stride > 1 and odd and axis.remainder == 0)


def _even(axes: tuple[Slide, ...]) -> tuple[int, ...] | None:
    """Even padding of every axis that gives the same output."""
    found = []
    for axis in axes:
        total = axis.before + axis.after
        for side in (total // 2, -(-total // 2)):
            changed = axis._replace(before=side, after=side)
            if changed.output == axis.output and not unread(changed).behind:
                found.append(side)
                break
        else:
            return None
    return tuple(found)


class WindowInPadding(LayerRule[Sliding]):
    """A window reads padding and nothing else."""

    name = "window-in-padding"
    severity = "warning"
    summary = "the first or last window reads no value of the input, padding only"
    why = (
        "Such a unit carries no information: it is the bias, and in a max pool minus infinity. A "
        "1×1 kernel with padding 1 does so all around the map. For pools PyTorch refuses padding "
        "over half the kernel for this reason (`pad should be at most half of effective kernel "
        "size`); a convolution it lets pass."
    )
    repair = "The most padding with which every window still reads a value (`--unsafe`)."
    fails = """\
input: [16, 32, 32]
layers:
  - conv: {filters: 32, kernel: 1, padding: 1}
"""
    passes = """\
input: [16, 32, 32]
layers:
  - conv: {filters: 32, kernel: 1}
"""
    kinds = Sliding

    def judge(
        self, subject: RuleContext, index: int, kind: Sliding, facts: Facts
    ) -> Violation | None:
        """What is to be said of a node."""
        if not _suspicious(kind):
            return None
        axes = facts.slides
        blind = [axis for axis in axes if blind_windows(axis) != (0, 0)]
        if not blind:
            return None
        axis = blind[0]
        first, last = blind_windows(axis)
        sides = [f"the first {first}" if first else "", f"the last {last}" if last else ""]
        message = (
            f"{' and '.join(filter(None, sides))} of {axis.output} windows read"
            f"{'s' if first + last == 1 else ''} only padding: kernel {axis.extent}, padding "
            f"{axis.before} before and {axis.after} after"
        )
        repairs: tuple[Repair, ...] = ()
        if not isinstance(kind.padding, str):
            most = tuple([min(a.before, a.after, a.extent - 1) for a in axes])
            changed = [a._replace(before=p, after=p) for a, p in zip(axes, most, strict=True)]
            if all([a.travel >= 0 and blind_windows(a) == (0, 0) for a in changed]):
                text = str(most[0]) if len(set(most)) == 1 else f"[{', '.join(map(str, most))}]"
                sizes = "×".join(str(a.output) for a in changed)
                repairs = (Repair(f"padding {text}: output {sizes}", {"padding": text}),)
        return Violation(message, "padding", repairs=repairs)


def _suspicious(kind: Sliding) -> bool:
    """Whether windows could miss the input at all: by padding as wide as the kernel, or gaps."""
    if max(kind.dilation) > 1:
        return True
    padding = kind.padding
    return not isinstance(padding, str) and any(
        [max(pair) >= size for pair, size in zip(padding, kind.kernel, strict=True)]
    )


def blind_windows(axis: Slide) -> tuple[int, int]:
    """How many windows at the start and at the end read nothing of the input."""
    count = axis.output
    first = min(max(-((axis.extent - 1 - axis.before) // axis.stride), 0), count)
    inside = -(-(axis.size + axis.before) // axis.stride)
    last = max(count - max(inside, first), 0)
    if axis.dilation > axis.size:  # taps may step over the whole input
        while first < count - last and not _reads(axis, first):
            first += 1
        while first < count - last and not _reads(axis, count - 1 - last):
            last += 1
    return first, last


def _reads(axis: Slide, window: int) -> bool:
    """Whether a tap of a window falls on the input."""
    start = window * axis.stride - axis.before
    # the first tap that is not in front of the input
    skipped = max(-(start // axis.dilation), 0) if start < 0 else 0
    return skipped < axis.kernel and start + skipped * axis.dilation < axis.size
