"""The calls of the page for those who come from other tools, both sides run."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # the tools' own
SHAPE = (3, 32, 32)


@pytest.fixture
def model() -> Any:
    nn = torch.nn
    layers = (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(7200, 10))
    return nn.Sequential(*layers).eval()


def test_torchinfo(model: Any) -> None:
    torchinfo = pytest.importorskip("torchinfo", reason="torchinfo is not installed")
    theirs = torchinfo.summary(model, input_size=(1, *SHAPE), verbose=0)
    report = cnncalc.analyze(model, input=SHAPE)
    assert theirs.total_params == report.totals.params
    assert theirs.trainable_params == report.totals.trainable_params
    counts = cnncalc.reconcile(model, input=SHAPE)
    assert counts["torchinfo"].total == theirs.total_mult_adds


def test_fvcore(model: Any) -> None:
    fvcore = pytest.importorskip("fvcore.nn", reason="fvcore is not installed")
    x = torch.zeros(1, *SHAPE)
    theirs = fvcore.FlopCountAnalysis(model, x).unsupported_ops_warnings(False)
    report = cnncalc.analyze(model, input=x)
    assert int(theirs.total()) == cnncalc.reconcile(model, input=x)["fvcore"].total
    assert int(theirs.by_module()["0"]) == report.layers["0"].macs
    assert fvcore.parameter_count(model)[""] == report.totals.params


def test_the_three_lines_before_training(model: Any) -> None:
    images = torch.zeros(4, *SHAPE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    net = cnncalc.load(model, input=images, batch=len(images))
    assert "batch 4" in str(net.analyze())
    memory = net.memory(train=True, optimizer=optimizer)
    assert memory.to_dict()["training"]["optimizer"] == "sgd"
