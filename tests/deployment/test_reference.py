"""Our lowering against the TensorFlow Lite converter and interpreter (reference/tflm.json)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnncalc.deployment.deploy import Deployment, deploy_file, deploy_graph
from cnncalc.exchange.tflite.file import read_file
from cnncalc.language.coerce import given_source
from cnncalc.language.network import Network

REFERENCE = Path(__file__).parent.parent / "reference"
LISTED = yaml.safe_load((REFERENCE / "tflm_networks.yaml").read_text())
NETWORKS: dict[str, Any] = {**LISTED["small"], **LISTED["zoo"]}
FIGURES: dict[str, Any] = json.loads((REFERENCE / "tflm.json").read_text())["networks"]
TAKEN = [name for name, figures in FIGURES.items() if "operators" in figures]
LOADED = [name for name in TAKEN if FIGURES[name]["head"]]
FILES = [
    path.stem for path in sorted((REFERENCE / "tflite").glob("*.tflite")) if path.stem in FIGURES
]


@cache
def ours(name: str) -> Deployment:
    given = NETWORKS[name]
    written = "layers" in given
    source = given_source({"name": name, **given} if written else given.get("zoo", name), None)
    shape = None if written or "input" not in given else tuple(given["input"])
    return deploy_graph(Network(source).graph(given.get("parameters"), shape))


def told(found: Deployment) -> list[str]:
    tensors = found.program.tensors
    return [
        f"{one.operator} {'x'.join(map(str, tensors[one.outputs[0]].shape))}".strip()
        for one in found.program.operators
    ]


def test_there_are_enough_networks() -> None:
    assert len(TAKEN) >= 64
    assert len(LOADED) >= 58


@pytest.mark.parametrize("name", TAKEN)
def test_operators_are_the_converters(name: str) -> None:
    assert sorted(told(ours(name))) == sorted(FIGURES[name]["operators"])


@pytest.mark.parametrize("name", LOADED)
def test_the_head_is_the_interpreters_byte_for_byte(name: str) -> None:
    assert ours(name).head == FIGURES[name]["head"]


@pytest.mark.parametrize("name", LOADED)
def test_the_tail_is_within_two_percent(name: str) -> None:
    assert ours(name).tail_x86.total == pytest.approx(FIGURES[name]["tail"], rel=0.02)


LONG_NAMES = {
    "one_dimension", "odd_padding", "activations", "gelu", "u_shape_upsample", "rescaled_valid",
}  # fmt: skip
"""Small files whose tensors' names, which the converter makes, are a good part of them."""


@pytest.mark.parametrize("name", TAKEN)
def test_flash_is_within_one_percent(name: str) -> None:
    allowed = 0.08 if name in LONG_NAMES else 0.01
    assert ours(name).flash_bytes == pytest.approx(FIGURES[name]["flash"], rel=allowed)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_exact(name: str) -> None:
    found = deploy_file(read_file(str(REFERENCE / "tflite" / f"{name}.tflite")))
    figures = FIGURES[name]
    assert told(found) == figures["operators"]
    assert found.head == figures["head"]
    assert found.flash_bytes == figures["flash"]
    assert found.tail_x86.total == pytest.approx(figures["tail"], rel=0.02)
    # the formula of flash, on names that are known
    assert found.flash.total == pytest.approx(figures["flash"], rel=0.01)


@pytest.mark.parametrize(
    ("options", "head"),
    # Keras' MobileNetV2, which pads `same`, as the converter and the interpreter have it
    [({}, 1_505_280), ({"input": (3, 96, 96), "width": 0.35}, 138_240)],
)
def test_mobilenet_v2_padded_as_keras_has_it(options: dict[str, Any], head: int) -> None:
    network = Network(given_source("mobilenet_v2", None))
    width = {"width": options["width"]} if "width" in options else None
    graph = network.graph(width, options.get("input"))
    assert deploy_graph(graph, same=True).head == head
    found = deploy_graph(graph)
    assert found.same_head == head
    assert found.head > head
