"""A report as a notebook shows it: HTML with bars, without scripts, styles or requests."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from cnncalc.analysis.report import Report
from cnncalc.render import numbers, summary
from cnncalc.render.columns import COLUMNS
from cnncalc.render.escape import plain
from cnncalc.render.rows import ViewOptions, rows, tree
from cnncalc.unknown import least

SHOWN = ("name", "kind", "output", "field", "params", "macs", "memory")
CELL = "white-space:pre;padding:.15em .4em .2em 1.2em;"
TEXT, NUMBER = CELL + "text-align:left", CELL + "text-align:right"
BAR = ";background:linear-gradient({colour},{colour}) right bottom/{share:.4g}% 3px no-repeat"
TABLE = '<table style="border-collapse:collapse;font-size:inherit;margin:.5em 0">'
COLOURS = {"params": "#4a7fb5", "macs": "#a05195", "memory": "#b58b2a"}
"""Colours of the bars, legible on light and on dark."""
FAILED = "color:#c62828;background:rgba(198,40,40,.12)"
"""Of the row of a layer that cannot be."""
FINDINGS = 12


def report_html(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """The table, the totals and the findings, for `_repr_html_`."""
    return "\n".join(
        [
            "<div>",
            f"<p><strong>{_safe(report.name)}</strong><br>"
            f"<small>{_safe(summary.heading(report, view.channels_last))}</small></p>",
            '<div style="max-height:32em;overflow:auto;display:inline-block;max-width:100%">',
            TABLE,
            "<thead><tr>",
            *[_cell(COLUMNS[key].title, COLUMNS[key].number, "th", "col") for key in SHOWN],
            "</tr></thead>",
            "<tbody>",
            *_body(report, view),
            "</tbody></table></div>",
            *_totals(report),
            *_findings(report),
            "</div>",
        ]
    )


def _body(report: Report, view: ViewOptions) -> Iterator[str]:
    found = rows(report, view)
    values = {key: value for key in SHOWN if (value := COLUMNS[key].value) is not None}
    most = {
        key: max([least(value(row)) for row in found], default=0) for key, value in values.items()
    }
    for label, row in tree(found):
        if row is None:
            yield f"<tr>{_cell(label, False, 'th', 'row', len(SHOWN))}</tr>"
            continue
        cells = [_cell(f"✗ {label}" if row.failed else label, False)]
        for key in SHOWN[1:]:
            column = COLUMNS[key]
            bar = _bar(key, least(values[key](row)), most[key]) if key in values else ""
            cells.append(_cell(column.cell(row, view), column.number, style=bar))
        mark = f' style="{FAILED}"' if row.failed else ""
        yield f"<tr{mark}>{''.join(cells)}</tr>"


def _cell(
    text: str, number: bool, tag: str = "td", scope: str = "", span: int = 1, style: str = ""
) -> str:
    attributes = f' scope="{scope}"' if scope else ""
    attributes += f' colspan="{span}"' if span > 1 else ""
    return f'<{tag}{attributes} style="{NUMBER if number else TEXT}{style}">{_safe(text)}</{tag}>'


def _bar(key: str, value: int, most: int) -> str:
    """A line below the number; that of the largest takes four fifths of the cell."""
    return BAR.format(colour=COLOURS[key], share=80 * value / most) if value else ""


def _totals(report: Report) -> Iterator[str]:
    yield TABLE
    for name, value, parts in summary.totals(report):
        head = _cell(name, False, "th", "row")
        yield f"<tr>{head}{_cell(value, True)}{_cell(parts, False)}</tr>"
    yield "</table>"


def _findings(report: Report) -> Iterator[str]:
    if not report.diagnostics:
        return
    yield "<ul>"
    for finding in report.diagnostics[:FINDINGS]:
        told = f"{finding.rule}: {summary.one_line(finding)}"
        yield f"<li><strong>{finding.severity}</strong> {_safe(told)}</li>"
    if len(report.diagnostics) > FINDINGS:
        yield f"<li>and {len(report.diagnostics) - FINDINGS} more</li>"
    yield "</ul>"


def _safe(text: str) -> str:
    return escape(plain(text))


def short(report: Report) -> str:
    """A report in one line, for `repr`."""
    totals = report.totals
    return (
        f"<Report {plain(report.name)}: {totals.layers} layers, "
        f"{numbers.human(totals.params)} parameters, {numbers.human(totals.macs)} MACs, "
        f"{summary.heading(report)}>"
    )
