"""`cnncalc zoo`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from support import SPECS, Outcome

from cnncalc.analysis.overview import Overview
from cnncalc.api import reference as command
from cnncalc.language import zoo

Run = Callable[..., Outcome]
ROWS = cache(command.overviews)


@pytest.fixture(autouse=True)
def analyzed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> list[Overview]:
        return list(ROWS())

    monkeypatch.setattr(command, "overviews", rows)


def column(outcome: Outcome, key: str) -> list[object]:
    return [network[key] for network in json.loads(outcome.out)["networks"]]


def test_lists_every_network(run: Run) -> None:
    outcome = run("zoo")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert {line.split()[0] for line in lines[2:-2]} == set(zoo.names())
    assert lines[-1].startswith(f"{len(zoo.names())} networks")
    assert "\x1b" not in outcome.out


def test_row(run: Run) -> None:
    lines = run("zoo", "--filter", "inception_v3").out.splitlines()
    assert lines[0].split() == [
        "name",
        "year",
        "input",
        "params",
        "MACs",
        "depth",
        "sees",
        "source",
    ]
    assert lines[2].split()[:7] == [
        "inception_v3", "2015", "3×299×299", "27.2M", "5.72G", "48", "1311/32",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 120, 160, 200])
def test_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("zoo").out.splitlines()
    assert max(map(len, lines)) <= width


def test_80_columns_keep_every_name_and_figure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("zoo").out.splitlines()
    assert lines[0].split() == ["name", "year", "input", "params", "MACs", "depth", "sees"]
    names = {line.split()[0] for line in lines[2:-3]}
    assert set(zoo.names()) <= names
    # three video networks and three of several inputs have more to say than fits
    assert sum("…" in line for line in lines) == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vgg16_", {"vgg16_bn", "vgg16_c", "vgg16_fcn"}),
        ("1998", {"lenet5", "lenet5_1998"}),
        ("HUANG", {"densenet121", "densenet161", "densenet169", "densenet201"}),
        ("u-net", {"unet"}),
    ],
)  # fmt: skip
def test_filter(run: Run, text: str, expected: set[str]) -> None:
    found = column(run("zoo", "--filter", text, "--format", "json"), "name")
    assert set(found) == expected


def test_filter_without_match(run: Run) -> None:
    outcome = run("zoo", "--filter", "no such network")
    assert (outcome.status, outcome.out) == (2, "")
    assert "no such network" in outcome.err
    empty = run("zoo", "--filter", "no such network", "--format", "json")
    assert (empty.status, json.loads(empty.out)["networks"]) == (0, [])


@pytest.mark.parametrize("key", ["year", "params", "macs", "depth"])
def test_sort(run: Run, key: str) -> None:
    found = column(run("zoo", "--sort", key, "--format", "json"), key)
    assert all(a <= b for a, b in pairwise(found))  # type: ignore[operator]
    turned = column(run("zoo", "--sort", key, "--reverse", "--format", "json"), key)
    assert turned == found[::-1]


def test_sort_by_field_puts_what_sees_everything_last(run: Run) -> None:
    fields = column(run("zoo", "--sort", "field", "--format", "json"), "receptive_field")
    sizes = [max(field["size"]) for field in fields if field]  # type: ignore[index]
    assert sizes == sorted(sizes)
    assert None not in fields[: len(sizes)]


def test_names_in_the_order_of_their_numbers(run: Run) -> None:
    found = column(run("zoo", "--filter", "He et al. 2015", "--format", "json"), "name")
    assert found == [
        "resnet18", "resnet34", "resnet50", "resnet50_original", "resnet101", "resnet110_cifar",
        "resnet152",
    ]  # fmt: skip


def test_json(run: Run) -> None:
    data = json.loads(run("zoo", "--filter", "alexnet.", "--format", "json").out or "{}")
    assert data == {"schema": "cnncalc.zoo/1", "networks": []}
    (found,) = json.loads(run("zoo", "--filter", "1404.5997", "--format", "json").out)["networks"]
    assert found == {
        "name": "alexnet",
        "title": "AlexNet",
        "source": "Krizhevsky 2014, arXiv:1404.5997, one tower, as in torchvision",
        "year": 2014,
        "input_shape": [3, 224, 224],
        "inputs": [{"name": "input", "shape": [3, 224, 224]}],
        "output_shape": [1000],
        "params": 61_100_840,
        "macs": 714_188_480,
        "depth": 8,
        "receptive_field": {"size": [195, 195], "stride": [32, 32], "start": [-66, -66]},
    }


def test_csv(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("zoo", "--format", "csv").out)))
    assert [row["name"] for row in rows] == column(run("zoo", "--format", "json"), "name")
    (found,) = [row for row in rows if row["name"] == "r3d_18"]
    assert found["input_shape"] == "3x16x112x112"
    assert found["receptive_field"] == "109x219x219"
    assert found["params"] == "33371472"


def test_markdown(run: Run) -> None:
    lines = run("zoo", "--filter", "vgg19", "--format", "markdown").out.splitlines()
    assert lines[2].startswith("| vgg19 | 2014 | 3×224×224 | 143,667,240 | 19,632,062,464 | 19 |")
    assert "[arXiv:1409.1556](https://arxiv.org/abs/1409.1556)" in lines[2]


def test_prints_a_file(run: Run, tmp_path: Path) -> None:
    text = (SPECS / "resnet50.yaml").read_text(encoding="utf-8")
    assert run("zoo", "resnet50").out == text
    assert run("zoo", "resnet50", "-o", tmp_path / "mine.yaml").out == ""
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == text


def test_unknown_network(run: Run) -> None:
    outcome = run("zoo", "resnet5")
    assert outcome.status == 2
    assert "did you mean `resnet5" in outcome.err


def test_a_list_option_with_a_name_is_refused(run: Run) -> None:
    assert run("zoo", "resnet50", "--sort", "macs").status == 2
