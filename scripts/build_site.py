"""Build the site: `python scripts/build_site.py [FOLDER] [--only PART]` (default `site`).

The folder is new or empty. Without `--only` all parts are built: the documentation at its root, the
calculator's page in `calculator/` (which needs Node and npm).
What comes out is static: `python -m http.server --directory site` serves it. A warning of a part,
a broken link and a file that a page would fetch from elsewhere fail the build.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import site_links

ROOT = Path(__file__).resolve().parent.parent


def documentation(target: Path, parts: Sequence[str]) -> None:
    """The pages of `docs/`, made by Sphinx, at the root of the site."""
    from sphinx.cmd.build import build_main

    with tempfile.TemporaryDirectory() as trees:
        options = ["-q", "-W", "--keep-going", "-n", "-b", "html", "-d", trees]
        tags = [option for part in parts for option in ("-t", part)]
        if build_main([*options, *tags, str(ROOT / "docs"), str(target)]):
            sys.exit("the documentation has warnings, and each is an error")
    (target / ".buildinfo").unlink(missing_ok=True)


def calculator(target: Path, parts: Sequence[str]) -> None:
    """The calculator's page of `web/`, in `calculator/`; it needs Node and npm."""
    alone = [] if "documentation" in parts else ["--alone"]
    command = [sys.executable, str(ROOT / "web" / "build.py"), *alone, str(target / "calculator")]
    if subprocess.run(command).returncode:
        sys.exit("the calculator's page could not be built")


PARTS: dict[str, Callable[[Path, Sequence[str]], None]] = {
    "documentation": documentation,
    "calculator": calculator,
}
"""What the site consists of: writes into the folder, and knows which parts are built."""


def main(arguments: list[str]) -> int:
    """Build the parts, then look at every link."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("folder", nargs="?", default="site", type=Path)
    parser.add_argument("--only", choices=PARTS, action="append", help="build this part")
    given = parser.parse_args(arguments)
    target = given.folder.resolve()
    if target.exists() and any(target.iterdir()):
        parser.error(f"{target} is not empty")
    parts = given.only or tuple(PARTS)
    for part in parts:
        PARTS[part](target, parts)
    broken = site_links.broken(target)
    for line in broken:
        print(line, file=sys.stderr)
    pages = sum(1 for _ in target.rglob("*.html"))
    print(f"{target}: {pages} pages, {len(broken)} broken links")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
