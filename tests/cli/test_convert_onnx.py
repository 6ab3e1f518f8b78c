"""`convert -o net.onnx`: weights that travel, and both sides run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import Outcome

onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")
pytest.importorskip("safetensors", reason="safetensors is not installed")

Run = Callable[..., Outcome]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_weights_travel(run: Run, tmp_path: Path, ending: str) -> None:
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    weights = tmp_path / f"weights.{ending}"
    outcome = run("convert", "lenet5", "-o", first, "--seed", 3, "--weights-out", weights)
    assert outcome.status == 0, outcome.err
    assert run("convert", "lenet5", "-o", second, "--weights", weights).status == 0
    assert first.read_bytes() == second.read_bytes()
    assert run("convert", "lenet5", "-o", second, "--seed", 4).status == 0
    assert first.read_bytes() != second.read_bytes()


def test_weights_of_an_onnx_file_are_taken_out(run: Run, tmp_path: Path) -> None:
    model, weights = tmp_path / "net.onnx", tmp_path / "net.npz"
    assert run("convert", "lenet5", "-o", model).status == 0
    outcome = run("convert", model, "--weights-out", weights)
    assert outcome.status == 0, outcome.err
    stored = dict(np.load(weights))
    initializers = onnx.load(model).graph.initializer
    shapes = sorted(tuple(value.dims) for value in initializers)
    assert sorted(array.shape for array in stored.values()) == shapes


def test_check(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    outcome = run("convert", "squeezenet1_1", "-o", tmp_path / "net.onnx", "--check")
    assert outcome.status == 0, outcome.err
    assert "check: equal to onnxruntime" in outcome.err


def test_without_weights(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    assert run("convert", "vgg16", "-o", path, "--no-weights").status == 0
    assert path.stat().st_size < 20_000
    onnx.checker.check_model(onnx.load(path), full_check=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "onnx"], "no text"),
        (["-o", "net.onnx", "--flat"], "--flat"),
        (["-o", "net.onnx", "--no-weights", "--check"], "leaves nothing"),
        (["-o", "net.yaml", "--no-weights"], "is for ONNX"),
        (["-o", "net.yaml", "--check"], "file of ours already"),
        (["-o", "net.onnx", "--weights", "nowhere.npz"], "cannot read"),
        (["-o", "net.onnx", "--weights-out", "net.bin"], "neither .npz nor .safetensors"),
        ([], "convert to what?"),
    ],
)
def test_refusals(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("convert", "lenet5", *arguments)
    assert outcome.status == 2
    assert words in outcome.err
    assert not list(tmp_path.iterdir())
