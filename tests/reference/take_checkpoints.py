"""Write checkpoints.json: training steps with gradient checkpointing, by PyTorch's own tracker.

    python tests/reference/take_checkpoints.py

Each row names modules of torchvision's networks that run under `torch.utils.checkpoint`, and the
blocks of ours that they are. See `take_training.py`.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import torch
from take_torchvision import networks, torchvision
from take_training import OPTIMIZERS, fake, step
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.checkpoint import checkpoint

HERE = Path(__file__).parent / "checkpoints.json"
BATCH = 16

ROWS = [
    ("resnet18", ["layer1"], ["stage1"]),
    (
        "resnet18",
        ["layer1", "layer2", "layer3", "layer4"],
        ["stage1", "stage2", "stage3", "stage4"],
    ),
    (
        "resnet50",
        ["layer1.0", "layer1.1", "layer1.2"],
        [f"stage1.bottleneck{i}" for i in (1, 2, 3)],
    ),
]


class Checkpointed(nn.Module):
    """A module that keeps its input alone, and runs again for its backward pass."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Any:
        return checkpoint(self.module, x, use_reentrant=False, preserve_rng_state=False)


def main() -> None:
    """Take the figures of every row."""
    known = {network.name: network for network in networks()}
    rows = []
    for name, modules, blocks in ROWS:
        with FakeTensorMode():
            model = fake(known[name])
            for path in modules:
                above, _, leaf = path.rpartition(".")
                setattr(model.get_submodule(above), leaf, Checkpointed(model.get_submodule(path)))
            shape = known[name].shapes[0]
            found = step(model, OPTIMIZERS["sgd"], [BATCH, *shape])
        rows.append({"network": name, "modules": modules, "blocks": blocks} | found)
        print(rows[-1])
    versions = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(json.dumps(row) for row in rows)
    head = f'"versions": {json.dumps(versions)},\n"batch": {BATCH},\n'
    HERE.write_text(f'{{\n{head}"runs": [\n{lines}\n]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
