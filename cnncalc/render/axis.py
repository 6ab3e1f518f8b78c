"""One axis of a sliding kernel: its arithmetic step by step, its windows drawn, its repairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import TYPE_CHECKING, Any

from cnncalc.coverage import unread
from cnncalc.rules.axis import arithmetic, fitting, repairs, verdict
from cnncalc.shapes import Slide

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.text import Text

NARROWEST, WIDEST = 40, 120
DRAWN_WINDOWS = 6
"""More windows than this are shown by the first three and the last two."""

UNIT, PADDING, UNREAD, TAP, GAP, MORE, DOWN = "□░×■─…⋮"
"""What cells are drawn with."""

Piece = tuple[str, str]
"""Text and its role."""


class AxisView:
    """Arithmetic, drawing and repairs of one axis, as people read them."""

    def __init__(self, axis: Slide) -> None:
        self.axis = axis

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.console import Group

        width = max(options.max_width, NARROWEST)
        parts = Group(*self._parts(width))
        yield from console.render(parts, options.update(width=width))

    def _parts(self, width: int) -> Iterator[RenderableType]:
        from rich.text import Text

        axis, blank = self.axis, Text("")
        yield Text(heading(axis), "message")
        yield blank
        yield steps(axis)
        yield blank
        if axis.travel < 0:
            yield Text("the kernel does not fit: there is no output", "error")
            yield blank
            yield _list("what would fit", fitting(axis))
            return
        meaning = verdict(axis)
        if len(meaning) > width:
            meaning = meaning.replace(": ", ":\n", 1).replace("; ", ";\n")
        yield Text(meaning, "warning" if unread(axis).total else "help")
        yield blank
        yield from drawing(axis, width)
        if advice := [repair.description for repair in repairs(axis)]:
            yield blank
            yield _list("repairs", advice)
        elif unread(axis).total:
            yield blank
            yield Text("no padding, kernel, stride or input near these reads all of it")


def _list(title: str, lines: Sequence[str]) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    return Group(Text(title, "message"), *[Padding(line, (0, 0, 0, 2)) for line in lines])


def heading(axis: Slide) -> str:
    """The options in one line."""
    even = axis.before == axis.after
    words = [
        f"input {axis.size}",
        f"kernel {axis.kernel}",
        f"stride {axis.stride}",
        f"padding {axis.before}" if even else f"padding {axis.before} + {axis.after}",
    ]
    if axis.dilation > 1:
        words.append(f"dilation {axis.dilation}")
    if axis.ceil:
        words.append("ceil mode")
    return " · ".join(words)


def steps(axis: Slide) -> RenderableType:
    """The arithmetic, a line each."""
    from rich.table import Table

    padded = axis.size + axis.before + axis.after
    rows: list[tuple[str, str, str]] = []
    if axis.dilation > 1:
        formula_ = f"{axis.dilation}·({axis.kernel} − 1) + 1"
        rows.append(("effective kernel", formula_, str(axis.extent)))
    rows.append(("padded input", f"{axis.size} + {axis.before} + {axis.after}", str(padded)))
    rows.append(("room to move", f"{padded} − {axis.extent}", str(axis.travel).replace("-", "−")))
    if axis.travel >= 0:
        whole = axis.travel // axis.stride
        rounded = axis.output - 1
        left = ""
        if axis.remainder:
            exact = f"{axis.travel / axis.stride:.10g}"
            way = "up" if rounded > whole else "down"
            left = f"{exact}, rounded {way} to {rounded}"
            if way == "down":
                left += f" ({axis.remainder} left over)"
        step = f"{axis.travel} / {axis.stride}"
        rows.append((f"steps of {axis.stride}", step, left or str(whole)))
        rows.append(("output", f"{rounded} + 1", str(axis.output)))
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    for name, told, value in rows:
        grid.add_row(f"  {name}", f"   {told}", f" = {value}")
    return grid


def last_end(axis: Slide) -> int:
    """The last unit of the last window, counted from the first unit of the input."""
    return (axis.output - 1) * axis.stride - axis.before + axis.extent - 1


# -- the drawing ----------------------------------------------------------------------------------


class AxisDrawing:
    """The windows of an axis alone, as wide as there is room."""

    def __init__(self, axis: Slide) -> None:
        self.axis = axis

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        yield from drawing(self.axis, options.max_width)


def drawing(axis: Slide, width: int) -> Iterator[Text]:
    """The axis as a row of cells, and below it its windows."""
    count = axis.output
    if count <= DRAWN_WINDOWS:
        shown: list[int] = list(range(count))
    else:
        shown = [0, 1, 2, count - 2, count - 1]
    digits = len(str(count))
    starts = [number * axis.stride - axis.before for number in shown]
    ranges = [f"{_signed(s)}{MORE}{_signed(s + axis.extent - 1)}" for s in starts]
    margin = len("window ") + digits + 2 + max(map(len, ranges)) + 2
    cells = _cells(axis, min(max(width, NARROWEST), WIDEST) - margin - 2)
    yield _line((" " * (margin + 2) + _ruler(axis, cells), ""))
    yield _line(("  " + "axis".ljust(margin), ""), *[_axis_cell(axis, unit) for unit in cells])
    for position, number in enumerate(shown):
        if position and number > shown[position - 1] + 1:
            yield _line(("  " + DOWN.rjust(len("window ") + digits), ""))
        label = f"  window {number + 1:>{digits}}  {ranges[position]}".ljust(margin + 2)
        yield _line((label, ""), ("".join([_tap(axis, number, unit) for unit in cells]), "help"))
    yield _line()
    yield _line(("  ", ""), *_legend(axis, cells))


def _line(*pieces: Piece) -> Text:
    """A line of the drawing, which never wraps."""
    from rich.text import Text

    return Text.assemble(*pieces, no_wrap=True, overflow="ignore")


def _signed(number: int) -> str:
    return str(number).replace("-", "−")


def _cells(axis: Slide, room: int) -> list[int | None]:
    """The units to draw, counted from the first of the input; `None` is a place left out."""
    first = -axis.before
    last = max(axis.size + axis.after - 1, last_end(axis))
    total = last - first + 1
    if total <= room:
        return list(range(first, last + 1))
    head = (room - 3) // 2
    tail = room - 3 - head
    return [*range(first, first + head), None, *range(last - tail + 1, last + 1)]


def _ruler(axis: Slide, cells: list[int | None]) -> str:
    """The numbers of the first and the last unit of the input, above them."""
    marks: list[tuple[int, str]] = []
    column = 0
    for unit in cells:
        if unit in (0, axis.size - 1):
            marks.append((column, str(unit)))
        column += 3 if unit is None else 1
    text = ""
    for column, label in marks:
        # the last number ends above its unit, so that it stays within the width
        start = column if column == marks[0][0] else column - len(label) + 1
        if not text.strip() or start > len(text):
            text = text.ljust(start) + label
    return text


def _axis_cell(axis: Slide, unit: int | None) -> Piece:
    if unit is None:
        return f" {MORE} ", ""
    if not 0 <= unit < axis.size:
        inside = -axis.before <= unit < axis.size + axis.after
        return (PADDING, "frame") if inside else (" ", "")
    return (UNIT, "") if is_read(axis, unit) else (UNREAD, "error")


def _tap(axis: Slide, number: int, unit: int | None) -> str:
    start = number * axis.stride - axis.before
    if unit is None:
        return "   "
    if not start <= unit <= start + axis.extent - 1:
        return " "
    return TAP if (unit - start) % axis.dilation == 0 else GAP


def is_read(axis: Slide, unit: int) -> bool:
    """Whether a tap of any window falls on a unit of the input."""
    place = unit + axis.before
    first = max(-(-(place - axis.extent + 1) // axis.stride), 0)
    last = min(place // axis.stride, axis.output - 1)
    period = axis.dilation // gcd(axis.stride, axis.dilation)
    for number in range(first, min(last, first + min(period, 10_000)) + 1):
        if (place - number * axis.stride) % axis.dilation == 0:
            return True
    return False


def _legend(axis: Slide, cells: Iterable[int | None]) -> list[Piece]:
    found = [(UNIT, "", "input")]
    if axis.before or axis.after:
        found.append((PADDING, "frame", "padding"))
    inside = [unit for unit in cells if unit is not None and 0 <= unit < axis.size]
    if not all([is_read(axis, unit) for unit in inside]):
        found.append((UNREAD, "error", "never read"))
    found.append((TAP, "help", "kernel"))
    if axis.dilation > 1:
        found.append((GAP, "help", "gap of the dilation"))
    return [piece for sign, role, word in found for piece in ((sign, role), (f" {word}   ", ""))]


def check_dict(axis: Slide) -> dict[str, Any]:
    """The same as plain data."""
    fits = axis.travel >= 0
    lost = unread(axis) if fits else None
    start = (axis.output - 1) * axis.stride - axis.before
    return {
        "schema": "cnncalc.check/1",
        "input": axis.size,
        "kernel": axis.kernel,
        "stride": axis.stride,
        "padding": [axis.before, axis.after],
        "dilation": axis.dilation,
        "ceil_mode": axis.ceil,
        "effective_kernel": axis.extent,
        "formula": arithmetic(axis),
        "output": axis.output if fits else None,
        "tiles": fits and axis.remainder == 0,
        "unread": lost.total if lost else None,
        "unread_behind_windows": lost.behind if lost else None,
        "unread_between_windows": lost.between if lost else None,
        "unread_between_taps": lost.inside if lost else None,
        "windows": {
            "first": [-axis.before, -axis.before + axis.extent - 1],
            "last": [start, last_end(axis)],
        }
        if fits
        else None,
        "repairs": [
            {"description": repair.description, "options": dict(repair.options)}
            for repair in repairs(axis)
        ]
        if fits
        else [{"description": text, "options": {}} for text in fitting(axis)],
    }
