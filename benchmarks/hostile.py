"""How long `cnncalc analyze` takes, as a process, to refuse the hostile imports of the tests.

    python benchmarks/hostile.py [--all]

A file with its seconds, the peak of its memory in MiB, what was left behind, and the message; every
one should stay under a second and 300 MiB. Needs the onnx package, and Linux.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "exchange")]

from hostile import KERAS, ONNX, SHOWN  # noqa: E402

PROCESS = """
import sys
from cnncalc.cli import run
status = run(["analyze", sys.argv[1]])
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
sys.exit(status)
"""


def main() -> None:
    """The table."""
    for name, make, _ in (*ONNX, *KERAS):
        if name not in SHOWN and "--all" not in sys.argv:
            continue
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder) / name)
            start = time.perf_counter()
            child = subprocess.run(
                [sys.executable, "-c", PROCESS, name], cwd=folder, capture_output=True, text=True,
                check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            seconds = time.perf_counter() - start
            left = sorted(set(os.listdir(folder)) - {name})
            print(f"{name}: status {child.returncode}, {seconds:.2f} s, {child.stdout.strip()} MiB")
            print("   ", *(left and [f"LEFT {left}"]), child.stderr.strip().replace("\n", "\n    "))


if __name__ == "__main__":
    main()
