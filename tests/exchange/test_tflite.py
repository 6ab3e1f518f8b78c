"""TensorFlow Lite files as networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support import Outcome

from cnncalc.deployment.deploy import deploy_file
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.tflite.file import read_file
from cnncalc.exchange.tflite.reader import open_model
from cnncalc.language.coerce import given_source
from cnncalc.language.network import Network
from cnncalc.numerics.run.executor import execute

REFERENCE = Path(__file__).parent.parent / "reference"
FILES = REFERENCE / "tflite"
LISTED = yaml.safe_load((REFERENCE / "tflm_networks.yaml").read_text())["small"]
OUTPUTS: dict[str, Any] = json.loads((REFERENCE / "tflite_outputs.json").read_text())["files"]
NAMES = sorted(path.stem for path in FILES.glob("*.tflite"))


def path(name: str) -> str:
    return str(FILES / f"{name}.tflite")


def written(name: str) -> Any:
    return Network(given_source({"name": name, **LISTED[name]}, None)).graph()


@pytest.mark.parametrize("name", [one for one in NAMES if one in LISTED])
def test_macs_and_shapes_are_those_of_the_network(name: str) -> None:
    """The file was converted from a network of ours."""
    found, ours = open_model(path(name)).reading().graph, written(name)
    assert sum(n.facts.operations.macs for n in found.nodes) == sum(
        n.facts.operations.macs for n in ours.nodes
    )
    assert sorted(found.nodes[i].facts.output for i in found.outputs) == sorted(
        ours.nodes[i].facts.output for i in ours.outputs
    )
    weighted = [n.facts.weights["weight"] for n in found.nodes if n.kind.name == "conv"]
    assert sorted(weighted) == sorted(
        n.facts.weights["weight"] for n in ours.nodes if n.kind.name == "conv"
    )


@pytest.mark.parametrize("name", NAMES)
def test_deployed_macs_are_the_graphs(name: str) -> None:
    graph = open_model(path(name)).reading().graph
    program = deploy_file(read_file(path(name))).program
    assert sum(one.macs for one in program.operators) == sum(
        n.facts.operations.macs for n in graph.nodes
    )


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_outputs_are_the_interpreters(name: str) -> None:
    """Our kernels on the file's weights, against TensorFlow Lite's interpreter.

    A float file to rounding; a quantized one as far as its activations are quantized.
    """
    reading = open_model(path(name)).reading()
    figures = OUTPUTS[name]
    graph = reading.graph
    given = {
        index: np.random.default_rng(7 + index).standard_normal(
            (1, *graph.nodes[index].facts.output), np.float32
        )
        for index in graph.inputs
    }
    outputs = execute(graph, reading.arrays(), given.pop, 1)
    ours = np.concatenate([outputs[i].reshape(-1) for i in graph.outputs])
    theirs = np.array(figures["output"])
    spread = np.abs(theirs).max()
    assert len(ours) == figures["values"]
    assert np.abs(ours[: len(theirs)] - theirs).max() < figures["tolerance"] * spread


def test_commands(run: Any) -> None:
    outcome: Outcome = run("analyze", path("swish"), "--format", "json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert found["inputs"][0]["shape"] == [3, 32, 32]
    assert found["totals"]["macs"] == 700_576
    outcome = run("convert", path("residual_norms"), "--to", "yaml")
    assert outcome.status == 0
    assert "conv" in outcome.out
    outcome = run("diff", path("swish"), path("residual_norms"), "--format", "json")
    assert outcome.status == 0


def test_the_input_is_fixed(run: Any) -> None:
    outcome: Outcome = run("analyze", path("swish"), "--input", "3x64x64")
    assert outcome.status == 2
    assert "fixes its input: input 3×32×32" in outcome.err


def test_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "model.tflite"
    folder.mkdir()
    with pytest.raises((UsageError, SpecError)):
        open_model(str(folder))
