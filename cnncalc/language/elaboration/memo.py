"""Cache of layer facts: identical layers on identical inputs share them."""

from __future__ import annotations

from typing import Any

from cnncalc.layers.base import Facts, Kind, check_size
from cnncalc.shapes import Shape

Stated = tuple[Kind, Facts]


class Memo:
    """Kinds by class, options and number of axes; facts by class, options and input shapes.

    One memo may serve any number of networks, one after the other.
    """

    __slots__ = ("facts", "kinds")

    LIMIT = 50_000
    """So many facts are kept before a new network begins with none."""

    def __init__(self) -> None:
        self.facts: dict[Any, Stated] = {}
        self.kinds: dict[Any, Kind] = {}

    def trim(self) -> None:
        """Forget everything, when there is too much of it."""
        if len(self.facts) > self.LIMIT:
            self.facts.clear()
            self.kinds.clear()

    def kind(self, kind: type[Kind], values: tuple[Any, ...], rank: int) -> Kind:
        """A kind with its options, for inputs of so many spatial axes.

        Raises:
            LayerError: the options do not go with that many axes.
        """
        key = (kind, values, rank)
        found = self.kinds.get(key)
        if found is None:
            found = self.kinds[key] = kind(values, rank)
        return found

    def state(self, kind: type[Kind], values: tuple[Any, ...], inputs: tuple[Shape, ...]) -> Stated:
        """A kind with its options, and its facts on these inputs.

        Raises:
            LayerError, WindowLimitError: there is no such layer.
        """
        key = (kind, values, inputs)
        found = self.facts.get(key)
        if found is None:
            made = self.kind(kind, values, len(inputs[0]) - 1)
            facts = made.facts(inputs)
            check_size(facts.output, "its output")
            found = self.facts[key] = (made, facts)
        return found
