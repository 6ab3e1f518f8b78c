"""Files that the page hands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.api import Report
from cnncalc.exchange.converting import keras_of, pytorch_of
from cnncalc.language.network import Network
from cnncalc.render.csv import report_csv
from cnncalc.render.dot import report_dot
from cnncalc.render.drawing.blocks import report_blocks
from cnncalc.render.drawing.volumes import report_volumes
from cnncalc.render.json import report_json
from cnncalc.render.latex import report_latex
from cnncalc.render.markdown import report_markdown
from cnncalc.render.mermaid import report_mermaid
from cnncalc.render.page import page_html
from cnncalc.render.rows import ViewOptions


class Form(NamedTuple):
    """A format: its media type, and what writes it."""

    type: str
    write: Callable[[Network, Report], str]


FORMATS: Mapping[str, Form] = {
    "markdown": Form("text/markdown", lambda network, report: report_markdown(report)),
    "csv": Form("text/csv", lambda network, report: report_csv(report)),
    "html": Form("text/html", lambda network, report: page_html(report)),
    "json": Form("application/json", lambda network, report: report_json(report)),
    "volumes": Form("image/svg+xml", lambda network, report: report_volumes(report, ViewOptions())),
    "blocks": Form("image/svg+xml", lambda network, report: report_blocks(report, ViewOptions())),
    "dot": Form("text/vnd.graphviz", lambda network, report: report_dot(report, ViewOptions())),
    "mermaid": Form("text/plain", lambda network, report: report_mermaid(report, ViewOptions())),
    "keras": Form("text/x-python", lambda network, report: keras_of(network, report.graph)),
    "pytorch": Form("text/x-python", lambda network, report: pytorch_of(network, report.graph)),
    "latex": Form("application/x-latex", lambda network, report: report_latex(report)),
}
"""The formats by name."""
