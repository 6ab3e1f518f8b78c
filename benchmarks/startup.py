"""What `cnncalc analyze vgg16` takes as a process, against the import of the libraries it uses.

    python benchmarks/startup.py [--runs N] [--torch PYTHON]

Runs the commands in turn and prints the median of the CPU time of each, and of its ratio pair by
pair to the import of its libraries in the same round. The targets are 1.25 for the table and 1.35
for JSON. Bytecode must be cached: `PYTHONDONTWRITEBYTECODE` is taken out of the environment.
With `--torch`, an interpreter that has torch, torchvision and torchinfo, it also prints the time
of a `torchinfo.summary` of the same network on the meta device.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

COLOURED = "analyze vgg16, on a terminal"
DATA = "import click, yaml, json"
PEOPLE = "import click, yaml, rich.console, rich.table"
STARTED = "from cnncalc.__main__ import main; main()"

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
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    program = [str(Path(sys.executable).parent / "cnncalc")]
    if not Path(program[0]).exists():
        program = [sys.executable, "-c", STARTED]  # what the installed program is, from a checkout
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        DATA: [sys.executable, "-c", DATA],
        PEOPLE: [sys.executable, "-c", PEOPLE],
        "--version": [*program, "--version"],
        "analyze vgg16": [*program, "analyze", "vgg16"],
        COLOURED: [*program, "analyze", "vgg16"],
        "analyze vgg16 --format json": [*program, "analyze", "vgg16", "--format", "json"],
    }
    against = {"analyze vgg16": PEOPLE, COLOURED: PEOPLE, "analyze vgg16 --format json": DATA}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.runs + 1):
        for name, command in commands.items():
            before = cpu_time()
            timed(command, terminal=name == COLOURED)
            times[name].append(cpu_time() - before)
    for values in times.values():
        del values[0]  # the first round writes the bytecode and warms the caches
    print(f"{'command':<46}{'CPU ms':>9}{'ratio':>9}  to")
    for name, values in times.items():
        base = against.get(name, "python -c pass")
        ratio = statistics.median(a / b for a, b in zip(values, times[base], strict=True))
        print(f"{name:<46}{statistics.median(values) * 1e3:>9.1f}{ratio:>9.2f}  {base}")
    if options.torch:
        ours, theirs = [], []
        for _ in range(5):
            ours.append(timed(commands["analyze vgg16"]))
            theirs.append(timed([options.torch, "-c", TORCHINFO]))
        ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
        print(f"{'torchinfo.summary, meta device':<46}{statistics.median(theirs) * 1e3:>9.1f}")
        print(f"analyze vgg16 is {ratio:.1f} times faster than torchinfo")


def cpu_time() -> float:
    """Seconds of CPU that the processes that have ended took."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
