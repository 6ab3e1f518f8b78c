"""Predict first: the next shape is typed before it is shown, and a wrong one is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.analysis.report import LayerReport, Report
from cnncalc.diagnostics import UsageError
from cnncalc.render import numbers
from cnncalc.shapes import Shape, product


def predicted(report: Report, body: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a typed shape is the output of a layer; else the mistake that would give it.

    Args:
        report: the network.
        body: `number` of the layer, from 1 on, and the `typed` text.

    Raises:
        UsageError: the text is no shape.
    """
    layer = report.layers[body["number"] - 1]
    sizes = re.findall(r"\d+", str(body["typed"]))
    if not sizes or len(sizes) > 4:
        raise UsageError("a shape is channels and sizes, as in 64×112×112")
    typed = tuple(int(size) for size in sizes)
    right = layer.output_shape
    if right is None:
        raise UsageError("this layer's output is not known")
    if typed == right:
        return {"right": True, "why": ""}
    return {"right": False, "why": next(_reasons(report, layer, typed, right), "")}


def _reasons(report: Report, layer: LayerReport, typed: Shape, right: Shape) -> Iterator[str]:
    """What may have been forgotten, the likeliest first."""
    if typed == (*right[1:], right[0]) and len(right) > 1:
        yield "those are its sizes with the channels last; here they come first"
    if len(typed) != len(right):
        if len(right) == 1 and product(typed) == right[0]:
            yield "flattened, the axes become one: multiply them"
        yield f"it has {len(right)} ax{'i' if len(right) == 1 else 'e'}s: {_axes(right)}"
        return
    graph = report.graph
    inputs = [graph.nodes[index].facts.output for index in layer.node.inputs]
    first = inputs[0] if inputs else right
    if first is None:
        return
    if typed[0] != right[0]:
        if len(inputs) > 1 and any(shape and typed[0] == shape[0] for shape in inputs):
            yield "those are the channels of one branch; all of them are joined"
        if typed[0] == first[0]:
            yield "those are the channels of its input; a kernel is as deep, and there are others"
        yield f"the channels are {numbers.exact(right[0])}"
        return
    slides = layer.node.facts.slides
    for axis, (guess, size) in enumerate(zip(typed[1:], right[1:], strict=True)):
        if guess == size:
            continue
        if axis >= len(slides):
            break
        slide = slides[axis]
        plain = slide._replace(before=0, after=0)
        if plain.output == guess and (slide.before or slide.after):
            yield "that is without its padding"
        if slide._replace(stride=1).output == guess and slide.stride > 1:
            yield f"that is with stride 1; its stride is {slide.stride}"
        if slide._replace(ceil=not slide.ceil).output == guess:
            yield "the division rounds " + ("up" if slide.ceil else "down") + " here"
        if slide.output - 1 == guess:
            yield "one more: the kernel is there before it moves (+ 1)"
        if slide._replace(dilation=1).output == guess and slide.dilation > 1:
            yield f"that is without its dilation of {slide.dilation}"
        if guess == first[axis + 1]:
            yield "that is the size of its input"
    yield "the formula is told when the layer is shown"


def _axes(shape: Shape) -> str:
    return {1: "features", 2: "channels × length", 3: "channels × height × width",
            4: "channels × depth × height × width"}.get(len(shape), "")  # fmt: skip
