"""Shapes, and the window arithmetic of one axis: every size in the program comes from here.

Two ideas carry the file. A `Slide` is a kernel moving over one axis; it knows how many
positions there are (`coverage` counts what they read). A `Window` says which units of its input
one output unit sees; windows compose (a layer after a layer) and unite (branches that meet), so
that the receptive field of a layer is the composition of the windows on the way to it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from cnncalc.diagnostics import Refusal
from cnncalc.unknown import UNKNOWN

Shape = tuple[int, ...]
"""Per sample, channels first: `(C, H, W)`, `(C, L)`, `(C, D, H, W)` or `(N,)`."""

UNKNOWN_SHAPE: Shape = (UNKNOWN,)
"""A shape of which not even the number of axes is known; compare with `is`."""

AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What the spatial axes are called, by their number."""

Span = tuple[int, int]
"""First and last unit of an interval, both included."""

PHASE_LIMIT = 65_536
"""A window whose pattern repeats after more units than this is refused."""


SEARCH_LIMIT = 2**19
"""Windows in no order are searched one by one; at most this many of them for a layer."""

NEVER = 2**62
"""The distance of what does not exist."""


class WindowLimitError(Refusal):
    """A window pattern that is too long to be written down."""

    def __init__(self, message: str) -> None:
        super().__init__("limit-exceeded", message)


def channels_first(shape: Shape) -> Shape:
    """A shape that has its channels last, with its channels first."""
    return (shape[-1], *shape[:-1])


def product(sizes: tuple[int, ...]) -> int:
    """The number of values of a shape (1 for the empty shape)."""
    result = 1
    for size in sizes:
        result *= size
    return result


def effective_kernel(kernel: int, dilation: int) -> int:
    """The extent `D·(F − 1) + 1` of a kernel with gaps (dilation 1 has none)."""
    return dilation * (kernel - 1) + 1


class Slide(NamedTuple):
    """A kernel sliding along one axis of `size` units with resolved padding."""

    size: int
    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    ceil: bool = False

    @property
    def extent(self) -> int:
        """Effective kernel."""
        return effective_kernel(self.kernel, self.dilation)

    @property
    def travel(self) -> int:
        """How far the kernel can move: padded size minus its extent; negative: it does not fit."""
        return self.size + self.before + self.after - self.extent

    @property
    def output(self) -> int:
        """Number of positions: `floor(travel / stride) + 1`.

        In ceil mode the division rounds up, and a last window that would start beyond the
        input and its leading padding is left out (PyTorch, `pooling_output_shape`).
        """
        travel = self.travel
        if travel < 0:
            return 0
        if not self.ceil:
            return travel // self.stride + 1
        output = -(-travel // self.stride) + 1
        if (output - 1) * self.stride >= self.size + self.before:
            output -= 1
        return output

    @property
    def remainder(self) -> int:
        """Units of the padded axis behind the last window of floor mode; 0 where it tiles."""
        return self.travel % self.stride

    @property
    def window(self) -> Window:
        """The units of the input (padding counts, with negative indices) each output sees."""
        first = -self.before
        return Window(self.stride, ((first, first + self.extent - 1),), self.dilation)


def same_padding(size: int, kernel: int, stride: int, dilation: int, lower: bool) -> Span:
    """TensorFlow's `same`: output `ceil(size / stride)`; the odd unit goes behind.

    `lower` puts it in front (ONNX `SAME_LOWER`).
    """
    output = -(-size // stride)
    total = max((output - 1) * stride + effective_kernel(kernel, dilation) - size, 0)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def transposed_size(
    size: int, kernel: int, stride: int, before: int, after: int, extra: int, dilation: int
) -> int:
    """Output of a transposed convolution: `(W − 1)·S − P_before − P_after + E + extra`."""
    return (size - 1) * stride - before - after + effective_kernel(kernel, dilation) + extra


def same_crop(kernel: int, stride: int, dilation: int, lower: bool) -> tuple[int, int, int]:
    """Padding before and after and output padding of a transposed convolution that gives `W·S`.

    The odd unit is taken off behind; `lower` takes it off in front (ONNX `SAME_LOWER`).
    """
    surplus = effective_kernel(kernel, dilation) - stride
    small, large = max(surplus, 0) // 2, (max(surplus, 0) + 1) // 2
    extra = max(-surplus, 0)
    return (large, small, extra) if lower else (small, large, extra)


class TransposedSlide(NamedTuple):
    """A kernel of a transposed convolution on one axis; padding is taken off its output."""

    size: int
    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    extra: int = 0
    """Output padding: rows added behind the output."""

    @property
    def extent(self) -> int:
        """Effective kernel."""
        return effective_kernel(self.kernel, self.dilation)

    @property
    def output(self) -> int:
        """The output's size; below 1 where padding takes all of it away."""
        size, kernel, stride, before, after, dilation, extra = self
        return transposed_size(size, kernel, stride, before, after, extra, dilation)

    @property
    def window(self) -> Window:
        """The units of the input that reach each output."""
        return transposed_window(self.kernel, self.stride, self.before, self.dilation)

    @property
    def most(self) -> int:
        """The most inputs that one output sums, away from the borders."""
        return -(-self.kernel // self._period)

    @property
    def least(self) -> int:
        """The fewest inputs that one output sums, away from the borders; 0: some stay empty."""
        return 0 if gcd(self.dilation, self.stride) > 1 else self.kernel // self._period

    @property
    def _period(self) -> int:
        """Taps fall on every so many-th output, in turn."""
        return self.stride // gcd(self.dilation, self.stride)


class Window(NamedTuple):
    """Which input units each output unit of one axis sees.

    Output unit `i` sees `spans[i % q]` shifted by `(i // q) * step`, where `q = len(spans)`;
    a span of `None` sees nothing. `step` is `None` where no pattern repeats: then `spans`
    lists the windows of all units. `gap` is the distance of the units seen inside a span.
    """

    step: int | None
    spans: tuple[Span | None, ...]
    gap: int = 1

    def at(self, unit: int) -> Span | None:
        """The interval that one unit sees, or `None`."""
        step, spans = self.step, self.spans
        count = len(spans)
        if step is None:
            return spans[unit] if 0 <= unit < count else None
        span = spans[unit % count]
        if span is None:
            return None
        shift = (unit // count) * step
        return span[0] + shift, span[1] + shift

    @property
    def is_known(self) -> bool:
        """Whether what the units see is known."""
        return self.step is not UNKNOWN

    @property
    def size(self) -> int:
        """Units in the largest window."""
        return max((span[1] - span[0] + 1 for span in self.spans if span is not None), default=0)

    @property
    def stride(self) -> tuple[int, int] | None:
        """Distance of neighbouring windows as a reduced fraction; `None` where it varies."""
        if self.step is None:
            return None
        if self.step is UNKNOWN:
            return UNKNOWN, 1
        count = len(self.spans)
        divisor = gcd(self.step, count) or 1
        return self.step // divisor, count // divisor

    @property
    def start(self) -> int:
        """Where the window of the first unit that sees anything begins."""
        return next((span[0] for span in self.spans if span is not None), 0)


IDENTITY = Window(1, ((0, 0),))
"""Each unit sees the unit at its own place."""

UNKNOWN_WINDOW = Window(UNKNOWN, ((UNKNOWN, UNKNOWN),))
"""Nobody says what the units see."""

FIXED = Window(0, ((0, 0),))
"""Every unit sees the one unit there is: an axis of size 1 that is broadcast."""


def compose(inner: Window, outer: Window, count: int) -> Window:
    """What each of `count` units sees through `outer`, whose inputs see through `inner`."""
    if outer is IDENTITY:
        return inner
    if not (inner.is_known and outer.is_known):
        return UNKNOWN_WINDOW
    step, spans, gap = outer
    if len(spans) == 1 and len(inner.spans) == 1 and inner.step is not None and step is not None:
        here, there = spans[0], inner.spans[0]
        if here is not None and there is not None:
            pace = inner.step
            return Window(step * pace, ((there[0] + here[0] * pace, there[1] + here[1] * pace),))
    if inner.step is None or step is None:
        check_phases(count)
        return Window(None, tuple(map(_sight(inner, gap), map(outer.at, range(count)))))
    period = len(inner.spans) // gcd(step, len(inner.spans)) if step else 1
    length = len(spans) * period
    check_phases(length)
    seen = tuple(map(_sight(inner, gap), map(outer.at, range(length))))
    return reduced(Window(step * period * inner.step // len(inner.spans), seen))


def unite(first: Window, second: Window, count: int) -> Window:
    """The union of two windows on the same `count` units (branches that meet)."""
    if first == second:
        return first
    if not (first.is_known and second.is_known):
        return UNKNOWN_WINDOW
    if first.stride is None or first.stride != second.stride:
        check_phases(count)
        return Window(None, tuple(_hull(first.at(i), second.at(i)) for i in range(count)))
    here, there = len(first.spans), len(second.spans)
    length = here * there // gcd(here, there)
    check_phases(length)
    assert first.step is not None
    spans = tuple(_hull(first.at(i), second.at(i)) for i in range(length))
    return reduced(Window(first.step * length // here, spans))


def transposed_window(kernel: int, stride: int, before: int, dilation: int) -> Window:
    """Which inputs reach each output of a transposed convolution: `o = i·S − P + k·D`."""
    check_phases(stride)
    shared = gcd(dilation, stride)
    period = stride // shared
    inverse = pow(dilation // shared, -1, period) if period > 1 else 0
    spans: list[Span | None] = []
    for output in range(stride):
        reach = output + before
        low_tap = reach // shared * inverse % period
        if reach % shared or low_tap >= kernel:
            spans.append(None)
            continue
        high_tap = low_tap + (kernel - 1 - low_tap) // period * period
        first, last = reach - high_tap * dilation, reach - low_tap * dilation
        spans.append((first // stride, last // stride))
    return Window(1, tuple(spans), dilation // shared)


def check_phases(count: int) -> None:
    """Refuse a pattern of that many units.

    Raises:
        WindowLimitError: it is longer than what is followed.
    """
    if count > PHASE_LIMIT:
        raise WindowLimitError(
            f"its windows repeat only after {count:,} units; at most {PHASE_LIMIT:,} are followed"
        )


def _sight(inner: Window, gap: int) -> Callable[[Span | None], Span | None]:
    """What an interval of units, of which every `gap`-th is read, sees through `inner`."""
    if not _ordered(inner):
        return _search(inner, gap)
    ahead, behind = _distances(inner, gap), _distances(inner, -gap)
    count = len(inner.spans)

    def seen(span: Span | None) -> Span | None:
        first, last = _within(inner, span, gap)
        if first <= last:
            first, last = first + ahead[first % count], last - behind[last % count]
        low, high = (inner.at(first), inner.at(last)) if first <= last else (None, None)
        return None if low is None or high is None else (low[0], high[1])

    return seen


def _search(inner: Window, gap: int) -> Callable[[Span | None], Span | None]:
    """`_sight` where a later window may begin before an earlier one: all of them are looked at."""
    count = len(inner.spans)
    most = count // gcd(count, gap) if inner.step is not None else count
    searched = 0

    def seen(span: Span | None) -> Span | None:
        nonlocal searched
        first, last = _within(inner, span, gap)
        few = min((last - first) // gap + 1, most)
        searched += few
        if searched > SEARCH_LIMIT:
            raise WindowLimitError("the order of its windows is too irregular to be followed")
        low = [inner.at(unit) for unit in range(first, first + few * gap, gap)]
        high = [inner.at(unit) for unit in range(last, last - few * gap, -gap)]
        starts, ends = [one[0] for one in low if one], [one[1] for one in high if one]
        return (min(starts), max(ends)) if starts and ends else None

    return seen


def _within(inner: Window, span: Span | None, gap: int) -> Span:
    """The first and last unit read of those that exist; crossed where there is none."""
    if span is None:
        return 0, -1
    first, last = span
    if inner.step is None:
        most = len(inner.spans) - 1
        first += max(-(first // gap), 0) * gap
        last -= max(-((most - last) // gap), 0) * gap
    return first, last


def _ordered(window: Window) -> bool:
    """Whether no window begins or ends before one of an earlier unit does."""
    seen = [span for span in window.spans if span is not None]
    if seen and window.step is not None:
        seen.append((seen[0][0] + window.step, seen[0][1] + window.step))
    return all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(seen))


def _distances(window: Window, gap: int) -> list[int]:
    """From each unit to the next that sees something, when every `gap`-th is looked at."""
    step, spans, _ = window
    count = len(spans)
    found = [NEVER if span is None else 0 for span in spans]
    if None not in spans:
        return found
    for unit, span in enumerate(spans):
        before, distance = unit - gap, abs(gap)
        while span is not None and (step is not None or 0 <= before < count):
            if spans[before % count] is not None:
                break
            found[before % count] = distance
            before, distance = before - gap, distance + abs(gap)
    return found


def _hull(first: Span | None, second: Span | None) -> Span | None:
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), max(first[1], second[1])


def reduced(window: Window) -> Window:
    """The same window with its shortest repeating pattern."""
    step, spans, gap = window
    count = len(spans)
    if count == 1 or step is None:
        return window
    for parts in range(gcd(step, count), 1, -1):
        if step % parts or count % parts:
            continue
        length, shift = count // parts, step // parts
        short = Window(shift, spans[:length])
        if all(spans[unit] == short.at(unit) for unit in range(length, count)):
            return Window(shift, spans[:length], gap)
    return window
