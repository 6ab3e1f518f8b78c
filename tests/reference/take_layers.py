"""Write layers.json: what PyTorch says of the layers in tests/layers/layer_cases.py.

For each: the output's shape without the batch, the shapes in the state dict, the
multiply-accumulates that torch's own counter finds for one sample, and what autograd keeps for
the backward pass of a training step on two samples.

    python tests/reference/take_layers.py
"""

from __future__ import annotations

import json
import platform
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from layers.layer_cases import CASES, Case

HERE = Path(__file__).parent / "layers.json"
BATCH = 2


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Named(nn.Module):
    """Modules one after the other, under names."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


class Squeeze(nn.Module):
    """Squeeze-and-excitation, with the names of torchvision."""

    def __init__(
        self,
        fc1: nn.Module,
        fc2: nn.Module,
        activation: Callable[[Tensor], Tensor] = F.relu,
        gate: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        super().__init__()
        self.fc1, self.fc2 = fc1, fc2
        self.activation, self.gate = activation, gate

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(tuple(range(2, x.ndim)), keepdim=True)
        return x * self.gate(self.fc2(self.activation(self.fc1(mean))))


class Attention(nn.MultiheadAttention):
    """Self-attention over all positions."""

    def __init__(self, channels: int, heads: int, bias: bool = True) -> None:
        super().__init__(channels, heads, bias=bias, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        rows = x.flatten(2).transpose(1, 2)
        seen, _ = super().forward(rows, rows, rows, need_weights=True)
        return seen.transpose(1, 2).reshape(x.shape)


class Scaled(nn.Module):
    """A factor for each channel."""

    def __init__(self, shape: tuple[int, ...], bias: bool = False, trainable: bool = True) -> None:
        super().__init__()
        own(self, "weight", torch.ones(shape), trainable)
        if bias:
            self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + getattr(self, "bias", 0)


class Shifted(nn.Module):
    """An array of its own, added."""

    def __init__(self, shape: tuple[int, ...], trainable: bool = True) -> None:
        super().__init__()
        own(self, "bias", torch.zeros(shape), trainable)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class Fixed(nn.Module):
    """A convolution whose kernel is not trained."""

    def __init__(self, module: nn.Conv2d) -> None:
        super().__init__()
        self.register_buffer("weight", module.weight.detach())
        self.groups = module.groups

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, groups=self.groups)


def own(module: nn.Module, name: str, array: Tensor, trainable: bool) -> None:
    """Give a module an array, trained or only stored."""
    if trainable:
        module.register_parameter(name, nn.Parameter(array))
    else:
        module.register_buffer(name, array)


class Centres(nn.Module):
    """Squared distances to centres."""

    def __init__(self, inputs: int, features: int, trainable: bool = True) -> None:
        super().__init__()
        own(self, "weight", torch.zeros(features, inputs), trainable)

    def forward(self, x: Tensor) -> Tensor:
        return ((x[:, None] - self.weight) ** 2).sum(-1)


class Local(nn.Module):
    """A convolution whose every output position has a kernel and a bias of its own."""

    def __init__(
        self, channels: int, filters: int, kernel: int, stride: int, output: tuple[int, int]
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(filters, *output, channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(filters, *output))
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        windows = x.unfold(2, self.kernel, self.stride).unfold(3, self.kernel, self.stride)
        filters, rows, columns = self.weight.shape[:3]
        left = self.weight.movedim(0, 2).reshape(rows * columns, filters, -1)
        right = windows.permute(2, 3, 1, 4, 5, 0).reshape(rows * columns, -1, len(x))
        found = torch.bmm(left, right).reshape(rows, columns, filters, len(x))
        return found.permute(3, 2, 0, 1) + self.bias


def stripped(name: str) -> str:
    """A state's name without the number of a part."""
    head, _, rest = name.partition(".")
    return rest if head.isdigit() else name


def kept(module: nn.Module, x: Tensor) -> dict[str, Any]:
    """Bytes of the storages that autograd keeps of a training step on a given input.

    Each storage once and whole, apart by whose it is; parameters and buffers left out.
    """
    module.train()
    x = x.requires_grad_() * 1  # no leaf, so that it may be written over
    saved: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(x)
    for tensor in module.state_dict(keep_vars=True).values():
        saved.pop(tensor.untyped_storage()._cdata, None)
    found: dict[str, Any] = {}
    for name, tensor in (("input", x), ("output", output)):
        storage = saved.pop(tensor.untyped_storage()._cdata, None)
        if storage is not None:
            found[name] = storage.nbytes()
    own = sorted(storage.nbytes() for storage in saved.values())
    return found | ({"own": own} if own else {})


def kept_in_place(module: nn.Module, x: Tensor) -> dict[str, Any] | None:
    """The same of an activation that writes over its input; `None` where it cannot."""
    if not hasattr(module, "inplace"):
        return None
    module.inplace = True
    return kept(module, x)


def kept_frozen(module: nn.Module, x: Tensor) -> dict[str, Any] | None:
    """The same of a layer whose weights are not trained; `None` where it has none."""
    if not list(module.parameters()):
        return None
    return kept(module.requires_grad_(False), x)


def take(case: Case) -> dict[str, Any]:
    """The figures of one case."""
    torch.manual_seed(0)
    module: nn.Module = eval(case.torch)  # rows of our own
    x = torch.randn(BATCH, *case.input)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        shape = list(module.eval()(x[:1]).shape[1:])
    trained = {name for name, _ in module.named_parameters()}
    state = {
        name: list(tensor.shape)
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    return {
        "torch": case.torch,
        "output": shape,
        "weights": {stripped(name): shape for name, shape in state.items() if name in trained},
        "buffers": {stripped(name): shape for name, shape in state.items() if name not in trained},
        "macs": counter.get_total_flops() // 2,
        "keeps": kept(module, x),
        "keeps_in_place": kept_in_place(module, x),
        "keeps_frozen": kept_frozen(module, x),
    }


def main() -> None:
    """Take the figures of every case."""
    warnings.simplefilter("ignore")
    torch.backends.mha.set_fastpath_enabled(False)
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    rows = ",\n".join(f"{json.dumps(case.name)}: {json.dumps(take(case))}" for case in CASES)
    head = f'"versions": {json.dumps(versions)},\n"batch": {BATCH},\n"layers": {{\n'
    text = f"{{\n{head}{rows}\n}}\n}}\n"
    HERE.write_text(text, encoding="utf-8")
    print(f"{len(CASES)} layers")


if __name__ == "__main__":
    main()
