"""Write torchvision/NAME.json: what torchvision's networks are, layer by layer.

Run with torch and torchvision installed (no weights are fetched, nothing is allocated):

    python tests/reference/take_torchvision.py [NAME ...]

One file a network. Shapes leave out the batch and are channels first; the normalization and
linear layers that ConvNeXt runs on channels-last tensors are turned round.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

try:  # a CPU build of torch lacks operators that torchvision registers shapes for
    _LIBRARY = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
except RuntimeError:
    del _LIBRARY
    import torchvision
from torchvision import models
from torchvision.models import regnet, segmentation

HERE = Path(__file__).parent / "torchvision"
NO_CNN = ("vit_", "swin_", "maxvit")
ODD = 193
BATCH = 2
"""Samples: batch norm in training mode does not take a single one."""
Input = list[int] | dict[str, list[int]]
"""The shape of a network's input, or of each by name in the order of `forward`."""
CHANNELS_LAST = (nn.Linear, nn.LayerNorm)


@dataclass
class Network:
    """A network to measure: how it is built and the input shapes it is run on."""

    name: str
    build: str
    shapes: Sequence[Input]
    options: dict[str, Any] = field(default_factory=dict)
    train: bool = False
    factory: Callable[[], nn.Module] | None = None
    """Builds a network that is not torchvision's."""

    def model(self) -> nn.Module:
        """The network on the meta device: shapes, and no numbers."""
        with torch.device("meta"):
            if self.factory is not None:
                return self.factory()
            model: nn.Module = models.get_model(self.build, weights=None, **self.options)
            return model


def real_numbers(function: Any) -> Any:
    """RegNet reads its widths off tensors, which the meta device does not hold: use the CPU."""

    def on_cpu(_: type, *args: Any, **options: Any) -> Any:
        with torch.device("cpu"):
            return function(*args, **options)

    return classmethod(on_cpu)


regnet.BlockParams.from_init_params = real_numbers(regnet.BlockParams.from_init_params)


def own_size(name: str) -> int:
    """The crop (or resize) size of the preprocessing that belongs to the network's weights."""
    preset = models.get_model_weights(name).DEFAULT.transforms()
    size = getattr(preset, "crop_size", None) or preset.resize_size
    return int(size[-1])


def networks() -> list[Network]:
    """Every CNN of torchvision: classification, segmentation, video."""
    found = []
    for name in models.list_models(module=models):
        if name.startswith(NO_CNN):
            continue
        sizes = list(dict.fromkeys([own_size(name), 224, ODD]))
        plain = [[3, size, size] for size in sizes]
        if name == "inception_v3":  # the auxiliary head's 5x5 convolution does not fit below 299
            heads = [[3, 299, 299], [3, 331, 331]]
        elif name == "googlenet":
            heads = plain
        else:
            found.append(Network(name, name, plain))
            continue
        found.append(Network(name, name, heads, {"aux_logits": True}, train=True))
        found.append(Network(f"{name}_no_aux", name, plain, {"aux_logits": False}))
    for name in models.list_models(module=segmentation):
        sizes = list(dict.fromkeys([own_size(name), 224, ODD]))
        options = {"weights_backbone": None}
        found.append(Network(name, name, [[3, size, size] for size in sizes], options))
    for name in ("r3d_18", "mc3_18", "r2plus1d_18"):
        shapes = [[3, 16, 112, 112], [3, 16, 224, 224], [3, 9, ODD, ODD]]
        found.append(Network(name, name, shapes))
    return found


def channels_first(module: nn.Module, output: Tensor) -> list[int]:
    """The output's shape without its batch, channels first."""
    shape = list(output.shape[1:])
    turned = isinstance(module, CHANNELS_LAST) and len(shape) > 1
    if turned and type(module).__name__ != "LayerNorm2d":
        shape = [shape[-1], *shape[:-1]]
    return shape


def run(network: Network, shape: Input) -> tuple[list[list[Any]], list[int], int]:
    """Layers in execution order (kind, path, output shape, parameters), output shape, MACs."""
    model = network.model().train(network.train)
    with torch.device("meta"):
        layers: list[list[Any]] = []

        def note(module: nn.Module, path: str, given: Tensor, output: Any) -> None:
            if isinstance(module, nn.MaxPool2d) and module.return_indices:
                output, _ = output
            if not isinstance(output, Tensor):
                return
            params = sum(p.numel() for p in module.parameters(recurse=False))
            kind = type(module).__name__
            leaf = not list(module.children()) and kind != "Permute"
            if params or (leaf and ("Pool" in kind or output.shape != given.shape)):
                layers.append([kind, path, channels_first(module, output), params])

        for path, module in model.named_modules():
            module.register_forward_hook(
                lambda module, args, output, path=path: note(module, path, args[0], output)
            )
        counter = FlopCounterMode(display=False)
        with torch.no_grad(), counter:
            shapes = shape.values() if isinstance(shape, dict) else [shape]
            result: Any = model(*[torch.empty([BATCH, *one]) for one in shapes])
    if isinstance(result, dict):
        result = result["out"]
    elif isinstance(result, tuple):
        result = result.logits
    return layers, list(result.shape[1:]), counter.get_total_flops() // (2 * BATCH)


def record(network: Network) -> dict[str, Any]:
    """Everything that is kept about a network."""
    model = network.model()
    state: dict[str, dict[str, list[int]]] = {}
    for name, value in model.state_dict().items():
        path, _, key = name.rpartition(".")
        if key != "num_batches_tracked":
            state.setdefault(path, {})[key] = list(value.shape)
    runs: list[dict[str, Any]] = []
    for shape in network.shapes:
        layers, output, macs = run(network, shape)
        shapes = [layer[2] for layer in layers]
        if not runs:
            first = layers
        assert [layer[:2] for layer in layers] == [layer[:2] for layer in first]
        runs.append({"input": shape, "output": output, "macs": macs, "shapes": shapes})
    del runs[0]["shapes"]
    params = sum(p.numel() for p in model.parameters())
    return {
        "name": network.name,
        "model": network.build,
        "options": network.options,
        "versions": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "python": platform.python_version(),
        },
        "params": params,
        "buffers": sum(b.numel() for b in model.buffers()),
        "layers": first,
        "runs": runs,
        "state": [[path, shapes] for path, shapes in state.items()],
    }


def compact(value: Any) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def write(entry: dict[str, Any], path: Path) -> None:
    """JSON that a line-based diff can read: a layer, a run, a state entry to the line."""
    parts = []
    for key, value in entry.items():
        if key in ("layers", "runs", "state"):
            rows = ",\n".join(compact(row) for row in value)
            parts.append(f"{compact(key)}:[\n{rows}\n]")
        else:
            parts.append(f"{compact(key)}:{compact(value)}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def take(networks: Iterable[Network], folder: Path, wanted: list[str]) -> None:
    """Write a file for each of the named networks, or for all."""
    folder.mkdir(exist_ok=True)
    for network in networks:
        if wanted and network.name not in wanted:
            continue
        entry = record(network)
        write(entry, folder / f"{network.name}.json")
        macs = [f"{compact(r['input'])}: {r['macs']:,}" for r in entry["runs"]]
        print(network.name, f"{entry['params']:,}", *macs, sep="  ")


if __name__ == "__main__":
    take(networks(), HERE, sys.argv[1:])
