"""What the page of a report costs: its size, its making as a process, its opening and its sorting.

    python benchmarks/page.py [--runs N] [NET ...]

Prints for each network the size of `export NET -o net.html`; the median time of that process and
its ratio to `python -c pass`, pair by pair; and where Playwright and Chromium are there, how long
after the start of its loading the page stands, and how long it takes to sort all its layers by a
column, to the end of the layout. Medians, in milliseconds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
STANDS = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SORTED = """() => {
  document.querySelectorAll(".bar-above button")[1].click();
  const heads = document.querySelectorAll(".layers thead button");
  return [5, 5, 5, 6, 6, 6].map((column) => {
    document.body.offsetHeight;
    const start = performance.now();
    heads[column].click();
    document.body.offsetHeight;
    return performance.now() - start;
  });
}"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("nets", nargs="*", default=["vgg16", "resnet50", "densenet201"])
    options = parser.parse_args()
    print(f"{'network':<16}{'KB':>8}{'export':>9}{'ratio':>8}{'stands':>9}{'sorted':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for net in options.nets:
            path = Path(folder, f"{net}.html")
            export = [sys.executable, "-m", "cnncalc", "export", net, "-o", str(path)]
            taken = [(timed(export), timed([sys.executable, "-c", "pass"]))
                     for _ in range(options.runs + 1)][1:]  # fmt: skip
            spent = statistics.median(one for one, _ in taken) * 1000
            ratio = statistics.median(one / bare for one, bare in taken)
            size = path.stat().st_size / 1000
            line = f"{net:<16}{size:>8.0f}{spent:>9.0f}{ratio:>8.1f}"
            print(line + "".join(f"{value:>9.0f}" for value in seen(path, options.runs)))


def timed(command: list[str]) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def seen(path: Path, runs: int) -> list[float]:
    """When the page stands, and how long it takes to sort it."""
    found = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if found is None:
        return []
    stands: list[float] = []
    sorts: list[float] = []
    with sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=found, args=FLAGS)
        for _ in range(runs):
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_selector(".inspector .steps")
            stands.append(page.evaluate(STANDS))
            sorts += page.evaluate(SORTED)
            page.close()
        browser.close()
    return [statistics.median(stands), statistics.median(sorts)]


if __name__ == "__main__":
    main()
