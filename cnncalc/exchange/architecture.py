"""The writer of architecture files: an outline as a careful human would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.outline.terms import Name, Operation, Term, show
from cnncalc.analysis.outline.types import Block, Branch, Item, Outline
from cnncalc.language.forms.values import EMPTY, YAML_WORDS
from cnncalc.layers.options import Table
from cnncalc.shapes import Shape

WIDTH = 100


def architecture(outline: Outline, source: str | None = None) -> str:
    """The text of an architecture file; `source` says what it was made from."""
    graph = outline.graph
    lines = [f"# source: {_one_line(source)}"] if source and source != graph.source else []
    lines.append(f"name: {scalar(graph.name)}")
    if graph.source:
        lines.append(f"source: {scalar(graph.source)}")
    lines.append(f"input: {_inputs(graph.input_shapes)}")
    if outline.parameters:
        pairs = ", ".join(f"{name}: {value(term)}" for name, term in outline.parameters)
        lines.append(f"parameters: {{{pairs}}}")
    if outline.blocks:
        lines += ["", "blocks:"]
        for block in outline.blocks:
            lines.append(f"  {_header(block)}:")
            lines += _items(block.items, 4)
    lines += ["", "layers:", *_items(outline.items, 2)]
    return "\n".join(lines) + "\n"


def _inputs(shapes: Mapping[str, Shape]) -> str:
    if len(shapes) == 1:
        return value(*shapes.values())
    return (
        "{" + ", ".join(f"{scalar(name)}: {value(shape)}" for name, shape in shapes.items()) + "}"
    )


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _header(block: Block) -> str:
    if not block.parameters:
        return block.name
    parts = [
        one.name if one.default is None else f"{one.name}={show(one.default)}"
        for one in block.parameters
    ]
    return f"{block.name}({', '.join(parts)})"


# -- layers ------------------------------------------------------------------------------------


def _items(items: Sequence[Item], indent: int) -> Iterator[str]:
    """The lines of a list of layers."""
    for item in items:
        yield from _item(item, indent)


def _item(item: Item, indent: int) -> Iterator[str]:
    """The lines of one layer: one where it fits, else its parts below each other."""
    pad = " " * indent
    line = f"{pad}- {_flow_item(item)}"
    if len(line) <= WIDTH and not (item.branches and _deep(item)):
        yield line
        return
    pairs = list(_pairs(item))
    if item.branches is not None:
        assert item.kind is not None
        yield f"{pad}- {item.kind.name}:"
        if item.options:
            yield f"{pad}    {_inputs_key(item)}:"
        for branch in item.branches:
            yield from _branch(branch, indent + (6 if item.options else 4))
        for key, term in item.options:
            yield f"{pad}    {key}: {value(term)}"
    elif item.group is not None:
        yield f"{pad}- layers:"
        yield from _items(item.group, indent + 4)
    else:
        ((key, content),) = _head(item).items()
        yield f"{pad}- {key}:"
        if len(pad) + 4 + len(content) <= WIDTH or not content.startswith("{"):
            yield f"{pad}    {content}"
        else:
            yield from _wrapped(content, indent + 4)
    for key, content in pairs:
        yield f"{pad}  {key}: {content}"


def _wrapped(content: str, indent: int) -> Iterator[str]:
    """A flow mapping on several lines."""
    line = " " * indent
    for part in re.split(r"(?<=,) (?=\w+: )", content):
        if len(line) + len(part) > WIDTH and line.strip():
            yield line.rstrip()
            line = " " * (indent + 1)
        line += f"{part} "
    yield line.rstrip()


def _deep(item: Item) -> bool:
    """Whether a merge is told better one branch a line."""
    branches = item.branches or ()
    return sum(len(branch.items) for branch in branches) > 3 and len(branches) > 1


def _branch(branch: Branch, indent: int) -> Iterator[str]:
    pad = " " * indent
    line = f"{pad}- {_flow_branch(branch)}"
    if len(line) <= WIDTH:
        yield line
        return
    if branch.condition is not None:
        yield f"{pad}- layers:"
        yield from _items(branch.items, indent + 4)
        yield f"{pad}  if: {value(branch.condition)}"
        return
    lines = list(_items(branch.items, indent + 2))
    yield f"{pad}- {lines[0].lstrip()}"
    yield from lines[1:]


def _pairs(item: Item) -> Iterator[tuple[str, str]]:
    """The common keys that stand beside a layer's kind."""
    if item.name is not None:
        yield "name", scalar(item.name)
    if item.start is not None:
        yield "from", scalar(item.start)
    if item.share is not None:
        yield "share", scalar(item.share)
    if item.is_output:
        yield "output", "true"
    if not item.trainable:
        yield "trainable", "false"
    if item.condition is not None:
        yield "if", value(item.condition)
    if item.times != 1:
        yield "repeat", value(item.times)


def _flow_item(item: Item) -> str:
    """Return a layer on one line."""
    pairs = list(_pairs(item))
    ((key, content),) = _head(item).items()
    if not pairs:
        if not content:
            return key
        return f"{key}: {content}"
    head = f"{key}: {content}" if content else key
    return "{" + ", ".join([head, *[f"{k}: {v}" for k, v in pairs]]) + "}"


def _flow_list(items: Sequence[Item]) -> str:
    return "[" + ", ".join(_flow_item(item) for item in items) + "]"


def _flow_branch(branch: Branch) -> str:
    if branch.reference is not None:
        return scalar(branch.reference)
    if branch.condition is not None:
        return f"{{layers: {_flow_list(branch.items)}, if: {value(branch.condition)}}}"
    return _flow_list(branch.items)


def _head(item: Item) -> dict[str, str]:
    """A layer's kind, and what is given to it."""
    if item.group is not None:
        return {"layers": _flow_list(item.group)}
    if item.branches is not None:
        assert item.kind is not None
        branches = "[" + ", ".join(map(_flow_branch, item.branches)) + "]"
        if item.options:
            rest = ", ".join(f"{key}: {value(term)}" for key, term in item.options)
            branches = f"{{{_inputs_key(item)}: {branches}, {rest}}}"
        return {item.kind.name: branches}
    given = dict(item.options)
    if item.block is not None:
        order = _order(item)
        return {item.block.name: _arguments(given, order, 2, order[0] if order else None)}
    assert item.kind is not None
    main = item.kind.main
    variadic = main is not None and main.variadic
    positional = 0 if variadic else 2
    return {item.kind.name: _arguments(given, _order(item), positional, main.key if main else None)}


def _inputs_key(item: Item) -> str:
    """What a merge's branches are called, where options stand beside them."""
    assert item.kind is not None
    assert item.kind.main is not None
    return item.kind.main.key


def _order(item: Item) -> list[str]:
    """The names of what an item may be given, in order."""
    if item.block is not None:
        return [parameter.name for parameter in item.block.parameters]
    assert item.kind is not None
    return list(item.kind.options)


def _arguments(given: dict[str, Term], order: list[str], least: int, main: str | None) -> str:
    """What is given, as short as it can be read: one value, a list, or by name."""
    if not given:
        return ""
    if len(given) == 1 and main in given:
        only = given[main]
        if type(only) is tuple and not least:
            return value(only)
        if type(only) is tuple:
            return f"[{value(only)}]"
        return value(only)
    leading = [key for key in order if key in given] == order[: len(given)]
    if leading and least and main == order[0] and (_clear(given) and "bias" not in given):
        return "[" + ", ".join(value(given[key]) for key in order[: len(given)]) + "]"
    return "{" + ", ".join(f"{key}: {value(given[key])}" for key in order if key in given) + "}"


def _clear(given: dict[str, Term]) -> bool:
    """Whether options may stand by position: no more than filters, kernel, stride and padding."""
    return len(given) < 3 or "filters" in given or "kernel" not in given


# -- values ------------------------------------------------------------------------------------


def value(term: Term) -> str:
    """A term as a value in a flow sequence or mapping."""
    if isinstance(term, (Name, Operation)):
        text = show(term)
        return f'"{text}"' if re.search(r"[,\[\]{}:#&*!|>%@`]", text[:1]) or "," in text else text
    if isinstance(term, Table):
        return "{" + ", ".join([f"{scalar(key)}: {value(one)}" for key, one in term.items()]) + "}"
    if type(term) is tuple:
        return "[" + ", ".join(map(value, term)) + "]"
    if type(term) is bool:
        return "true" if term else "false"
    if type(term) is float:
        return number(term)
    return str(term) if type(term) is int else scalar(str(term))


def number(found: float) -> str:
    """A number in decimals: `0.00001`."""
    text = repr(found)
    if "e" in text:
        text = f"{found:.20f}".rstrip("0")
        if float(text) != found:
            return repr(found)
    return text


def scalar(text: str) -> str:
    """A text as a scalar, in quotes where YAML would take it for something else."""
    if (
        re.fullmatch(r"[A-Za-z_][\w.()/+-]*( [\w.()/+-]+)*", text, re.ASCII)
        and text not in YAML_WORDS
        and text not in EMPTY
        and text not in ("true", "false")
    ):
        return text
    return json.dumps(text, ensure_ascii=True)
