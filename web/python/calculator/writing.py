"""Files that the page hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.api import Report
from cnncalc.exchange.converting import pytorch_of
from cnncalc.language.network import Network
from cnncalc.render.csv import report_csv
from cnncalc.render.latex import report_latex
from cnncalc.render.markdown import report_markdown
from cnncalc.render.page import page_html


class Form(NamedTuple):
    """A format: its media type, and what writes it."""

    type: str
    write: Callable[[Network, Report], str]


FORMATS: Mapping[str, Form] = {
    "markdown": Form("text/markdown", lambda network, report: report_markdown(report)),
    "csv": Form("text/csv", lambda network, report: report_csv(report)),
    "html": Form("text/html", lambda network, report: page_html(report)),
    "pytorch": Form("text/x-python", lambda network, report: pytorch_of(network, report.graph)),
    "latex": Form("application/x-latex", lambda network, report: report_latex(report)),
}
"""The formats by name."""
