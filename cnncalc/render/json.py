"""JSON of the contract: `cnncalc.report/1` and `cnncalc.diagnostics/1`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.diagnostics import Diagnostic, summarize


def report_dict(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    totals = report.totals._asdict()
    totals["operations"] = report.totals.operations._asdict()
    return {
        "schema": "cnncalc.report/1",
        "name": report.name,
        "source": report.source,
        "batch": report.batch,
        "dtype": report.dtype,
        "inplace": report.settings.inplace,
        "parameters": dict(report.graph.parameters),
        "inputs": [{"name": report.graph.nodes[0].name, "shape": list(report.input_shape)}],
        "outputs": list(report.outputs),
        "layers": [_layer(layer) for layer in report.layers],
        "totals": totals,
        "diagnostics": [diagnostic.to_dict() for diagnostic in report.diagnostics],
    }


def _layer(layer: LayerReport) -> dict[str, Any]:
    field = layer.receptive_field
    found: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": list(layer.inputs),
        "output_shape": list(layer.output_shape),
        "weights": {name: list(shape) for name, shape in layer.weights.items()},
        "buffers": {name: list(shape) for name, shape in layer.buffers.items()},
        "params": layer.params,
        "macs": layer.macs,
        "flops": layer.flops,
        "operations": layer.operations._asdict(),
        "activation_bytes": layer.activation_bytes,
        "receptive_field": field and {key: list(value) for key, value in field._asdict().items()},
    }
    if layer.shares is not None:
        found["shares"] = layer.shares
    return found


def report_json(report: Report) -> str:
    """A report as JSON text."""
    return dumps(report_dict(report))


def diagnostics_dict(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Findings as plain data."""
    return {
        "schema": "cnncalc.diagnostics/1",
        "diagnostics": [diagnostic.to_dict() for diagnostic in diagnostics],
        "summary": summarize(diagnostics),
    }


def dumps(data: object) -> str:
    """Indented JSON; a list of numbers or words stays on one line."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    return _joined(text) + "\n"


def _joined(text: str) -> str:
    # inside a string neither a line break nor an unescaped quote can stand
    scalar = r'(?:-?\d+|null|"(?:[^"\\]|\\.)*")'
    short_list = re.compile(rf"\[\n\s+{scalar}(?:,\n\s+{scalar})*\n\s+\]")
    return short_list.sub(_one_line, text)


def _one_line(match: re.Match[str]) -> str:
    items = match.group()[1:-1].split(",\n")
    return f"[{', '.join(item.strip() for item in items)}]"
