"""Write docs/rules.md from the rules' own classes.

python scripts/rules_page.py
"""

from __future__ import annotations

from pathlib import Path

from cnncalc.render.rules import page
from cnncalc.rules.registry import RULES

TARGET = Path(__file__).resolve().parent.parent / "docs" / "rules.md"

if __name__ == "__main__":
    TARGET.write_text(page(RULES.values()), encoding="utf-8")
