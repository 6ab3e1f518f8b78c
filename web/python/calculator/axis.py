"""`check` in the page: what Rich shows in a terminal, as text with the roles of its pieces."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.theme import Theme

from cnncalc.analysis.axis import ChainError, chain, given_padding, settings
from cnncalc.diagnostics import UsageError
from cnncalc.layers.options import INTEGER_LIMIT
from cnncalc.render.axes import chain_text, settings_text
from cnncalc.render.axis import AxisView
from cnncalc.render.console import STYLES
from cnncalc.shapes import Slide

ROLES = Theme({role: Style(meta={"role": role}) for role in STYLES}, inherit=False)
"""Styles that say which role they are, and nothing of looks: those are the page's."""

NARROWEST, WIDEST = 40, 120

Line = list[tuple[str, str]]
"""Texts with the role of each."""


def axis(body: Mapping[str, Any]) -> dict[str, Any]:
    """One axis in lines of pieces: a kernel, the kernels that give a size, or a chain of kernels.

    Raises:
        UsageError: a number is none, or the chain cannot be read.
    """
    width = min(max(int(body["width"]), NARROWEST), WIDEST)
    return {"lines": lines(_shown(body), width)}


def _shown(body: Mapping[str, Any]) -> RenderableType:
    size = _whole(body, "input")
    if body["mode"] == "output":
        wanted = _whole(body, "output")
        return settings_text(size, wanted, settings(size, wanted))
    if body["mode"] == "chain":
        try:
            return chain_text(size, chain(body["chain"], size))
        except ChainError as error:
            raise UsageError(str(error), error.hint) from None
    kernel, stride, dilation = (_whole(body, key) for key in ("kernel", "stride", "dilation"))
    before, after = given_padding(body["padding"].strip(), size, kernel, stride, dilation)
    return AxisView(Slide(size, kernel, stride, before, after, dilation, bool(body["ceil"])))


def _whole(body: Mapping[str, Any], key: str) -> int:
    text = str(body[key]).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise UsageError(f"`{key}` must be a whole number, not `{text[:40]}`")
    if not 1 <= int(text) <= INTEGER_LIMIT:
        raise UsageError(f"`{key}` must be from 1 to 2^31 − 1")
    return int(text)


def lines(renderable: RenderableType, width: int) -> list[Line]:
    """A renderable of Rich as lines of pieces."""
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system=None,
        force_terminal=False,
        highlight=False,
        markup=False,
        emoji=False,
        theme=ROLES,
    )
    return [
        [(text, style.meta.get("role", "") if style else "") for text, style, _ in line]
        for line in Segment.split_lines(console.render(renderable))
    ]
