"""Reports in each format: the contract's JSON, Markdown, CSV, and the table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import jsonschema
import pytest
from support import SPECS, listed, report

import cnncalc
from cnncalc.analysis.report import Settings
from cnncalc.render.columns import COLUMNS, TOLD
from cnncalc.render.console import rendered
from cnncalc.render.csv import report_csv
from cnncalc.render.json import diagnostics_dict, report_dict, report_json
from cnncalc.render.markdown import report_markdown
from cnncalc.render.report import document
from cnncalc.render.rows import ViewOptions, rows

COUNT = {"type": "integer", "minimum": 0}
SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 4}
ARRAYS = {"type": "object", "additionalProperties": {"type": "array", "items": COUNT}}


def fields(required: dict[str, Any], **others: Any) -> dict[str, Any]:
    """The schema of an object with these fields and no more."""
    return {
        "type": "object",
        "properties": required | others,
        "required": list(required),
        "additionalProperties": False,
    }


FIELD = fields(
    {
        "size": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        "stride": {
            "type": "array",
            "items": {
                "anyOf": [
                    COUNT,
                    {"type": "string", "pattern": r"^[1-9]\d*/[1-9]\d*$"},
                    {"type": "null"},
                ]
            },
        },
        "start": {"type": "array", "items": {"type": "integer"}},
    }
)
TERMS = dict.fromkeys(
    ("macs", "bias", "normalization", "activation", "pooling", "elementwise"), COUNT
)
DIAGNOSTIC = {
    "type": "object",
    "required": ["rule", "severity", "message", "file", "line", "column", "layer", "fixes"],
    "properties": {
        "rule": {"type": "string", "pattern": "^[a-z-]+$"},
        "severity": {"enum": ["error", "warning", "note"]},
        "message": {"type": "string", "minLength": 1},
        "line": {"type": ["integer", "null"], "minimum": 1},
        "column": {"type": ["integer", "null"], "minimum": 1},
        "fixes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["description", "safe", "edits"],
                "properties": {
                    "safe": {"type": "boolean"},
                    "edits": {
                        "type": "array",
                        "items": fields(
                            {
                                "line": COUNT,
                                "column": COUNT,
                                "end_line": COUNT,
                                "end_column": COUNT,
                                "text": {"type": "string"},
                            }
                        ),
                    },
                },
            },
        },
    },
}
LAYER = fields(
    {
        "name": {"type": "string", "minLength": 1},
        "kind": {"type": "string"},
        "inputs": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "output_shape": SHAPE,
        "weights": ARRAYS,
        "buffers": ARRAYS,
        "params": COUNT,
        "macs": COUNT,
        "flops": COUNT,
        "operations": fields(TERMS),
        "activation_bytes": COUNT,
        "receptive_field": {"anyOf": [FIELD, {"type": "null"}]},
    },
    shares={"type": "string"},
)
REPORT = fields(
    {
        "schema": {"const": "cnncalc.report/1"},
        "name": {"type": "string"},
        "batch": {"type": "integer", "minimum": 1},
        "dtype": {"enum": ["float32", "float16", "bfloat16", "float64", "int8"]},
        "inputs": {"type": "array", "items": fields({"name": {"type": "string"}, "shape": SHAPE})},
        "outputs": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "layers": {"type": "array", "items": LAYER, "minItems": 1},
        "totals": fields(
            dict.fromkeys(
                (
                    "layers", "params", "weights", "biases", "buffers", "param_bytes", "macs",
                    "flops", "activations", "activation_bytes", "peak_activation_bytes",
                ),
                COUNT,
            ),
            operations=fields(TERMS),
        ),
        "diagnostics": {"type": "array", "items": DIAGNOSTIC},
    },
    source={"type": ["string", "null"]},
    inplace={"type": "boolean"},
    parameters={"type": "object"},
)  # fmt: skip
"""The contract of `analyze --format json`."""


def test_the_schema_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(REPORT)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "cnncalc.report/2"}, REPORT)


NETWORKS = ["vgg16", "googlenet", "resnet18", "unet", "dcgan_generator", "r3d_18", "lenet5_1998"]


@pytest.mark.parametrize("name", NETWORKS)
def test_json_keeps_the_contract(name: str) -> None:
    data = json.loads(report_json(cnncalc.analyze(name)))
    jsonschema.validate(data, REPORT)
    known = {data["inputs"][0]["name"], *(layer["name"] for layer in data["layers"])}
    assert all(set(layer["inputs"]) <= known for layer in data["layers"])
    assert set(data["outputs"]) <= known
    assert len(known) == len(data["layers"]) + 1


def test_json_of_the_contracts_example() -> None:
    data = cnncalc.analyze("vgg16").to_dict()
    first = next(layer for layer in data["layers"] if layer["kind"] == "conv")
    assert first["inputs"] == ["input"]
    assert first["output_shape"] == [64, 224, 224]
    assert first["weights"] == {"weight": [64, 3, 3, 3], "bias": [64]}
    assert first["params"] == 1792
    assert first["macs"] == 86_704_128
    assert first["flops"] == 176_619_520
    assert first["activation_bytes"] == 12_845_056
    assert first["receptive_field"] == {"size": [3, 3], "stride": [1, 1], "start": [-1, -1]}


def test_python_and_json_agree() -> None:
    found = cnncalc.analyze("vgg16_fcn", input=(3, 384, 384))
    assert json.loads(found.to_json()) == json.loads(json.dumps(found.to_dict()))
    assert found.to_dict() == report_dict(found)
    assert found.layers[0].receptive_field is not None
    assert found.layers[0].receptive_field.size == (3, 3)
    assert found.to_markdown() == report_markdown(found)
    assert found.to_csv() == report_csv(found)


def test_json_holds_no_floats_and_no_line_is_endless() -> None:
    text = report_json(cnncalc.analyze("densenet121"))

    def refuse(number: str) -> None:
        raise AssertionError(number)

    json.loads(text, parse_float=refuse)
    assert max(map(len, text.splitlines())) < 2_000
    assert text.endswith("}\n")


def test_findings_keep_the_contract() -> None:
    found = cnncalc.validate("alexnet")
    data = diagnostics_dict(found)
    assert data["schema"] == "cnncalc.diagnostics/1"
    jsonschema.validate(data["diagnostics"], {"type": "array", "items": DIAGNOSTIC})
    counts = [sum(one.severity == kind for one in found) for kind in ("error", "warning", "note")]
    assert list(data["summary"].values()) == counts
    assert sum(counts) > 0


# -- CSV and Markdown --------------------------------------------------------------------------


def test_csv_has_exact_numbers() -> None:
    found = cnncalc.analyze("resnet18")
    table = list(csv.DictReader(io.StringIO(report_csv(found))))
    assert list(table[0]) == [title for key in TOLD for title in COLUMNS[key].data]
    assert len(table) == found.totals.layers
    for column, total in (
        ("params", found.totals.params), ("macs", found.totals.macs),
        ("flops", found.totals.flops), ("buffers", found.totals.buffers),
        ("activation_bytes", found.totals.activation_bytes),
    ):  # fmt: skip
        assert sum(int(row[column]) for row in table) == total
    assert table[0]["output_shape"] == "64x112x112"
    assert (table[0]["receptive_field"], table[0]["stride"], table[0]["start"]) == (
        "7x7", "2x2", "-3x-3",
    )  # fmt: skip


def test_markdown_has_all_parts() -> None:
    found = cnncalc.analyze("alexnet")
    text = report_markdown(found)
    lines = text.splitlines()
    assert lines[0] == "# AlexNet"
    assert lines[2].startswith("Krizhevsky")
    table = [line for line in lines if line.startswith("|")]
    assert len(table) >= 2 + found.totals.layers
    assert "61,100,840" in text
    assert "714,188,480" in text
    assert "## Findings" in text
    assert "stride-does-not-tile" in text


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "unet"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_folded_rows_keep_the_sums(name: str, depth: int) -> None:
    found = cnncalc.analyze(name)
    folded = rows(found, ViewOptions(depth))
    assert len(folded) <= len(found.layers)
    assert all(len(row.path) <= depth for row in folded)
    assert len({row.name for row in folded}) == len(folded)
    totals = found.totals
    assert sum(row.params for row in folded) == totals.params
    assert sum(row.macs for row in folded) == totals.macs
    assert sum(row.flops for row in folded) == totals.flops
    assert sum(row.memory for row in folded) == totals.activation_bytes
    assert sum(row.buffers for row in folded) == totals.buffers
    last = folded[-1]
    assert last.output_shape == found.layers[-1].output_shape


def test_a_fold_is_its_last_layer() -> None:
    found = cnncalc.analyze("resnet50")
    stage = next(row for row in rows(found, ViewOptions(1)) if row.name == "stage1")
    last = [row for row in found.layers if row.name.startswith("stage1.")][-1]
    assert stage.output_shape == last.output_shape == (256, 56, 56)
    assert stage.fields == (last.receptive_field,)


# -- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "inception_v3", "r3d_18"])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
def test_the_table_fits(name: str, width: int) -> None:
    from rich.cells import cell_len

    text = rendered(document(cnncalc.analyze(name)), width)
    table = text[: text.index("parameters")]
    assert max(cell_len(line) for line in table.splitlines()) <= width


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml"))[::9])
def test_eighty_columns_show_name_kind_and_parameters(name: str) -> None:
    text = rendered(document(cnncalc.analyze(name)), 80)
    head = next(line for line in text.splitlines() if "layer" in line and "kind" in line)
    assert "params" in head


def test_exact_numbers_and_layout() -> None:
    found = report(listed((3, 32, 24), [{"conv": [64, 3]}]), Settings(batch=2))
    human = rendered(document(found))
    exact = rendered(document(found, ViewOptions(exact=True, channels_last=True)))
    assert "64×30×22" in human
    assert "1.79K" in human
    assert "30×22×64" in exact
    assert "1,792" in exact
    assert f"{2 * 30 * 22 * 64 * 27:,}" in exact


def test_chosen_columns_stand_in_their_order() -> None:
    found = report(listed((3, 8, 8), [{"conv": [4, 3]}]))
    text = rendered(document(found, ViewOptions(columns=("macs", "name", "start"))))
    head = next(line for line in text.splitlines() if "MACs" in line and "layer" in line)
    assert head.split() == ["MACs", "layer", "from"]
