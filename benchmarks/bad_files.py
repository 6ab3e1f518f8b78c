"""How long `cnncalc analyze` takes, as a process, to refuse the bad files of the tests.

    PYTHONPATH=tests/language:tests python benchmarks/bad_files.py [--all]

Prints the slowest and the largest; every one should stay under a second and 200 MB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from test_bad_files import HEAVY, ROWS


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="not only the heavy ones")
    everything = parser.parse_args().all
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            if not everything and row.case not in HEAVY:
                continue
            path = Path(folder) / "net.yaml"
            path.write_text(row.text, encoding="utf-8")
            start = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "cnncalc", "analyze", str(path)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            found.append((seconds, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), row))
    print(f"{len(found)} files; status 2: {sum(status == 2 for _, _, status, _ in found)}")
    print(f"{'file':<48}{'seconds':>9}{'MiB':>8}")
    for seconds, size, _, row in sorted(found, key=lambda item: -item[0])[:10]:
        print(f"{row.case:<48}{seconds:>9.2f}{size:>8.0f}")
    print(f"largest: {max(size for _, size, _, _ in found):.0f} MiB")


if __name__ == "__main__":
    main()
