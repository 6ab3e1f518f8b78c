"""Write docs/layers.md, the reference of layer kinds: `python scripts/layers_page.py`."""

from __future__ import annotations

from pathlib import Path

from cnncalc.render.reference import page

TARGET = Path(__file__).parent.parent / "docs" / "layers.md"

if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(f"wrote {TARGET}")
