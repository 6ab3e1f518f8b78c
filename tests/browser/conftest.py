"""A browser, and pages in it that are listened to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
"""Without a screen, and off the network."""
ROOT = Path(__file__).resolve().parent
AXE = "axe-core/axe.min.js"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium: the one of the system, or what `CNNCALC_CHROMIUM` names."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = [
        os.environ.get("CNNCALC_CHROMIUM", ""),
        "chromium",
        "chromium-browser",
        "google-chrome",
    ]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed (`CNNCALC_CHROMIUM` may name one)")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core: of `npm ci` here, or in the folder that `CNNCALC_AXE` names."""
    folders = [os.environ.get("CNNCALC_AXE", ""), str(ROOT)]
    for folder in filter(None, folders):
        path = Path(folder, "node_modules", AXE)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    pytest.skip("axe-core is not installed (`npm ci` in tests/browser, or `CNNCALC_AXE`)")


class Heard:
    """A page, and everything in it that should not be heard."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.heard: list[str] = []
        page.on("console", lambda message: self.heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.heard.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._asked(request.url, address))

    def _asked(self, url: str, address: str) -> None:
        if url != address:
            self.heard.append(f"request: {url}")


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a file in a window of some width; at the end nothing may have been heard of it."""
    contexts: list[Any] = []
    listeners: list[Heard] = []

    def opened(path: Path, width: int = 1400, scheme: str = "light", **more: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **more
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        address = path.as_uri()
        listeners.append(Heard(page, address))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [one for listener in listeners for one in listener.heard] == []
