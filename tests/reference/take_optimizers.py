"""Write optimizers.json: what each optimizer of PyTorch stores, and what its step takes at most.

    python tests/reference/take_optimizers.py

Two training steps of SqueezeNet 1.1 and ShuffleNet V2 x0.5 under PyTorch's `MemTracker`, on real
tensors, because some optimizers look at numbers; `foreach=False`. See `take_training.py`.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from take_saved import out_of_place
from take_torchvision import models, torchvision
from take_training import step
from torch import optim

HERE = Path(__file__).parent / "optimizers.json"
NETWORKS = ("squeezenet1_1", "shufflenet_v2_x0_5")
BATCH = 2
SHAPE = (3, 64, 64)

Make = Callable[[Any], optim.Optimizer]
OPTIMIZERS: dict[str, Make] = {
    "sgd": lambda p: optim.SGD(p, lr=0.1, foreach=False),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, foreach=False),
    "nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, foreach=False),
    "adagrad": lambda p: optim.Adagrad(p, foreach=False),
    "rmsprop": lambda p: optim.RMSprop(p, foreach=False),
    "rmsprop_momentum": lambda p: optim.RMSprop(p, momentum=0.9, foreach=False),
    "rmsprop_centered": lambda p: optim.RMSprop(p, centered=True, foreach=False),
    "adam": lambda p: optim.Adam(p, foreach=False),
    "adamw": lambda p: optim.AdamW(p, foreach=False),
    "amsgrad": lambda p: optim.Adam(p, amsgrad=True, foreach=False),
    "adafactor": lambda p: optim.Adafactor(p, foreach=False),
}


def main() -> None:
    """Take the figures of every optimizer."""
    rows = []
    for network in NETWORKS:
        for name, make in OPTIMIZERS.items():
            torch.manual_seed(0)
            model = out_of_place(models.get_model(network, weights=None).train())
            found = step(model, make, [BATCH, *SHAPE])
            phases = found.pop("phases")
            rows.append({"network": network, "optimizer": name} | found | {"step": phases["step"]})
            print(rows[-1])
    versions = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(json.dumps(row) for row in rows)
    head = f'"versions": {json.dumps(versions)},\n"batch": {BATCH},\n"input": {list(SHAPE)},\n'
    HERE.write_text(f'{{\n{head}"runs": [\n{lines}\n]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
