"""How fast the calculator's page is in headless Chromium: `python benchmarks/calculator.py SITE`.

SITE is what `python scripts/build_site.py SITE` (or `web/build.py SITE/calculator`) has built; this
machine serves it. Needs Playwright and a Chromium.

- open, cold: a profile that has never seen the page, from the address to VGG-16's table
- open, warm: the same profile again, its files kept by the service worker
- keystroke: from the key to the new table in the page, the median of 20 with what is drawn after
"""

from __future__ import annotations

import functools
import http.server
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
OPENINGS, KEYS = 5, 20
LIMITS = {"cold": 5000, "warm": 2500, "resnet50": 80, "densenet201": 250}
"""Milliseconds that are wanted, at most."""

WATCH = """() => {
  const root = document.documentElement;
  let pressed = 0;
  addEventListener("keydown", () => (pressed = performance.now()), true);
  new MutationObserver(() => {
    if (root.dataset.answered !== root.dataset.revision || !pressed) return;
    const start = pressed;
    pressed = 0;
    requestAnimationFrame(() => setTimeout(() => window.measured(performance.now() - start)));
  }).observe(root, { attributes: true, attributeFilter: ["data-answered"] });
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


def opened(tab: Any, address: str) -> float:
    """Milliseconds from the address to the first table."""
    start = time.perf_counter()
    tab.goto(address)
    tab.wait_for_selector("table.layers tbody tr", timeout=120_000)
    return 1000 * (time.perf_counter() - start)


def keystrokes(tab: Any, address: str) -> list[float]:
    """Milliseconds from keys to tables: a comment behind the file, begun and deleted."""
    tab.goto(address)
    tab.wait_for_selector("html[data-examined]", timeout=120_000)
    tab.evaluate(WATCH)
    tab.locator(".cm-content").focus()
    tab.keyboard.press("Control+End")
    times = []
    for index in range(KEYS + 4):  # the first four are not counted: code is still warming up
        # the page tells when it is done: asking again and again would take its time
        tab.evaluate("() => { window.next = new Promise((told) => (window.measured = told)); }")
        tab.keyboard.press("Backspace" if index % 2 else "#")
        times.append(float(tab.evaluate("window.next")))
        time.sleep(0.6)  # what waits for a rest is drawn by then
    return times[4:]


def told(name: str, times: list[float], limit: int) -> None:
    """One line of figures."""
    spread = f"{min(times):.0f} … {max(times):.0f}"
    print(
        f"{name:24} {statistics.median(times):7.0f} ms   of {len(times)}: {spread}   wanted {limit}"
    )


def main(site: str) -> None:
    """Take all figures."""
    from playwright.sync_api import sync_playwright

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    handler = functools.partial(Quiet, directory=site)
    page = "calculator/" if (Path(site) / "calculator").is_dir() else ""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/{page}"
        times: dict[str, list[float]] = {"cold": [], "warm": []}
        with sync_playwright() as playwright:
            start = playwright.chromium.launch_persistent_context
            for _ in range(OPENINGS):
                with tempfile.TemporaryDirectory() as profile:
                    visit = start(profile, executable_path=browser, args=[*FLAGS])
                    tab = visit.new_page()
                    times["cold"].append(opened(tab, address))
                    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
                    visit.close()
                    visit = start(profile, executable_path=browser, args=[*FLAGS])
                    times["warm"].append(opened(visit.new_page(), address))
                    visit.close()
            for name in times:
                told(f"open, {name}", times[name], LIMITS[name])
            with tempfile.TemporaryDirectory() as profile:
                visit = start(profile, executable_path=browser, args=[*FLAGS])
                for net in ("resnet50", "densenet201"):
                    tab = visit.new_page()
                    found = keystrokes(tab, f"{address}#net={net}")
                    told(f"keystroke, {net}", found, LIMITS[net])
                    tab.close()
                visit.close()
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "site")
