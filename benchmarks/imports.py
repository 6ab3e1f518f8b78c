"""Our own part of importing a PyTorch network, beside the framework's.

    python benchmarks/imports.py [NAME ...]

Seconds of this process (and their ratio) for torch.export and for reading what it exports into a
graph, of CNNs of torchvision; the second of two runs of both, as the first also imports.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from time import process_time

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from take_imports import from_program, reference, torchvision_model  # noqa: E402

NAMES = ("resnet50", "densenet121", "inception_v3", "efficientnet_b0", "regnet_y_3_2gf",
         "resnext101_32x8d", "convnext_tiny", "shufflenet_v2_x1_0", "vgg16", "r3d_18")  # fmt: skip


def times(name: str) -> tuple[float, float]:
    """Seconds of the export and of reading it."""
    import torch

    model = torchvision_model(name).eval()
    shape = reference(name)["runs"][0]["input"]
    start = process_time()
    with torch.no_grad():
        exported = torch.export.export(model, (torch.zeros(2, *shape),))
    between = process_time()
    from_program(exported, name).graph()
    return between - start, process_time() - between


def main() -> None:
    """The table."""
    warnings.simplefilter("ignore")
    names = sys.argv[1:] or NAMES
    times(names[0])
    print(f"{'network':24} {'export':>8} {'ours':>8} {'share':>6}")
    for name in names:
        export, ours = times(name)
        print(f"{name:24} {export:8.3f} {ours:8.3f} {ours / export:6.1%}", flush=True)


if __name__ == "__main__":
    main()
