"""Write receptive_fields.json: the support of the gradient, measured in PyTorch.

The gradient of one unit of a network's last feature map is not zero exactly where the unit sees
the input. That holds when nothing can cancel or be switched off: every weight is the same
positive number, max pools are replaced by average pools, activations and layer normalization by
the identity. In double precision and scaled by the fan-in nothing over- or underflows, so the
support is exact. The input is long on one axis and narrow on the other, each in turn.

    python tests/reference/take_receptive_fields.py [NAME ...]
"""

from __future__ import annotations

import json
import platform
import sys
from math import prod
from pathlib import Path
from typing import Any

import torch
from networks import classic, inception, residual
from take_torchvision import models, torchvision
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).parent / "receptive_fields.json"
NARROW = 96
LONGEST = 8192
LAST_FEATURE_MAP = {
    "alexnet": "features",
    "vgg11": "features",
    "vgg16": "features",
    "vgg19": "features",
    "resnet18": "layer4",
    "resnet34": "layer4",
    "resnet50": "layer4",
    "resnet101": "layer4",
    "resnext50_32x4d": "layer4",
    "googlenet": "inception5b",
    "inception_v3": "Mixed_7c",
    "densenet121": "features",
    "mobilenet_v2": "features",
    "mnasnet1_0": "layers",
    "shufflenet_v2_x1_0": "conv5",
    "squeezenet1_0": "features",
    "squeezenet1_1": "features",
    "regnet_x_400mf": "trunk_output",
    "convnext_tiny": "features",
    "fcn_resnet50": "classifier",
}
TEXTBOOK = {
    factory.__name__: factory
    for factory in (
        classic.network_in_network,
        classic.vgg16_c,
        residual.mobilenet_v1,
        residual.resnet50_original,
        residual.resnet110_cifar,
        residual.resnet164_preactivation,
        inception.inception_v4,
        inception.inception_resnet_v2,
    )
}
"""Networks of `networks/`; their last feature map is what the pool to one position takes.

Not Xception: its pools pad as TensorFlow's `same` does, more or less with the size of the image.
"""
SWITCHES = (nn.ReLU, nn.ReLU6, nn.GELU, nn.Dropout, nn.LayerNorm)


class FoundError(Exception):
    """The feature map is computed; the rest of the network is of no interest."""


def every_element(
    x: Tensor,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """Stands in for max_pool2d: the same windows, and every element of them counts."""
    assert dilation == 1
    assert not return_indices
    return functional.avg_pool2d(x, kernel_size, stride, padding, ceil_mode)


functional.max_pool2d = every_element


def positive(network: nn.Module) -> nn.Module:
    """The network with equal positive weights and without anything that switches off."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, SWITCHES):
                setattr(parent, name, nn.Identity())
    for module in network.modules():
        for name, weight in module.named_parameters(recurse=False):
            scale = 1.0
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                scale = 1 / prod(weight.shape[1:]) if name == "weight" else 0.0
            nn.init.constant_(weight, scale)
    return network.eval().double()


def windows(network: nn.Module, path: str, shape: list[int], axis: int) -> list[tuple[int, ...]]:
    """(index, first, last) of the windows of two neighbouring units in the map's middle."""
    image = torch.ones([1, 3, *shape], dtype=torch.float64, requires_grad=True)
    maps: list[Tensor] = []

    def stop(_: nn.Module, __: Any, output: Tensor) -> None:
        maps.append(output)
        raise FoundError

    handle = network.get_submodule(path).register_forward_hook(stop)
    try:
        network(image)
    except FoundError:
        handle.remove()
    middle = [size // 2 for size in maps[0].shape[2:]]
    result = []
    for step in (0, 1):
        place = list(middle)
        place[axis] += step
        unit = maps[0][0, :, place[0], place[1]].sum()
        (gradient,) = torch.autograd.grad(unit, image, retain_graph=step == 0)
        seen = (gradient[0] != 0).any(dim=0).any(dim=1 - axis).nonzero().flatten()
        result.append((place[axis], int(seen[0]), int(seen[-1])))
    return result


def measure(network: nn.Module, path: str, axis: int) -> tuple[int, int, int]:
    """Size, stride and start of the receptive field on one axis."""
    length = 1024
    while length <= LONGEST:
        shape = [NARROW, NARROW]
        shape[axis] = length
        (index, first, last), (_, second, end) = windows(network, path, shape, axis)
        if first > 0 and end < length - 1:
            assert last - first == end - second
            stride = second - first
            return last - first + 1, stride, first - index * stride
        length *= 2
    raise RuntimeError(f"{path}: no window lies inside {LONGEST} pixels")


def take(name: str) -> dict[str, Any]:
    """What the contract calls receptive_field, for the last feature map of a network."""
    if name in TEXTBOOK:
        network = TEXTBOOK[name]()
        places = [isinstance(module, nn.AdaptiveAvgPool2d) for module in network.children()]
        return measured(name, network, str(places.index(True) - 1))
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False}
    if name.startswith("fcn"):
        options = {"weights_backbone": None}
    return measured(name, models.get_model(name, weights=None, **options), LAST_FEATURE_MAP[name])


def measured(name: str, network: nn.Module, path: str) -> dict[str, Any]:
    """The receptive field of the map that a module of a network gives, on both axes."""
    network = positive(network)
    axes = [measure(network, path, axis) for axis in (0, 1)]
    size, stride, start = (list(values) for values in zip(*axes, strict=True))
    entry = {"feature_map": path, "size": size, "stride": stride, "start": start}
    print(name, entry, flush=True)
    return entry


def main(wanted: list[str]) -> None:
    """Measure the named networks, or all of them."""
    torch.manual_seed(0)
    known = json.loads(HERE.read_text(encoding="utf-8"))["networks"] if HERE.exists() else {}
    for name in wanted or (*LAST_FEATURE_MAP, *TEXTBOOK):
        known[name] = take(name)
        versions = {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "python": platform.python_version(),
        }
        rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(known[key])}" for key in sorted(known))
        text = f'{{\n"versions": {json.dumps(versions)},\n"networks": {{\n{rows}\n}}\n}}\n'
        HERE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
