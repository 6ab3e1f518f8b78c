"""SVG as text: elements with escaped attributes, and the frame of a document.

A drawing has its own light ground and names its colours, so that it is the same in a paper, on
a light page and on a dark one.
"""

from __future__ import annotations

from html import escape as html

from cnncalc.render.drawing.routing import n
from cnncalc.render.escape import plain

INK, QUIET, LINE, GROUND = "#1f2933", "#5b6773", "#6b7785", "#ffffff"
FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
FILLS = {
    "input": ("#f4f5f7", "#8a94a0"),
    "conv": ("#fbe3b8", "#b9831c"),
    "pool": ("#f6c5bb", "#b4513d"),
    "linear": ("#d9cff0", "#6f55ad"),
    "upsample": ("#c3e0f5", "#2f78ab"),
    "merge": ("#ffffff", "#4a5561"),
    "attention": ("#cdebd2", "#3a8a4d"),
    "block": ("#dbe6ee", "#54738c"),
    "other": ("#eceff2", "#8a94a0"),
}
"""Ground and line of each role."""
SHADES = {
    "input": ("#dcdfe4", "#fafbfc"),
    "conv": ("#efc876", "#fdf1d9"),
    "pool": ("#e39d8d", "#fbe0da"),
    "linear": ("#b9a6e0", "#ece6f8"),
    "upsample": ("#92c4e6", "#e0f0fb"),
    "merge": ("#d3d9df", "#fafbfc"),
    "attention": ("#9fd4a9", "#e5f6e8"),
    "block": ("#b4cad9", "#edf3f7"),
    "other": ("#d3d9df", "#f7f9fa"),
}
"""Side and top of a volume of each role."""
NAMES = {
    "conv": "convolution", "pool": "pooling", "linear": "fully connected",
    "upsample": "upsampling", "attention": "attention", "block": "block of layers",
    "other": "normalization, activation",
}  # fmt: skip


def text(value: str) -> str:
    """Foreign text between tags or within quotes."""
    return html(plain(value), quote=True)


def note(value: str) -> str:
    """A title element, shown when its parent is pointed at; lines stay lines."""
    lines = "\n".join(map(plain, value.split("\n")))
    return f"<title>{html(lines, quote=True)}</title>"


def words(
    x: float, y: float, value: str, size: float, fill: str = INK, anchor: str = "middle",
    weight: str = "", times: int = 1,
) -> str:  # fmt: skip
    """A line of text, its baseline at `y`; behind it `×3` where it stands for so many."""
    bold = f' font-weight="{weight}"' if weight else ""
    often = ""
    if times > 1:
        gap = ' dx="7"' if value else ""
        often = f'<tspan{gap} font-weight="bold" fill="{INK}">×{times}</tspan>'
    return (
        f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}" fill="{fill}" '
        f'text-anchor="{anchor}"{bold}>{text(value)}{often}</text>'
    )


def document(width: float, height: float, body: list[str], title: str, about: str = "") -> str:
    """A whole file."""
    w, h = n(width), n(height)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
            f'viewBox="0 0 {w} {h}" font-family="{FONTS}" role="img">',
            f"<title>{text(title)}</title>",
            *([f"<desc>{text(about)}</desc>"] if about else []),
            f'<rect width="{w}" height="{h}" fill="{GROUND}"/>',
            *body,
            "</svg>",
            "",
        ]
    )
