"""What the names of options and parameters say: which count channels, which are alike."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.outline.alignment import AlignedSlots, Slot
from cnncalc.analysis.outline.regions import kind_of

WIDTHS = (
    "filters",
    "features",
    "hidden",
    "squeeze",
    "width",
    "groups",
    "start",
    "stop",
    "expand",
    "reduce",
)
"""Options and parameters that count channels."""
SPATIAL = ("kernel", "stride", "padding", "dilation", "output_padding")
USUAL = {"kernel": 1, "stride": 1, "dilation": 1, "groups": 1, "padding": 0}
"""Values that are the default where they are not rare."""
NUMBERS = ("stride", "expand")
"""Parameters of which a condition may ask whether they exceed 1."""


def stem(name: str) -> str:
    """A name without its number."""
    return name.rstrip("0123456789")


def is_width(name: str) -> bool:
    """Whether an option or a parameter counts channels."""
    return stem(name) in WIDTHS


def is_spatial(name: str) -> bool:
    """Whether an option or a parameter has a value for each axis."""
    return stem(name) in SPATIAL


def are_alike(key: str, name: str) -> bool:
    """Whether one may tell the other: of one kind, or a padding told by its kernel."""
    return stem(key) == stem(name) or (stem(key) == "padding" and is_spatial(name))


def keys_of(head: Any) -> list[str]:
    """The names of a head's values."""
    if head is None:
        return ["depth"]
    kind = kind_of(head)
    if kind is not None:
        main = kind.main if kind.branches else None
        return [key for key, option in kind.options.items() if option is not main]
    return [parameter.name for parameter in head.parameters]


def label_of(slot: Slot) -> str:
    """What a flag for a slot is called."""
    if slot.head is None:
        first = slot.branches[0]
        return label_of(first.slots[0]) if isinstance(first, AlignedSlots) else "more"
    kind = kind_of(slot.head)
    return str(slot.head.title) if kind is None else kind.name
