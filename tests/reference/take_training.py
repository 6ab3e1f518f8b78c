"""Write training.json: the memory of whole training steps, as PyTorch's own tracker tells it.

    python tests/reference/take_training.py [NAME ...]

`torch.distributed._tools.mem_tracker.MemTracker` under `FakeTensorMode`, which runs every
operation on shapes alone, so that no memory is needed. Two steps of each network, optimizer and
batch: forward, `y.sum().backward()`, `step()`, with `foreach=False` and
`zero_grad(set_to_none=True)`; activations out of place. The figures are those of the second step:
the most bytes alive in each phase, and what parameters, buffers, gradients and optimizer hold.
With `autocast` the forward pass runs under `torch.autocast("cpu", torch.bfloat16)`.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from take_saved import out_of_place
from take_torchvision import Network, models, networks, regnet, torchvision
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.distributed._tools.mem_tracker import MemTracker

HERE = Path(__file__).parent / "training.json"
NAMES = (
    "alexnet", "vgg16", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "densenet121",
    "googlenet_no_aux", "inception_v3_no_aux", "squeezenet1_0", "mobilenet_v2",
    "mobilenet_v3_large", "mnasnet1_0", "shufflenet_v2_x1_0", "efficientnet_b0", "regnet_y_400mf",
    "convnext_tiny", "fcn_resnet50", "r3d_18",
)  # fmt: skip
OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, foreach=False),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, foreach=False),
    "adam": lambda p: torch.optim.Adam(p, foreach=False),
}
BATCHES = (2, 16)


class Tracker(MemTracker):
    """PyTorch's tracker without the peaks of each module, which take most of its time."""

    def _update_peak_stats(self, peak_state: Any) -> None:
        for device, found in self._curr_mem_snap.items():
            self._peak_mem[device] = max(self._peak_mem.get(device, 0), found["Total"])


class Phases:
    """The most bytes alive in each phase."""

    def __init__(self, tracker: MemTracker) -> None:
        self.tracker = tracker
        self.peaks: dict[str, int] = {}

    def begin(self) -> None:
        """Forget earlier peaks."""
        self.tracker._peak_mem.clear()

    def end(self, phase: str) -> None:
        """Note the peak since `begin`."""
        self.peaks[phase] = self.tracker._peak_mem.get(torch.device("cpu"), 0)
        self.begin()


def alive(tracker: MemTracker) -> dict[str, int]:
    """Bytes alive now, by category."""
    found = tracker.get_tracker_snapshot("current")[torch.device("cpu")]
    return {getattr(key, "name", key): size for key, size in found.items()}


def step(
    model: nn.Module,
    make: Callable[[Any], torch.optim.Optimizer],
    shape: list[int],
    autocast: bool = False,
) -> dict[str, Any]:
    """Two training steps; the figures of the second."""
    tracker = Tracker()
    optimizer = make(model.parameters())
    x = torch.randn(shape)
    tracker.track_external(model, optimizer, x)
    phases = Phases(tracker)
    counted = {}
    precision = torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext()
    with tracker:
        for _ in range(2):
            tracker.reset_mod_stats()  # it takes a module's second call for recomputation
            optimizer.zero_grad(set_to_none=True)
            phases.begin()
            with precision:
                y = model(x)
                if isinstance(y, dict):
                    y = y["out"]
                loss = y.sum()
            phases.end("forward")
            loss.backward()
            phases.end("backward")
            counted["gradients"] = alive(tracker)["GRAD"]
            optimizer.step()
            phases.end("step")
            found = alive(tracker)
            counted |= {
                "params": found["PARAM"],
                "buffers": found["BUFFER"],
                "optimizer_state": sum(
                    value.untyped_storage().nbytes()
                    for state in optimizer.state.values()
                    for value in state.values()
                    if isinstance(value, torch.Tensor)
                ),
            }
    return {"peak": max(phases.peaks.values()), "phases": phases.peaks} | counted


def fake(network: Network) -> nn.Module:
    """The network in training mode, its tensors fake ones on the CPU."""
    model: nn.Module = models.get_model(network.build, weights=None, **network.options)
    return out_of_place(model.train())


def real_numbers(function: Any) -> Any:
    """RegNet reads its widths off tensors, which fake ones do not hold."""

    def unfaked(_: type, *args: Any, **options: Any) -> Any:
        with unset_fake_temporarily():
            return function(*args, **options)

    return classmethod(unfaked)


regnet.BlockParams.from_init_params = real_numbers(regnet.BlockParams.from_init_params)


def left_as_it_is(tensor: torch.Tensor, *args: Any, **options: Any) -> torch.Tensor:
    """In place of an initialization that looks at numbers, which fake tensors do not hold."""
    return tensor


nn.init.trunc_normal_ = left_as_it_is


def cases() -> Iterator[tuple[str, int, bool]]:
    """Optimizer, batch, and whether under autocast."""
    for batch in BATCHES:
        for name in OPTIMIZERS:
            yield name, batch, False
        yield "adam", batch, True


def take(network: Network) -> dict[str, Any]:
    """The figures of a network."""
    runs = []
    shape = network.shapes[0]
    for optimizer, batch, autocast in cases():
        with FakeTensorMode():
            found = step(fake(network), OPTIMIZERS[optimizer], [batch, *shape], autocast)
        runs.append({"optimizer": optimizer, "batch": batch, "autocast": autocast} | found)
        print(network.name, *[runs[-1][key] for key in ("optimizer", "batch", "autocast")],
              f"{found['peak']:,}", found["phases"], flush=True)  # fmt: skip
    return {"input": shape, "runs": runs}


def write(rows: dict[str, Any]) -> None:
    """The file, a run to the line."""
    versions = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "python": platform.python_version(),
    }
    lines = []
    for name, row in sorted(rows.items()):
        runs = ",\n".join(json.dumps(run) for run in row["runs"])
        lines.append(f'{json.dumps(name)}: {{"input": {row["input"]}, "runs": [\n{runs}\n]}}')
    text = ",\n".join(lines)
    HERE.write_text(
        f'{{\n"versions": {json.dumps(versions)},\n"networks": {{\n{text}\n}}\n}}\n',
        encoding="utf-8",
    )


def main(wanted: list[str]) -> None:
    """Take the named networks, or all, and write them beside those taken before."""
    rows = json.loads(HERE.read_text(encoding="utf-8"))["networks"] if HERE.exists() else {}
    for network in networks():
        if network.name in (wanted or NAMES):
            rows[network.name] = take(network)
            write(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
