"""The data of the page: what is drawn, as texts, numbers and places."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.render import numbers, summary
from cnncalc.render.escape import plain
from cnncalc.render.rows import ViewOptions

SCHEMA = "cnncalc.page/1"


def _table(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.table import table

    return table(report, view)


def _sights(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.receptive_fields import sights

    return sights(report)


def _findings(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.findings import findings

    return findings(report)


def _charts(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.charts import charts

    return charts(report, view)


def _diagram(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.diagram import diagram

    return diagram(report, view)


def _explanations(report: Report, view: ViewOptions) -> Any:
    from cnncalc.render.page.explanations import explanations

    return explanations(report)


PARTS: dict[str, Callable[[Report, ViewOptions], Any]] = {
    "table": _table,
    "sights": _sights,
    "findings": _findings,
    "charts": _charts,
    "diagram": _diagram,
    "explanations": _explanations,
}
"""What can be asked for; each is imported when it is."""

OF_WHOLE_NETWORKS = ("diagram", "explanations")
"""Parts that a network with mistakes has not."""


def page_data(
    report: Report, view: ViewOptions = ViewOptions(), parts: Collection[str] = tuple(PARTS)
) -> dict[str, Any]:
    """The data of a page, with the parts of it that are asked for.

    Args:
        report: the network.
        view: columns, exact numbers, channels last, and the level below which blocks are folded
            at first.
        parts: names in `PARTS`.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "name": plain(report.name),
        "source": plain(report.source or ""),
        "heading": summary.heading(report, view.channels_last),
        "totals": summary.totals(report),
        "figures": _figures(report),
    }
    for part in parts:
        if report.mistaken and part in OF_WHOLE_NETWORKS:
            continue
        found[part] = PARTS[part](report, view)
    return found


def _figures(report: Report) -> list[tuple[str, str]]:
    """The figures that stand large at the top, and what they are."""
    totals = report.totals
    return [
        (numbers.human(totals.params), "parameters"),
        (numbers.human(totals.macs), "MACs"),
        (numbers.human_bytes(totals.activation_bytes), "activations"),
        (numbers.human_bytes(totals.peak_activation_bytes), "peak memory"),
        (numbers.exact(totals.layers), "layers" if totals.layers != 1 else "layer"),
    ]
