"""Write counters.json: what other tools print as the operations of torchvision's networks.

Run with torch, torchvision, torchinfo, fvcore, thop and ptflops installed:

    python tests/reference/take_counters.py [NAME ...]

It adds to what is there, for the networks of torchvision and those of `counted_modules.py`. Both
`thop` and `ultralytics-thop` are imported as `thop`: run it once with each. Networks are built
without weights and counted in evaluation mode on one sample of 3×224×224, as
each tool's own documentation has it (Inception-v3 on 3×299×299); a total is what the tool gives
for the whole network.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import counted_modules
import thop
import torch
from torch import nn

try:  # a CPU build of torch lacks operators that torchvision registers shapes for
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
except RuntimeError:
    del _LIBRARY
    import torchvision
from counted_modules import SHAPES as MODULES
from fvcore.nn import FlopCountAnalysis
from ptflops import get_model_complexity_info
from thop import profile
from torch.utils.flop_counter import FlopCounterMode
from torchinfo import summary

HERE = Path(__file__).parent
NETWORKS = (
    "alexnet", "vgg16", "vgg16_bn", "resnet18", "resnet50", "resnext50_32x4d", "googlenet",
    "mobilenet_v2", "densenet121", "squeezenet1_0", "efficientnet_b0", "convnext_tiny",
    "shufflenet_v2_x1_0", "inception_v3", "mobilenet_v3_large", "regnet_y_400mf",
    "mnasnet1_0", "efficientnet_v2_s", "densenet201", "wide_resnet50_2", "squeezenet1_1",
    "convnext_base", "mobilenet_v3_small", "regnet_x_800mf", "vgg11",
)  # fmt: skip
SHAPE = (3, 224, 224)
SIZES = {"inception_v3": (3, 299, 299)}
"""Networks whose own input is another."""


def shape(name: str) -> tuple[int, ...]:
    """The input that a network is counted on."""
    return MODULES.get(name) or SIZES.get(name, SHAPE)


def build(name: str) -> nn.Module:
    """A network in evaluation mode."""
    if name in MODULES:
        found: nn.Module = getattr(counted_modules, name)()
        return found.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: nn.Module = torchvision.models.get_model(name, weights=None)
    return model.eval()


def by_torchinfo(name: str) -> int:
    return int(summary(build(name), (1, *shape(name)), verbose=0).total_mult_adds)


def by_fvcore(name: str) -> int:
    analysis = FlopCountAnalysis(build(name), torch.zeros(1, *shape(name)))
    return int(analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def by_thop(name: str) -> int:
    return int(profile(build(name), (torch.zeros(1, *shape(name)),), verbose=False)[0])


def by_flop_counter(name: str) -> int:
    with FlopCounterMode(display=False) as counter:
        build(name)(torch.zeros(1, *shape(name)))
    return int(counter.get_total_flops())


def by_ptflops(backend: str) -> Callable[[str], int]:
    def count(name: str) -> int:
        found, _ = get_model_complexity_info(
            build(name), shape(name), as_strings=False, print_per_layer_stat=False, backend=backend
        )
        return int(found)

    return count


THOP = "ultralytics-thop" if hasattr(thop, "__version__") and thop.__version__ > "1" else "thop"
"""Which of both is imported as `thop`."""

COUNTERS: dict[str, tuple[str, Callable[[str], int]]] = {
    "torchinfo": ("torchinfo", by_torchinfo),
    "fvcore": ("fvcore", by_fvcore),
    THOP.replace("-", "_"): (THOP, by_thop),
    "ptflops_pytorch": ("ptflops", by_ptflops("pytorch")),
    "ptflops_aten": ("ptflops", by_ptflops("aten")),
    "flop_counter": ("torch", by_flop_counter),
}


def main(names: list[str]) -> None:
    """Count every network with every tool."""
    logging.disable()
    file = HERE / "counters.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    totals: dict[str, dict[str, Any]] = before.get("totals", {})
    for name in names or (*NETWORKS, *MODULES):
        with redirect_stdout(io.StringIO()), torch.no_grad():
            found = {tool: count(name) for tool, (_, count) in COUNTERS.items()}
            totals[name] = {**totals.get(name, {}), **found}
        print(name, *(f"{tool} {total:,}" for tool, total in totals[name].items()), sep="  ")
    packages = ("torch", "torchvision", *sorted({package for package, _ in COUNTERS.values()}))
    versions = {package: importlib.metadata.version(package) for package in packages}
    whole = {
        "versions": {**before.get("versions", {}), **versions},
        "inputs": {name: shape(name) for name in totals},
        "totals": totals,
    }
    file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
