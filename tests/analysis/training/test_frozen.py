"""Weights that are stored and not trained: what is counted, and what a training step takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import pytest
from support import Outcome, network, report

from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train
from cnncalc.diagnostics import SpecError

Run = Callable[..., Outcome]

BACKBONE = """\
name: Frozen
input: [3, 32, 32]
blocks:
  backbone:
    - conv: [64, 3, 1, 1]
    - relu
    - conv: [64, 3, 1, 1]
    - relu
    - global_avg_pool
    - flatten
layers:
  - {backbone, trainable: false}
  - linear: 10
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(BACKBONE, encoding="utf-8")
    return path


def test_counts() -> None:
    found = report(BACKBONE)
    assert (found.totals.params, found.totals.trainable_params) == (39_370, 650)
    assert [layer.trainable_params for layer in found.layers if layer.params] == [0, 0, 650]


def test_a_step_keeps_nothing_below_the_first_trained_layer() -> None:
    found = train(report(BACKBONE).graph, Plan(batch=32))
    assert (found.saved_total, found.gradients) == (8192, 2600)
    assert found.optimizer_state == 2 * 2600 + 2 * 4
    assert found.params == 39_370 * 4


FORMS = [
    "[{conv: [4, 3], trainable: false}]",
    "[{layers: [{conv: [4, 3]}, relu], trainable: false}]",
    "[{add: [[conv: [4, 3]], [conv: [4, 3]]], trainable: false}]",
    "[{conv: [4, 3], trainable: 1 > 2, repeat: 2}]",
    "[{conv: [4, 3], trainable: channels > 3}]",
]


@pytest.mark.parametrize("layers", FORMS)
def test_forms(layers: str) -> None:
    totals = report(f"input: [3, 8, 8]\nlayers: {layers}").totals
    assert totals.params > 0
    assert totals.trainable_params == 0


def test_it_stands_beside_the_kind() -> None:
    with pytest.raises(SpecError) as caught:
        network("input: [3]\nlayers: [{linear: {features: 4, trainable: false}}]").graph()
    assert caught.value.diagnostics[0].hint == "`trainable` stands beside `linear`, not inside it"


def test_shared_weights_are_frozen_with_their_owner() -> None:
    text = """\
input: [3, 8, 8]
layers:
  - {conv: [3, 3, 1, 1], name: first, trainable: false}
  - relu
  - {conv: [3, 3, 1, 1], share: first}
"""
    assert train(report(text).graph, Plan()).gradients == 0


def test_json_and_text(run: Run, file: Path) -> None:
    data = json.loads(run("analyze", file, "--format", "json").out)
    assert data["totals"]["trainable_params"] == 650
    assert [layer.get("trainable") for layer in data["layers"]] == [
        False, None, False, None, None, None, None,
    ]  # fmt: skip
    assert "39,370  of which 650 trainable" in run("analyze", file).out


def test_train_from(run: Run, file: Path) -> None:
    file.write_text(BACKBONE.replace(", trainable: false", ""), encoding="utf-8")
    options = ["--train", "--batch", "32", "--format", "json"]
    every = json.loads(run("memory", file, *options).out)["training"]
    last = json.loads(run("memory", file, *options, "--train-from", "linear").out)["training"]
    assert every["gradients"] == 39_370 * 4
    assert (last["gradients"], last["saved_for_backward"]) == (2600, 8192)
    found = run("memory", file, *options, "--train-from", "lineal")
    assert (found.status, "did you mean `linear`" in found.err) == (2, True)
    assert run("memory", file, "--train-from", "linear").status == 2


@pytest.mark.parametrize("more", [[], ["--flat"]])
def test_it_is_written_and_read_back(run: Run, file: Path, more: list[str]) -> None:
    other = file.with_name("again.yaml")
    assert run("convert", file, "-o", other, *more).status == 0
    data = json.loads(run("analyze", other, "--format", "json").out)
    assert (data["totals"]["params"], data["totals"]["trainable_params"]) == (39_370, 650)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("to", ["pytorch", "keras"])
def test_code_freezes_it(run: Run, file: Path, to: str) -> None:
    pytest.importorskip("torch")
    if to == "keras":
        pytest.importorskip("keras")
    path = file.with_name("net.py")
    assert run("convert", file, "-o", path, "--to", to, "--check").status == 0
    names: dict[str, Any] = {"__name__": "written"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    if to == "keras":
        found = sum(prod(weight.shape) for weight in names["frozen"]().trainable_weights)
    else:
        found = sum(p.numel() for p in names["Frozen"]().parameters() if p.requires_grad)
    assert found == 650


# -- against PyTorch ---------------------------------------------------------------------------


def _module() -> Any:
    from torch import nn

    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU())

        def forward(self, x: Any) -> Any:
            return x + self.inner(x)

    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1), nn.GELU(), Branch(), nn.Flatten(), nn.Linear(288, 16),
        nn.SiLU(), nn.Linear(16, 10),
    )  # fmt: skip


CHOICES = [0b000001, 0b000010, 0b000100, 0b001000, 0b010000, 0b100000, 0b101010, 0b010101,
           0b111110, 0b000000]  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES, ids=bin)
def test_saved_tensors(choice: int) -> None:
    torch = pytest.importorskip("torch")
    module = _module().train()
    weighted = [one for one in module.modules() if list(one.parameters(recurse=False))]
    data = json.loads(json.dumps(_layers()))
    for number, one in enumerate(weighted):
        trained = bool(choice >> number & 1)
        for parameter in one.parameters(recurse=False):
            parameter.requires_grad_(trained)
        data[number]["trainable"] = trained
    x = torch.randn(4, 3, 12, 12)
    own = {p.untyped_storage().data_ptr() for p in (*module.parameters(), *module.buffers())}
    saved: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        alive.append(storage)
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(x)
    if output.requires_grad:
        output.sum().backward()
    gradients = sum(p.grad.nbytes for p in module.parameters() if p.grad is not None)
    found = train(report(_text(data)).graph, Plan(batch=4))
    assert (found.saved_total, found.gradients) == (sum(saved.values()), gradients)


def _layers() -> list[dict[str, Any]]:
    """The layers of `STACK` with weights, in order."""
    conv = {"filters": 8, "kernel": 3, "padding": 1}
    return [
        {"conv": conv}, {"batch_norm": None}, {"conv": conv},
        {"conv": {"filters": 8, "kernel": 1}}, {"linear": 16}, {"linear": 10},
    ]  # fmt: skip


def _text(weighted: list[dict[str, Any]]) -> str:
    first, norm, second, inner, hidden, last = weighted
    layers = [
        first, norm, "relu", {"max_pool": 2}, second, "gelu", {"add": [[], [inner, "relu"]]},
        "flatten", hidden, "silu", last,
    ]  # fmt: skip
    return json.dumps({"input": [3, 12, 12], "layers": layers})
