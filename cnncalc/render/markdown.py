"""Markdown, GitHub-flavoured: title, source, summary, table, totals, findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.analysis.report import Report
from cnncalc.render import numbers, summary
from cnncalc.render.columns import COLUMNS, SHOWN, titled
from cnncalc.render.escape import markdown
from cnncalc.render.rows import ViewOptions, rows


def report_markdown(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A report as a Markdown document; counts are exact, and bytes where `view` says so."""
    lines = [f"# {markdown(report.name)}", ""]
    if report.source:
        lines += [markdown(report.source), ""]
    found = report.totals
    columns = [COLUMNS[key] for key in view.columns or SHOWN]
    exact = view._replace(exact=True)
    views = [view if column is COLUMNS["memory"] else exact for column in columns]
    lines += [
        f"{markdown(summary.heading(report, view.channels_last))}: "
        f"**{numbers.human(found.params)}** parameters, **{numbers.human(found.macs)}** MACs, "
        f"**{numbers.human_bytes(found.peak_activation_bytes)}** of activations at the peak.",
        "",
        *table(
            [titled(key, COLUMNS[key].heading, view) for key in view.columns or SHOWN],
            [
                [column.cell(row, view) for column, view in zip(columns, views, strict=True)]
                for row in rows(report, view)
            ],
            [column.number for column in columns],
        ),
        "",
        "| Total | | |",
        "| :-- | --: | :-- |",
    ]
    sums = summary.totals(report, view.convention, view.counted)
    lines += [line(map(markdown, parts)) for parts in sums]
    for index, why in report.failed.items():
        name = markdown(report.graph.nodes[index].name)
        lines += ["", f"**✗ {name}** cannot be: {markdown(why)}"]
    if report.diagnostics:
        lines += ["", "## Findings", ""]
        for finding in report.diagnostics:
            where = f" ({markdown(str(finding.place))})" if finding.place else ""
            layer = f" {markdown(finding.layer)}:" if finding.layer else ""
            lines.append(
                f"- **{finding.severity}** {finding.rule}:{layer} "
                f"{markdown(finding.message)}{where}"
            )
    return "\n".join(lines) + "\n"


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[bool]
) -> list[str]:
    """A table's lines; foreign text in its cells is made harmless here."""
    return [
        line(titles),
        line(["--:" if number else ":--" for number in numeric]),
        *[line(map(markdown, row)) for row in rows],
    ]


def line(cells: Iterable[str]) -> str:
    """A table's line of cells that are Markdown already."""
    return f"| {' | '.join(cells)} |"
