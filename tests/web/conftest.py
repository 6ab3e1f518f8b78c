"""The built page in a browser: skipped, with the reason, where one of the two is missing.

`CNNCALC_SITE` is the folder that `python scripts/build_site.py` or `web/build.py` has filled.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the built page is served."""
    site = os.environ.get("CNNCALC_SITE")
    if not site:
        pytest.skip("CNNCALC_SITE names no built site: `python scripts/build_site.py` makes one")
    folder = Path(site)
    page = next(
        (name for name in ("calculator/", "") if (folder / name / "service.js").is_file()), None
    )
    assert page is not None, f"{folder} has no calculator"
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{page}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(address: str) -> Iterator[Any]:
    """A headless Chromium."""
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    with driver.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=[*FLAGS])
        yield made
        made.close()
