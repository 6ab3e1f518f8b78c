"""Take the picture of the calculator's page: `python scripts/screenshot.py SITE` (a built site).

It needs Playwright with a Chromium (`--chromium PATH` names one), writes `docs/calculator.jpg` and
fails where the page asks another origin for anything or writes to the console.
"""

from __future__ import annotations

import argparse
import http.server
import sys
import threading
from functools import partial
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "docs" / "calculator.jpg"
WIDTH, HEIGHT = 1200, 720


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *values: object) -> None:
        """Nothing."""


def take(site: Path, network: str, chromium: str | None) -> list[str]:
    """Write the picture; what the page should not have done."""
    from playwright.sync_api import sync_playwright

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = f"http://127.0.0.1:{server.server_port}/"
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en"
        )
        page.on("console", lambda message: wrong.append(message.text))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((own, "data:", "blob:")) or wrong.append(request.url)
            ),
        )
        page.goto(f"{own}calculator/index.html")
        page.get_by_text(network).first.wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        page.screenshot(path=str(TARGET), type="jpeg", quality=80)
        browser.close()
    server.shutdown()
    return wrong


def main(arguments: list[str]) -> int:
    """Take it, and tell what went wrong."""
    parser = argparse.ArgumentParser(description="Take the picture of the calculator's page.")
    parser.add_argument("site", type=Path)
    parser.add_argument("--chromium", help="the browser; Playwright's own where left out")
    given = parser.parse_args(arguments)
    wrong = take(given.site, "138,357,544", given.chromium)
    print("\n".join(wrong) or f"wrote {TARGET}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
