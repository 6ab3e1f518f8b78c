"""The axes of a sliding kernel: their arithmetic in words, and what near them reads everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from cnncalc.coverage import unread
from cnncalc.layers.options import axes_brief
from cnncalc.layers.sliding import Sliding
from cnncalc.rules.base import Repair
from cnncalc.shapes import Slide

NEAR_STRIDES = 10_000
"""How many smaller strides are tried."""


def arithmetic(axis: Slide) -> str:
    """The output's formula with its numbers put in."""
    return f"{formula(axis)} = {quotient(axis)}"


def formula(axis: Slide) -> str:
    """`(224 + 2·0 − 11) / 4 + 1`."""
    even = axis.before == axis.after
    padding = f"2·{axis.before}" if even else f"{axis.before} + {axis.after}"
    return f"({axis.size} + {padding} − {axis.extent}) / {axis.stride} + 1"


def rounded(axis: Slide) -> str:
    """The formula of the output itself: floor or ceiling where the quotient is no whole number."""
    if not axis.remainder:
        return formula(axis)
    inside = formula(axis).removesuffix(" + 1")
    if not axis.ceil:
        return f"⌊{inside}⌋ + 1"
    # a last window that would start beyond the input is left out
    return f"⌈{inside}⌉ + 1" if axis.output > axis.travel // axis.stride + 1 else f"⌈{inside}⌉"


def quotient(axis: Slide) -> str:
    """Its value before rounding, to four places."""
    digits = 4
    while True:
        text = f"{axis.travel / axis.stride + 1:.{digits}f}".rstrip("0").rstrip(".")
        if "." in text or not axis.remainder or digits > 12:
            return text
        digits += 2


def verdict(axis: Slide) -> str:
    """The formula with its value, and what it means."""
    exact = arithmetic(axis)
    lost = unread(axis)
    parts = []
    if lost.behind:
        parts.append(f"the last {_never(lost.behind, ' of the input')}")
    if lost.between:
        gap = _never(axis.stride - axis.extent, " after every window")
        parts.append(f"{gap}, {lost.between} in all")
    if lost.inside:
        shared = gcd(axis.stride, axis.dilation)
        if shared > 1 and axis.kernel > 1 and axis.output > 1:
            parts.append(
                f"stride and dilation share the factor {shared}: only one unit in {shared} is "
                "ever read"
            )
        else:
            parts.append(_never(lost.inside, " between the taps"))
    if parts:
        total = f"; {lost.total} of {axis.size} units" if len(parts) > 1 else ""
        return f"{exact}: {'; '.join(parts)}{total}"
    if not axis.remainder:
        return f"{exact}: the stride tiles the input"
    if not axis.ceil:
        return f"{exact}: only padding is left unread, nothing of the input"
    beyond = (axis.output - 1) * axis.stride - axis.before + axis.extent - axis.size - axis.after
    if beyond > 0:
        return f"{exact}: the last window reaches {_units(beyond)} beyond the padded input"
    return f"{exact}: a last window would start beyond the input and is left out"


def _never(count: int, where: str) -> str:
    return f"{_units(count)}{where} {'is' if count == 1 else 'are'} never read"


def _units(count: int) -> str:
    return f"{count} unit{'s' if count != 1 else ''}"


def repairs(axis: Slide) -> tuple[Repair, ...]:
    """What would read all of the input, the least change first."""
    if axis.travel < 0 or not unread(axis).total:
        return ()
    found = [*near_repairs((axis,), None), *near_inputs((axis,))]
    ceiled = axis._replace(ceil=True)
    if whole([ceiled]):
        text = f"a pool's ceil mode reads all: output {ceiled.output}"
        found.append(Repair(text, {"ceil_mode": "true"}))
    gap = axis.stride - axis.extent
    if gap > 0 and axis.output > 1:
        for option, changed in (
            ("stride", axis._replace(stride=axis.extent)),
            ("kernel", axis._replace(kernel=axis.kernel + -(-gap // axis.dilation))),
        ):
            known = [repair for repair in found if option in repair.options]
            if whole([changed]) and not known:
                value = getattr(changed, option)
                text = f"{option} {value} leaves no gaps: output {changed.output}"
                found.append(Repair(text, {option: str(value)}))
    return tuple(found)


def fitting(axis: Slide) -> list[str]:
    """What would make a kernel fit that does not."""
    missing = -axis.travel
    room = (axis.size + axis.before + axis.after - 1) // axis.dilation + 1
    return [
        f"a kernel of at most {room}",
        f"{missing} more padding in all",
        f"an input of at least {axis.size + missing}",
    ]


def near_repairs(axes: tuple[Slide, ...], kind: Sliding | None) -> tuple[Repair, ...]:
    """Near repairs, those that change least first, each with the output it would give.

    Each of them reads the whole input. Without a kind, those of a convolution whose padding is a
    number.
    """
    found: list[Repair] = []
    for chosen in _alike([_paddings(axis) for axis in axes]):
        if kind is not None and isinstance(kind.padding, str):
            break
        changed = [a._replace(before=b, after=c) for a, (b, c) in zip(axes, chosen, strict=True)]
        half = kind is not None and kind.half_padding
        if whole(changed) and not (half and any(max(a[3:5]) > a.kernel // 2 for a in changed)):
            text = _padding_text(chosen)
            found.append(_repair("padding", text, _padding_words(chosen), changed))
    for option, changed in (("kernel", _kernels(axes)), ("stride", _strides(axes))):
        if changed and whole(changed):
            values = tuple([getattr(axis, option) for axis in changed])
            text = axes_text(values)
            words = f"{option} {axes_brief(values)}"
            found.append(_repair(option, text, words, changed, kind=kind))
    if kind is not None and "ceil_mode" in kind.options:
        changed = [axis._replace(ceil=True) for axis in axes]
        if whole(changed):
            found.append(_repair("ceil_mode", "true", "`ceil_mode: true`", changed, "reads all"))
    return tuple(found)


def near_inputs(axes: tuple[Slide, ...]) -> tuple[Repair, ...]:
    """The nearest smaller and larger inputs of a layer with which its stride tiles."""
    found: list[Repair] = []
    for grown in (False, True):
        sizes = [_tiling_size(axis, grown) for axis in axes]
        changed = [a._replace(size=max(size, 1)) for a, size in zip(axes, sizes, strict=True)]
        if min(sizes) > 0 and whole(changed):
            words = f"an input of {axes_brief(tuple(sizes))} tiles"
            found.append(Repair(f"{words}: {_output(changed)}", {}))
    return tuple(found)


def whole(axes: Sequence[Slide]) -> bool:
    """Whether kernels fit and read every unit of their input."""
    return all([axis.travel >= 0 and not unread(axis).total for axis in axes])


def _alike(choices: list[list[tuple[int, int]]]) -> Iterator[list[tuple[int, int]]]:
    """The first choice of every axis, the second of every axis, and so on."""
    if all(choices):
        for rank in range(max(map(len, choices))):
            yield [options[min(rank, len(options) - 1)] for options in choices]


def _tiling_size(axis: Slide, grown: bool) -> int:
    """The nearest smaller or larger input that tiles."""
    if not unread(axis).behind:
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
        options["stride"] = axes_text(tuple([axis.stride for axis in axes]))
    return Repair(f"{words} {does}: {_output(axes)}", options)


def _output(axes: list[Slide]) -> str:
    return f"output {axes_brief(tuple([axis.output for axis in axes]))}"


def axes_text(values: tuple[int, ...]) -> str:
    """Sizes as a file writes them."""
    return str(values[0]) if len(set(values)) == 1 else f"[{', '.join(map(str, values))}]"


def _padding_text(pairs: list[tuple[int, int]]) -> str:
    if all(before == after for before, after in pairs):
        return axes_text(tuple([before for before, _ in pairs]))
    return f"[{', '.join(f'[{before}, {after}]' for before, after in pairs)}]"


def _padding_words(pairs: list[tuple[int, int]]) -> str:
    if len(set(pairs)) > 1:
        return f"padding {_padding_text(pairs)}"
    before, after = pairs[0]
    return f"padding {before}" if before == after else f"padding {before} before and {after} after"


def _paddings(axis: Slide) -> list[tuple[int, int]]:
    """Paddings with which the stride tiles and reads the whole axis, least change first."""
    if not unread(axis).behind:
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
        if not unread(axis).behind:
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
        if not unread(axis).behind:
            changed.append(axis)
            continue
        widest = min(axis.stride - 1, axis.extent)
        near = range(widest, max(widest - NEAR_STRIDES, 0), -1)
        stride = next((s for s in near if axis.travel % s == 0), None)
        if stride is None:
            return []
        changed.append(axis._replace(stride=stride))
    return changed
