"""The page as one file: the template, with styles, scripts and data put in."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.report import Report
from cnncalc.render.page.assets import script, style, template
from cnncalc.render.page.data import page_data
from cnncalc.render.rows import ViewOptions
from cnncalc.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

START = """
const file = JSON.parse(document.getElementById("data").textContent);
mount(document.getElementById("report"), file);
"""
"""What the file's own script does at last."""

UNSAFE = ("<", ">", "&", "\u2028", "\u2029")
"""Signs that mean something to HTML or to scripts; in JSON they only stand in strings."""
SURROGATE = re.compile("[\ud800-\udfff]")
"""Bytes of a file name that are no UTF-8."""


def page_html(report: Report, view: ViewOptions = ViewOptions()) -> str:
    """The report as one file of HTML that asks nothing of anybody.

    Its content security policy allows the script and the styles that are in it, by their hashes,
    and nothing else. The data is JSON in an element that is never run.
    """
    from markupsafe import Markup

    data = page_data(report, view)
    code, styles = script() + START, style()
    return (
        environment()
        .from_string(template())
        .render(
            data=data,
            version=__version__,
            policy=policy(code, styles),
            script=Markup(code),
            style=Markup(styles),
            json=Markup(embedded(data)),
        )
    )


def environment() -> Environment:
    """Jinja2, for templates of HTML."""
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)  # fmt: skip


def policy(script: str, style: str) -> str:
    """A content security policy that allows one text of styles, one script or none, no request."""
    scripts = f"'{_hash(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def embedded(data: dict[str, Any]) -> str:
    """Data as JSON for an element of HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in UNSAFE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return SURROGATE.sub(lambda lone: f"\\u{ord(lone.group()):04x}", text)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
