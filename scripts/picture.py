"""Draw the picture of the README: `python scripts/picture.py` writes docs/vgg16.svg."""

from __future__ import annotations

from pathlib import Path

import cnncalc
from cnncalc.render import spans
from cnncalc.render.table import View, report_lines

WIDTH = 112
TARGET = Path(__file__).parent.parent / "docs" / "vgg16.svg"


def picture() -> str:
    """VGG-16 as a terminal of `WIDTH` columns shows it."""
    lines = report_lines(cnncalc.analyze("vgg16"), View(width=WIDTH))
    return spans.svg(lines, "cnncalc analyze vgg16", WIDTH)


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
    print(f"wrote {TARGET}")
