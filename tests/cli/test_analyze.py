"""`cnncalc analyze`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Outcome

import cnncalc
from cnncalc.render.columns import COLUMNS

Run = Callable[..., Outcome]
Write = Callable[..., Path]


def as_json(run: Run, *arguments: str) -> dict[str, Any]:
    """The JSON report."""
    shown = run("analyze", *arguments, "--format", "json")
    assert (shown.status, shown.err) == (0, "")
    found: dict[str, Any] = json.loads(shown.out)
    return found


def test_vgg16(run: Run) -> None:
    shown = run("analyze", "vgg16")
    assert (shown.status, shown.err) == (0, "")
    for part in ("VGG-16", "138,357,544", "138,344,128 weights + 13,416 biases", "15,470,264,320"):
        assert part in shown.out
    assert "\x1b" not in shown.out


def test_vgg16_as_json(run: Run) -> None:
    data = as_json(run, "vgg16")
    totals = data["totals"]
    assert totals["params"] == 138_357_544
    assert (totals["weights"], totals["biases"]) == (138_344_128, 13_416)
    assert totals["macs"] == 15_470_264_320
    pool = [layer for layer in data["layers"] if layer["kind"] == "max_pool"][-1]
    assert pool["receptive_field"] == {"size": [212] * 2, "stride": [32] * 2, "start": [-90] * 2}
    assert as_json(run, "vgg16", "--inplace")["totals"]["activations"] == 15_087_080


def test_the_fully_convolutional_vgg16(run: Run) -> None:
    data = as_json(run, "vgg16_fcn", "--input", "3x384x384", "--set", "classes=1000")
    assert data["layers"][-1]["output_shape"] == [1000, 6, 6]


def test_googlenet_without_its_heads(run: Run) -> None:
    assert as_json(run, "googlenet")["totals"]["params"] == 13_004_888
    assert len(as_json(run, "googlenet")["outputs"]) == 3
    data = as_json(run, "googlenet", "--set", "auxiliary=0")
    assert data["totals"]["params"] == 6_624_904
    assert data["totals"]["macs"] == 1_498_376_192
    assert len(data["outputs"]) == 1


def test_batch_and_type(run: Run) -> None:
    one, many = as_json(run, "lenet5"), as_json(run, "lenet5", "--batch", "8", "--dtype", "int8")
    assert (many["batch"], many["dtype"]) == (8, "int8")
    assert many["totals"]["macs"] == 8 * one["totals"]["macs"]
    assert many["totals"]["activation_bytes"] * 4 == 8 * one["totals"]["activation_bytes"]
    assert many["totals"]["param_bytes"] * 4 == one["totals"]["param_bytes"]
    assert many["layers"][0]["output_shape"] == one["layers"][0]["output_shape"]


def test_a_batch_beyond_counting(run: Run) -> None:
    data = as_json(run, "vgg16", "--batch", "2147483647")
    assert data["totals"]["macs"] == 15_470_264_320 * (2**31 - 1)


def test_the_same_numbers_in_every_format(run: Run) -> None:
    data = as_json(run, "resnet18")
    rows = list(csv.DictReader(io.StringIO(run("analyze", "resnet18", "--format", "csv").out)))
    assert [row["name"] for row in rows] == [layer["name"] for layer in data["layers"]]
    assert [int(row["params"]) for row in rows] == [layer["params"] for layer in data["layers"]]
    assert [int(row["macs"]) for row in rows] == [layer["macs"] for layer in data["layers"]]
    text = run("analyze", "resnet18", "--format", "markdown").out
    assert f"{data['totals']['params']:,}" in text
    assert f"{data['totals']['macs']:,}" in text
    found = cnncalc.analyze("resnet18")
    assert found.to_dict() == data


def numbers_of(line: str) -> list[str]:
    """The numbers with separators in a line."""
    return [word for word in line.split() if word.replace(",", "").isdigit()]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_keeps_the_sums(depth: int, run: Run) -> None:
    shown = run("analyze", "resnet50", "--depth", depth, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert sum(int(row["params"]) for row in rows) == 25_557_032
    assert sum(int(row["macs"]) for row in rows) == 4_089_184_256
    assert all(row["name"].count(".") < depth for row in rows)
    table = run("analyze", "resnet50", "--depth", depth, "--exact", "--columns", "name,params").out
    first = next(line for line in table.splitlines() if line.lstrip().startswith("linear"))
    assert numbers_of(first) == ["2,049,000"]


def test_depth_of_one_is_an_overview(run: Run) -> None:
    shown = run("analyze", "resnet50", "--depth", "1")
    assert len(shown.out.splitlines()) < 30
    assert "stage3" in shown.out
    assert "bottleneck" not in shown.out[: shown.out.index("parameters")]


def test_layout(run: Run) -> None:
    assert "64×224×224" in run("analyze", "vgg16").out
    last = run("analyze", "vgg16", "--layout", "channels-last").out
    assert "224×224×64" in last
    assert "64×224×224" not in last


def test_exact(run: Run) -> None:
    assert "86,704,128" not in run("analyze", "vgg16").out
    assert "86,704,128" in run("analyze", "vgg16", "--exact").out


def test_columns(run: Run) -> None:
    shown = run("analyze", "vgg16", "--columns", "name, params ,name,flops")
    head = next(line for line in shown.out.splitlines() if "layer" in line and "params" in line)
    assert head.split() == ["layer", "params", "FLOPs"]
    refused = run("analyze", "vgg16", "--columns", "name,parms")
    assert (refused.status, refused.out) == (2, "")
    assert "did you mean `params`?" in refused.err
    assert all(name in refused.err for name in COLUMNS)


@pytest.mark.parametrize("column", list(COLUMNS))
def test_each_column_alone(column: str, run: Run) -> None:
    shown = run("analyze", "lenet5", "--columns", column)
    assert shown.status == 0
    assert COLUMNS[column].title in shown.out


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_the_terminals_width(columns: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = run("analyze", "densenet121").out.splitlines()
    assert max(map(len, lines[: lines.index("")] if "" in lines else lines)) <= int(columns)


def test_findings_stand_below(run: Run) -> None:
    shown = run("analyze", "alexnet")
    assert shown.status == 0
    line = next(line for line in shown.out.splitlines() if "stride-does-not-tile" in line)
    assert "(224 + 2·2 − 11) / 4 + 1 = 55.25" in line


@pytest.mark.parametrize("format", ["table", "json", "markdown", "csv"])
def test_output(format: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report"
    shown = run("analyze", "lenet5", "--format", format, "-o", path)
    assert (shown.status, shown.out) == (0, "")
    assert path.read_text() == run("analyze", "lenet5", "--format", format).out


def test_a_file_of_the_name_of_a_network(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write("input: [3]\nlayers: [relu]\n", "mine.yaml")
    assert as_json(run, "mine.yaml")["name"] == "mine"
    assert as_json(run, "./mine.yaml")["name"] == "mine"
    assert run("analyze", "mine").status == 2
