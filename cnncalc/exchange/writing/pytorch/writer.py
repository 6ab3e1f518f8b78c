"""The writer of PyTorch files: blocks as classes, then the network as the last of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cnncalc.analysis.outline.terms import CHANNELS, ENTERING, Name, Term, names
from cnncalc.analysis.outline.types import Block, BlockParameter, Item, Outline
from cnncalc.exchange.writing.python.channels import Channels, is_local
from cnncalc.exchange.writing.python.code import Code, class_name, laid_out, variable
from cnncalc.exchange.writing.python.heading import heading, parameter
from cnncalc.exchange.writing.python.parameters import Parameters, parameters_of
from cnncalc.exchange.writing.pytorch.attributes import is_straight
from cnncalc.exchange.writing.pytorch.classes import Branching, Straight
from cnncalc.exchange.writing.pytorch.helpers import HELPERS
from cnncalc.exchange.writing.pytorch.straight import ClassContext, WrittenClass, channels_in
from cnncalc.fresh_names import fresh

NOTHING = Parameters({}, frozenset(), frozenset(), {})


def pytorch(outline: Outline) -> str:
    """The text of a Python file with the network as a PyTorch module.

    Raises:
        UsageError: PyTorch has no counterpart for a layer.
    """
    outline = lifted(outline)
    graph = outline.graph
    channels = Channels(graph, _named_channels(outline))
    known = parameters_of(outline)
    taken = {"Tensor", *HELPERS}
    classes: dict[str, WrittenClass] = {}
    needs: dict[str, str] = {}
    texts: list[list[str]] = []
    for block in outline.blocks:
        name = class_name(block.name, taken)
        taken.add(name)
        scene = ClassContext(graph, channels, classes, known, known[block.name], needs)
        lines, asks = _block(scene, block, name)
        classes[block.name] = WrittenClass(name, asks)
        texts.append(lines)
    name = class_name(graph.name, taken)
    scene = ClassContext(graph, channels, classes, known, NOTHING, needs)
    texts.append(_network(scene, outline, name))
    functions = [source for source in needs.values() if source.startswith("def ")]
    modules = [source for source in needs.values() if not source.startswith("def ")]
    body = "\n\n\n".join([*functions, *modules, *map("\n".join, texts)])
    fixed = "requires_grad_(False)" in body
    return f"{_top(outline, body)}\n\n\n{body}\n\n\n{_main(name, fixed)}"


def _top(outline: Outline, body: str) -> str:
    """The docstring and the imports."""
    lines = heading(outline.graph, body)
    if re.search(r"\btorch\.", body):
        lines.append("import torch")
    tensor = "Tensor, " if re.search(r"\bTensor\b", body) else ""
    return "\n".join([*lines, f"from torch import {tensor}nn"])


def _main(name: str, fixed: bool) -> str:
    each = "p.numel() for p in model.parameters()" + (" if p.requires_grad" if fixed else "")
    return f'if __name__ == "__main__":\n    model = {name}()\n    print(sum({each}))\n'


# -- classes -----------------------------------------------------------------------------------


def _block(scene: ClassContext, block: Block, name: str) -> tuple[list[str], tuple[str, ...]]:
    """The class of a block, and the channels that it asks for."""
    around, scene.channels.named = scene.channels.named, scene.channels.inside(block)
    try:
        return _class(scene, name, block.items, block.parameters, CHANNELS)
    finally:
        scene.channels.named = around


def _class(
    scene: ClassContext,
    name: str,
    items: Sequence[Item],
    parameters: Sequence[BlockParameter],
    start: Term,
) -> tuple[list[str], tuple[str, ...]]:
    layers = {one.name: variable(one.name) for one in parameters if one.layer}
    values = [one for one in parameters if not one.layer]
    body = [f"        {variable(one.name)} = {scene.text(one.default)}"
            for one in values if is_local(one.default)]  # fmt: skip
    forward: list[str] = []
    if is_straight(items) and not layers:
        kind = "nn.Sequential"
        body += Straight(scene, items).lines(items, start, 8)
    else:
        kind = "nn.Module"
        writer = Branching(scene, items, {"input": "x", **layers})
        end = writer.walk(items, start, "x", "x", 0)
        body += writer.made
        given = [f"{one}: Tensor" for one in ("x", *layers.values())]
        call = Code("def forward(", tuple(map(Code, ["self", *given])), ") -> Tensor:")
        forward = ["", *laid_out(call, 4), *returned(writer.done, [end])]
    asks = channels_in(body, parameters)
    parts = ["self", *(f"{variable(one)}: int" for one in asks)]
    parts += [parameter(scene.own, one, scene.text) for one in values if not is_local(one.default)]
    head = Code("def __init__(", tuple(map(Code, parts)), ") -> None:")
    lines = [f"class {name}({kind}):", *laid_out(head, 4), "        super().__init__()"]
    return [*lines, *body, *forward], asks


def _network(scene: ClassContext, outline: Outline, name: str) -> list[str]:
    """The class of the whole network."""
    graph, items = outline.graph, outline.items
    parameters = [BlockParameter(key, value) for key, value in outline.parameters]
    start = graph.input_shape[0]
    if is_straight(items) and len(graph.inputs) == 1:
        return _class(scene, name, items, parameters, start)[0]
    given = [parameter(scene.own, one, scene.text) for one in parameters]
    inputs = {node.name: variable(node.name) for node in graph.nodes[: len(graph.inputs)]}
    if len(inputs) == 1:
        inputs = {"input": "input" if "input" in _referred(items) else "x"}
    writer = Branching(scene, items, inputs)
    first = next(iter(inputs.values()))
    end = writer.walk(items, start, first, "x", 0)
    outputs = [*writer.outputs, end]
    head = Code("def __init__(", tuple(map(Code, ["self", *given])), ") -> None:")
    result = "Tensor" if len(outputs) == 1 else f"tuple[{', '.join(['Tensor'] * len(outputs))}]"
    parts = ["self", *(f"{variable_}: Tensor" for variable_ in inputs.values())]
    call = Code("def forward(", tuple(map(Code, parts)), f") -> {result}:")
    return [
        f"class {name}(nn.Module):",
        *laid_out(head, 4),
        "        super().__init__()",
        *writer.made,
        "",
        *laid_out(call, 4),
        *returned(writer.done, outputs),
    ]


def returned(lines: list[str], outputs: Sequence[str]) -> list[str]:
    """The forward pass with its `return`, which takes the last statement's place."""
    if len(outputs) == 1:
        target = f"        {outputs[0]} = "
        starts = [number for number, line in enumerate(lines) if re.match(r"        [^ )\]]", line)]
        if starts and lines[starts[-1]].startswith(target):
            last = starts[-1]
            lines[last] = "        return " + lines[last][len(target) :]
            return lines
    return [*lines, f"        return {', '.join(outputs)}"]


# -- before writing ----------------------------------------------------------------------------


def lifted(outline: Outline) -> Outline:
    """The outline with repeated merges as blocks of their own."""
    blocks: list[Block] = []
    taken = {block.name for block in outline.blocks}

    def lift(items: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(_one(item) for item in items)

    def _one(item: Item) -> Item:
        if item.group is not None:
            item = item._replace(group=lift(item.group))
        if item.branches is not None:
            item = item._replace(
                branches=tuple(
                    branch._replace(items=lift(branch.items)) for branch in item.branches
                )
            )
        if item.times == 1 or item.block is not None or is_straight([item]):
            return item
        inside = item.group or (item._replace(times=1, condition=None),)
        names = {*_free(inside)}
        if item.start or item.name or ENTERING.text in names or _referred(inside):
            return item
        wanted = sorted(names - {CHANNELS.text})
        name = fresh("unit", taken, separator="")
        taken.add(name)
        block = Block(name, tuple(BlockParameter(one) for one in wanted), inside)
        blocks.append(block)
        return Item(
            block=block,
            options=tuple((one, Name(one)) for one in wanted),
            condition=item.condition,
            times=item.times,
            nodes=item.nodes,
        )

    for block in outline.blocks:
        items = lift(block.items)
        blocks.append(block._replace(items=items))
    items = lift(outline.items)
    return outline._replace(blocks=tuple(blocks), items=items)


def _free(items: Sequence[Item]) -> Iterator[str]:
    """The names in items."""
    for item in items:
        for _, term in item.options:
            yield from names(term)
        yield from names(item.condition)
        yield from names(item.times)
        yield from _free(item.group or ())
        for branch in item.branches or ():
            yield from names(branch.condition)
            yield from _free(branch.items)


def _referred(items: Sequence[Item]) -> set[str]:
    """The names of the layers that items refer to."""
    found: set[str] = set()
    for item in items:
        found |= {one for one in (item.start, item.share) if one is not None}
        if item.kind is not None:
            options = item.kind.options
            found |= {str(term) for key, term in item.options if options[key].type.reference}
        elif item.block is not None:
            layers = {one.name for one in item.block.parameters if one.layer}
            found |= {str(term) for key, term in item.options if key in layers}
        found |= _referred(item.group or ())
        for branch in item.branches or ():
            found |= _referred(branch.items) | ({branch.reference} if branch.reference else set())
    return found


def _named_channels(outline: Outline) -> dict[str, int]:
    """The channels of the inputs and of the layers that are referred to."""
    graph = outline.graph
    found = {"input": graph.input_shape[0]}
    found |= {graph.nodes[index].name: graph.nodes[index].facts.output[0] for index in graph.inputs}

    def visit(items: Sequence[Item]) -> None:
        for item in items:
            if item.name is not None:
                found[item.name] = graph.nodes[item.nodes[-1]].facts.output[0]
            visit(item.group or ())
            for branch in item.branches or ():
                visit(branch.items)

    visit(outline.items)
    return found
