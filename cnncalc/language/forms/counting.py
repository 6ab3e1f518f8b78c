"""How many layers a file makes at least, told before any of them is made."""

from __future__ import annotations

from typing import Any

from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.form import LayerForm


def minimum_layers(forms: tuple[LayerForm, ...]) -> int:
    """At least how many layers a list makes: what is conditional counts as none.

    Each list is counted once, however often blocks and aliases use it, so that a file of a few
    lines that would make billions of layers is refused at once.
    """
    known: dict[int, int] = {}

    def count(layers: tuple[LayerForm, ...]) -> int:
        key = id(layers)
        if key not in known:
            known[key] = 0  # a block that uses itself adds nothing here
            total = 0
            for form in layers:
                if isinstance(form.repeat, Expression) or not _always(form.condition):
                    continue
                times = 1 if form.repeat is None else form.repeat
                inside = 1
                if form.block is not None:
                    inside = count(form.block.body)
                elif form.group is not None:
                    inside = count(form.group)
                for branch in form.branches or ():
                    if branch.layers and _always(branch.condition):
                        inside += count(branch.layers)
                total = min(total + times * inside, 2**62)
            known[key] = total
        return known[key]

    return count(forms)


def _always(condition: Any) -> bool:
    """Whether a condition is known to hold."""
    return condition is None or (not isinstance(condition, Expression) and bool(condition))
