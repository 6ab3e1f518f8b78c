"""Drawings as PNG and PDF, by the package typst, which reads SVG and brings letters along."""

from __future__ import annotations

from typing import Literal

from cnncalc.diagnostics import UsageError

DOUBLE = 192.0
"""Pixels an inch of a PNG: two to one of the SVG's, so that it is sharp on dense screens."""
PAGE = b"""#set document(date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.drawing), format: "svg")
"""


def typeset(svg: str, format_: Literal["png", "pdf"]) -> bytes:
    """A drawing on a page of its own size; text stays text in a PDF.

    Raises:
        UsageError: the package typst is missing.
    """
    try:
        import typst
    except ImportError:
        raise UsageError(
            f"a drawing as {format_.upper()} needs the package typst",
            '`pip install "cnncalc[drawing]"`; a .svg file needs nothing',
        ) from None
    return typst.compile(PAGE, format=format_, ppi=DOUBLE, sys_inputs={"drawing": svg})
