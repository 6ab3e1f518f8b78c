"""What the theme leaves out for keyboards and screen readers, put into the finished pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MISSING = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="{site}">',
    '<aside class="toc-drawer': '<aside aria-label="{page}" class="toc-drawer',
    '<div class="highlight"><pre>': '<div class="highlight"><pre tabindex="0">',
}
"""What the theme writes, and what it should: levels, landmarks, code that keys can scroll."""

LABELS = {
    "en": {"site": "Site", "page": "On this page"},
    "zh": {"site": "网站", "page": "本页"},
}


def complete(app: Sphinx, error: Exception | None) -> None:
    """Rewrite every page."""
    if error is not None:
        return
    for path in Path(app.outdir).rglob("*.html"):
        labels = LABELS["zh" if path.parent.name == "zh" else "en"]
        text = path.read_text(encoding="utf-8")
        for written, wanted in MISSING.items():
            text = text.replace(written, wanted.format(**labels))
        path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("build-finished", complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
