"""Time whole forward passes against PyTorch, and measure the memory they take.

    pip install torch torchvision
    python benchmarks/forward.py [--threads 2] [--rounds 7] [--zoo] [--no-memory] [NETWORK ...]

Float32, batch 1, inference, warm weights: ours is the pass that `verify` runs, every layer by
itself and measured, theirs torchvision's model in eager mode.
One pass of each in turn, round after round, and the median counts; the fastest stands beside it,
and says more on a machine that others use too.
Between two passes is a pause, for a library's threads go on waiting for work for a while and
would take the cores from the other's.

`floor` is 2 · MACs at the rate of one large matrix product, measured before and after the table:
what a library would take that did nothing but multiply at full speed.

The memory table runs every network in a process of its own: the most it ever had resident, against
weights + predicted peak of activations + 64 MiB of working space + 100 MiB for the rest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from math import exp, log
from statistics import median
from typing import Any

NETWORKS = ("vgg16", "resnet50", "mobilenet_v2", "densenet121")
PAUSE = 0.02
MEBI = 2**20
WORKSPACE = 64 * MEBI
REST = 100 * MEBI

MEMORY = """
import sys
import numpy as np
from cnncalc.language.load import load
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.weights.generated import generate
graph = load(sys.argv[1]).graph()
arrays = generate(graph, np.dtype("float32"))
shape = (1, *graph.input_shape)
execute(graph, arrays, lambda index: np.zeros(shape, np.float32), int(sys.argv[2]))
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) * 1024)
"""
"""One pass in a process of its own, that prints the most memory it had resident (Linux)."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--zoo", action="store_true", help="all that torchvision has")
    parser.add_argument("--no-memory", action="store_true")
    return parser.parse_args()


def torchvision() -> Any:
    """torchvision's models, also from a CPU build of torch that lacks some operators."""
    import torch

    try:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        from torchvision import models
    except RuntimeError:  # they are there
        from torchvision import models
    return models


def theirs(name: str) -> Any:
    """torchvision's model of this name, without auxiliary heads; None where it has none."""
    models = torchvision()
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False}
    try:
        if name in models.list_models(module=models.segmentation):
            options = {"weights_backbone": None}
        return models.get_model(name, weights=None, **options).eval()
    except ValueError:
        return None


def changes(name: str) -> dict[str, Any]:
    """The same variant of ours."""
    return {"auxiliary": 0} if name in ("googlenet", "inception_v3") else {}


def passes(name: str, threads: int) -> tuple[Callable[[], Any], Callable[[], Any], int] | None:
    """A forward pass of ours, one of theirs, and the network's MACs."""
    import numpy as np
    import torch

    from cnncalc.analysis.report import Report
    from cnncalc.language.load import load
    from cnncalc.numerics.run.executor import execute
    from cnncalc.numerics.weights.generated import generate

    model = theirs(name)
    if model is None:
        return None
    graph = load(name).graph(changes(name))
    arrays = generate(graph, np.dtype("float32"))
    x = np.random.default_rng(0).standard_normal((1, *graph.input_shape), np.float32)
    tensor = torch.from_numpy(x.copy())

    def run_theirs() -> Any:
        with torch.inference_mode():
            return model(tensor)

    def run_ours() -> Any:
        return execute(graph, arrays, lambda index: x, threads)

    return run_ours, run_theirs, Report(graph).totals.macs


def compare(name: str, threads: int, rounds: int) -> tuple[list[float], list[float], int] | None:
    """Seconds of each pass of ours and of theirs, interleaved, and the MACs."""
    found = passes(name, threads)
    if found is None:
        return None
    run_ours, run_theirs, macs = found
    ours: list[float] = []
    others: list[float] = []
    for number in range(rounds + 1):  # the first one warms caches and memory
        for run, seconds in ((run_ours, ours), (run_theirs, others)):
            time.sleep(PAUSE)
            start = time.perf_counter()
            run()
            if number:
                seconds.append(time.perf_counter() - start)
    return ours, others, macs


def product_rate(size: int = 1536) -> float:
    """Floating point operations a second of one large matrix product; the best of some."""
    import numpy as np

    a = np.ones((size, size), np.float32)
    out = np.empty_like(a)
    best = 0.0
    for _ in range(6):
        start = time.perf_counter()
        np.matmul(a, a, out=out)
        best = max(best, 2 * size**3 / (time.perf_counter() - start))
    return best


def mean(ratios: list[float]) -> float:
    """The geometric mean."""
    return exp(sum(map(log, ratios)) / len(ratios))


def speed(names: list[str], threads: int, rounds: int) -> None:
    """The table of times."""
    import numpy
    import torch

    torch.set_num_threads(threads)
    print(f"torch {torch.__version__}, numpy {numpy.__version__}, {threads} threads, ms")
    rate = product_rate()
    titles = ("ours", "fastest", "PyTorch", "fastest", "ratio", "fastest", "floor")
    print(f"{'network':26}" + "".join(f"{title:>9}" for title in titles))
    ratios: list[float] = []
    fastest: list[float] = []
    for name in names:
        found = compare(name, threads, rounds)
        if found is None:
            print(f"{name:26}  torchvision has none")
            continue
        ours, others, macs = found
        ratios.append(median(ours) / median(others))
        fastest.append(min(ours) / min(others))
        figures = (median(ours), min(ours), median(others), min(others))
        print(
            f"{name:26}"
            + "".join(f"{1000 * seconds:9.1f}" for seconds in figures)
            + f"{ratios[-1]:9.2f}{fastest[-1]:9.2f}{2000 * macs / rate:9.1f}",
            flush=True,
        )
    print(
        f"geometric mean of {len(ratios)}: {mean(ratios):.2f}, of the fastest {mean(fastest):.2f}"
    )
    print(f"matrix product: {rate / 1e9:.1f} GFLOP/s before, {product_rate() / 1e9:.1f} after")


def memory(names: list[str], threads: int) -> None:
    """The table of memory."""
    from cnncalc.analysis.report import Report
    from cnncalc.language.load import load

    print(f"\n{'network':26}{'resident':>10}{'weights':>10}{'peak':>10}{'allowed':>10}  MiB")
    for name in names:
        totals = Report(load(name).graph()).totals
        weights = totals.param_bytes + 4 * totals.buffers
        command = [sys.executable, "-c", MEMORY, name, str(threads)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        resident = int(found.stdout)
        allowed = weights + totals.peak_activation_bytes + WORKSPACE + REST
        sizes = (resident, weights, totals.peak_activation_bytes, allowed)
        mark = "" if resident <= allowed else "  over"
        print(f"{name:26}" + "".join(f"{size / MEBI:10.1f}" for size in sizes) + mark)


def main() -> None:
    """Run both tables."""
    options = arguments()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    names = options.networks or list(NETWORKS)
    if options.zoo:
        from cnncalc.language import zoo

        models = torchvision()
        names = [name for name in zoo.names() if name in models.list_models()]
    speed(names, options.threads, options.rounds)
    if not options.no_memory:
        memory(names, options.threads)


if __name__ == "__main__":
    main()
