"""Operators that no kind of ours stands for: layers that state what their framework knows.

The output's shape is the framework's, the arrays are those that the operator reads; what a unit
sees is unknown, and so are the operations unless the importer has a formula for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from cnncalc.diagnostics import Diagnostic
from cnncalc.exchange.reading.axis_factors import Axis, TensorView, laid_out
from cnncalc.exchange.reading.building import Builder, Refusal
from cnncalc.exchange.reading.program import OPAQUE, Constant, Op, Program
from cnncalc.fresh_names import fresh
from cnncalc.layers.custom import Custom
from cnncalc.layers.options import Table
from cnncalc.layers.probing import unknown_facts
from cnncalc.shapes import UNKNOWN_SHAPE, Shape

TRAINED = ("parameter", "stored")


def opaque_layer(builder: Builder, op: Op, reserved: frozenset[str]) -> TensorView:
    """Add the layer of an operator; `reserved` are arrays that other layers own.

    Raises:
        Refusal: it takes nothing that is computed.
    """
    taken = [one for one in op.inputs if isinstance(one, Op)]
    if not taken:
        raise Refusal("it takes nothing that is computed from the network's input")
    options: dict[str, Any]
    nodes = tuple([_taken(builder, one, op) for one in taken])
    if op.depends_on_data:
        facts = unknown_facts(UNKNOWN_SHAPE, len(nodes))
        options = {"name": operator_of(op), "output": UNKNOWN_SHAPE}
        return TensorView(
            builder.stated(Custom, nodes, options, op.origin, {}, facts), (), ((builder.batch,),)
        )
    with_batch = bool(op.shape) and op.shape[0] == builder.batch.size
    axes = list(range(int(with_batch), len(op.shape)))
    channel = op.channel % len(op.shape) if op.shape else 0
    order = [channel, *[axis for axis in axes if axis != channel]] if channel in axes else axes
    sizes = tuple([op.shape[axis] for axis in order]) or (1,)
    options = {
        "name": operator_of(op),
        "output": sizes,
        "macs": op.options.get("macs")
        if op.name == OPAQUE
        else _multiply_accumulates(op, builder.batch.size),
        "flops": op.options.get("flops") if op.name == OPAQUE else None,
    }
    arrays = _arrays(builder, op, reserved)
    trained = {name: one for name, one in arrays.items() if _is_trained(one)}
    stored = {name: one for name, one in arrays.items() if name not in trained}
    options["weights"], options["buffers"] = _table(trained), _table(stored)
    node = builder.stated(Custom, nodes, options, op.origin, {**trained, **stored})
    laid = laid_out(sizes)
    found: list[Axis] = [(builder.batch,)] * len(op.shape)
    for axis, atoms in zip(order, laid, strict=False):
        found[axis] = atoms
    return TensorView(node, laid, tuple(found))


def ended(program: Program) -> tuple[Diagnostic, ...]:
    """End a program at the operations whose result has no known shape; return notes of it.

    They become outputs in the place of those that depend on them.
    """
    ends: dict[Op, frozenset[Op]] = {}
    behind: Counter[Op] = Counter()
    for op in program.ops:
        before = frozenset().union(*[ends.get(one, ()) for one in op.inputs if isinstance(one, Op)])
        behind.update(before)
        if before or op.depends_on_data:
            ends[op] = before or frozenset([op])
    if not ends:
        return ()
    outputs: dict[Op, None] = {}
    for op in program.outputs:
        outputs.update(dict.fromkeys(sorted(ends.get(op, (op,)), key=program.ops.index)))
    program.outputs = list(outputs)
    program.prune()
    return tuple([
        _end(op, behind[op] + op.options.get("behind", 0))
        for op in program.outputs if op in ends
    ])  # fmt: skip


def _end(op: Op, behind: int) -> Diagnostic:
    span = op.origin.span
    left = f", and {behind} operation{'s' * (behind != 1)} behind it left out" if behind else ""
    return Diagnostic(
        "unknown-operator",
        "warning",
        f"the table ends at `{operator_of(op)}`: the shape of its result depends on the data, or "
        f"nothing states it{left}",
        layer=str(op.origin) or None,
        place=None if span is None else span.place,
        hint="cut the network before it, or state the shape where the format can",
    )


def _taken(builder: Builder, one: Op, op: Op) -> int:
    """The node of what the operator takes: in its framework's order, or as it lies.

    A layer that only states its facts states the same of both.
    """
    try:
        return builder.settle(one, op.origin).node
    except Refusal:
        return builder.views[one].node


WITHOUT_PRODUCTS = frozenset({
    "concat", "pad", "slice", "select", "reshape", "permute", "expand", "add", "sub", "mul", "div",
    "maximum", "minimum", "reduce", "softmax", "log_softmax", "layer_norm", "group_norm",
    "instance_norm", "batch_norm", "max_pool", "avg_pool", "upsample", "pixel_shuffle",
})  # fmt: skip
"""Operations that multiply and accumulate nothing, as every counter has it."""


def _multiply_accumulates(op: Op, batch: int) -> int | None:
    """For one sample, of an operation of ours that no layer stands for as it is used."""
    if op.name in WITHOUT_PRODUCTS:
        return 0
    values = prod(op.shape) // batch
    if op.name == "matmul" and op.shape:
        return values * op.inputs[0].shape[-1]
    if op.name in ("conv", "linear") and "weight" in op.arrays:
        return values * prod(op.arrays["weight"].shape[1:])
    return None


def operator_of(op: Op) -> str:
    """The operator's name in its framework."""
    return str(op.options.get("operator", op.name)).partition(" ")[0][:100]


def reason_of(op: Op) -> str:
    """Why no kind stands for an operation, as far as its importer says it."""
    return str(op.options.get("operator", "")).partition(" ")[2]


def used_arrays(ops: Iterable[Op]) -> frozenset[str]:
    """The stored arrays that operations with a layer of ours use."""
    return frozenset(
        [
            source
            for op in ops
            for one in (*op.arrays.values(), *op.inputs)
            if isinstance(one, Constant)
            for source in one.sources
        ]
    )


def _arrays(builder: Builder, op: Op, reserved: frozenset[str]) -> dict[str, Constant]:
    """The stored arrays that the operator reads and no other layer owns, by their own names."""
    given = [*op.arrays.values(), *[one for one in op.inputs if isinstance(one, Constant)]]
    found: dict[str, Constant] = {}
    for constant in given:
        if constant.role == "literal":
            continue
        sources = {name: builder.program.constants.get(name, constant) for name in constant.sources}
        for source, one in sources.items():
            if source in reserved or source in builder.owned or one.values == 0:
                continue
            builder.owned.add(source)
            found[_name(source, found)] = one
    return found


def _name(source: str, taken: Mapping[str, Any]) -> str:
    """An array's own name, without the module that it belongs to."""
    return fresh(source.rpartition(".")[2][:60] or "array", taken)


def _is_trained(constant: Constant) -> bool:
    """Whether an array is trained, as far as its format tells: whole numbers are not."""
    if constant.role != "stored":
        return constant.role in TRAINED
    return constant.read().dtype.kind == "f"


def _table(arrays: Mapping[str, Constant]) -> Table:
    shapes: list[tuple[str, Shape]] = [(name, one.shape) for name, one in arrays.items()]
    return Table(shapes)
