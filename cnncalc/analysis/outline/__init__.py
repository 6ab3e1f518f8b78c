"""The structure of a graph: series and parallel regions, blocks with parameters, repetitions.

`outline(graph)` finds it in the graph itself; `types.py` says what it is made of. The way there:

1. `regions.py`  series and parallel regions, in execution order
2. `search.py`   what recurs becomes the use of a pattern: layers, merges, what holds them
3. `slots.py`    the uses of a pattern laid on each other, what only some of them have included
4. `abstraction.py`, `relations.py`, `keys.py`  what varies becomes parameters, and terms of them
5. `emission.py`, `inlining.py`, `naming.py`  items, without blocks that are not worth it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.analysis.outline.types import Block, BlockParameter, Branch, Item, Outline

if TYPE_CHECKING:
    from cnncalc.analysis.outline.build import outline
    from cnncalc.analysis.outline.regions import normalized
    from cnncalc.analysis.outline.scopes import Hint

__all__ = ["Block", "BlockParameter", "Branch", "Hint", "Item", "Outline", "normalized", "outline"]


def __getattr__(name: str) -> Any:
    # a file that says its structure itself needs no search
    if name == "outline":
        from cnncalc.analysis.outline.build import outline

        return outline
    if name == "normalized":
        from cnncalc.analysis.outline.regions import normalized

        return normalized
    if name == "Hint":
        from cnncalc.analysis.outline.scopes import Hint

        return Hint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
