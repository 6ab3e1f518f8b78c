"""What the symbols of a layer's arithmetic stand for: those that its formulas use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cnncalc.analysis.arithmetic.statement import SUBSCRIPTS, SYMBOLS, ArithmeticStep
from cnncalc.layers.base import Kind

SYMBOL = re.compile(r"(?<!\w)[A-Za-z][₀-₉ᵣ]*′?(?!\w)")
"""A letter, perhaps with a number of an axis or an input, perhaps of the output."""

SIZES = {
    "C": "channels", "N": "features", "L": "length", "T": "depth", "H": "height", "W": "width",
}  # fmt: skip
PADDING = {"P₀": "padding before", "P₁": "padding behind"}

FIELD = {
    "E": "effective kernel",
    "j": "distance of the windows of neighbouring inputs",
    "r": "receptive field",
}
"""Symbols of the table of the receptive field."""


def legend(kind: Kind, steps: Iterable[ArithmeticStep]) -> dict[str, str]:
    """The symbols of a layer's formulas in the order of their use, and what each stands for."""
    steps = list(steps)
    options = {SYMBOLS[key]: option.help for key, option in kind.options.items() if key in SYMBOLS}
    found: dict[str, str] = {}
    for step in steps:
        for symbol in SYMBOL.findall(step.formula):
            meaning = _meaning(symbol, options)
            if meaning is not None:
                found.setdefault(symbol, meaning)
    if "W" in found and any([_along_height(step) for step in steps]):
        found["W"] = f"{found['W']}, or the input along the axis in question"
    return found


def _along_height(step: ArithmeticStep) -> bool:
    """Whether a step of another axis than the width calls its size W."""
    axis = re.search(r"\b(length|depth|height)$", step.quantity)
    return axis is not None and re.search(r"\bW\b(?!′)", step.formula) is not None


def _meaning(symbol: str, options: dict[str, str]) -> str | None:
    if symbol in PADDING:
        return PADDING[symbol]
    base, mark = symbol[0], symbol[1:]
    if base in SIZES:
        if mark.endswith("′"):
            return f"{SIZES[base]} of the output"
        if mark == "ᵣ":
            return f"{SIZES[base]} of the named layer"
        return f"{SIZES[base]} of {f'input {_number(mark)}' if mark else 'the input'}"
    if base in options:
        return options[base] + (f", axis {_number(mark)}" if mark else "")
    return None


def _number(subscripts: str) -> str:
    return "".join([str(SUBSCRIPTS.index(digit)) for digit in subscripts])
