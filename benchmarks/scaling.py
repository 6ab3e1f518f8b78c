"""How long elaborating and analyzing take, in µs a layer, on networks of any size.

    python benchmarks/scaling.py [--repeat N]

Reading the YAML (decoding it and composing its nodes) is timed apart. Prints the medians for
shipped networks, and for generated chains and branchy graphs of 1,000, 10,000 and 100,000
layers; the cost should not grow with the size.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable

from cnncalc.analysis.report import Report
from cnncalc.language.load import find
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source


def chain(count: int) -> str:
    """Convolutions, normalizations and activations written out, with eight different widths."""
    lines = ["input: [3, 64, 64]", "layers:"]
    for index in range(count // 3):
        filters = 16 + index % 8
        lines += [
            f"  - conv: {{filters: {filters}, kernel: 3, padding: 1, bias: false}}",
            "  - batch_norm",
            "  - relu",
        ]
    return "\n".join(lines)


def blocks(count: int) -> str:
    """The same layers from a block of expressions under `repeat`."""
    return f"""\
input: [16, 64, 64]
blocks:
  unit(filters, kernel=3):
    - conv: {{filters: filters, kernel: kernel, padding: kernel // 2, bias: false}}
    - batch_norm
    - relu
layers:
  - unit: [channels]
    repeat: {count // 3}
"""


def branches(count: int) -> str:
    """Residual units of two branches that meet, written out."""
    lines = ["input: [16, 64, 64]", "layers:"]
    for _ in range(count // 6):
        lines += [
            "  - add:",
            "      - [{conv: [16, 3, 1, 1]}, batch_norm, relu, {conv: [16, 3, 1, 1]}]",
            "      - []",
            "  - relu",
        ]
    return "\n".join(lines)


def measure(text: str, repeat: int) -> tuple[int, float, float]:
    """Layers, and the median µs a layer of reading the YAML and of all the rest."""
    reading, working = [], []
    layers = 0
    for _ in range(repeat):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        Source("net.yaml", text).compose()
        read = time.perf_counter()
        network = Network(Source("net.yaml", text))
        report = Report(network.graph())
        layers = report.totals.layers
        assert len(report.layers) == layers
        done = time.perf_counter()
        gc.enable()
        reading.append(read - start)
        working.append(done - read - (read - start))
    return layers, *(statistics.median(times) / layers * 1e6 for times in (reading, working))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    print(f"{'network':<24}{'layers':>9}{'reading µs/layer':>18}{'the rest µs/layer':>19}")
    for name in ("vgg16", "resnet50", "resnet152", "googlenet", "densenet121", "unet"):
        row(name, find(name).text, max(repeat, 20))
    makers: tuple[Callable[[int], str], ...] = (chain, blocks, branches)
    for make in makers:
        for count in (1_000, 10_000, 100_000):
            row(f"{make.__name__} of {count:,}", make(count), repeat if count < 100_000 else 3)


def row(label: str, text: str, repeat: int) -> None:
    """Measure and print one network."""
    layers, reading, working = measure(text, repeat)
    print(f"{label:<24}{layers:>9,}{reading:>18.1f}{working:>19.1f}", flush=True)


if __name__ == "__main__":
    main()
