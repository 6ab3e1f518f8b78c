"""Networks side by side as data, CSV, Markdown, LaTeX, a drawing and a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.render import numbers
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, markdown, plain
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    pass


from cnncalc.render.comparison import DEFAULTS, METRICS, Side, shapes, totals


def comparison_dict(sides: Sequence[Side], columns: Sequence[str] = ()) -> dict[str, Any]:
    """The data of `cnncalc.compare/1`; `columns` are totals beside those of every comparison."""
    keys = dict.fromkeys((*DEFAULTS, *columns))
    return {"schema": "cnncalc.compare/1", "networks": [_entry(side, keys) for side in sides]}


def _entry(side: Side, keys: Iterable[str]) -> dict[str, Any]:
    report = side.report
    return {
        "name": report.name,
        "net": side.net,
        "input_shape": list(report.input_shape),
        **{key: METRICS[key].value(report) for key in keys},
    }


def comparison_csv(sides: Sequence[Side], keys: Sequence[str]) -> str:
    """Exact totals, a row a network."""
    rows = [
        [
            cell(side.net),
            cell(side.report.name),
            shapes(side.report),
            *[METRICS[key].value(side.report) for key in keys],
        ]
        for side in sides
    ]
    return written(["net", "name", "input", *keys], rows)


def comparison_markdown(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> str:
    """A table with exact totals and their ratios to the base."""
    titles, numeric = ["network", "input"], [False, False]
    for key in keys:
        titles += [METRICS[key].title, f"to {base.net}"]
        numeric += [True, True]
    rows = [_exact(side, base, keys) for side in sides]
    return "\n".join(table([markdown(title) for title in titles], rows, numeric)) + "\n"


def _exact(side: Side, base: Side, keys: Sequence[str]) -> list[str]:
    """The texts of a row: name, input, and each total with its ratio to the base."""
    row = [side.net, shapes(side.report)]
    for _, value, times in totals(side, base, keys):
        row += [numbers.exact(value), times]
    return row


PAPER = ("params", "macs", "peak_activation_bytes")
"""What a paper's table has room for."""


SIZES = {"": 10.0, r"\small": 9.0, r"\footnotesize": 8.0, r"\scriptsize": 7.0}
"""LaTeX's sizes of letters, in points."""


LINE = 345.0
"""How wide a line of LaTeX's articles is, in points."""


def comparison_latex(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> str:
    """A table for LaTeX with the totals and, small beside each, their ratios to the base.

    An input that all have stands in the caption. Letters are smaller, and at last ratios are left
    out, where a line of an article would not hold it.
    """
    from cnncalc.render.escape import latex
    from cnncalc.render.latex import table as latex_table

    inputs = list(dict.fromkeys(shapes(side.report) for side in sides))
    heads = [[side.net, *([shapes(side.report)] if len(inputs) > 1 else [])] for side in sides]
    size, ratios = _fitting(heads, sides, base, keys)
    titles = ["network", "input"][: len(heads[0])]
    rows = []
    for head, side in zip(heads, sides, strict=True):
        row = list(map(latex, head))
        for metric, value, times in totals(side, base, keys):
            row.append(latex(metric.text(value)))
            if ratios:
                row.append("" if side is base else rf"\scriptsize {latex(times)}")
        rows.append(row)
    for key in keys:
        title = METRICS[key].title
        titles.append(rf"\multicolumn{{2}}{{c}}{{{title}}}" if ratios else title)
    caption = f"{len(sides)} networks"
    if len(inputs) == 1:
        caption += f", input {latex(inputs[0])}"
    caption += f"; ratios are to {latex(base.net)}." if ratios else "."
    # a ratio stands close to its total
    alignment = "l" * len(heads[0]) + (r"r@{\,}l" if ratios else "r") * len(keys)
    return latex_table(titles, alignment, rows, caption, "compare-" + base.net, size=size)


def _fitting(
    heads: Sequence[Sequence[str]], sides: Sequence[Side], base: Side, keys: Sequence[str]
) -> tuple[str, bool]:
    """The largest letters for which a line holds the table, and whether ratios find room."""
    from cnncalc.render.drawing.labels import width

    columns = [max(width(head[at], 1) for head in heads) for at in range(len(heads[0]))]
    beside = 0.0
    for found in zip(*[totals(side, base, keys) for side in sides], strict=True):
        texts = [metric.text(value) for metric, value, _ in found]
        columns.append(max(width(text, 1) for text in (*texts, found[0][0].title)))
        beside += max(width(times, SIZES[r"\scriptsize"]) for _, _, times in found) + 2
    for ratios in (True, False):
        for size in list(SIZES)[: 3 if ratios else None]:
            gap = 12.0 if not size else 8.0
            across = sum(columns) * SIZES[size] + gap * len(columns) + beside * ratios
            if across <= LINE:
                return size, ratios
    return size, False


def comparison_svg(sides: Sequence[Side]) -> str:
    """A scatter of MACs against parameters; areas are the activations at the peak."""
    from cnncalc.render.drawing.scatter import Axis, Chart, Mark, scatter_svg

    memory = METRICS["peak_activation_bytes"]
    marks = [
        Mark(
            side.report.totals.macs, side.report.totals.params, side.net, _about(side),
            memory.value(side.report),
        )
        for side in sides
    ]  # fmt: skip
    inputs = dict.fromkeys(shapes(side.report) for side in sides)
    told = f"input {next(iter(inputs))}" if len(inputs) == 1 else "each with its own input"
    return scatter_svg(
        Chart(
            f"{len(sides)} network{'s' if len(sides) > 1 else ''}",
            f"{told} · batch {sides[0].report.batch} · {sides[0].report.dtype}",
            (Axis("MACs", numbers.human), Axis("parameters", numbers.human)),
            tuple(marks),
            area=Axis("activations at the peak", memory.text),
        )
    )


def _about(side: Side) -> str:
    lines = [f"{side.net}: {side.report.name}", f"input {shapes(side.report)}"]
    lines += [
        f"{metric.title} {metric.text(metric.value(side.report))}"
        for metric in (METRICS[key] for key in DEFAULTS)
    ]
    return "\n".join(lines)


def comparison_html(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> str:
    """The scatter above a table with exact totals and their ratios to the base."""
    from cnncalc.render.page.figure import FigureColumn, FigureRow, figure_html

    columns = [FigureColumn("network"), FigureColumn("input")]
    for key in keys:
        columns += [
            FigureColumn(METRICS[key].title, True),
            FigureColumn(f"to {plain(base.net)}", True),
        ]
    rows = [FigureRow(tuple(_exact(side, base, keys)), side is base) for side in sides]
    report = base.report
    caption = f"Totals, batch {report.batch}, {report.dtype}; activations in bytes"
    title = ", ".join([side.net for side in sides]) if len(sides) < 5 else f"{len(sides)} networks"
    return figure_html(title, comparison_svg(sides), caption, columns, rows)
