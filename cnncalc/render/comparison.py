"""Networks side by side: their totals, and each total's ratio to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, markdown, plain
from cnncalc.render.markdown import table

if TYPE_CHECKING:
    from cnncalc.render.listing import Listing


class Metric(NamedTuple):
    """A total: its title, its role, its value and how it is written for people."""

    title: str
    role: str
    value: Callable[[Report], int]
    text: Callable[[int], str]


METRICS = {
    "layers": Metric("layers", "", lambda report: report.totals.layers, numbers.exact),
    "params": Metric("params", "params", lambda report: report.totals.params, numbers.human),
    "macs": Metric("MACs", "macs", lambda report: report.totals.macs, numbers.human),
    "flops": Metric("FLOPs", "macs", lambda report: report.totals.flops, numbers.human),
    "activation_bytes": Metric(
        "activations",
        "memory",
        lambda report: report.totals.activation_bytes,
        numbers.human_bytes,
    ),
    "peak_activation_bytes": Metric(
        "peak", "memory", lambda report: report.totals.peak_activation_bytes, numbers.human_bytes
    ),
}
"""What is compared, by its key in the data."""


class Side(NamedTuple):
    """One network of a comparison."""

    net: str
    """As the caller named it."""
    report: Report


def comparison_dict(sides: Sequence[Side]) -> dict[str, Any]:
    """The data of `cnncalc.compare/1`."""
    return {"schema": "cnncalc.compare/1", "networks": [_entry(side) for side in sides]}


def _entry(side: Side) -> dict[str, Any]:
    report = side.report
    return {
        "name": report.name,
        "net": side.net,
        "input_shape": list(report.input_shape),
        **{key: metric.value(report) for key, metric in METRICS.items()},
    }


def ratio(value: int, base: int) -> str:
    """How many times the base: `×0.25`; a dash where the base is 0."""
    if not base:
        return "–"
    times = value / base
    digits = 2 if times < 9.995 else 1 if times < 99.95 else 0
    return f"×{times:.{digits}f}" if times >= 0.005 or not value else "<×0.01"


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
    rows = []
    for side in sides:
        row = [side.net, shapes(side.report)]
        for key in keys:
            value, of = METRICS[key].value(side.report), METRICS[key].value(base.report)
            row += [numbers.exact(value), ratio(value, of)]
        rows.append(row)
    return "\n".join(table([markdown(title) for title in titles], rows, numeric)) + "\n"


def comparison_latex(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> str:
    """A table for LaTeX with the totals and their ratios to the base."""
    from cnncalc.render.escape import latex
    from cnncalc.render.latex import table as latex_table

    titles = [
        "network",
        "input",
        *[rf"\multicolumn{{2}}{{c}}{{{METRICS[key].title}}}" for key in keys],
    ]
    rows = []
    for side in sides:
        row = [latex(side.net), latex(shapes(side.report))]
        for key in keys:
            value, of = METRICS[key].value(side.report), METRICS[key].value(base.report)
            row += [
                latex(METRICS[key].text(value)),
                "" if side is base else latex(ratio(value, of)),
            ]
        rows.append(row)
    caption = f"{len(sides)} networks; ratios are to {latex(base.net)}."
    return latex_table(titles, "ll" + "rr" * len(keys), rows, caption, "compare-" + base.net)


def comparison_table(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> Listing:
    """The same for people."""
    from cnncalc.render.listing import Column, Listing

    columns = {"network": Column("network", "block", least=12), "input": Column("input", "quiet")}
    for key in keys:
        metric = METRICS[key]
        columns[key] = Column(metric.title, metric.role, number=True, tight=True)
        columns[f"{key} ratio"] = Column("", "quiet", number=True)
    rows = []
    for side in sides:
        row = [side.net, shapes(side.report)]
        for key in keys:
            value, of = METRICS[key].value(side.report), METRICS[key].value(base.report)
            row += [METRICS[key].text(value), "" if side is base else ratio(value, of)]
        rows.append(row)
    yielding = [
        *[f"{key} ratio" for key in ("layers", "flops", "activation_bytes") if key in keys],
        *[key for key in ("flops", "activation_bytes", "layers") if key in keys],
        "input",
    ]
    return Listing(columns, rows, yielding=yielding)


def comparison_svg(sides: Sequence[Side]) -> str:
    """A scatter of parameters against MACs; areas are the activations at the peak."""
    from cnncalc.render.drawing.scatter import Axis, Chart, Mark, scatter_svg

    memory = METRICS["peak_activation_bytes"]
    marks = [
        Mark(
            side.report.totals.params, side.report.totals.macs, side.net, _about(side),
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
            (Axis("parameters", numbers.human), Axis("MACs", numbers.human)),
            tuple(marks),
            area=Axis("activations at the peak", memory.text),
        )
    )


def _about(side: Side) -> str:
    lines = [f"{side.net}: {side.report.name}", f"input {shapes(side.report)}"]
    lines += [
        f"{metric.title} {metric.text(metric.value(side.report))}" for metric in METRICS.values()
    ]
    return "\n".join(lines)


def shapes(report: Report) -> str:
    """The shape of the input; of several, all of them."""
    return ", ".join([numbers.shape(shape) for shape in report.inputs.values()])


def comparison_html(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> str:
    """The scatter above a table with exact totals and their ratios to the base."""
    from cnncalc.render.page.figure import Column, Line, figure_html

    columns = [Column("network"), Column("input")]
    for key in keys:
        columns += [Column(METRICS[key].title, True), Column(f"to {plain(base.net)}", True)]
    rows = []
    for side in sides:
        cells = [side.net, shapes(side.report)]
        for key in keys:
            value, of = METRICS[key].value(side.report), METRICS[key].value(base.report)
            cells += [numbers.exact(value), ratio(value, of)]
        rows.append(Line(tuple(cells), side is base))
    report = base.report
    caption = f"Totals, batch {report.batch}, {report.dtype}; activations in bytes"
    title = ", ".join([side.net for side in sides]) if len(sides) < 5 else f"{len(sides)} networks"
    return figure_html(title, comparison_svg(sides), caption, columns, rows)
