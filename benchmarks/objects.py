"""`cnncalc.analyze(model)` beside `torchinfo.summary(model)`, on the same object in one process.

    python benchmarks/objects.py [NAME ...]

CPU seconds of this process for CNNs of torchvision (all whose figures are committed, without
names) on the input of their figures: the fastest of three runs of each, taken in turn, after one
that imports. The report's findings are left out, and included in a second column. torchinfo runs
the module on real numbers, and both leave the result unprinted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "reference")]

from take_imports import reference, torchvision_model, torchvision_names  # noqa: E402

import cnncalc  # noqa: E402

RUNS = 3


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of one run."""
    start = process_time()
    work()
    return process_time() - start


def with_findings(model: Any, shape: tuple[int, ...]) -> Any:
    """The report, and what the rules say."""
    report = cnncalc.analyze(model, input=shape)
    return report.layers, report.totals, report.diagnostics


def times(name: str) -> tuple[float, float, float]:
    """Seconds of torchinfo, of the report, and of the report with its findings."""
    from torchinfo import summary

    model = torchvision_model(name).eval()
    shape = tuple(reference(name)["runs"][0]["input"])
    works = (
        lambda: summary(model, input_size=(1, *shape), verbose=0),
        lambda: cnncalc.analyze(model, input=shape).totals,
        lambda: with_findings(model, shape),
    )
    found = [[seconds(work) for work in works] for _ in range(RUNS)]
    theirs, ours, findings = [min(column) for column in zip(*found, strict=True)]
    return theirs, ours, findings


def main() -> None:
    """The table, and the geometric mean of the ratios."""
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    names = sys.argv[1:] or torchvision_names()
    times("resnet18")
    ratios: list[tuple[float, float]] = []
    titles = ("torchinfo", "cnncalc", " ratio", " findings", " ratio")
    print(f"{'network':24}", *[title.rjust(9) for title in titles])
    for name in names:
        theirs, ours, findings = times(name)
        ratios.append((ours / theirs, findings / theirs))
        print(
            f"{name:24} {theirs:9.3f} {ours:9.3f} {ours / theirs:6.2f} "
            f"{findings:9.3f} {findings / theirs:6.2f}",
            flush=True,
        )
    for column, what in enumerate(("report", "report and findings")):
        mean = exp(sum(log(ratio[column]) for ratio in ratios) / len(ratios))
        worst = max(ratio[column] for ratio in ratios)
        print(f"{what}: geometric mean {mean:.2f}, largest {worst:.2f}, of {len(ratios)} networks")


if __name__ == "__main__":
    main()
