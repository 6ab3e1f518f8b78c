"""Networks side by side: their totals, and each total's ratio to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.analysis import sizes
from cnncalc.analysis.completeness import SUMMED, require_known
from cnncalc.analysis.footprint import plan_for
from cnncalc.analysis.report import BYTES, Report
from cnncalc.render import numbers

if TYPE_CHECKING:
    from cnncalc.render.listing import Listing


def model_bytes(report: Report) -> int:
    """Bytes of parameters and buffers: those of a file that stores them."""
    return sizes.model_bytes(report.graph, BYTES[report.dtype])


def training_bytes(report: Report) -> int:
    """The most bytes alive in a training step with Adam."""
    return sizes.training_bytes(report.graph, plan_for(report))


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
    "model_bytes": Metric(
        "model", "memory", lambda report: model_bytes(report), numbers.human_bytes
    ),
    "training_bytes": Metric(
        "training", "memory", lambda report: training_bytes(report), numbers.human_bytes
    ),
}
"""What is compared, by its key in the data."""

DEFAULTS = tuple(METRICS)[:-2]
"""What every comparison shows; the others are asked for."""


class Side(NamedTuple):
    """One network of a comparison."""

    net: str
    """As the caller named it."""
    report: Report


def ratio(value: int, base: int) -> str:
    """How many times the base: `×0.25`; a dash where the base is 0."""
    if not base:
        return "–"
    times = value / base
    digits = 2 if times < 9.995 else 1 if times < 99.95 else 0
    return f"×{times:.{digits}f}" if times >= 0.005 or not value else "<×0.01"


def totals(side: Side, base: Side, keys: Sequence[str]) -> Iterator[tuple[Metric, int, str]]:
    """Of each metric its value, and its ratio to the base's.

    Raises:
        UsageError: a total is not known, or not all of it.
    """
    for one in (side, base):
        if one.report.totals.at_least:
            require_known(one.report.graph, "a total", SUMMED)
    for key in keys:
        metric = METRICS[key]
        value = metric.value(side.report)
        yield metric, value, ratio(value, metric.value(base.report))


def comparison_table(sides: Sequence[Side], base: Side, keys: Sequence[str]) -> Listing:
    """The same for people."""
    from cnncalc.render.listing import Listing, ListingColumn

    columns = {
        "network": ListingColumn("network", "block", least=12),
        "input": ListingColumn("input", "quiet"),
    }
    for key in keys:
        metric = METRICS[key]
        columns[key] = ListingColumn(metric.title, metric.role, number=True, tight=True)
        columns[f"{key} ratio"] = ListingColumn("", "quiet", number=True)
    rows = []
    for side in sides:
        row = [side.net, shapes(side.report)]
        for metric, value, times in totals(side, base, keys):
            row += [metric.text(value), "" if side is base else times]
        rows.append(row)
    yielding = [
        *[f"{key} ratio" for key in ("layers", "flops", "activation_bytes") if key in keys],
        *[key for key in ("flops", "activation_bytes", "layers") if key in keys],
        "input",
    ]
    return Listing(columns, rows, yielding=yielding)


def shapes(report: Report) -> str:
    """The shape of the input; of several, all of them."""
    return ", ".join([numbers.shape(shape) for shape in report.inputs.values()])
