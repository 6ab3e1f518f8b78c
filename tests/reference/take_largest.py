"""Write largest.json: whether the largest batches that we name are the largest, by PyTorch.

    python tests/reference/take_largest.py

For each network and budget the peak of a training step with Adam at the batch that
`cnncalc memory --train --budget` names, and at one sample more. See `take_training.py`.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

import torch
from take_torchvision import networks, torchvision
from take_training import OPTIMIZERS, fake, step
from torch._subclasses.fake_tensor import FakeTensorMode

from cnncalc.analysis.training.fit import largest_training
from cnncalc.analysis.training.plan import Plan
from cnncalc.language.load import load

HERE = Path(__file__).parent / "largest.json"
NETWORKS = ("alexnet", "resnet18", "mobilenet_v2", "squeezenet1_1", "vgg11_bn")
BUDGETS = (3 * 2**30, 12 * 2**30)


def main() -> None:
    """Take the figures of every network and budget."""
    known = {network.name: network for network in networks()}
    rows = []
    for name in NETWORKS:
        shape = known[name].shapes[0]
        graph = load(name).graph({}, tuple(shape))
        for budget in BUDGETS:
            batch = largest_training(graph, Plan(), budget)
            peaks = []
            for samples in (batch, batch + 1):
                with FakeTensorMode():
                    found = step(fake(known[name]), OPTIMIZERS["adam"], [samples, *shape])
                peaks.append(found["peak"])
            rows.append({"network": name, "budget": budget, "batch": batch, "peaks": peaks})
            print(rows[-1], peaks[0] <= budget < peaks[1], flush=True)
    versions = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(json.dumps(row) for row in rows)
    HERE.write_text(
        f'{{\n"versions": {json.dumps(versions)},\n"rows": [\n{lines}\n]\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
