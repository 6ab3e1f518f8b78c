"""Time the whole zoo, against torchvision's networks on the meta device with torchinfo.

    python benchmarks/zoo.py [--rounds 3] [--no-torch] [NETWORK ...]

Ours: every shipped network read, elaborated and analyzed, with its totals, in this process.
Theirs (`pip install torch torchvision torchinfo`): the same network built on the meta device,
where nothing is allocated, and summarized. Network by network, one after the other, so that a
busy moment of the machine hits both. The median of our rounds counts, and their one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

from cnncalc.analysis.report import Report
from cnncalc.language import zoo
from cnncalc.language.load import load

Summary = Callable[[tuple[int, ...]], tuple[int, int]]
VERSIONS = ("torch", "torchvision", "torchinfo")


def ours(name: str) -> Report:
    """A network from its file to its totals."""
    report = Report(load(name).graph())
    assert report.totals.params
    return report


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def torchvision() -> Callable[[str], Summary | None] | None:
    """Builds and summarizes a network of torchvision by name; `None` without torch."""
    try:
        torch: Any = import_module("torch")
        # a CPU build of torch lacks operators that torchvision registers shapes for
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
    except ImportError:
        return None
    except RuntimeError:  # they are there
        pass
    try:
        models: Any = import_module("torchvision.models")
        regnet: Any = import_module("torchvision.models.regnet")
        summary: Any = import_module("torchinfo").summary
    except ImportError:
        return None
    # RegNet reads its widths off tensors, which the meta device does not hold
    widths = regnet.BlockParams.from_init_params

    def real_numbers(_: type, *args: Any, **options: Any) -> Any:
        with torch.device("cpu"):
            return widths(*args, **options)

    regnet.BlockParams.from_init_params = classmethod(real_numbers)
    known = set(models.list_models())

    def find(name: str) -> Summary | None:
        if name not in known:
            return None
        heads = {"aux_logits": True} if name in ("googlenet", "inception_v3") else {}
        backbone = name.startswith(("fcn", "deeplab", "lraspp"))
        options = {"weights_backbone": None} if backbone else heads

        def work(shape: tuple[int, ...]) -> tuple[int, int]:
            with torch.device("meta"):
                model = models.get_model(name, weights=None, **options).eval()
                found = summary(model, (1, *shape), device="meta", verbose=0)
            return int(found.total_params), int(found.total_mult_adds)

        return work

    return find


def main() -> int:
    """Print a line a network and the sums."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-torch", action="store_true")
    chosen = parser.parse_args()
    names = chosen.networks or zoo.names()
    find = None if chosen.no_torch else torchvision()
    if find is None and not chosen.no_torch:
        needed = " ".join(VERSIONS)
        print(f"without torchvision: pip install {needed} to compare", file=sys.stderr)
    else:
        versions = [f"{name} {import_module(name).__version__}" for name in VERSIONS if find]
        print(*versions, sep=", ", end="\n" if versions else "")
    print(f"{'network':<30} {'ours':>9} {'theirs':>9} {'ratio':>6}")
    total = shared = theirs = 0.0
    for name in names:
        rounds = [timed(partial(ours, name)) for _ in range(chosen.rounds)]
        seconds, report = median(time for time, _ in rounds), rounds[0][1]
        total += seconds
        line = f"{name:<30} {seconds * 1e3:>6.1f} ms"
        work = find(name) if find else None
        if work is not None:
            other, (params, _) = timed(partial(work, report.input_shape))
            assert params == report.totals.params, (name, params)
            shared, theirs = shared + seconds, theirs + other
            line += f" {other * 1e3:>6.0f} ms {other / seconds:>5.0f}x"
        print(line, flush=True)
    print(f"{len(names)} networks, ours: {total:.2f} s")
    if theirs:
        print(
            f"those of torchvision: {shared:.2f} s against {theirs:.2f} s, {theirs / shared:.0f}x"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
