"""A report as people read it: the layers' table, the totals, the findings in short."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cnncalc.analysis.report import Report
from cnncalc.render import listing, summary
from cnncalc.render.columns import COLUMNS, SHOWN, YIELDING, Column, titled
from cnncalc.render.escape import plain
from cnncalc.render.findings import hanging
from cnncalc.render.listing import GAP, Listing
from cnncalc.render.rows import Row, ViewOptions, rows, tree
from cnncalc.unknown import least

LEAST_PARTS = 24
"""Cells that the parts of a total need beside it; narrower, they stand below."""


FINDINGS = 12
"""At most so many findings stand below a table."""


def layers(report: Report, view: ViewOptions) -> Listing:
    """The layers' table."""
    found = rows(report, view)
    lines = tree(found)
    chosen = view.columns or SHOWN
    cells = [
        [label if key == "name" else COLUMNS[key].cell(row, view) if row else "" for key in chosen]
        for label, row in lines
    ]
    bars = {
        key: [least(value(row)) if row else 0 for _, row in lines]
        for key in chosen
        if (value := COLUMNS[key].value) is not None
    }
    short = [_options_only(row) for _, row in lines]
    return Listing(
        {key: _column(COLUMNS[key], titled(key, COLUMNS[key].title, view)) for key in chosen},
        cells,
        roles=["block" if row is None else "failed" if row.failed else "" for _, row in lines],
        bars=bars,
        shorter={} if view.columns or "kind" not in chosen else {"kind": short},
        yielding=() if view.columns else YIELDING,
    )


def _column(column: Column, title: str) -> listing.ListingColumn:
    return listing.ListingColumn(title, column.role, column.number, column.least)


def _options_only(row: Row | None) -> str:
    """A kind in short where the layer's name says it already."""
    if row is None:
        return ""
    leaf = row.path[-1].rstrip("0123456789").rstrip("_")
    named = leaf == row.kind.rstrip("0123456789").rstrip("_")
    return row.short_options if named else f"{row.kind} {row.short_options}".strip()


class TotalsPanel:
    """The sums: their names in front, their parts behind, or below where the width is short."""

    def __init__(self, report: Report, view: ViewOptions = ViewOptions()) -> None:
        self.found = summary.totals(report, view.convention, view.counted)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        names = listing.width([name for name, _, _ in self.found])
        values = listing.width([value for _, value, _ in self.found])
        beside = options.max_width - names - values - 2 * GAP >= LEAST_PARTS
        grid = Table.grid(padding=(0, GAP, 0, 0))
        grid.add_column(style="quiet", no_wrap=True)
        grid.add_column(style="strong", justify="right", no_wrap=True)
        if beside:
            grid.add_column(style="quiet", overflow="fold")
        for name, value, parts in self.found:
            told = plain(parts)
            if beside:
                grid.add_row(name, value, told)
            else:
                yield Text.assemble((f"{name}  ", "quiet"), (value, "strong"))
                yield Padding(Text(told, "quiet"), (0, 0, 0, GAP))
        if beside:
            yield grid


def failures(report: Report) -> list[RenderableType]:
    """The layers that cannot be, and why."""
    return [
        hanging("✗ ", "failed", Text(f"{plain(report.graph.nodes[index].name)}: {plain(why)}"))
        for index, why in report.failed.items()
    ]


def findings(report: Report) -> RenderableType:
    """The findings, each in a line as long as the width allows."""
    parts: list[RenderableType] = []
    for finding in report.diagnostics[:FINDINGS]:
        severity = finding.severity
        text = Text(f"{finding.rule}: {summary.one_line(finding)}")
        parts.append(hanging(f"{severity} ", severity, text))
    if len(report.diagnostics) > FINDINGS:
        more = len(report.diagnostics) - FINDINGS
        told = f"and {more} more findings: `cnncalc validate` shows them all"
        parts.append(Text(told, "quiet"))
    return Group(*parts)


def _shown(report: Report, view: ViewOptions) -> list[RenderableType]:
    """How much of the network the table shows, where that is not all."""
    if not view.kinds:
        return []
    count = sum([layer.kind in view.kinds for layer in report.layers])
    return [Text(f"{count} of {len(report.layers)} layers; the totals are those of all", "quiet")]


def document(report: Report, view: ViewOptions = ViewOptions()) -> RenderableType:
    """Everything that `analyze` shows."""
    parts: list[RenderableType] = [Text(plain(report.name), "title")]
    if report.source:
        parts.append(Text(plain(report.source), "source"))
    parts += [
        Text(summary.heading(report, view.channels_last), "quiet"),
        Text(""),
        layers(report, view),
        *_shown(report, view),
        *failures(report),
        TotalsPanel(report, view),
    ]
    if report.diagnostics:
        parts += [Text(""), findings(report)]
    return Group(*parts)
