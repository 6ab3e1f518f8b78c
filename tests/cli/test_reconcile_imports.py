"""`reconcile` of a PyTorch module: what is a module and what a function is seen, not assumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Outcome

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

MODULE = """
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.act = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        x = self.act(self.bn(self.conv(x)))
        x = F.relu(self.bn(x))
        return x.mean((2, 3)) + self.pool(x).flatten(1)
"""


def test_forms_are_those_of_the_code(run: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(MODULE)
    outcome = run("reconcile", f"{path}:Net", "--input", "2x8x8", "--format", "json")
    assert outcome.status == 0, outcome.err
    totals = {one["counter"]: one["total"] for one in json.loads(outcome.out)["counters"]}
    macs, values = 2 * 4 * 9 * 64, 4 * 64
    assert totals["fvcore"] == macs + 2 * 2 * values + values
    assert totals["thop"] == macs + 2 * 4 * values + (64 + 1) * 4
    # the module's ReLU twice, the function's once, the pool twice, the mean not at all
    assert totals["ptflops_pytorch"] == macs + values + 2 * 2 * values + 3 * values + 2 * values
