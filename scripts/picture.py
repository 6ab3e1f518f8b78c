"""Draw the picture of the README: `python scripts/picture.py` writes docs/vgg16.svg."""

from __future__ import annotations

from pathlib import Path

import cnncalc
from cnncalc.render.console import svg
from cnncalc.render.report import document

WIDTH = 112
TARGET = Path(__file__).parent.parent / "docs" / "vgg16.svg"


def picture() -> str:
    """VGG-16 as a terminal of `WIDTH` columns shows it."""
    return svg(document(cnncalc.analyze("vgg16")), "cnncalc analyze vgg16", WIDTH)


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
    print(f"wrote {TARGET}")
