"""How long `cnncalc analyze vgg16` takes as a process, against the bare interpreter's start.

    python benchmarks/startup.py [--runs N] [--torch PYTHON]

Runs the commands in turn and prints the median time of each, and its ratio to `python -c pass`
pair by pair. With `--torch`, an interpreter that has torch, torchvision and torchinfo, also to
a `torchinfo.summary` of the same network on the meta device.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

COLOURED = "analyze vgg16, on a terminal"

TORCHINFO = """
import torch
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchinfo, torchvision
with torch.device("meta"):
    network = torchvision.models.vgg16()
print(torchinfo.summary(network, (1, 3, 224, 224), device="meta", verbose=0))
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--torch", metavar="PYTHON")
    options = parser.parse_args()
    program = str(Path(sys.executable).parent / "cnncalc")
    if not Path(program).exists():
        raise SystemExit("cnncalc is not installed beside this interpreter: `pip install .`")
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import click, yaml, json": [sys.executable, "-c", "import click, yaml, json"],
        "... and rich": [
            sys.executable, "-c", "import click, yaml, json, rich.console, rich.table"
        ],
        "analyze vgg16": [program, "analyze", "vgg16"],
        COLOURED: [program, "analyze", "vgg16"],
        "analyze vgg16 --format json": [program, "analyze", "vgg16", "--format", "json"],
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.runs + 1):
        for name, command in commands.items():
            times[name].append(timed(command, terminal=name == COLOURED))
    for values in times.values():
        del values[0]  # the first round warms the caches
    base = times["python -c pass"]
    print(f"{'command':<32}{'ms':>9}{'ratio':>9}")
    for name, values in times.items():
        ratio = statistics.median(a / b for a, b in zip(values, base, strict=True))
        print(f"{name:<32}{statistics.median(values) * 1e3:>9.1f}{ratio:>9.2f}")
    if options.torch:
        ours, theirs = [], []
        for _ in range(5):
            ours.append(timed(commands["analyze vgg16"]))
            theirs.append(timed([options.torch, "-c", TORCHINFO]))
        ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
        print(f"{'torchinfo.summary, meta device':<32}{statistics.median(theirs) * 1e3:>9.1f}")
        print(f"analyze vgg16 is {ratio:.1f} times faster than torchinfo")


def timed(command: list[str], terminal: bool = False) -> float:
    """Seconds that a command takes, with a pipe or a terminal to write to."""
    start = time.perf_counter()
    if not terminal:
        subprocess.run(command, stdout=subprocess.PIPE, check=True)
        return time.perf_counter() - start
    ours, theirs = os.openpty()
    process = subprocess.Popen(command, stdout=theirs, env={**os.environ, "TERM": "xterm-256color"})
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:  # the other end is closed
        pass
    process.wait()
    os.close(ours)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
