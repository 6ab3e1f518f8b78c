"""Kernels that give a size, and chains of kernels on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.axis import USUAL, Link
from cnncalc.coverage import unread
from cnncalc.render import numbers
from cnncalc.rules.axis import formula, quotient, rounded
from cnncalc.shapes import Slide

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
                "ceil_mode": link.slide.ceil,
                "output": link.slide.output,
                "unread": unread(link.slide).total,
                "receptive_field": {
                    "size": link.window.size,
                    "stride": _stride(link),
                    "start": link.window.start,
                },
            }
            for link in links
        ],
    }


def _stride(link: Link) -> int | None:
    return None if link.window.stride is None else link.window.stride[0]


def chain_text(size: int, links: Sequence[Link]) -> RenderableType:
    """Sizes and receptive field along a chain, the field drawn as a bar on the input."""
    from rich.console import Group
    from rich.text import Text

    from cnncalc.render.listing import Listing, ListingColumn

    formulas = [rounded(link.slide) for link in links]
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


def brief(slide: Slide) -> str:
    """A kernel as short as a paper writes it."""
    text = f"{slide.kernel}/{slide.stride}" if slide.stride > 1 else str(slide.kernel)
    text += f" p{slide.before}" if slide.before else ""
    text += f" d{slide.dilation}" if slide.dilation > 1 else ""
    return text + (" ceil" if slide.ceil else "")


WIDTH = 16


def bar(seen: int, size: int) -> str:
    """How much of the input is seen."""
    filled = min(max(round(seen / size * WIDTH), 1), WIDTH)
    return "█" * filled + "░" * (WIDTH - filled)
