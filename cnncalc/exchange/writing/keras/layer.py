"""One layer to be written as Keras' layers, and the steps that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from cnncalc.analysis.outline.terms import Name, Term
from cnncalc.analysis.outline.types import Item
from cnncalc.exchange.writing.python.channels import put
from cnncalc.exchange.writing.python.code import Code, before, call, text
from cnncalc.exchange.writing.python.layer import WrittenLayer
from cnncalc.graph import Node

T = TypeVar("T")

AT_HAND = Name("tensor_at_hand")
"""The channels of the tensor that reaches a layer, until it is known which that is."""


class Statement(NamedTuple):
    """A statement: what becomes of a tensor."""

    made: Callable[[str], Code]
    """The code for the tensor of a name."""
    condition: str = ""
    """It is left out where this is false."""


Steps = list[Statement]


class LayerCalls(WrittenLayer):
    """A layer as one or several calls."""

    framework = "Keras"

    def __init__(
        self,
        item: Item,
        name: str,
        source: str,
        nodes: Sequence[Node],
        inputs: Sequence[Node],
        tuples: dict[str, int],
        needs: set[str],
    ) -> None:
        super().__init__(item, AT_HAND, nodes, inputs, tuples)
        self._needs = needs
        self.name = name
        """Its name, as code."""
        self.source = source
        """The tensor that reaches it."""

    def text(self, term: Term) -> str:
        """A term as Python; channels are those of the tensor at hand."""
        return written(term, self.source, self._tuples, self._needs)

    def bring(self, name: str, source: str) -> str:
        """A class of this file alone, with its name put in for `{name}`; the name it has.

        Classes of one name that are not the same are numbered.
        """
        found, number = name, 2
        while True:
            text = source.replace("{name}", found)
            others = [one for one in self._needs if one.startswith(f"class {found}(")]
            if others in ([], [text]):
                self._needs.add(text)
                return found
            found, number = f"{name}{number}", number + 1

    def helper(self, name: str) -> str:
        """A function that the file brings along."""
        self._needs.add(name)
        return name

    def axes(self, name: str) -> str:
        """A class of Keras' for the axes at hand: `layers.Conv2D`."""
        return f"layers.{name}{self.rank}D"

    def one(self, values: set[T], what: str) -> T:
        """What must be the same in all uses."""
        if len(values) != 1:
            raise self.refuse(f"its {what} differs between uses of one block")
        return next(iter(values))


def written(term: Term, source: str, tuples: Mapping[str, int], needs: set[str]) -> str:
    """A term as Python; channels are those of a tensor."""
    found = text(put(term, AT_HAND), dict(tuples))
    if "make_divisible(" in found:
        needs.add("make_divisible")
    return re.sub(rf"\b{AT_HAND.text}\b", f"{source}.shape[-1]", found)


def applied(layer: Code) -> Statement:
    """A layer that is called."""
    return Statement(lambda x: before("", layer, f"({x})"))


def made(layer: LayerCalls, name: str, *parts: str, **options: str | None) -> Statement:
    """A layer of Keras' under the layer's own name."""
    if not layer.trainable:
        options["trainable"] = "False"
    return applied(call(name, *parts, **options, name=layer.name))


def helped(layer: LayerCalls, function: str, *parts: str, **options: str | None) -> Statement:
    """A function that the file brings along."""
    if not layer.trainable:
        raise layer.refuse("its weights are not trained")
    layer.helper(function)
    return Statement(lambda x: call(function, x, layer.name, *parts, **options))
