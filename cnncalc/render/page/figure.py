"""A drawing above its table as one file of HTML: `compare` and `sweep`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.render.escape import plain
from cnncalc.render.page.assets import text
from cnncalc.render.page.frame import environment, policy
from cnncalc.version import __version__


class FigureColumn(NamedTuple):
    """A column of the table."""

    title: str
    number: bool = False


class FigureRow(NamedTuple):
    """A row of the table; the first cell is its heading."""

    cells: tuple[str, ...]
    chosen: bool = False


def figure_html(
    title: str,
    drawing: str,
    caption: str,
    columns: Sequence[FigureColumn],
    rows: Sequence[FigureRow],
    note: str = "",
) -> str:
    """The file; it has no script, asks nothing of anybody, and allows neither."""
    from markupsafe import Markup

    style = text("figure.css")
    return environment().from_string(text("figure.html.jinja")).render(
        title=plain(title),
        drawing=Markup(drawing),
        caption=caption,
        columns=columns,
        rows=[row._replace(cells=tuple(map(plain, row.cells))) for row in rows],
        note=note,
        version=__version__,
        policy=policy("", style),
        style=Markup(style),
    )  # fmt: skip
