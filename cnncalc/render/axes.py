"""Kernels that give a size, and chains of kernels on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.axis import USUAL, Link
from cnncalc.analysis.axis_solving import KernelOptions, Setting
from cnncalc.analysis.axis_solving import is_usual as is_usual_setting
from cnncalc.coverage import unread
from cnncalc.render import numbers
from cnncalc.rules.axis import formula, quotient, rounded
from cnncalc.shapes import Slide, TransposedSlide

if TYPE_CHECKING:
    from rich.console import RenderableType


def settings_dict(size: int, target: int, found: Sequence[Slide]) -> dict[str, Any]:
    """Kernels, strides and paddings as plain data."""
    return {
        "schema": "cnncalc.check/1",
        "input": size,
        "output": target,
        "settings": [
            {
                "kernel": slide.kernel,
                "stride": slide.stride,
                "padding": [slide.before, slide.after],
                "dilation": slide.dilation,
                "usual": is_usual(slide),
                "tiles": slide.remainder == 0,
                "unread": unread(slide).total,
            }
            for slide in found
        ],
    }


def is_usual(slide: Slide) -> bool:
    """Whether published networks have it."""
    return (slide.kernel, slide.stride, slide.before) in USUAL and slide.dilation == 1


def settings_text(size: int, target: int, found: Sequence[Slide]) -> RenderableType:
    """The same for people."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    title = Text(f"input {size} → output {target}", "title")
    if not found:
        return Group(title, Text("no kernel up to 32 gives it in one layer", "warning"))
    columns = {
        "kernel": ListingColumn("kernel", number=True),
        "stride": ListingColumn("stride", number=True),
        "padding": ListingColumn("padding", number=True),
        "arithmetic": ListingColumn("arithmetic", "kind", least=20),
        "note": ListingColumn("", "quiet"),
    }
    rows = [
        [
            str(slide.kernel),
            str(slide.stride),
            str(slide.before),
            f"{formula(slide)} = {quotient(slide)}",
            _note(slide),
        ]
        for slide in found
    ]
    roles = ["strong" if is_usual(slide) else "" for slide in found]
    return Group(title, Text(""), Listing(columns, rows, roles=roles))


def _note(slide: Slide) -> str:
    words = ["usual"] if is_usual(slide) else []
    if slide.dilation > 1:
        words.append(f"dilation {slide.dilation}")
    if unread(slide).total:
        words.append(f"{unread(slide).total} unread")
    elif slide.remainder == 0:
        words.append("tiles")
    return ", ".join(words)


def chain_dict(size: int, links: Sequence[Link]) -> dict[str, Any]:
    """A chain as plain data."""
    return {
        "schema": "cnncalc.check/1",
        "input": size,
        "chain": [
            {
                "name": link.name,
                "kernel": link.slide.kernel,
                "stride": link.slide.stride,
                "padding": [link.slide.before, link.slide.after],
                "dilation": link.slide.dilation,
                **_own_options(link.slide),
                "output": link.slide.output,
                "unread": _unread(link.slide),
                "receptive_field": {
                    "size": link.window.size,
                    "stride": _stride(link),
                    "start": link.window.start,
                },
            }
            for link in links
        ],
    }


def _unread(slide: Setting) -> int:
    """Units that no window reads; a transposed convolution reads all."""
    return 0 if isinstance(slide, TransposedSlide) else unread(slide).total


def _own_options(slide: Setting) -> dict[str, Any]:
    """What a transposed convolution has in place of ceil mode."""
    if isinstance(slide, TransposedSlide):
        return {"transpose": True, "output_padding": slide.extra}
    return {"ceil_mode": slide.ceil}


def solutions_dict(
    size: int, target: int, options: KernelOptions, found: Sequence[Setting], near: Sequence[int]
) -> dict[str, Any]:
    """What options that are not given can be, as plain data."""
    return {
        "schema": "cnncalc.check/1",
        "input": size,
        "output": target,
        "solved_for": list(options.missing),
        "settings": [
            {
                "kernel": slide.kernel,
                "stride": slide.stride,
                "padding": [slide.before, slide.after],
                "dilation": slide.dilation,
                **_own_options(slide),
                "usual": is_usual_setting(slide),
                **_quality(slide),
            }
            for slide in found
        ],
        "nearest_outputs": list(near),
    }


def _quality(slide: Setting) -> dict[str, Any]:
    if isinstance(slide, TransposedSlide):
        return {"inputs_of_an_output": [slide.least, slide.most]}
    return {"tiles": slide.remainder == 0, "unread": unread(slide).total}


def solutions_text(
    size: int, target: int, options: KernelOptions, found: Sequence[Setting], near: Sequence[int]
) -> RenderableType:
    """The same for people."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    given = f" · {options.text}" if options.text else ""
    title = Text(f"input {size} → output {target}{given}", "title")
    missing = [name.replace("_", " ") for name in options.missing]
    if not found:
        what = f"no {' and '.join(missing)} gives it" if missing else "they do not give it"
        lines: list[RenderableType] = [Text(what, "warning")]
        if near:
            lines.append(Text(f"nearest outputs that can be had: {', '.join(map(str, near))}"))
        return Group(title, *lines)
    columns = {
        "kernel": ListingColumn("kernel", number=True),
        "stride": ListingColumn("stride", number=True),
        "padding": ListingColumn("padding", number=True),
    }
    if options.transpose:
        columns["extra"] = ListingColumn("added", number=True)
    formulas = [f"{written(slide)} = {slide.output}" for slide in found]
    columns["arithmetic"] = ListingColumn("arithmetic", "kind", least=max(map(len, formulas)))
    columns["note"] = ListingColumn("", "quiet", least=8)
    rows = []
    for slide, arithmetic in zip(found, formulas, strict=True):
        even = slide.before == slide.after
        padding = str(slide.before) if even else f"{slide.before},{slide.after}"
        extra = [str(slide.extra)] if isinstance(slide, TransposedSlide) else []
        rows.append(
            [str(slide.kernel), str(slide.stride), padding, *extra, arithmetic, _remark(slide)]
        )
    roles = ["strong" if is_usual_setting(slide) else "" for slide in found]
    return Group(title, Text(""), Listing(columns, rows, roles=roles))


def _remark(slide: Setting) -> str:
    words = ["usual"] if is_usual_setting(slide) else []
    if max(slide.before, slide.after) >= slide.extent:
        words.append("padding as wide as the kernel")
    if isinstance(slide, TransposedSlide):
        if slide.least == 0:
            words.append("some outputs stay empty")
        elif slide.least != slide.most:
            words.append("checkerboard")
    elif unread(slide).total:
        words.append(f"{unread(slide).total} unread")
    elif slide.remainder == 0:
        words.append("tiles")
    return ", ".join(words)


def transposed_formula(slide: TransposedSlide) -> str:
    """`(56 − 1)·2 − 2·1 + 4`: the output of a transposed convolution."""
    even = slide.before == slide.after
    padding = f"2·{slide.before}" if even else f"{slide.before} − {slide.after}"
    extra = f" + {slide.extra}" if slide.extra else ""
    return f"({slide.size} − 1)·{slide.stride} − {padding} + {slide.extent}{extra}"


def transposed_heading(slide: TransposedSlide) -> str:
    """The options in one line."""
    even = slide.before == slide.after
    words = [
        "transposed",
        f"input {slide.size}",
        f"kernel {slide.kernel}",
        f"stride {slide.stride}",
        f"padding {slide.before}" if even else f"padding {slide.before} + {slide.after}",
    ]
    words += [f"dilation {slide.dilation}"] if slide.dilation > 1 else []
    words += [f"output padding {slide.extra}"] if slide.extra else []
    return " · ".join(words)


def transposed_text(slide: TransposedSlide, reason: str | None) -> RenderableType:
    """The arithmetic of a transposed convolution; `reason` is why there is no output."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    spread = (slide.size - 1) * slide.stride
    rows = []
    if slide.dilation > 1:
        text = f"{slide.dilation}·({slide.kernel} − 1) + 1"
        rows.append(("effective kernel", text, slide.extent))
    rows.append(("between first and last", f"({slide.size} − 1)·{slide.stride}", spread))
    full = spread + slide.extent
    rows.append(("all that is written", f"{spread} + {slide.extent}", full))
    cropped = full - slide.before - slide.after
    if slide.before or slide.after:
        rows.append(("padding taken off", f"{full} − {slide.before} − {slide.after}", cropped))
    if slide.extra:
        rows.append(("output padding", f"{cropped} + {slide.extra}", slide.output))
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    for name, told, value in rows:
        grid.add_row(f"  {name}", f"   {told}", f" = {numbers.signed(value)}")
    head: list[RenderableType] = [
        Text(transposed_heading(slide), "message"),
        Text(""),
        grid,
        Text(""),
    ]
    if reason is not None:
        return Group(*head, Text(reason, "error"))
    total = Text(f"{transposed_formula(slide)} = {slide.output}: {_overlap(slide)}")
    total.stylize("help" if slide.least == slide.most else "warning")
    return Group(*head, total)


def _overlap(slide: TransposedSlide) -> str:
    """How many inputs an output sums."""
    if slide.size == 1:
        return "the one input makes every output"
    if slide.least == slide.most:
        several = f"{slide.most} inputs" if slide.most > 1 else "1 input"
        return f"every output away from the borders sums {several}"
    if slide.least == 0:
        return "the stride leaves gaps: some outputs have no input"
    return (
        f"the kernel is no multiple of the stride: outputs sum {slide.least} or {slide.most} "
        "inputs in turn (checkerboard)"
    )


def transposed_dict(slide: TransposedSlide, reason: str | None) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "schema": "cnncalc.check/1",
        "transpose": True,
        "input": slide.size,
        "kernel": slide.kernel,
        "stride": slide.stride,
        "padding": [slide.before, slide.after],
        "output_padding": slide.extra,
        "dilation": slide.dilation,
        "effective_kernel": slide.extent,
        "formula": f"{transposed_formula(slide)} = {slide.output}",
        "output": slide.output if reason is None else None,
        "inputs_of_an_output": [slide.least, slide.most],
        "refused": reason,
    }


def _stride(link: Link) -> int | None:
    return None if link.window.stride is None else link.window.stride[0]


def chain_text(size: int, links: Sequence[Link]) -> RenderableType:
    """Sizes and receptive field along a chain, the field drawn as a bar on the input."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    formulas = [written(link.slide) for link in links]
    columns = {
        "name": ListingColumn("kernel", "block"),
        "arithmetic": ListingColumn("output", "kind", least=max(map(len, formulas), default=20)),
        "size": ListingColumn("", number=True),
        "field": ListingColumn("sees", "field", number=True),
        "stride": ListingColumn("stride", "quiet", number=True),
        "start": ListingColumn("start", "quiet", number=True),
        "drawn": ListingColumn("of the input", "field"),
    }
    rows = [["input", "", str(size), "1", "1", "0", bar(1, size)]]
    for link, arithmetic in zip(links, formulas, strict=True):
        rows.append(
            [
                f"{link.name} {brief(link.slide)}",
                arithmetic,
                str(link.slide.output),
                str(link.window.size),
                str(_stride(link)),
                numbers.signed(link.window.start),
                bar(link.window.size, size),
            ]
        )
    title = Text(f"a chain of {len(links)} on {size} units", "title")
    return Group(title, Text(""), Listing(columns, rows, yielding=["start", "stride", "drawn"]))


def written(slide: Setting) -> str:
    """The formula of an output with its numbers put in."""
    return transposed_formula(slide) if isinstance(slide, TransposedSlide) else rounded(slide)


def brief(slide: Setting) -> str:
    """A kernel as short as a paper writes it."""
    text = f"{slide.kernel}/{slide.stride}" if slide.stride > 1 else str(slide.kernel)
    text += f" p{slide.before}" if slide.before else ""
    text += f" d{slide.dilation}" if slide.dilation > 1 else ""
    if isinstance(slide, TransposedSlide):
        return text + (f" op{slide.extra}" if slide.extra else "")
    return text + (" ceil" if slide.ceil else "")


WIDTH = 16


def bar(seen: int, size: int) -> str:
    """How much of the input is seen."""
    filled = min(max(round(seen / size * WIDTH), 1), WIDTH)
    return "█" * filled + "░" * (WIDTH - filled)
