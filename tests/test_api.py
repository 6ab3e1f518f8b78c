"""The Python interface: what it takes, and how it refuses the rest."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc import SpecError, UsageError

TEXT = """\
name: Small
input: [3, 8, 8]
parameters: {classes: 4, wide: false}
layers:
  - conv: {filters: 8, kernel: 3}
  - relu
  - flatten
  - linear: classes
"""
MAPPING: dict[str, Any] = {
    "name": "Small",
    "input": [3, 8, 8],
    "parameters": {"classes": 4, "wide": False},
    "layers": [{"conv": {"filters": 8, "kernel": 3}}, "relu", {"flatten": None},
               {"linear": "classes"}],
}  # fmt: skip
PARAMS = 3 * 8 * 9 + 8 + (8 * 6 * 6) * 4 + 4


class Index:
    """A whole number of no library."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


def test_a_network_in_four_ways(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)
    reports = [
        cnncalc.analyze(path),
        cnncalc.analyze(str(path)),
        cnncalc.analyze(yaml=TEXT),
        cnncalc.analyze(MAPPING),
        cnncalc.analyze(MappingProxyType(MAPPING)),
    ]
    assert {report.totals.params for report in reports} == {PARAMS}
    assert {report.graph.name for report in reports} == {"Small"}


def test_a_mapping_takes_numbers_and_lists_of_other_libraries() -> None:
    mapping = {**MAPPING, "input": np.array([3, 8, 8]), "parameters": {"classes": np.int64(4)}}
    assert cnncalc.analyze(mapping).totals.params == PARAMS


def test_findings_of_a_text_have_places() -> None:
    (found,) = cnncalc.validate(yaml="input: [3, 8, 8]\nlayers: [rellu]\n")
    assert (found.rule, str(found.place)) == ("unknown-layer", "<yaml>:2:10")
    assert "unknown-layer" in {
        f.rule for f in cnncalc.validate({"input": [3, 8, 8], "layers": ["rellu"]})
    }


WHOLE = [10, np.int64(10), np.int32(10), np.uint8(10), Index(10)]


@pytest.mark.parametrize("value", WHOLE, ids=lambda value: type(value).__name__)
def test_whole_numbers_of_any_library(value: Any) -> None:
    report = cnncalc.analyze(yaml=TEXT, parameters={"classes": value}, batch=value)
    assert report.layers[-1].output_shape == (10,)
    assert report.settings.batch == 10
    assert type(report.settings.batch) is int
    report = cnncalc.analyze(yaml=TEXT, input=(3, value, value))
    assert report.graph.input_shape == (3, 10, 10)
    assert all(type(size) is int for size in report.graph.input_shape)


def test_an_input_may_be_any_sequence() -> None:
    for shape in ([3, 10, 10], np.array([3, 10, 10]), (size for size in (3, 10, 10))):
        assert cnncalc.analyze(yaml=TEXT, input=shape).graph.input_shape == (3, 10, 10)


OTHER = [
    ("rate: 0.5", {"rate": np.float32(0.25)}, 0.25),
    ("rate: 0.5", {"rate": np.float64(0.25)}, 0.25),
    ("rate: true", {"rate": np.bool_(False)}, False),
    ("rate: true", {"rate": False}, False),
    ("rate: [1, 2]", {"rate": [3, np.int64(4)]}, (3, 4)),
]


@pytest.mark.parametrize(("declared", "given", "value"), OTHER)
def test_other_values(declared: str, given: dict[str, Any], value: Any) -> None:
    text = f"input: [3]\nparameters: {{{declared}}}\nlayers: [relu]\n"
    found = cnncalc.analyze(yaml=text, parameters=given).graph.parameters["rate"]
    assert (found, type(found)) == (value, type(value))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "either named or given as `yaml`"),
    ({"net": "vgg16", "yaml": TEXT}, "either named or given as `yaml`"),
    ({"net": 3}, "object of a framework, not int"),
    ({"net": b"vgg16"}, "object of a framework, not bytes"),
    ({"net": {"input": {1, 2}, "layers": [object()]}}, "the mapping is no architecture file"),
    ({"yaml": TEXT.encode()}, "`yaml` must be a text, not bytes"),
    ({"yaml": TEXT, "parameters": {3: 4}}, "the name of a parameter is a text, not 3"),
    ({"yaml": TEXT, "parameters": {"classes": object()}}, "must be a number, a text or a list"),
    ({"yaml": TEXT, "parameters": {"classes": float("nan")}}, "a number below 2^63"),
    ({"yaml": TEXT, "parameters": {"classes": 10**400}}, "a number below 2^63"),
    ({"yaml": TEXT, "parameters": {"classes": None}}, "must be a number, a text or a list"),
    ({"yaml": TEXT, "parameters": {"clases": 3}}, "no parameter `clases`"),
    ({"yaml": TEXT, "batch": 2.0}, "`batch` must be a whole number, not 2.0"),
    ({"yaml": TEXT, "batch": True}, "`batch` must be a whole number, not True"),
    ({"yaml": TEXT, "batch": 0}, "`batch` must be from 1"),
    ({"yaml": TEXT, "batch": 2**31}, "`batch` must be from 1"),
    ({"yaml": TEXT, "dtype": "float8"}, "unknown type `float8`"),
    ({"yaml": TEXT, "input": "3x8x8"}, "`input`"),
    ({"yaml": TEXT, "input": 3}, "`input`"),
    ({"yaml": TEXT, "input": (3, 8.0, 8)}, "must be a whole number, not 8.0"),
    ({"yaml": TEXT, "input": (3, 0, 8)}, "from 1 on"),
]


@pytest.mark.parametrize("function", [cnncalc.analyze, cnncalc.validate])
@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refused(function: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        function(**arguments)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["\ud800", "[", "", "a: \x00"])
def test_a_text_that_is_no_file(text: str) -> None:
    with pytest.raises(SpecError):
        cnncalc.analyze(yaml=text)
    assert cnncalc.validate(yaml=text)


def test_budgets() -> None:
    def broken(**limits: Any) -> list[str]:
        found = cnncalc.validate(yaml=TEXT, **limits)
        return [f.message for f in found if f.rule == "budget-exceeded"]

    assert broken() == []
    assert broken(max_params=PARAMS, max_macs="1M", max_memory="1MiB") == []
    assert len(broken(max_params=PARAMS - 1, max_macs=np.int64(5), max_memory="1KB")) == 3
    bytes_ = [int(m.split(" bytes")[0].replace(",", "")) for b in ("float32", "float64")
              for m in broken(max_memory=1, dtype=b)]  # fmt: skip
    assert bytes_[1] == 2 * bytes_[0]
    assert broken(max_macs=1, batch=2) != broken(max_macs=1)
    for wrong in ("5 apples", 2.5):
        with pytest.raises(UsageError):
            broken(max_params=wrong)


def test_a_path_is_looked_for_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        cnncalc.analyze(tmp_path / "vgg16.yaml")
    with pytest.raises(UsageError, match="text"):
        cnncalc.analyze(Bytes())


class Bytes(os.PathLike[bytes]):
    """A path that is no text."""

    def __fspath__(self) -> bytes:
        return b"vgg16"


def test_a_report_can_be_pickled_with_its_findings() -> None:
    report = cnncalc.analyze("vgg16")
    data = pickle.dumps(report)
    again = pickle.loads(data)
    assert again.to_json() == report.to_json()
    assert again.diagnostics  # which rules made, from a file that does not come along
    assert b"cnncalc.language" not in data
