"""The writer of Keras 3: blocks as functions, then the network as the last of them."""

from __future__ import annotations

import re
from functools import partial

from cnncalc.analysis.outline.types import Block, Outline
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.writing.keras.functions import INDICES, RESERVED, Function, FunctionContext
from cnncalc.exchange.writing.keras.helpers import HELPERS, helper
from cnncalc.exchange.writing.python.channels import is_local
from cnncalc.exchange.writing.python.code import (
    Code,
    before,
    call,
    laid_out,
    quoted,
    text,
    variable,
)
from cnncalc.exchange.writing.python.heading import heading, parameter
from cnncalc.exchange.writing.python.parameters import Parameters, parameters_of
from cnncalc.fresh_names import fresh
from cnncalc.graph import Graph
from cnncalc.shapes import Shape

NOTHING = Parameters({}, frozenset(), frozenset(), {})


def keras(outline: Outline) -> str:
    """The text of a Python file whose last function builds the network in Keras 3.

    Raises:
        UsageError: Keras cannot say a layer.
    """
    graph = outline.graph
    known = parameters_of(outline)
    needs: set[str] = set()
    given = [one.name for block in outline.blocks for one in block.parameters]
    variables = frozenset(map(variable, [*given, *dict(outline.parameters)]))
    if any(one.layer for block in outline.blocks for one in block.parameters):
        raise UsageError("a layer is handed to a block")
    if variables & RESERVED or any(one.startswith("branch") for one in variables):
        raise UsageError("a parameter is called what the code is to call its own")
    taken = {*HELPERS, "Tensor", *INDICES, *variables}
    functions: dict[str, str] = {}
    texts: list[list[str]] = []
    for block in outline.blocks:
        name = functions[block.name] = function_name(block.name, taken)
        scene = FunctionContext(outline, functions, known, known[block.name], needs, variables)
        texts.append(_block(scene, block, name))
    name = function_name(graph.name, taken)
    texts.append(
        _network(FunctionContext(outline, functions, known, NOTHING, needs, variables), name)
    )
    rank = max((len(node.facts.output) - 1 for node in graph.nodes), default=2)
    helpers = [helper(one, rank) for one in HELPERS if one in needs]
    classes = sorted(one for one in needs if one.startswith("class "))
    body = "\n\n\n".join([*classes, *["\n".join(lines) for lines in (*helpers, *texts)]])
    return f"{_top(graph, body)}\n\n\n{body}\n\n\n{_main(name)}"


def function_name(name: str, taken: set[str]) -> str:
    """A name as that of a function: small letters, words apart."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    found = fresh(variable("_".join(words).lower() or "network"), taken)
    taken.add(found)
    return found


def _top(graph: Graph, body: str) -> str:
    """The docstring and the imports."""
    lines = [*heading(graph, body), "import keras"]
    parts = [part for part in ("layers", "ops") if re.search(rf"\b{part}\.", body)]
    if re.search(r"\bTensor\b", body):
        lines.append("from keras import KerasTensor as Tensor")
    lines.append(f"from keras import {', '.join(parts)}")
    return "\n".join(lines)


def _main(name: str) -> str:
    return (
        'if __name__ == "__main__":\n'
        f"    model = {name}()\n"
        "    print(sum(int(keras.ops.size(w)) for w in model.trainable_weights))\n"
    )


def _block(scene: FunctionContext, block: Block, name: str) -> list[str]:
    """The function of a block."""
    local = [one for one in block.parameters if is_local(one.default)]
    passed = [one for one in block.parameters if not is_local(one.default)]
    function = Function(scene, block.items, "{name}-", {"input": "x"})
    function.lines = [f"    {variable(one.name)} = {scene.text(one.default, 'x')}" for one in local]
    end = function.walk(block.items, "x", "x", 4)
    if any(re.search(r"\bchannels\b", line) for line in function.lines):
        function.lines.insert(0, "    channels = x.shape[-1]")
        function.last = (function.last[0] + 1, *function.last[1:])
        function.end += 1
    written = partial(scene.text, source="x")
    parts = ["x: Tensor", "name: str", *(parameter(scene.own, one, written) for one in passed)]
    head = Code(f"def {name}(", tuple(map(Code, parts)), ") -> Tensor:")
    return [*laid_out(head, 0), *function.returned(end)]


def _network(scene: FunctionContext, name: str) -> list[str]:
    """The function of the whole network."""
    outline = scene.outline
    graph = outline.graph
    given = [f"{variable(key)}: int = {text(value)}" for key, value in outline.parameters]
    head = Code(f"def {name}(", tuple(map(Code, given)), ") -> keras.Model:")
    shapes = graph.input_shapes
    inputs = {key: "inputs" if len(shapes) == 1 else variable(key) for key in shapes}
    function = Function(scene, outline.items, "", inputs)
    for key, shape in shapes.items():
        made = call("keras.Input", text(channels_last(shape)), name=quoted(key))
        function.emit(inputs[key], made, 4)
    first = next(iter(inputs.values()))
    end = function.walk(outline.items, first, "x", 4)
    outputs = [*function.outputs, end] if end not in function.outputs[-1:] else function.outputs
    whole = call(
        "keras.Model", _several(list(inputs.values())), _several(outputs), name=quoted(name)
    )
    return [*laid_out(head, 0), *function.lines, *laid_out(before("return ", whole), 4)]


def channels_last(shape: Shape) -> Shape:
    """A shape as Keras has it."""
    return (*shape[1:], shape[0])


def _several(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
