"""Networks side by side: their totals, and each total's ratio to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.render import numbers
from cnncalc.render.csv import written
from cnncalc.render.escape import cell, markdown
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
            numbers.shape(side.report.input_shape),
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
        row = [side.net, numbers.shape(side.report.input_shape)]
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
        row = [latex(side.net), latex(numbers.shape(side.report.input_shape))]
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
        row = [side.net, numbers.shape(side.report.input_shape)]
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
