"""One axis of a sliding kernel: its arithmetic step by step, its windows drawn, its repairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd
from typing import Any

from cnncalc.coverage import unread
from cnncalc.records import Record
from cnncalc.render.findings import Style, unstyled
from cnncalc.rules.axis import arithmetic, fitting, repairs, verdict
from cnncalc.shapes import Slide

NARROWEST, WIDEST = 40, 120
DRAWN_WINDOWS = 6
"""More windows than this are shown by the first three and the last two."""


class Signs(Record):
    """What cells are drawn with."""

    unit: str = "□"
    padding: str = "░"
    unread: str = "×"
    tap: str = "■"
    gap: str = "─"
    more: str = "…"
    down: str = "⋮"


ASCII = Signs("o", ".", "x", "#", "-", "~", ":")


def check_text(
    axis: Slide, width: int = 80, style: Style = unstyled, signs: Signs = Signs()
) -> str:
    """Arithmetic, drawing and repairs of one axis."""
    parts = [style(heading(axis), "message"), steps(axis)]
    if axis.travel < 0:
        parts.append(style("the kernel does not fit: there is no output", "error"))
        parts.append(_list("what would fit", fitting(axis), style))
    else:
        role = "warning" if unread(axis).total else "help"
        meaning = verdict(axis)
        if len(meaning) > width:
            meaning = meaning.replace(": ", ":\n", 1).replace("; ", ";\n")
        parts += [style(meaning, role), drawing(axis, width, style, signs)]
        if advice := [repair.description for repair in repairs(axis)]:
            parts.append(_list("repairs", advice, style))
        elif unread(axis).total:
            parts.append("no padding, kernel, stride or input near these reads all of it")
    return "\n\n".join(parts) + "\n"


def _list(title: str, lines: Sequence[str], style: Style) -> str:
    return "\n".join([style(title, "message"), *(f"  {line}" for line in lines)])


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


def steps(axis: Slide) -> str:
    """The arithmetic, a line each."""
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
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    return "\n".join(f"  {a.ljust(first)}   {b.rjust(second)} = {c}" for a, b, c in rows)


def last_end(axis: Slide) -> int:
    """The last unit of the last window, counted from the first unit of the input."""
    return (axis.output - 1) * axis.stride - axis.before + axis.extent - 1


# -- the drawing ----------------------------------------------------------------------------------


def drawing(axis: Slide, width: int = 80, style: Style = unstyled, signs: Signs = Signs()) -> str:
    """The axis as a row of cells, and below it its windows."""
    count = axis.output
    if count <= DRAWN_WINDOWS:
        shown: list[int] = list(range(count))
    else:
        shown = [0, 1, 2, count - 2, count - 1]
    digits = len(str(count))
    starts = [number * axis.stride - axis.before for number in shown]
    ranges = [f"{_signed(s)}{signs.more}{_signed(s + axis.extent - 1)}" for s in starts]
    margin = len("window ") + digits + 2 + max(map(len, ranges)) + 2
    cells = _cells(axis, min(max(width, NARROWEST), WIDEST) - margin - 2)
    lines = [" " * (margin + 2) + _ruler(axis, cells)]
    row = "".join(_axis_cell(axis, unit, style, signs) for unit in cells)
    lines.append("  " + "axis".ljust(margin) + row)
    for position, number in enumerate(shown):
        if position and number > shown[position - 1] + 1:
            lines.append("  " + signs.down.rjust(len("window ") + digits))
        label = f"window {number + 1:>{digits}}  {ranges[position]}".ljust(margin)
        drawn = "".join(_tap(axis, number, unit, signs) for unit in cells).rstrip()
        lines.append(f"  {label}{style(drawn, 'help')}")
    return "\n".join([*lines, "", "  " + _legend(axis, cells, style, signs)])


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


def _axis_cell(axis: Slide, unit: int | None, style: Style, signs: Signs) -> str:
    if unit is None:
        return f" {signs.more} "
    if not 0 <= unit < axis.size:
        inside = -axis.before <= unit < axis.size + axis.after
        return style(signs.padding, "frame") if inside else " "
    return signs.unit if is_read(axis, unit) else style(signs.unread, "error")


def _tap(axis: Slide, number: int, unit: int | None, signs: Signs) -> str:
    start = number * axis.stride - axis.before
    if unit is None:
        return "   "
    if not start <= unit <= start + axis.extent - 1:
        return " "
    return signs.tap if (unit - start) % axis.dilation == 0 else signs.gap


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


def _legend(axis: Slide, cells: Iterable[int | None], style: Style, signs: Signs) -> str:
    words = [f"{signs.unit} input"]
    if axis.before or axis.after:
        words.append(f"{style(signs.padding, 'frame')} padding")
    inside = [unit for unit in cells if unit is not None and 0 <= unit < axis.size]
    if not all([is_read(axis, unit) for unit in inside]):
        words.append(f"{style(signs.unread, 'error')} never read")
    words.append(f"{style(signs.tap, 'help')} kernel")
    if axis.dilation > 1:
        words.append(f"{style(signs.gap, 'help')} gap of the dilation")
    return "   ".join(words)


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
