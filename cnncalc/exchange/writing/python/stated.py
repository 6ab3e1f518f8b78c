"""Layers that only state their facts: what a written class for one has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.exchange.writing.python.code import class_name
from cnncalc.exchange.writing.python.layer import WrittenLayer
from cnncalc.layers.base import UNKNOWN_ARRAYS
from cnncalc.shapes import Shape


class StatedClass(NamedTuple):
    """What the class of a stated layer needs to know."""

    name: str
    operator: str
    weights: Mapping[str, Shape]
    """By names of attributes; none where they are not stated."""
    buffers: Mapping[str, Shape]
    output: Shape


def stated_class(layer: WrittenLayer) -> StatedClass:
    """The class that stands for a stated layer, named after its operator.

    Raises:
        UsageError: uses of one block differ in what they state.
    """
    for key in layer.terms:
        layer.term(key)
    operator = layer.constant("operator")
    output = layer.constant("output")
    layer.constant("weights"), layer.constant("buffers")
    facts = layer.nodes[0].facts
    weights, buffers = (
        {} if arrays is UNKNOWN_ARRAYS else {_attribute(n): s for n, s in arrays.items()}
        for arrays in (facts.weights, facts.buffers)
    )
    return StatedClass(f"{class_name(operator)}Layer", operator, weights, buffers, output)


def _attribute(name: str) -> str:
    """An array's name as that of an attribute: `offset.weight` as `offset_weight`."""
    return "".join([letter if letter.isalnum() else "_" for letter in name])
