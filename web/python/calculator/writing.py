"""Files that the page hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.api import Report
from cnncalc.language.network import Network
from cnncalc.records import Record
from cnncalc.render.csv import report_csv
from cnncalc.render.latex import report_latex
from cnncalc.render.markdown import report_markdown


class Form(Record):
    """A format: its media type, and what writes it."""

    type: str
    write: Callable[[Network, Report], str]


FORMATS: Mapping[str, Form] = {
    "markdown": Form("text/markdown", lambda network, report: report_markdown(report)),
    "csv": Form("text/csv", lambda network, report: report_csv(report)),
    "latex": Form("application/x-latex", lambda network, report: report_latex(report)),
}
"""The formats by name."""
