"""The links of a built site: each leads to a file that is there, and to a place in it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src")}
"""Attributes that a browser follows by itself; the rest waits for a click."""


class Page(HTMLParser):
    """What a page links to, with the line of each link, and the places in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[int, str, bool]] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value)
            elif name in ("href", "src") and tag != "use":
                self.links.append((self.getpos()[0], value, (tag, name) in FETCHED))


def broken(site: Path) -> list[str]:
    """A line for each link that leads nowhere, or that fetches from another origin."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    return [
        f"{path.relative_to(site)}:{line}: {link}: {wrong}"
        for path, page in sorted(pages.items())
        for line, link, fetched in page.links
        if (wrong := _wrong(path, link, fetched, pages))
    ]


def _wrong(path: Path, link: str, fetched: bool, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(link)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return "fetched from another origin" if fetched else None
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    place = unquote(parts.fragment)
    if place and target in pages and place not in pages[target].places:
        return "no such place in the page"
    return None
