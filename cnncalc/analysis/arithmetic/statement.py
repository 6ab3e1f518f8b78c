"""A layer's numbers as steps: each a formula, the formula with its numbers, and its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cnncalc.analysis.arithmetic.traced import Traced, formula, numbers, symbol
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Facts, Kind, Reference
from cnncalc.layers.sliding import Sliding
from cnncalc.shapes import AXIS_NAMES, Shape, product
from cnncalc.unknown import UNKNOWN

SYMBOLS = {
    "kernel": "F", "stride": "S", "dilation": "D", "groups": "G", "filters": "K", "features": "K",
    "multiplier": "m", "output_padding": "A", "scale": "r", "factor": "r", "heads": "h",
    "width": "d", "squeeze": "R", "size": "n",
}  # fmt: skip
"""How the field writes an option; another stands by its own name."""

AXES = {1: ("L",), 2: ("H", "W"), 3: ("T", "H", "W")}
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"

ALIKE = (("T′·T′·T′", "T′·H′·W′"), ("H′·H′", "H′·W′"))
"""Axes of one size are one number, under the name of the first."""

OPERATIONS = {
    "macs": "multiply-accumulates",
    "bias": "bias additions",
    "normalization": "normalization operations",
    "activation": "activation operations",
    "pooling": "pooling operations",
    "elementwise": "element-wise operations",
}
"""Terms of the operations, in words."""


class ArithmeticStep(NamedTuple):
    """One quantity of a layer, for one sample."""

    quantity: str
    formula: str
    numbers: str
    value: int


class Statement(NamedTuple):
    """What a layer states, with the arithmetic; all of it for one sample."""

    facts: Facts
    """On traced numbers."""
    steps: tuple[ArithmeticStep, ...]


def subscript(number: int) -> str:
    """A small number below the line."""
    return "".join([SUBSCRIPTS[int(digit)] for digit in str(number)])


def statement(graph: Graph, node: Node) -> Statement:
    """The arithmetic of a layer."""
    if node.kind.is_stated:
        return Statement(node.facts, tuple(_stated(node)))
    given = tuple([graph.nodes[index].facts.output for index in node.inputs])
    kind, inputs = _traced_kind(node.kind), _traced_inputs(given)
    steps = list(_resolved_padding(kind, inputs))
    facts = kind.facts(inputs)
    return Statement(facts, (*steps, *_steps(facts, node)))


STATED = "as stated"


def _stated(node: Node) -> Iterator[ArithmeticStep]:
    """What a layer states of itself, which follows from nothing."""
    facts = node.facts
    axes = ("output channels", *[f"output {axis}" for axis in _axis_names(facts.output)])
    numbers = [*zip(axes, facts.output, strict=True)]
    numbers += [(name, product(shape)) for name, shape in facts.weights.items() if name != "?"]
    numbers += [("parameters", facts.params), ("buffers", facts.buffer_values)]
    numbers += [(OPERATIONS["macs"], facts.operations.macs), ("FLOPs", facts.operations.flops)]
    for quantity, value in numbers:
        yield ArithmeticStep(
            quantity, STATED if value is not UNKNOWN else "not stated", str(value), value
        )


def _traced_kind(kind: Kind) -> Kind:
    """The same kind, with symbols in the places of its whole numbers."""
    made: Kind = object.__new__(type(kind))
    made.__dict__.update(kind.__dict__)
    for key in kind.options:
        made.__dict__[key] = _traced_option(key, kind.__dict__[key])
    return made


def _traced_option(key: str, value: Any) -> Any:
    name = SYMBOLS.get(key, key)
    if isinstance(value, int) and not isinstance(value, bool):
        return symbol(name, value)
    if isinstance(value, tuple) and value and all([type(item) is int for item in value]):
        if all([item == value[0] for item in value]):
            return (symbol(name, value[0]),) * len(value)
        return tuple([symbol(name + subscript(axis), item) for axis, item in enumerate(value, 1)])
    if key == "padding" and isinstance(value, tuple):
        made: dict[Any, Any] = {}
        for pair in value:
            made.setdefault(pair, (symbol("P₀", pair[0]), symbol("P₁", pair[1])))
        return tuple([made[pair] for pair in value])
    if isinstance(value, Reference):
        return value._replace(output=_shape(value.output, "ᵣ"))
    return value


def _shape(shape: Shape, mark: str = "") -> Shape:
    """A shape with symbols: `C` and the axes' names, or `N` where it is flat."""
    if len(shape) == 1:
        return (symbol(f"N{mark}", shape[0]),)
    names = AXES[len(shape) - 1]
    sizes = [symbol(name + mark, size) for name, size in zip(names, shape[1:], strict=True)]
    return (symbol(f"C{mark}", shape[0]), *sizes)


def _traced_inputs(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """Input shapes with symbols; what several inputs have in common has one name."""
    if len(shapes) == 1:
        return (_shape(shapes[0]),)
    made: list[Shape] = []
    for number, shape in enumerate(shapes, 1):
        marked = _shape(shape, subscript(number))
        first = made[0] if made else _shape(shape)
        same = len(first) == len(shape)
        plain = _shape(shape)
        found = [
            (first[axis] if made else plain[axis])
            if same and shapes[0][axis] == size and (axis or all(s[0] == size for s in shapes))
            else marked[axis]
            for axis, size in enumerate(shape)
        ]
        made.append(tuple(found))
    return tuple(made)


def _steps(facts: Facts, node: Node) -> Iterator[ArithmeticStep]:
    names: dict[int, str] = {}
    yield from _output(facts, names)
    if node.shares is None:
        yield from _arrays(facts, names)
    yield from _operations(facts, names)
    if not facts.view:
        yield _step("output values", facts.values, names)


def _step(quantity: str, value: int, names: Mapping[int, str]) -> ArithmeticStep:
    text = formula(value, names)
    for together, apart in ALIKE:
        text = text.replace(together, apart)
    return ArithmeticStep(quantity, text, numbers(value, names), int(value))


def _axis_step(quantity: str, value: int, names: Mapping[int, str]) -> ArithmeticStep:
    """A step along one axis, whose size is called W as everywhere."""
    text = formula(value, names)
    for name in ("T", "H", "L"):
        text = text.replace(name, "W")
    return ArithmeticStep(quantity, text, numbers(value, names), int(value))


def _axis_names(shape: Shape) -> tuple[str, ...]:
    return AXIS_NAMES[len(shape) - 1] if len(shape) > 1 else ()


def _resolved_padding(kind: Kind, inputs: tuple[Shape, ...]) -> Iterator[ArithmeticStep]:
    """Padding that follows from `same`; from here on it has its symbols."""
    if not isinstance(kind, Sliding) or not isinstance(kind.padding, str):
        return
    slides = kind.slides(inputs[0])
    for axis, slide in zip(_axis_names(inputs[0]), slides, strict=True):
        for word, value in (("before", slide.before), ("after", slide.after)):
            yield _axis_step(f"padding {word}, {axis}", value, {})
    pairs = [(int(slide.before), int(slide.after)) for slide in slides]
    kind.__dict__["padding"] = _traced_option("padding", tuple(pairs))


def _output(facts: Facts, names: dict[int, str]) -> Iterator[ArithmeticStep]:
    """Output channels and sizes, and what a kernel leaves behind."""
    shape = facts.output
    yield _step("output channels" if len(shape) > 1 else "output features", shape[0], names)
    primes = AXES[len(shape) - 1] if len(shape) > 1 else ()
    for position, (axis, prime) in enumerate(zip(_axis_names(shape), primes, strict=True)):
        size = shape[position + 1]
        yield _axis_step(f"output {axis}", size, names)
        if facts.slides and not facts.slides[position].ceil:
            slide = facts.slides[position]
            if int(slide.remainder):
                yield _axis_step(f"left over, {axis}", slide.remainder, names)
        if isinstance(size, Traced) and size.term.sign:
            names.setdefault(id(size), f"{prime}′")
    if isinstance(shape[0], Traced) and shape[0].term.sign:
        names.setdefault(id(shape[0]), "C′" if len(shape) > 1 else "N′")


def _arrays(facts: Facts, names: dict[int, str]) -> Iterator[ArithmeticStep]:
    """Values of each array, and the parameters in all."""
    sizes: list[int] = []
    for name, array in facts.weights.items():
        size = product(array)
        yield _step(name, size, names)
        sizes.append(size)
    if len(sizes) > 1:
        for size, name in zip(sizes, facts.weights, strict=True):
            if isinstance(size, Traced) and size.term.sign:
                names.setdefault(id(size), name)
        total = sum(sizes)
        yield ArithmeticStep(
            "parameters",
            " + ".join(facts.weights),
            " + ".join([str(int(size)) for size in sizes]),
            int(total),
        )
    for name, array in facts.buffers.items():
        yield _step(f"{name} (buffer)", product(array), names)


def _operations(facts: Facts, names: dict[int, str]) -> Iterator[ArithmeticStep]:
    """Each term of the operations, and all of them as FLOPs."""
    operations = facts.operations
    terms = [(key, value) for key, value in operations._asdict().items() if int(value)]
    for key, value in terms:
        yield _step(OPERATIONS[key], value, names)
    if terms:
        factors = ["2·MACs" if key == "macs" else OPERATIONS[key] for key, _ in terms]
        figures = [f"2·{int(v)}" if key == "macs" else str(int(v)) for key, v in terms]
        yield ArithmeticStep(
            "FLOPs", " + ".join(factors), " + ".join(figures), int(operations.flops)
        )
