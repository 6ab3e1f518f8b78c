"""Draw the pictures of the documentation: `python scripts/picture.py` writes them into docs/."""

from __future__ import annotations

from pathlib import Path

import cnncalc
from cnncalc.render.console import svg
from cnncalc.render.drawing.volumes import report_volumes
from cnncalc.render.report import document

WIDTH = 112
DOCS = Path(__file__).parent.parent / "docs"


def picture() -> str:
    """VGG-16 as a terminal of `WIDTH` columns shows it."""
    return svg(document(cnncalc.analyze("vgg16")), "cnncalc analyze vgg16", WIDTH)


def volumes() -> str:
    """ResNet-18 as a paper draws it."""
    return report_volumes(cnncalc.analyze("resnet18"))


PICTURES = {"vgg16.svg": picture, "resnet18.svg": volumes}


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (DOCS / name).write_text(draw(), encoding="utf-8")
        print(f"wrote {DOCS / name}")
