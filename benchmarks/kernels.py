"""Time the convolution kernels on the layers of four networks, against PyTorch.

    pip install torch
    python benchmarks/kernels.py [--threads 2] [--rounds 7] [NETWORK ...]

For every different layer: the time of each algorithm that can compute it, the one that
``cnncalc.numerics.kernels.choice`` picks, and PyTorch's for the same convolution with its bias.
One call of each in turn, round after round, and the fastest is printed: a library whose threads
wait for each other stalls for milliseconds when anything else wants a core. A layer whose median
is more than half above its fastest time is marked ``!``; a table full of marks says that the
machine was busy, and nothing else. A layer counts as often as its network has it.

The last lines say how good the choice is: how much time choosing
perfectly would have saved, and the time against the rate of one large matrix product.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from math import exp, log
from statistics import median
from typing import NamedTuple

PAUSE = 0.04


class Layer(NamedTuple):
    """A square convolution."""

    channels: int
    filters: int
    size: int
    kernel: int
    stride: int = 1
    groups: int = 1

    @property
    def output(self) -> int:
        return -(-self.size // self.stride)

    @property
    def macs(self) -> int:
        per_output = self.channels // self.groups * self.kernel**2
        return self.filters * per_output * self.output**2

    def __str__(self) -> str:
        groups = f" g{self.groups}" if self.groups > 1 else ""
        stride = f"/{self.stride}" if self.stride > 1 else ""
        return f"{self.channels}x{self.size} -> {self.filters} k{self.kernel}{stride}{groups}"


def vgg16() -> Iterator[Layer]:
    channels, size = 3, 224
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            yield Layer(channels, filters, size, 3)
            channels = filters
        size //= 2


def resnet50() -> Iterator[Layer]:
    yield Layer(3, 64, 224, 7, 2)
    channels, size = 64, 56
    for width, count, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(count):
            stride = first if block == 0 else 1
            yield Layer(channels, width, size, 1)
            yield Layer(width, width, size, 3, stride)
            yield Layer(width, 4 * width, size // stride, 1)
            if block == 0:
                yield Layer(channels, 4 * width, size, 1, stride)
            channels, size = 4 * width, size // stride


def mobilenet_v2() -> Iterator[Layer]:
    yield Layer(3, 32, 224, 3, 2)
    channels, size = 32, 112
    for expand, filters, count, first in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for block in range(count):
            stride, inner = (first if block == 0 else 1), channels * expand
            if expand > 1:
                yield Layer(channels, inner, size, 1)
            yield Layer(inner, inner, size, 3, stride, inner)
            size //= stride
            yield Layer(inner, filters, size, 1)
            channels = filters
    yield Layer(channels, 1280, size, 1)


def densenet121() -> Iterator[Layer]:
    yield Layer(3, 64, 224, 7, 2)
    channels, size = 64, 56
    for number, count in enumerate((6, 12, 24, 16)):
        for _ in range(count):
            # The norm before a concatenated input cannot be folded; it is timed apart.
            yield Layer(channels, 128, size, 1)
            yield Layer(128, 32, size, 3)
            channels += 32
        if number < 3:
            channels //= 2
            yield Layer(2 * channels, channels, size, 1)
            size //= 2


NETWORKS: dict[str, Callable[[], Iterator[Layer]]] = {
    "vgg16": vgg16,
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "densenet121": densenet121,
}


class Time(NamedTuple):
    """Milliseconds of one call."""

    best: float
    median: float


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, Time]:
    """The time of each call, one of each in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            # Both libraries' idle threads wait for work by spinning, which would slow down the
            # other; after a pause they sleep. The first call wakes them and fills the caches.
            time.sleep(PAUSE)
            call()
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) * 1e3)
    return {name: Time(min(values), median(values)) for name, values in times.items()}


def ours(layer: Layer) -> tuple[dict[str, Callable[[], object]], str]:
    """A call for each algorithm that applies, and the name of the one chosen."""
    import numpy as np

    from cnncalc.numerics.kernels import choice
    from cnncalc.numerics.kernels.conv import conv
    from cnncalc.shapes import Slide

    random = np.random.default_rng(0)
    before = (layer.kernel - 1) // 2
    x = random.random((1, layer.channels, layer.size, layer.size), np.float32)
    shape = (layer.filters, layer.channels // layer.groups, layer.kernel, layer.kernel)
    weight = random.random(shape, np.float32) - np.float32(0.5)
    bias = random.random(layer.filters, np.float32)
    slides = [Slide(layer.size, layer.kernel, layer.stride, before, before)] * 2
    geometry = choice.ConvolutionShape(layer.channels, layer.filters, slides, layer.groups)
    chosen = choice.choose(geometry)
    names = [chosen]
    if chosen not in (choice.Algorithm.POINTWISE, choice.Algorithm.GROUPS):
        names = [choice.Algorithm.COLUMNS]
        names += [choice.Algorithm.SPREAD] * choice.can_spread(geometry)

    def call(algorithm: choice.Algorithm) -> Callable[[], object]:
        return lambda: conv(
            x, weight, bias, slides=slides, groups=layer.groups, algorithm=algorithm
        )

    return {name.value: call(name) for name in names}, chosen.value


def theirs(layer: Layer) -> Callable[[], object]:
    """The same work in PyTorch."""
    import torch

    module = torch.nn.Conv2d(
        layer.channels,
        layer.filters,
        layer.kernel,
        layer.stride,
        (layer.kernel - 1) // 2,
        groups=layer.groups,
    ).eval()
    x = torch.rand(1, layer.channels, layer.size, layer.size)

    def call() -> object:
        with torch.inference_mode():
            return module(x)

    return call


def measure(name: str, rounds: int) -> float:
    """Print the table of one network; returns our time over PyTorch's."""
    print(f"\n{name}\n{'layer':32}{'×':>3}  {'PyTorch':>8}{'ours':>8}{'ratio':>7}  algorithms, ms")
    total_ours = total_best = total_theirs = 0.0
    for layer, count in Counter(NETWORKS[name]()).items():
        calls, chosen = ours(layer)
        measured = interleaved({**calls, "torch": theirs(layer)}, rounds)
        mark = "!" if any(t.median > 1.5 * t.best for t in measured.values()) else ""
        times = {key: value.best for key, value in measured.items()}
        reference = times.pop("torch")
        total_ours += count * times[chosen]
        total_best += count * min(times.values())
        total_theirs += count * reference
        listed = "  ".join(
            f"{'*' if key == chosen else ''}{key} {value:.2f}" for key, value in times.items()
        )
        ratio = times[chosen] / reference
        print(
            f"{layer!s:32}{count:3}  {reference:8.2f}{times[chosen]:8.2f}{ratio:7.2f}"
            f"{mark:1} {listed}"
        )
    macs = sum(layer.macs for layer in NETWORKS[name]())
    print(
        f"{'sum':32}{'':3}  {total_theirs:8.1f}{total_ours:8.1f}{total_ours / total_theirs:7.2f}"
        f"  with the best choices {total_best:.1f}; {2 * macs / total_ours / 1e6:.0f} GFLOP/s"
    )
    return total_ours / total_theirs


def product_rate() -> float:
    """GFLOP/s of one large float32 matrix product."""
    import numpy as np

    a = np.ones((2048, 2048), np.float32)
    times = interleaved({"product": lambda: a @ a}, 5)
    return 2 * 2048**3 / times["product"].best / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="NETWORK")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)  # read when NumPy is imported
    import torch

    from cnncalc.numerics.machine.threads import workers
    from cnncalc.numerics.machine.workspace import workspace

    torch.set_num_threads(options.threads)
    with workers(options.threads), workspace():
        print(f"{options.threads} threads; a large product: {product_rate():.0f} GFLOP/s")
        ratios = [measure(name, options.rounds) for name in options.networks]
    mean = exp(sum(map(log, ratios)) / len(ratios))
    print(f"\ngeometric mean of ours / PyTorch: {mean:.2f}")


if __name__ == "__main__":
    main()
