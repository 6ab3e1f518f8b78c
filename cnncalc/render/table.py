"""The table for terminals; it fits the width it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.render import numbers, summary
from cnncalc.render.escape import plain
from cnncalc.render.findings import one_line
from cnncalc.render.rows import Row, rows
from cnncalc.render.spans import Line, Span, pad, width, wrap

EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR_WIDTH = 6
GAP = 2
NARROWEST = {"name": 18, "kind": 14}
"""Names and kinds are narrowed to this before columns are dropped."""

SEVERITY_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


class View(NamedTuple):
    """What the user asked to see."""

    depth: int | None = None
    exact: bool = False
    channels_last: bool = False
    columns: tuple[str, ...] = ()
    width: int | None = None
    """Columns of the terminal; `None`: as wide as need be, and without bars."""


class Column(NamedTuple):
    """A column: its title, how a row fills it, and how it looks."""

    title: str
    cell: Callable[[Row, View], str]
    style: str = ""
    numeric: bool = False
    value: Callable[[Row], int] | None = None
    """What its bar shows."""


def _count(value: int, view: View) -> str:
    if not value:
        return ""
    return numbers.exact(value) if view.exact else numbers.human(value)


def _bytes(value: int, view: View) -> str:
    if not value:
        return ""
    return numbers.exact(value) if view.exact else numbers.human_bytes(value)


COLUMNS: dict[str, Column] = {
    "index": Column("#", lambda row, view: row.number, "dim", True),
    "name": Column("layer", lambda row, view: row.name),
    "kind": Column("kind", lambda row, view: f"{row.kind} {row.essentials}".strip(), "cyan"),
    "output": Column(
        "output", lambda row, view: numbers.shape(row.output_shape, view.channels_last)
    ),
    "field": Column("sees", lambda row, view: numbers.fields(row.fields), "green", True),
    "start": Column(
        "from",
        lambda row, view: numbers.starts(row.fields),
        "green",
        True,
    ),
    "params": Column(
        "params", lambda row, view: _count(row.params, view), "blue", True, lambda row: row.params
    ),
    "buffers": Column("buffers", lambda row, view: _count(row.buffers, view), "blue", True),
    "macs": Column(
        "MACs", lambda row, view: _count(row.macs, view), "magenta", True, lambda row: row.macs
    ),
    "flops": Column(
        "FLOPs", lambda row, view: _count(row.flops, view), "magenta", True, lambda row: row.flops
    ),
    "memory": Column(
        "memory", lambda row, view: _bytes(row.memory, view), "yellow", True, lambda row: row.memory
    ),
}
"""Every column that `--columns` can name."""

DEFAULT = ("index", "name", "kind", "output", "field", "params", "macs", "memory")
FINDINGS = 12
"""At most so many findings stand below a table."""
DROP_ORDER = ("index", "memory", "field", "output", "macs")
"""Which columns go first where the terminal is narrow."""


def tree(found: Sequence[Row]) -> list[tuple[str, Row | None]]:
    """Rows with their names indented below headings: a heading (without a row) for each block."""
    lines: list[tuple[str, Row | None]] = []
    above: tuple[str, ...] = ()
    for row in found:
        head, leaf = row.path[:-1], row.path[-1]
        shared = 0
        while shared < min(len(head), len(above)) and head[shared] == above[shared]:
            shared += 1
        lines += [("  " * level + plain(head[level]), None) for level in range(shared, len(head))]
        lines.append(("  " * len(head) + plain(leaf), row))
        above = head
    return lines


def bar(value: int, most: int) -> str:
    """A bar of `BAR_WIDTH` cells in eighths; what is there shows at least one eighth."""
    if not value or not most:
        return " " * BAR_WIDTH
    eighths = max(1, round(value / most * BAR_WIDTH * 8))
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(BAR_WIDTH)


class Layout(NamedTuple):
    """The columns that fit, their widths, and whether bars are drawn."""

    columns: tuple[str, ...]
    widths: dict[str, int]
    bars: bool


def fit(
    natural: dict[str, int],
    limit: int | None,
    *,
    barred: Sequence[str] = (),
    narrow: dict[str, int] | None = None,
    droppable: Sequence[str] = (),
) -> Layout:
    """Choose what fits: bars go first, then text is narrowed, then columns are dropped."""
    columns, widths = list(natural), dict(natural)
    bars = sum(BAR_WIDTH + 1 for key in columns if key in barred)

    def over() -> int:
        return sum(widths[key] for key in columns) + GAP * (len(columns) - 1) - (limit or 0)

    if limit is None:
        return Layout(tuple(columns), widths, False)
    if over() + bars <= 0:
        return Layout(tuple(columns), widths, bool(bars))
    left = [key for key in droppable if key in columns]
    narrow = narrow or {}
    while over() > sum(max(widths[key] - narrow[key], 0) for key in columns if key in narrow):
        if not left:
            break
        columns.remove(left.pop(0))
    for key in (*narrow, *reversed(columns)):
        least = narrow.get(key, 3) if left or over() <= 0 else 3
        if key in columns and over() > 0:
            widths[key] -= min(over(), max(widths[key] - least, 0))
    return Layout(tuple(columns), widths, False)


def layer_lines(report: Report, view: View) -> list[Line]:
    """The layers as lines of styled text, the titles above them."""
    found = rows(report, view.depth)
    lines = tree(found)
    chosen = view.columns or DEFAULT
    cells = {
        key: [
            label if key == "name" else plain(COLUMNS[key].cell(row, view)) if row else ""
            for label, row in lines
        ]
        for key in chosen
    }
    barred = [key for key in chosen if COLUMNS[key].value is not None]
    if view.width is not None and not view.columns and "kind" in cells:
        layout = _layout(cells, barred, view)
        if len(layout.columns) < len(cells) or layout.widths["kind"] < max(
            map(width, cells["kind"])
        ):
            cells["kind"] = [_options_only(row) for _, row in lines]
    layout = _layout(cells, barred, view)
    most = {
        key: max((value(row) for row in found), default=0)
        for key in barred
        if (value := COLUMNS[key].value) is not None
    }
    drawn = [_titles(layout, barred)]
    for number, (_, row) in enumerate(lines):
        line: Line = []
        for key in layout.columns:
            column, text = COLUMNS[key], cells[key][number]
            style = column.style if row is not None else "bold"
            line.append(Span(pad(text, layout.widths[key], column.numeric), style))
            if layout.bars and column.value is not None:
                amount = column.value(row) if row is not None else 0
                line.append(Span(" " + bar(amount, most[key]), column.style))
            line.append(Span(" " * GAP))
        drawn.append(line[:-1])
    return drawn


def _options_only(row: Row | None) -> str:
    """A kind in short where the layer's name says it already."""
    if row is None:
        return ""
    leaf = row.path[-1].rstrip("0123456789").rstrip("_")
    named = leaf == row.kind.rstrip("0123456789").rstrip("_")
    return plain(row.essentials if named else f"{row.kind} {row.essentials}".strip())


def _layout(cells: dict[str, list[str]], barred: Sequence[str], view: View) -> Layout:
    natural = {
        key: max(width(COLUMNS[key].title), *map(width, texts)) for key, texts in cells.items()
    }
    return fit(
        natural,
        view.width,
        barred=barred,
        narrow=NARROWEST,
        droppable=() if view.columns else DROP_ORDER,
    )


def _titles(layout: Layout, barred: Sequence[str]) -> Line:
    line: Line = []
    for key in layout.columns:
        column = COLUMNS[key]
        text = pad(column.title, layout.widths[key], column.numeric)
        if layout.bars and key in barred:
            text += " " * (BAR_WIDTH + 1)
        line.append(Span(text + " " * GAP, "bold underline" if not text.strip() else "bold"))
    return line


def totals_lines(report: Report, columns: int | None) -> list[Line]:
    """The sums: their names in front, their parts behind."""
    found = summary.totals(report)
    names = max(width(name) for name, _, _ in found)
    values = max(width(value) for _, value, _ in found)
    indent = names + values + 2 * GAP
    drawn: list[Line] = []
    for name, value, parts in found:
        first, *rest = wrap(plain(parts), None if columns is None else columns - indent)
        drawn.append(
            [
                Span(pad(name, names) + " " * GAP, "dim"),
                Span(pad(value, values, right=True) + " " * GAP, "bold"),
                Span(first, "dim"),
            ]
        )
        drawn += [[Span(" " * indent + text, "dim")] for text in rest]
    return drawn


def finding_lines(report: Report, columns: int | None) -> list[Line]:
    """The findings, each in a line as long as the terminal allows."""
    drawn: list[Line] = []
    for finding in report.diagnostics[:FINDINGS]:
        head = f"{finding.severity} "
        first, *rest = wrap(
            f"{finding.rule}: {one_line(finding)}", None if columns is None else columns - len(head)
        )
        drawn.append([Span(head, SEVERITY_STYLES[finding.severity]), Span(first)])
        drawn += [[Span(" " * len(head) + text)] for text in rest]
    if len(report.diagnostics) > FINDINGS:
        more = len(report.diagnostics) - FINDINGS
        drawn.append([Span(f"and {more} more findings: `cnncalc validate` shows them all", "dim")])
    return drawn


def report_lines(report: Report, view: View) -> list[Line]:
    """Everything that `analyze` shows."""
    table = layer_lines(report, view)
    length = min(
        view.width or 10_000, max(width("".join([s.text for s in line]).rstrip()) for line in table)
    )
    rule = [Span("─" * length, "dim")]
    drawn: list[Line] = [[Span(text, "bold")] for text in wrap(plain(report.name), view.width)]
    if report.source:
        drawn += [[Span(text, "italic")] for text in wrap(plain(report.source), view.width)]
    drawn += [
        [Span(text, "dim")]
        for text in wrap(summary.heading(report, view.channels_last), view.width)
    ]
    drawn += [[], table[0], rule, *table[1:], rule]
    drawn += totals_lines(report, view.width)
    if report.diagnostics:
        drawn += [[], *finding_lines(report, view.width)]
    return drawn
