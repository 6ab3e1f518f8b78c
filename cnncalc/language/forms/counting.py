"""What a file makes whatever its input: layers without end, or more than can be built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.diagnostics import Refusal
from cnncalc.language.expressions.expression import Expression
from cnncalc.language.forms.form import LayerForm

DEPTH_LIMIT = 120
"""Blocks, groups and branches within each other that are followed."""


def minimum_layers(forms: tuple[LayerForm, ...]) -> int:
    """At least how many layers a list makes: what is conditional counts as none.

    Each list is counted once, however often blocks and aliases use it, so that a file of a few
    lines that would make billions of layers is refused at once.
    """
    known: dict[int, int] = {}

    def count(layers: tuple[LayerForm, ...], depth: int) -> int:
        key = id(layers)
        if key not in known and depth < DEPTH_LIMIT:
            known[key] = 0  # a block that uses itself adds nothing here
            total = 0
            for form in layers:
                if isinstance(form.repeat, Expression) or not _always(form.condition):
                    continue
                times = 1 if form.repeat is None else form.repeat
                inside = sum([count(inner, depth + 1) for inner in _inside(form)])
                single = form.block is None and form.group is None
                total = min(total + times * (inside + single), 2**62)
            known[key] = total
        return known.get(key, 0)

    return count(forms, 0)


def endless(forms: tuple[LayerForm, ...]) -> tuple[Refusal, LayerForm] | None:
    """The use of a block that leads back into the block, with no condition on the way."""
    circle: list[str] = []
    done: set[int] = set()

    def follow(layers: tuple[LayerForm, ...], depth: int) -> tuple[Refusal, LayerForm] | None:
        if id(layers) in done or depth > DEPTH_LIMIT:
            return None
        done.add(id(layers))
        for form in layers:
            if form.broken or form.repeat == 0 or isinstance(form.repeat, Expression):
                continue
            if not _always(form.condition):
                continue
            if form.block is not None:
                if form.label in circle:
                    way = " → ".join([*circle[circle.index(form.label) :], form.label])
                    message = f"the block `{form.label}` contains itself: {way}"
                    hint = "an `if` on one of the uses ends it"
                    return Refusal("limit-exceeded", message, hint=hint), form
                circle.append(form.label)
            for inner in _inside(form):
                found = follow(inner, depth + 1)
                if found is not None:
                    return found
            if form.block is not None:
                circle.pop()
        return None

    return follow(forms, 0)


def _inside(form: LayerForm) -> Iterator[tuple[LayerForm, ...]]:
    """The lists of layers in a form that are used whatever the input."""
    if form.block is not None:
        yield form.block.body
    if form.group is not None:
        yield form.group
    for branch in form.branches or ():
        if branch.layers and _always(branch.condition):
            yield branch.layers


def _always(condition: Any) -> bool:
    """Whether a condition is known to hold."""
    return condition is None or (not isinstance(condition, Expression) and bool(condition))
