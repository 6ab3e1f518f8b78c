"""JSON of the contract: `cnncalc.report/1` and `cnncalc.diagnostics/1`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.analysis.receptive_field import ReceptiveField
from cnncalc.analysis.report import LayerReport, Report
from cnncalc.diagnostics import Diagnostic, summarize
from cnncalc.render.escape import plain
from cnncalc.shapes import Shape
from cnncalc.unknown import UNKNOWN, is_known, or_none


def report_dict(report: Report) -> dict[str, Any]:
    """A report as plain data."""
    several = len(report.inputs) > 1
    return {
        "schema": "cnncalc.report/1",
        **({} if report.complete else {"complete": False}),
        "name": report.name,
        "source": report.source,
        "batch": report.batch,
        "dtype": report.dtype,
        "inplace": report.settings.inplace,
        "parameters": dict(report.graph.parameters),
        "inputs": inputs_list(report),
        "outputs": list(report.outputs),
        "layers": [_layer(layer, several, report.failed) for layer in report.layers],
        "totals": totals_dict(report),
        "diagnostics": [diagnostic.to_dict() for diagnostic in report.diagnostics],
    }


def totals_dict(report: Report) -> dict[str, Any]:
    """The sums as plain data; `None` where nothing is known, and what is not complete is said."""
    found = report.totals
    totals = {key: or_none(value) for key, value in found._asdict().items()}
    totals["operations"] = known(found.operations._asdict())
    if found.trainable_params == found.params:
        del totals["trainable_params"]  # all are
    at_least = totals.pop("at_least")
    unknown = totals.pop("unknown_layers")
    if unknown:
        totals["unknown_layers"] = unknown
        totals["at_least"] = [name for name in at_least if name in totals]
    return totals


def known(pairs: dict[str, Any]) -> dict[str, Any]:
    """The same with `None` for what is unknown."""
    return {key: or_none(value) for key, value in pairs.items()}


def _shape(shape: Shape) -> list[int] | None:
    """A shape, where all of it is known."""
    return list(shape) if is_known(shape) else None


def _arrays(arrays: Mapping[str, Shape]) -> dict[str, list[int]] | None:
    """Shapes of arrays, where all of them are known."""
    if not all([is_known(shape) for shape in arrays.values()]):
        return None
    return {name: list(shape) for name, shape in arrays.items()}


def inputs_list(report: Report) -> list[dict[str, Any]]:
    """The network's inputs as plain data."""
    return [{"name": name, "shape": list(shape)} for name, shape in report.inputs.items()]


def _layer(layer: LayerReport, several: bool, failed: Mapping[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "inputs": list(layer.inputs),
        "output_shape": _shape(layer.output_shape),
        "weights": _arrays(layer.weights),
        "buffers": _arrays(layer.buffers),
        "params": or_none(layer.params),
        "macs": or_none(layer.macs),
        "flops": or_none(layer.flops),
        "operations": known(layer.operations._asdict()),
        "activation_bytes": or_none(layer.activation_bytes),
        "receptive_field": _field(layer.receptive_field),
    }
    if not is_known(layer.output_shape) and len(layer.output_shape) > 1:
        found["known_sizes"] = [or_none(size) for size in layer.output_shape]
    if layer.index in failed:
        found["failed"] = failed[layer.index]
    if layer.node.frozen:
        found["trainable"] = False
        found["trainable_params"] = or_none(layer.trainable_params)
    if layer.operator is not None:
        found["operator"] = layer.operator
    if several:
        fields = layer.receptive_fields
        found["receptive_fields"] = {name: _field(field) for name, field in fields.items()}
    if layer.shares is not None:
        found["shares"] = layer.shares
    return found


def _field(field: ReceptiveField | None) -> dict[str, Any] | None:
    if field is None or UNKNOWN in field.size:
        return None
    return {key: list(value) for key, value in field._asdict().items()}


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


def dumps(data: dict[str, Any]) -> str:
    """JSON with a line for each key, and for each item of its lists and mappings.

    Shallower than `json.dumps(indent=2)`, it reads and compares well with a line a layer, and
    it lets the encoder's C code do the work.
    """
    entries = [f"  {_compact(key)}: {_entry(value)}" for key, value in data.items()]
    text = "{\n" + ",\n".join(entries) + "\n}\n"
    return text if text.isascii() else re.sub("[\ud800-\udfff]", _surrogate, text)


def escaped(text: str, encoding: str) -> str:
    """JSON in an encoding that lacks some of its signs: the same data, with escapes."""

    def escape(match: re.Match[str]) -> str:
        return json.dumps(match.group())[1:-1]

    return re.sub(r"[^\x00-\x7f]", escape, text)


def _surrogate(match: re.Match[str]) -> str:
    """A byte of a file name that is no UTF-8, which no JSON text can hold, as `\\xff`."""
    return "\\" + plain(match.group())


def _entry(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join([f"    {_compact(item)}" for item in value]) + "\n  ]"
    if isinstance(value, dict) and value:
        lines = [f"    {_compact(key)}: {_compact(item)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + "\n  }"
    return _compact(value)


_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
