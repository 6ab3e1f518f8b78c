"""The layers as a pandas `DataFrame`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.diagnostics import UsageError
from cnncalc.render.rows import Row, ViewOptions, rows

AMOUNTS = (
    "params", "weights", "biases", "buffers", "macs", "flops", "activations",
)  # fmt: skip


def report_frame(report: Report, view: ViewOptions = ViewOptions()) -> Any:
    """A row a layer with exact values, indexed by the layers' names.

    The receptive fields are those of the first input; of others they stand in columns with the
    input's name (`stride.depth`). Bytes are for the whole batch, as everywhere.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        pandas: Any = import_module("pandas")
    except ImportError:
        raise UsageError(
            "a data frame needs the package pandas", '`pip install "cnncalc[pandas]"`'
        ) from None
    records = [_record(row, [*report.inputs]) for row in rows(report, view)]
    return pandas.DataFrame.from_records(records, index="name")


def _record(row: Row, inputs: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "name": row.name,
        "kind": row.kind,
        "options": row.short_options,
        "output_shape": row.output_shape,
    }
    for place, field in enumerate(row.fields):
        suffix = f".{inputs[place]}" if place else ""
        size, stride, start = field or (None, None, None)
        record |= {
            f"receptive_field{suffix}": size,
            f"stride{suffix}": stride,
            f"start{suffix}": start,
        }
    record |= {name: getattr(row, name) for name in AMOUNTS}
    record["activation_bytes"] = row.memory
    return record
