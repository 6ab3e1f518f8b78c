"""Write forward.npz: what PyTorch computes for whole networks whose weights both sides can draw.

    python tests/reference/take_forward.py

Networks and weights are those of `forward_cases.py`; everything in float64, on two samples, in
inference mode. `NETWORK/n` is output n; of a map every so manieth value (`sample`).
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import take_textbook
import take_torchvision
import torch
from forward_cases import CASES, Case, drawn, image, sample
from torch import Tensor, nn
from torchvision import models
from torchvision.models.convnext import CNBlock

HERE = Path(__file__).parent


def model(case: Case) -> nn.Module:
    """The network with its weights drawn."""
    known = {network.name: network for network in textbook_and_torchvision()}
    network = known[case.network]
    if network.factory is not None:
        found = network.factory()
    else:
        found = models.get_model(network.build, weights=None, **network.options)
    found = found.double().eval()
    with torch.no_grad():
        for number, (name, array) in enumerate(arrays(found)):
            array.copy_(torch.from_numpy(drawn(number, name, tuple(array.shape))))
    return found


def textbook_and_torchvision() -> Iterator[take_torchvision.Network]:
    """Every network that references are taken of."""
    yield from take_torchvision.networks()
    yield from take_textbook.networks()


def arrays(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """A network's arrays with their last names, in the order in which its layers run.

    That is the state dict's, but for ConvNeXt: a block's `layer_scale` runs last.
    """
    late = []
    for name, array in (*module._parameters.items(), *module._buffers.items()):
        if array is None or name == "num_batches_tracked":
            continue
        if isinstance(module, CNBlock):
            late.append((name, array))
        else:
            yield name, array
    for child in module.children():
        yield from arrays(child)
    yield from late


def main() -> None:
    """Run every case."""
    taken: dict[str, np.ndarray] = {}
    torch.manual_seed(0)
    for case in CASES:
        with torch.no_grad():
            outputs = model(case)(torch.from_numpy(image(case)))
        if isinstance(outputs, Tensor):
            outputs = [outputs]
        for number, output in enumerate(outputs):
            assert torch.isfinite(output).all()
            taken[f"{case.network}/{number}"] = sample(output.numpy())
            print(case.network, number, tuple(output.shape), float(output.abs().max()))
    versions = f"torch {torch.__version__}, numpy {np.__version__}, {platform.python_version()}"
    taken["versions"] = np.array(versions)
    np.savez_compressed(HERE / "forward.npz", **taken)


if __name__ == "__main__":
    main()
