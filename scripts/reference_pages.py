"""Write the pages of the documentation that are made from the program.

    python scripts/reference_pages.py [--check] [PAGE ...]

`--check` writes nothing; its exit status is 1 where a page is not current.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from generated import (  # noqa: E402
    commands,
    counters,
    data,
    formats,
    python,
    recognised,
    syntax,
    zoo,
)

from cnncalc.render import reference, rules  # noqa: E402
from cnncalc.rules.registry import RULES  # noqa: E402

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "counters.md": counters.page,
    "syntax.md": syntax.page,
    "formats.md": formats.page,
    "files.md": recognised.page,
    "json.md": data.page,
    "python.md": python.page,
    "layers.md": reference.page,
    "rules.md": lambda: rules.page(RULES.values()),
    "zoo.md": zoo.page,
}
"""The function that makes each page of `docs/`."""


def main(arguments: list[str]) -> int:
    """Write the pages, or tell which are not current."""
    check = "--check" in arguments
    named = [Path(name).name for name in arguments if not name.startswith("-")]
    stale = 0
    for name in named or PAGES:
        page = ROOT / "docs" / name
        text = PAGES[name]()
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{'not current' if check else 'wrote'}: docs/{name}")
        if not check:
            page.write_text(text, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
