"""`cnncalc sweep`: every point is what `analyze` says of it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from support import Outcome

from cnncalc import analyze

Run = Callable[..., Outcome]
GRID = ("--input", "96:160:32", "--batch", "1,3", "--set", "width=0.5,1")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_points_are_what_analyze_says(run: Run) -> None:
    found = lines(run("sweep", "mobilenet_v2", *GRID, "--format", "jsonl").out)
    assert [(p["input_shape"][1], p["batch"], p["parameters"]["width"]) for p in found] == [
        (size, batch, width) for size in (96, 128, 160) for batch in (1, 3) for width in (0.5, 1)
    ]
    for point in found:
        totals = analyze(
            "mobilenet_v2",
            input=point["input_shape"],
            batch=point["batch"],
            parameters=point["parameters"],
        ).totals
        for key in ("params", "macs", "flops", "activation_bytes", "peak_activation_bytes"):
            assert point[key] == getattr(totals, key)
        assert point["error"] is None


@pytest.mark.parametrize("net", ["unet", "googlenet", "resnet18", "segnet", "lenet5_1998"])
def test_other_sizes_of_one_graph(run: Run, net: str) -> None:
    shape = analyze(net).input_shape
    size = shape[1]
    found = lines(run("sweep", net, "--input", f"{size},{size + 32}", "--format", "jsonl").out)
    for point in found:
        if point["error"] is None:
            totals = analyze(net, input=point["input_shape"]).totals
            assert point["flops"] == totals.flops
            assert point["peak_activation_bytes"] == totals.peak_activation_bytes


def test_points_that_are_no_network_tell_why(run: Run) -> None:
    found = lines(run("sweep", "lenet5", "--input", "8:32:8", "--format", "jsonl").out)
    assert [point["error"] is None for point in found] == [False, True, True, True]
    assert found[0]["error"].startswith("kernel-larger-than-input")
    assert found[0]["params"] is None


def test_csv_has_the_same_columns(run: Run) -> None:
    rows = list(
        csv.DictReader(StringIO(run("sweep", "mobilenet_v2", *GRID, "--format", "csv").out))
    )
    assert len(rows) == 12
    assert rows[0]["input_shape"] == "3x96x96"
    assert rows[0]["width"] == "0.5"
    assert list(rows[0])[-1] == "error"


def test_json_is_one_document(run: Run) -> None:
    found = json.loads(run("sweep", "lenet5", "--input", "28:40:4", "--format", "json").out)
    assert found["schema"] == "cnncalc.sweep/1"
    assert len(found["points"]) == 4


def test_where_best_and_pareto(run: Run) -> None:
    command = ("sweep", "mobilenet_v2", *GRID, "--format", "jsonl")
    some = lines(run(*command, "--where", "macs <= 100M and width < 1 and batch == 1").out)
    assert [(p["input_shape"][1], p["batch"]) for p in some] == [(96, 1), (128, 1), (160, 1)]
    (best,) = lines(run(*command, "--best", "+macs").out)
    assert (best["input_shape"][1], best["batch"], best["parameters"]["width"]) == (160, 3, 1)
    front = lines(run(*command, "--pareto", "+params,macs").out)
    assert [(p["parameters"]["width"], p["input_shape"][1]) for p in front] == [(1, 96), (0.5, 96)]
    (least,) = lines(run(*command, "--pareto", "params,macs").out)
    assert least["parameters"]["width"] == 0.5


def test_table_and_plot(run: Run) -> None:
    text = run("sweep", "mobilenet_v2", *GRID, "--pareto", "+params,macs").out
    assert "●" in text
    assert "└" in text
    assert "MACs" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "10:5"], "holds no value"),
        (["--input", "a"], "no number"),
        (["--input", "1:99999999999"], "values"),
        (["--set", "widht=1"], "did you mean `width`?"),
        (["--set", "width"], "NAME=VALUES"),
        (["--batch", "0"], "whole number"),
        (["--where", "mac < 3"], "did you mean `macs`?"),
        (["--where", "macs <"], "--where"),
        (["--best", "speed"], "no metric"),
        (["--best", "macs", "--pareto", "macs"], "one of them"),
        (["--resume", "x.txt"], ".csv and .jsonl"),
    ],
)
def test_refusals(run: Run, arguments: list[str], words: str) -> None:
    outcome = run("sweep", "mobilenet_v2", *arguments)
    assert outcome.status == 2
    assert words in outcome.err


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_file_is_gone_on_with(run: Run, tmp_path: Path, ending: str) -> None:
    whole, part = tmp_path / f"whole.{ending}", tmp_path / f"part.{ending}"
    assert run("sweep", "mobilenet_v2", *GRID, "-o", whole).status == 0
    text = whole.read_text()
    for cut in (0, 5, len(text) // 2, len(text) // 2 + 7, len(text) - 1, len(text)):
        part.write_text(text[:cut])
        assert run("sweep", "mobilenet_v2", *GRID, "--resume", part).status == 0
        assert part.read_text() == text
    outcome = run("sweep", "mobilenet_v2", "--input", "64", "--resume", part)
    assert outcome.status == 2
    assert "another sweep" in outcome.err
    assert part.read_text() == text


def test_many_processes_and_an_interrupt(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    grid = ["--input", "28:2027", "--batch", "1:20"]
    command = [sys.executable, "-m", "cnncalc", "sweep", "lenet5", *grid, "-o", str(path)]
    process = subprocess.Popen([*command, "--jobs", "2"], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not path.exists() or path.stat().st_size < 50_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    rows = path.read_text().splitlines()
    assert 100 < len(rows) < 40_000
    for number, row in enumerate(rows[1:-1]):
        assert row.startswith(f"1x{28 + number // 20}x{28 + number // 20},{number % 20 + 1},")


PEAK = """
import sys
from cnncalc.cli import run
assert run(sys.argv[1:]) == 0
# a child's `ru_maxrss` counts its parent's memory; this is its own peak
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(peak)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads a peak as Linux tells it")
def test_memory_does_not_grow_with_the_grid(tmp_path: Path) -> None:
    peaks = []
    for last in (37, 3027):
        grid = ["--input", f"28:{last}", "--batch", "1:10", "--jobs", "1"]
        command = ["sweep", "lenet5", *grid, "-o", str(tmp_path / f"{last}.csv")]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *command], capture_output=True, check=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 30_000
