"""Markdown, GitHub-flavoured: title, source, summary, table, totals, findings."""

from __future__ import annotations

from cnncalc.analysis.report import Report
from cnncalc.render import escape, numbers, summary
from cnncalc.render.rows import Row, rows

HEADER = ("#", "Layer", "Kind", "Output", "Receptive field", "Parameters", "MACs", "Memory")
ALIGN = ("--:", ":--", ":--", ":--", "--:", "--:", "--:", "--:")


def report_markdown(
    report: Report, depth: int | None = None, channels_last: bool = False, exact: bool = True
) -> str:
    """A report as a Markdown document."""
    lines = [f"# {escape.markdown(report.name)}", ""]
    if report.source:
        lines += [escape.markdown(report.source), ""]
    found = report.totals
    lines += [
        f"{escape.markdown(summary.heading(report, channels_last))}: "
        f"**{numbers.human(found.params)}** parameters, **{numbers.human(found.macs)}** MACs, "
        f"**{numbers.human_bytes(found.peak_activation_bytes)}** of activations at the peak.",
        "",
        _line(HEADER),
        _line(ALIGN),
    ]
    lines += [_line(_cells(row, channels_last, exact)) for row in rows(report, depth)]
    lines += ["", "| Total | | |", "| :-- | --: | :-- |"]
    lines += [
        _line((name, value, escape.markdown(parts)))
        for name, value, parts in summary.totals(report)
    ]
    if report.diagnostics:
        lines += ["", "## Findings", ""]
        for finding in report.diagnostics:
            where = f" ({escape.markdown(str(finding.place))})" if finding.place else ""
            layer = f" {escape.markdown(finding.layer)}:" if finding.layer else ""
            lines.append(
                f"- **{finding.severity}** {finding.rule}:{layer} "
                f"{escape.markdown(finding.message)}{where}"
            )
    return "\n".join(lines) + "\n"


def _cells(row: Row, channels_last: bool, exact: bool) -> tuple[str, ...]:
    count = numbers.exact if exact else numbers.human
    return (
        row.number,
        escape.markdown(row.name),
        escape.markdown(f"{row.kind} {row.essentials}".strip()),
        numbers.shape(row.output_shape, channels_last),
        numbers.fields(row.fields),
        count(row.params) if row.params else "",
        count(row.macs) if row.macs else "",
        numbers.human_bytes(row.memory) if row.memory else "",
    )


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
