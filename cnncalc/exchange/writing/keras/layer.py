"""One layer to be written as Keras' layers, and the steps that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from cnncalc.analysis.outline.terms import CHANNELS, Term
from cnncalc.analysis.outline.types import Item
from cnncalc.exchange.writing.python.code import Code, before, call, text
from cnncalc.exchange.writing.python.layer import WrittenLayer
from cnncalc.graph import Node

T = TypeVar("T")


class Step(NamedTuple):
    """A statement: what becomes of a tensor."""

    made: Callable[[str], Code]
    """The code for the tensor of a name."""
    condition: str = ""
    """It is left out where this is false."""


Steps = list[Step]


class Layer(WrittenLayer):
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
        super().__init__(item, CHANNELS, nodes, inputs, tuples, needs)
        self.name = name
        """Its name, as code."""
        self.source = source
        """The tensor that reaches it."""

    def text(self, term: Term) -> str:
        """A term as Python; channels are those of the tensor at hand."""
        found = placed(text(term, self._tuples), self.source)
        if "make_divisible(" in found:
            self.helper("make_divisible")
        return found

    def axes(self, name: str) -> str:
        """A class of Keras' for the axes at hand: `layers.Conv2D`."""
        return f"layers.{name}{self.rank}D"

    def one(self, values: set[T], what: str) -> T:
        """What must be the same in all uses."""
        if len(values) != 1:
            raise self.refuse(f"its {what} differs between uses of one block")
        return next(iter(values))


def placed(code: str, source: str) -> str:
    """Code in which the channels are those of a tensor."""
    return re.sub(rf"\b{CHANNELS.text}\b", f"{source}.shape[-1]", code)


def applied(layer: Code) -> Step:
    """A layer that is called."""
    return Step(lambda x: before("", layer, f"({x})"))


def made(layer: Layer, name: str, *parts: str, **options: str | None) -> Step:
    """A layer of Keras' under the layer's own name."""
    return applied(call(name, *parts, **options, name=layer.name))


def helped(layer: Layer, function: str, *parts: str, **options: str | None) -> Step:
    """A function that the file brings along."""
    layer.helper(function)
    return Step(lambda x: call(function, x, layer.name, *parts, **options))
