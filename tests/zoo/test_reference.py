"""Every shipped network, layer by layer, against what was taken of it in PyTorch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import compare
import pytest

from cnncalc.language import zoo

from .test_figures import CASES

REFERENCES = compare.references()


@pytest.mark.parametrize("name", REFERENCES)
def test_network_equals_its_reference(name: str) -> None:
    found = compare.compare(name, compare.entry(name))
    assert found.mismatches == []
    assert found.layers > 0


def test_every_shipped_network_is_held_against_something() -> None:
    taken = {compare.entry(name)["model"] for name in REFERENCES}
    assert taken | {case.name for case in CASES} == set(zoo.names())


def test_all_networks_of_torchvision_are_there() -> None:
    entries = [compare.entry(name) for name in REFERENCES if "torchvision" in str(REFERENCES[name])]
    models = {entry["model"]: entry for entry in entries}
    kinds = Counter(
        "video"
        if len(entry["runs"][0]["input"]) == 4
        else "segmentation"
        if len(entry["runs"][0]["output"]) > 1
        else "classification"
        for entry in models.values()
    )
    assert kinds == {"classification": 68, "segmentation": 6, "video": 3}


@pytest.mark.parametrize(
    "name", [name for name in REFERENCES if "torchvision" in str(REFERENCES[name])]
)
def test_sizes_are_its_own_224_and_an_odd_one(name: str) -> None:
    sizes = [run["input"][-1] for run in compare.entry(name)["runs"]]
    assert len(set(sizes)) == len(sizes) >= 2
    assert any(size % 2 for size in sizes)
    # the auxiliary head of Inception-v3 needs 299
    assert 224 in sizes or name == "inception_v3"


def wider(entry: dict[str, Any]) -> None:
    entry["layers"][0][2][0] += 1


def other_kernel(entry: dict[str, Any]) -> None:
    entry["state"][0][1]["weight"][-1] += 1


def missing_bias(entry: dict[str, Any]) -> None:
    del entry["state"][-1][1]["bias"]


def one_layer_more(entry: dict[str, Any]) -> None:
    entry["layers"].append(entry["layers"][-1])
    for run in entry["runs"]:
        if "shapes" in run:
            run["shapes"].append(run["shapes"][-1])


def one_layer_less(entry: dict[str, Any]) -> None:
    del entry["layers"][3]
    for run in entry["runs"]:
        if "shapes" in run:
            del run["shapes"][3]


def swapped_layers(entry: dict[str, Any]) -> None:
    layers = entry["layers"]
    layers[0], layers[3] = layers[3], layers[0]


def more_params(entry: dict[str, Any]) -> None:
    entry["params"] += 1


def more_macs(entry: dict[str, Any]) -> None:
    entry["runs"][-1]["macs"] += 1


def other_shape(entry: dict[str, Any]) -> None:
    entry["runs"][-1]["shapes"][5][1] += 1


def other_output(entry: dict[str, Any]) -> None:
    entry["runs"][0]["output"] = [999]


FAULTS = (
    wider, other_kernel, missing_bias, one_layer_more, one_layer_less, swapped_layers,
    more_params, more_macs, other_shape, other_output,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: Callable[[dict[str, Any]], None]) -> None:
    entry = deepcopy(compare.entry("resnet18"))
    fault(entry)
    assert compare.compare("resnet18", entry).mismatches


def test_a_wrong_field_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"resnet18": {"size": [435, 435], "stride": [32, 32], "start": [-216, -216]}}
    monkeypatch.setattr(compare, "fields", lambda: known)
    assert compare.compare("resnet18", compare.entry("resnet18")).mismatches


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["resnet18", "lenet5_1998"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["resnet18", "11,689,512", "1,814,073,344", "86", "0", "435/32/-217"]
    assert lines[-1] == "2 networks, 109 layers compared, 0 networks with mismatches"
    assert compare.main(["resnet19"]) == 2
