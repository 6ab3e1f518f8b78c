"""How Sphinx makes the documentation: `python scripts/build_site.py` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "_site"), str(Path(__file__).parent.parent)]

from cnncalc.version import __version__  # noqa: E402

project = "cnncalc"
author = "The cnncalc developers"
version = release = __version__
html_title = "cnncalc"

extensions = ["myst_parser", "sphinx_copybutton", "bilingual", "sessions", "reachable"]
exclude_patterns = ["_site", "files"]
source_suffix = {".md": "markdown"}
nitpicky = True
myst_heading_anchors = 4  # links to headings work as they do on GitHub

html_theme = "furo"
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {"color-code-background": "#f4f5f7"},
    "dark_css_variables": {"color-code-background": "#1e2126"},
}
html_static_path = ["_site/static"]
templates_path = ["_site/templates"]
html_css_files = ["site.css"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "calculator.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_search_language = "en-zh"
html_context = {"calculator": tags.has("calculator")}  # noqa: F821 - Sphinx gives `tags`
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
html_favicon = "_site/static/icon.svg"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
smartquotes = False  # `--input` in a sentence has two hyphens

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"
