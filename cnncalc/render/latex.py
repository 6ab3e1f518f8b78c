"""LaTeX: tables in booktabs' style, stages folded as papers fold them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.analysis.report import Report
from cnncalc.render import numbers, summary
from cnncalc.render.escape import latex
from cnncalc.render.folding import ENTERING, Label, Several, Term, widens
from cnncalc.render.paper_table import Stage, projections, stages
from cnncalc.render.rows import ViewOptions
from cnncalc.unknown import UNKNOWN, least

SCALES = ((10**9, "G"), (10**6, "M"), (10**3, "K"), (1, ""))


def report_latex(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """A network as a table: a line a block at the level `view.depth`, else the outermost."""
    found = stages(report, view.depth or 1)
    params = [sum(report.graph.nodes[index].params for index in stage.nodes) for stage in found]
    macs = [
        report.batch * sum(report.graph.nodes[i].facts.operations.macs for i in stage.nodes)
        for stage in found
    ]
    (many, params_unit), (times, macs_unit) = (
        _column(values, total, view.exact)
        for values, total in ((params, report.totals.params), (macs, report.totals.macs))
    )
    rows = [
        [
            latex(stage.name),
            latex(_size(report, stage, view)),
            _terms(stage.terms),
            *amounts,
        ]
        for stage, *amounts in zip(found, many, times, strict=True)
    ]
    titles = ["stage", "output", "layers", f"params{params_unit}", f"MACs{macs_unit}"]
    return table(titles, "lllrr", rows, _caption(report, found), report.name, ["amsmath"])


def table(
    titles: Sequence[str],
    alignment: str,
    rows: Sequence[Sequence[str]],
    caption: str,
    name: str,
    packages: Sequence[str] = (),
    *,
    size: str = "",
) -> str:
    """A `table` environment of cells that are LaTeX already; `name` gives it its label.

    `size` is a command for smaller letters; columns are nearer to each other then.
    """
    used = "".join(f"\\usepackage{{{package}}} " for package in ("booktabs", *packages)).strip()
    return "\n".join(
        [
            f"% {used}",
            r"\begin{table}",
            r"  \centering",
            r"  \setlength{\belowcaptionskip}{\abovecaptionskip}",  # the caption stands above
            f"  \\caption{{{caption}}}",
            f"  \\label{{tab:{label(name)}}}",
            *([rf"  {size}\setlength{{\tabcolsep}}{{4pt}}"] if size else []),
            f"  \\begin{{tabular}}{{{alignment}}}",
            r"    \toprule",
            f"    {' & '.join(titles)} \\\\",
            r"    \midrule",
            *_lines(rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows; those that are several lines high keep apart."""
    high = any("array" in cell for row in rows for cell in row)
    found: list[str] = []
    for row in rows:
        if found and high:
            found.append(r"    \addlinespace")
        found.append(f"    {' & '.join(row)} \\\\")
    return found


def label(name: str) -> str:
    """A label made of a name: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "network"


def _caption(report: Report, found: Sequence[Stage]) -> str:
    totals = report.totals
    source = f" {latex(report.source)}." if report.source else ""
    shortcuts = ", nor are projections on shortcuts" if projections(report.graph) else ""
    widening = any(widens(term) for stage in found for term in stage.terms)
    entering = " $k$ are the channels that enter a block." if widening else ""
    return (
        f"{latex(report.name)}, {latex(summary.heading(report))}: "
        f"{latex(summary.at_least(totals, 'params', numbers.human(totals.params)))} parameters, "
        f"{latex(summary.at_least(totals, 'macs', numbers.human(totals.macs)))} MACs, "
        f"{latex(numbers.human_bytes(totals.peak_activation_bytes))} of activations at the peak."
        f"{source} Brackets hold blocks, braces branches, one a line.{entering} Normalizations, "
        "activations and strides that not all of a block's repetitions have are not shown"
        f"{shortcuts}."
    )


def _size(report: Report, stage: Stage, view: ViewOptions) -> str:
    """The map's size; that of a vector is 1×1, as papers have it."""
    shape = report.graph.nodes[stage.nodes[-1]].facts.output
    axes = len(report.input_shape) - 1
    return numbers.shape(shape[1:] if len(shape) > 1 else (1,) * max(axes, 1))


def _column(values: Sequence[int], total: int, exact: bool) -> tuple[list[str], str]:
    """A column's cells with as many decimals each, and its unit for the title."""
    if exact:
        return [numbers.exact(value) if value else "" for value in values], ""
    size, unit = next((scale for scale in SCALES if least(total) >= scale[0]), SCALES[-1])
    digits = 0 if size == 1 else 2
    cells = []
    for value in values:
        if value is UNKNOWN:
            cells.append(str(value))
            continue
        text = f"{value / size:,.{digits}f}"
        small = value and not float(text.replace(",", ""))
        cells.append("$<$0.01" if small else text if value else "")
    return cells, f" ({unit})" if unit else ""


def _terms(terms: Sequence[Term]) -> str:
    """Terms one below the other."""
    lines = [_term(term) for term in terms]
    if len(lines) == 1:
        return lines[0]
    return rf"$\begin{{array}}{{@{{}}l@{{}}}} {BREAK.join(map(_cell, lines))} \end{{array}}$"


BREAK = r" \\ "


def _cell(text: str) -> str:
    """A term within an array."""
    return rf"\text{{{text}}}"


def _term(term: Term) -> str:
    if isinstance(term, Label):
        text = latex(f"{term.text}, {term.stride}" if term.stride else term.text)
        return re.sub(rf"(?<=, )(\d+{ENTERING})(?=,|$)", r"$\1$", text)
    if len(term.terms) == 1 and isinstance(term.terms[0], Label):
        inner = rf"\text{{{_term(term.terms[0])}}}"
        return rf"${{[}}{inner}{{]}} \times {term.times}$"
    lines = [_lane(one) if term.aside else _term(one) for one in term.terms]
    body = BREAK.join(map(_cell, lines))
    left, right = (r"\{", r"\}") if term.aside else ("[", "]")
    times = rf" \times {term.times}" if term.times > 1 else ""
    return rf"$\left{left}\begin{{array}}{{l}} {body} \end{{array}}\right{right}{times}$"


def _lane(term: Term) -> str:
    """A branch on one line, its layers joined by arrows."""
    if isinstance(term, Several) and term.times == 1 and not term.aside:
        return r" $\to$ ".join(map(_term, term.terms))
    return _term(term)
