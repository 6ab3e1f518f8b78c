"""Write saved.json: what PyTorch keeps of torchvision's networks for the backward pass.

    python tests/reference/take_saved.py [NAME ...]

A training step's forward pass of two samples in float32, in training mode, with no activation in
place; `torch.autograd.graph.saved_tensors_hooks` tells what is kept. Each storage counts once,
whole, however many operations keep it or a view of it; parameters and buffers are left out.
Shapes only: nothing is allocated.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from take_torchvision import Network, networks, torchvision
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

HERE = Path(__file__).parent / "saved.json"
BATCH = 2


def out_of_place(model: nn.Module) -> nn.Module:
    """The same model with no activation that writes over its input, be it module or function."""
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return model


def relu_out_of_place(x: Tensor, inplace: bool = False) -> Tensor:
    """`F.relu`, whatever is asked."""
    return torch.relu(x)


F.relu = relu_out_of_place


def kept(model: nn.Module, x: Tensor) -> list[int]:
    """Bytes of each storage that autograd keeps, largest first."""
    own = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            found[storage._cdata] = storage  # held, so that no other storage takes its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x)
    return sorted((storage.nbytes() for storage in found.values()), reverse=True)


def take(chosen: Iterable[Network]) -> dict[str, Any]:
    """The figures of each network."""
    rows = {}
    for network in chosen:
        with torch.device("meta"):
            model = out_of_place(network.model().train())
            sizes = kept(model, torch.empty([BATCH, *network.shapes[0]]))
        rows[network.name] = {
            "input": network.shapes[0],
            "bytes": sum(sizes),
            # storages of a size, as pairs: size, how many
            "storages": [[size, count] for size, count in Counter(sizes).items() if size],
        }
        print(network.name, f"{sum(sizes):,}")
    return rows


def main(wanted: list[str]) -> None:
    """Take the named networks, or all, and write them beside those taken before."""
    before = json.loads(HERE.read_text(encoding="utf-8"))["networks"] if wanted else {}
    rows = before | take(n for n in networks() if not wanted or n.name in wanted)
    versions = json.dumps(
        {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "python": platform.python_version(),
        }
    )
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    text = f'{{\n"versions": {versions},\n"batch": {BATCH},\n"networks": {{\n{lines}\n}}\n}}\n'
    HERE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
