"""A visit to the page, with what must never happen looked at when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 60_000
"""Milliseconds to wait on a machine that does other things as well."""


class Visit:
    """The page in a tab; what was typed last is answered before anything is read."""

    def __init__(self, tab: Any, address: str) -> None:
        self.tab = tab
        self.address = address

    def open(self, fragment: str = "") -> None:
        """Open the page and wait for its first answer."""
        self.tab.goto(self.address + fragment)
        self.tab.wait_for_selector("html[data-noted]", timeout=PATIENCE)
        self.settled()

    def revision(self) -> int:
        """How often text and settings have changed."""
        return int(self.tab.locator("html").get_attribute("data-revision"))

    def settled(self, mark: str = "noted") -> None:
        """Wait until what is shown answers what is in the editor."""
        self.tab.wait_for_selector(
            f'html[data-{mark}="{self.revision()}"]', timeout=PATIENCE, state="attached"
        )

    def type(self, text: str) -> None:
        """Put a text in the place of the file, as a paste does."""
        before = self.revision()
        content = self.tab.locator(".cm-content")
        content.focus()
        self.tab.keyboard.press("Control+a")
        self.tab.keyboard.insert_text(text)
        self.tab.wait_for_selector(f'html:not([data-revision="{before}"])', state="attached")

    def text(self) -> str:
        """The file, as it is saved."""
        with self.tab.expect_download() as waiting:
            self.tab.locator("#save").click()
            self.tab.locator("#formats button").first.click()
        return str(waiting.value.path().read_text(encoding="utf-8"))

    def choose(self, name: str) -> None:
        """Open a shipped network."""
        before = self.revision()
        self.tab.locator("#net").click()
        self.tab.locator(f'#net-list [data-net="{name}"]').click()
        self.tab.wait_for_selector(f'html:not([data-revision="{before}"])', state="attached")
        self.settled()


@contextmanager
def visit(browser: Any, address: str, **context: Any) -> Iterator[Visit]:
    """A tab of its own; nothing may be said on the console, and nobody else be asked."""
    origin = address.split("/", 3)
    own = "/".join(origin[:3])
    noise: list[str] = []
    with browser.new_context(**context) as made:
        tab = made.new_page()
        tab.on("console", lambda message: noise.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: noise.append(str(error)))
        made.on(
            "request",
            lambda request: (
                request.url.startswith((own, "data:", "blob:"))
                or noise.append(f"asked {request.url}")
            ),
        )
        yield Visit(tab, address)
        assert not noise, noise
