"""From a framework's operations to a graph of layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import NamedTuple

from cnncalc.diagnostics import Diagnostic, Fix, SpecError
from cnncalc.exchange.reading import arithmetic, kinds, tensors
from cnncalc.exchange.reading.axis_factors import TensorView
from cnncalc.exchange.reading.building import Builder, Refusal, input_name
from cnncalc.exchange.reading.opaque import ended, opaque_layer, reason_of, used_arrays
from cnncalc.exchange.reading.program import Constant, Op, Program, part_values
from cnncalc.exchange.reading.result import Origin, Reading, Result
from cnncalc.graph import Graph, Node
from cnncalc.language.elaboration.elaborate import LAYER_LIMIT
from cnncalc.layers import KINDS
from cnncalc.layers.base import LayerError
from cnncalc.shapes import WindowLimitError

PRIMITIVES: Mapping[str, Callable[[Builder, Op], TensorView]] = {
    "reshape": tensors.reshape,
    "permute": tensors.permute,
    "expand": tensors.expand,
    "concat": tensors.concat,
    "max_unpool": kinds.max_unpool,
    "slice": tensors.slice_,
    "reduce": tensors.reduce,
    "matmul": tensors.matmul,
    "softmax": tensors.softmax,
    "log_softmax": tensors.softmax,
    **dict.fromkeys(arithmetic.KIND, arithmetic.binary),
}
"""What stands for each primitive; every other operation is a kind of ours."""

TOLD = 8
"""As many places are told of each operator without a layer."""


def lower(program: Program, source: str, file: str) -> Reading:
    """The graph of a program.

    An operation that no layer stands for becomes one of kind `custom`, which states what the
    framework knows of it.

    Raises:
        SpecError: operations of which not even the shape is known; all of them are told.
    """
    if len(program.ops) > LAYER_LIMIT:
        raise SpecError(
            [_finding("limit-exceeded", f"it has more than {LAYER_LIMIT:,} operations")]
        )
    notes = ended(program)
    opaque = {op: reason_of(op) for op in program.ops if not _is_known(op)}
    plain: set[str] = set()
    while True:
        # what a refused layer had put into the graph before goes: all is built anew
        built = _built(program, opaque, plain)
        if built.findings:
            raise SpecError(built.findings)
        if built.refused:
            opaque.update(built.refused)
            continue
        for op in program.outputs:
            _settle_output(built.builder, op)
        sharing = _sharing(built.builder)
        if not sharing.conflicts:
            found = _finished(program, built.builder, opaque, sharing.shares, source, file)
            return found._replace(notes=notes)
        if sharing.orders - plain:
            plain |= sharing.orders
            continue
        conflicts = {built.maker(index): text for index, text in sharing.conflicts.items()}
        if conflicts.keys() <= opaque.keys():
            raise SpecError([_finding("unknown-layer", text) for text in conflicts.values()])
        opaque.update(conflicts)


def _settle_output(builder: Builder, op: Op) -> None:
    """Bring an output into order; an input that is given back is one of a layer of ours."""
    if op.name != "input":
        builder.settle(op, op.origin)
    view = builder.views[op]
    if not builder.nodes[view.node].inputs:
        node = builder.layer("identity", (view.node,), {}, op.origin)
        builder.views[op] = TensorView(node, view.laid, view.axes)


class Built(NamedTuple):
    """What became of a program's operations."""

    builder: Builder
    refused: dict[Op, str]
    """Operations that no layer can stand for as they are used here, and why."""
    findings: list[Diagnostic]
    last: list[tuple[int, Op]]
    """Operations that made nodes, with how many nodes there were then."""

    def maker(self, index: int) -> Op:
        """The operation that made a node."""
        return next(op for count, op in self.last if index < count)


def _built(program: Program, opaque: Mapping[Op, str], plain: Collection[str]) -> Built:
    """The layers of all operations, those in `opaque` as layers that state their facts.

    The arrays in `plain` stay in the order in which they are stored.
    """
    builder = Builder(program, plain)
    reserved = used_arrays([op for op in program.ops if op not in opaque])
    built = Built(builder, {}, [], [])
    failed: set[Op] = set()
    for op in program.ops:
        if op.name == "input":
            builder.input(op)
            continue
        if any(one in failed for one in op.inputs if isinstance(one, Op)):
            failed.add(op)
            continue
        try:
            if op in opaque:
                builder.views[op] = opaque_layer(builder, op, reserved)
                built.last.append((len(builder.nodes), op))
                continue
            view = _one(builder, op)
            built.last.append((len(builder.nodes), op))
            if view.shape != op.shape:
                raise Refusal(f"it was read as {list(view.shape)} and is {list(op.shape)}")
            builder.views[op] = view
        except (Refusal, LayerError, WindowLimitError) as error:
            failed.add(op)
            if isinstance(error, Refusal) and error.rule == "unknown-layer" and op not in opaque:
                built.refused[op] = error.message
            else:
                built.findings.append(explained(op, error))
    return built


def _is_known(op: Op) -> bool:
    """Whether a layer of ours, or several, may stand for an operation."""
    return op.name in PRIMITIVES or op.name in KINDS or op.name == "input"


def _one(builder: Builder, op: Op) -> TensorView:
    primitive = PRIMITIVES.get(op.name)
    if primitive is not None:
        return primitive(builder, op)
    if kinds.is_elementwise(op.name):
        return kinds.elementwise(builder, op)
    return kinds.layer(builder, op)


def unsupported(name: str, places: Mapping[str, Sequence[Origin | str]]) -> list[Diagnostic]:
    """One message for operations that have no layer: what, how many, where."""
    count = sum(map(len, places.values()))
    lines = []
    for operator, where in sorted(places.items(), key=lambda item: -len(item[1])):
        more = f" and {len(where) - TOLD} more" if len(where) > TOLD else ""
        names = ", ".join([str(one) or "?" for one in where[:TOLD]])
        lines.append(f"`{operator}` ×{len(where)} at {names}{more}")
    have = "operation has" if count == 1 else "operations have"
    text = f"{count} {have} no layer in {name}: " + "; ".join(lines)
    spans = [getattr(one, "span", None) for where in places.values() for one in where]
    place = next((span.place for span in spans if span is not None), None)
    return [_finding("unknown-layer", text)._replace(place=place)]


def explained(op: Op, error: Refusal | LayerError | WindowLimitError) -> Diagnostic:
    """What keeps an operation from being a layer, where it is written, and what would help."""
    layer, span = str(op.origin), op.origin.span
    operator = op.options.get("operator", op.name)
    if isinstance(error, WindowLimitError):
        finding = _finding("limit-exceeded", str(error), layer)
    elif isinstance(error, LayerError):
        finding = _finding(error.rule, f"`{operator}`: {error.message}", layer, error.hint)
    else:
        message = f"`{operator}` has no layer here: {error.message}"
        finding = _finding(error.rule, message, layer, error.hint)
    if span is None:
        return finding
    fixes: tuple[Fix, ...] = ()
    option = error.option if isinstance(error, LayerError) else None
    if isinstance(error, LayerError) and option is not None and error.instead is not None:
        edits = span.edits({option: error.instead})
        if edits:
            fixes = (Fix(f"write {error.instead}", error.safe, edits),)
    return finding._replace(place=span.place_of(option), fixes=fixes, used=span.used)


def _finding(
    rule: str, message: str, layer: str | None = None, hint: str | None = None
) -> Diagnostic:
    return Diagnostic(rule, "error", message, layer=layer or None, hint=hint)


def _finished(
    program: Program,
    builder: Builder,
    opaque: Mapping[Op, str],
    shares: Sequence[int | None],
    source: str,
    file: str,
) -> Reading:
    """The graph with its names, outputs and shared weights."""
    results = [builder.views[op] for op in program.outputs]
    names = named(
        builder.nodes, builder.origins, [input_name(program, op) for op in program.inputs]
    )
    wanted = {view.node for view in results}
    nodes = tuple(
        [
            node._replace(
                name=name,
                shares=shared,
                is_output=index in wanted and bool(node.inputs),
                frozen=_frozen(program, node, builder.arrays[index]),
            )
            for index, (node, name, shared) in enumerate(
                zip(builder.nodes, names, shares, strict=True)
            )
        ]
    )
    used = {name for arrays in builder.arrays for one in arrays.values() for name in one.sources}
    unused = _unused(program, used)
    return Reading(
        Graph(program.name, source, nodes, {}, file),
        tuple(builder.origins),
        tuple(builder.arrays),
        tuple([Result(view.node, *_turn(view)) for view in results]),
        builder.batch.size,
        None,
        unused,
        tuple([(builder.views[op].node, reason) for op, reason in opaque.items()]),
    )


def _frozen(program: Program, node: Node, arrays: Mapping[str, Constant]) -> frozenset[str]:
    """The weights of a layer that its framework does not train."""

    def is_frozen(constant: Constant) -> bool:
        sources = [program.constants.get(name, constant) for name in constant.sources]
        return constant.frozen or (bool(sources) and all([one.frozen for one in sources]))

    return frozenset(
        [name for name, one in arrays.items() if name in node.facts.weights and is_frozen(one)]
    )


def _unused(program: Program, used: Collection[str]) -> tuple[tuple[str, int], ...]:
    """Trained arrays that no layer has, with their values; of some there are parts."""
    parts: dict[str, int] = {}
    for name in used:
        whole, _, part = name.partition("[")
        if part:
            parts[whole] = parts.get(whole, 0) + part_values(part)
    found = []
    for name, one in program.constants.items():
        left = one.values - parts.get(name, 0)
        if name not in used and one.role == "parameter" and left > 0:
            found.append((name, left))
    return tuple(found)


def _turn(view: TensorView) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """How the node's output is brought into the framework's order: split, permute, join."""
    atoms = [atom for axis in view.laid for atom in axis]
    batch = next((a for axis in view.axes for a in axis if a.batch), None)
    order = [a for axis in view.axes for a in axis]
    known = [*([batch] if batch else []), *atoms]
    return (
        tuple([atom.size for atom in atoms]),
        tuple([known.index(atom) for atom in order]),
        view.shape,
    )


class _Sharing(NamedTuple):
    """Which layers have the same arrays."""

    shares: list[int | None]
    """For each node the earlier one that has the very same arrays."""
    conflicts: dict[int, str]
    """Nodes whose arrays another kind of layer has already, and what to say of it."""
    orders: set[str]
    """Arrays that two layers have in different orders."""


def _sharing(builder: Builder) -> _Sharing:
    """Find the layers that share their arrays."""
    first: dict[tuple[tuple[str, tuple[str, ...], Hashable], ...], int] = {}
    owner: dict[str, int] = {}
    forms: dict[str, set[Hashable]] = {}
    sharing = _Sharing([], {}, set())
    for index, arrays in enumerate(builder.arrays):
        key = tuple((name, tuple(one.sources), one.form) for name, one in arrays.items())
        earlier = first.get(key) if key else None
        if earlier is not None and _shares(builder, earlier, index, sharing.shares):
            sharing.shares.append(earlier)
            continue
        sharing.shares.append(None)
        if key:
            first[key] = index
        for one in arrays.values():
            for name in () if one.role == "stored" else one.sources:
                forms.setdefault(name, set()).add(one.form)
                if owner.setdefault(name, index) != index and one.values:
                    origins = builder.origins[owner[name]], builder.origins[index]
                    sharing.conflicts[index] = (
                        f"`{name}` is used by two layers in different ways: "
                        f"{origins[0]} and {origins[1]}"
                    )
                    if len(forms[name]) > 1:
                        sharing.orders.add(name)
    return sharing


def _shares(builder: Builder, earlier: int, index: int, found: list[int | None]) -> bool:
    """Whether a layer that has the arrays of an earlier one shares them.

    Formats that do not tell parameters apart store equal arrays once: there a layer whose arrays
    are no matrices (a batch normalization's ones and zeros) shares them only behind layers that
    share theirs.
    """
    node, other = builder.nodes[index], builder.nodes[earlier]
    if type(node.kind) is not type(other.kind):
        return False
    arrays = builder.arrays[index]
    if builder.program.distinct or any(one.role != "stored" for one in arrays.values()):
        return True
    if any(node.facts.roles[name] == "weight" for name in arrays):
        return True
    before = found[node.inputs[0]]
    return before is not None and before == other.inputs[0]


def named(nodes: list[Node], origins: list[Origin], inputs: list[str]) -> list[str]:
    """Names by the modules that the layers come from; a kind's own where a module has several."""
    kinds_at: dict[tuple[str, ...], set[str]] = {}
    inner: set[tuple[str, ...]] = {()}
    for node, origin in zip(nodes, origins, strict=True):
        kinds_at.setdefault(origin.path, set()).add(_word(node))
        for length in range(1, len(origin.path)):
            inner.add(origin.path[:length])
    taken: Counter[str] = Counter(inputs)
    found = list(inputs)
    for node, origin in list(zip(nodes, origins, strict=True))[len(inputs) :]:
        path = origin.path
        own = path in inner or len(kinds_at[path]) > 1
        name = ".".join((*path, _word(node)) if own else path)
        base, count = name, 1
        while taken[name]:
            count += 1
            name = f"{base}{'' if own else '_'}{count}"
        taken[name] += 1
        found.append(name)
    return found


def _word(node: Node) -> str:
    """What a layer is called where its module has several: its kind, or its operator."""
    if not node.kind.is_stated:
        return node.kind.name
    word = node.kind.option_value("name").rpartition(".")[2]
    return re.sub(r"\W+", "_", word).strip("_") or node.kind.name


__all__ = ["Constant", "lower"]
