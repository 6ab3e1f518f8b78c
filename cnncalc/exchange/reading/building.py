"""The graph in the making: its nodes, and tensors brought into the order that a layer wants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cnncalc.exchange.reading.axis_factors import Axis, AxisFactor, TensorView, laid_out, size
from cnncalc.exchange.reading.program import Constant, Op, Program
from cnncalc.exchange.reading.result import Origin
from cnncalc.graph import Node, input_node
from cnncalc.layers import KINDS
from cnncalc.layers.base import Facts, Kind, Reference, check_size
from cnncalc.shapes import Shape

RESHAPED_AXES = 8
"""As many axes a tensor may have between two layers."""


class Refusal(Exception):
    """An operation that no layer can stand for."""

    def __init__(self, message: str, hint: str | None = None, rule: str = "unknown-layer") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.rule = rule


class Builder:
    """Nodes in execution order, with what the arrays of each are."""

    def __init__(self, program: Program, plain: Collection[str] = ()) -> None:
        self.program = program
        self.plain = plain
        """Arrays that several layers have in different orders: they stay as they are stored."""
        self.nodes: list[Node] = []
        self.origins: list[Origin] = []
        self.arrays: list[Mapping[str, Constant]] = []
        self.views: dict[Op, TensorView] = {}
        self.owned: set[str] = set()
        """Stored arrays that layers which only state their facts have taken."""
        self.moved: dict[Op, Origin] = {}
        """For a tensor that was only written otherwise, where that was."""
        batch = program.inputs[0].shape[0] if program.inputs else 1
        self.batch = AxisFactor(batch, True)
        self._kinds: dict[Any, Kind] = {}
        self._facts: dict[Any, Facts] = {}
        self._brought: dict[tuple[int, tuple[Axis, ...]], int] = {}

    def input(self, op: Op) -> None:
        """An input of the network; its first axis is the batch."""
        channel = op.channel % len(op.shape)
        order = [channel, *(a for a in range(1, len(op.shape)) if a != channel)]
        shape = tuple([op.shape[axis] for axis in order])
        node = input_node(shape)
        self.nodes.append(node._replace(name=input_name(self.program, op)))
        self.origins.append(op.origin)
        self.arrays.append({})
        laid = laid_out(shape)
        axes: list[Axis] = [(self.batch,)] * len(op.shape)
        for axis, atoms in zip(order, laid, strict=True):
            axes[axis] = atoms
        self.views[op] = TensorView(len(self.nodes) - 1, laid, tuple(axes))

    def kind(self, name: str, options: Mapping[str, Any], rank: int) -> Kind:
        """A kind with the given options and the defaults of the others."""
        key = (name, tuple(options.items()), rank)
        found = self._kinds.get(key)
        if found is None:
            cls = KINDS[name]
            unknown = options.keys() - cls.options.keys()
            assert not unknown, f"{name} has no option {unknown}"
            values = tuple([options.get(key, o.default) for key, o in cls.options.items()])
            found = self._kinds[key] = cls(values, rank)
        return found

    def layer(
        self,
        name: str,
        inputs: Sequence[int],
        options: Mapping[str, Any],
        origin: Origin,
        arrays: Mapping[str, Constant] | None = None,
    ) -> int:
        """Add a layer; its place in the graph.

        Raises:
            LayerError: there is no such layer on these inputs.
        """
        shapes = tuple([self.nodes[index].facts.output for index in inputs])
        kind = self.kind(name, options, len(shapes[0]) - 1)
        key = (id(kind), shapes)
        facts = self._facts.get(key)
        if facts is None:
            facts = kind.facts(shapes)
            check_size(facts.output, "its output")
            self._facts[key] = facts
        given = dict(arrays or {})
        self._check(kind, facts, given)
        self.nodes.append(Node(name, kind, tuple(inputs), facts))
        self.origins.append(origin)
        self.arrays.append(given)
        return len(self.nodes) - 1

    def stated(
        self,
        kind: type[Kind],
        inputs: tuple[int, ...],
        options: Mapping[str, Any],
        origin: Origin,
        arrays: Mapping[str, Constant],
        facts: Facts | None = None,
    ) -> int:
        """Add a layer that states its facts, or of which `facts` are known; its place."""
        shapes = tuple([self.nodes[index].facts.output for index in inputs])
        if len(inputs) > 1 and kind.several is not None:
            kind = kind.several
        values = tuple([options.get(key, one.default) for key, one in kind.options.items()])
        made = kind(values, len(shapes[0]) - 1)
        self.nodes.append(Node(kind.name, made, inputs, facts or made.facts(shapes)))
        self.origins.append(origin)
        self.arrays.append(arrays)
        return len(self.nodes) - 1

    def _check(self, kind: Kind, facts: Facts, given: Mapping[str, Constant]) -> None:
        """The layer's arrays must be the network's, each in the shape that the kind states."""
        declared = {**facts.weights, **facts.buffers}
        if declared.keys() != given.keys():
            raise Refusal(
                f"a `{kind.name}` has the arrays {', '.join(declared) or 'none'}, "
                f"and this one {', '.join(given) or 'none'}"
            )
        for name, constant in given.items():
            if constant.shape != declared[name]:
                raise Refusal(
                    f"its {name} is {list(constant.shape)}, and a `{kind.name}` with these options "
                    f"has {list(declared[name])}"
                )
            trained = name in facts.weights
            if constant.role in ("literal", "buffer") and trained:
                raise Refusal(
                    f"its {name} is no parameter but a stored constant, and that of a "
                    f"`{kind.name}` is trained"
                )
            stored = [one for one in constant.sources if trained and self._is_buffer(one)]
            if stored and constant.role == "parameter":
                raise Refusal(f"its {name} is trained but for {', '.join(sorted(stored))}")
            if constant.role == "parameter" and not trained:
                raise Refusal(f"its {name} is trained, and that of a `{kind.name}` is not")
            if sum(constant.sources.values()) != constant.values and constant.role != "literal":
                raise Refusal(
                    f"its {name} is computed from {', '.join(sorted(constant.sources))}, which "
                    f"hold {sum(constant.sources.values()):,} values, not {constant.values:,}"
                )

    def _is_buffer(self, source: str) -> bool:
        """Whether a stored array, or the one that it is a part of, is not trained."""
        found = self.program.constants.get(source.partition("[")[0])
        return found is not None and found.role == "buffer"

    def unpool(self, taken: int, pool: int, origin: Origin) -> int:
        """Add a layer that undoes a max pool."""
        node = self.nodes[pool]
        shapes = tuple([self.nodes[index].facts.output for index in node.inputs])
        name = ".".join(self.origins[pool].path) or node.kind.name
        reference = Reference(name, pool, node.facts.output, shapes, node.kind)
        index = self.layer("max_unpool", (taken,), {"pool": reference}, origin)
        self.nodes[index] = self.nodes[index]._replace(reads=(pool,))
        return index

    # -- order ------------------------------------------------------------------------------

    def bring(self, op: Op, wanted: tuple[Axis, ...], origin: Origin) -> int:
        """The node that holds a tensor with exactly the wanted axes, made where there is none."""
        view = self.views[op]
        if view.laid == wanted:
            return view.node
        key = (view.node, wanted)
        node = self._brought.get(key)
        if node is None:
            cause = self.moved.get(op) or Origin(origin.path[:-1], origin.types[:-1], origin.node)
            node = self._brought[key] = self._move(view, wanted, cause)
        self.views[op] = TensorView(node, wanted, view.axes)
        return node

    def _move(self, view: TensorView, wanted: tuple[Axis, ...], origin: Origin) -> int:
        laid = view.laid
        before = [atom for axis in laid for atom in axis]
        after = [atom for axis in wanted for atom in axis]
        if set(before) != set(after) or any(atom.batch for atom in after):
            raise Refusal("it mixes the samples of a batch, or repeats values along an axis")
        for recognized in (_shuffled, _pixel_shuffled, _pixel_unshuffled):
            found = recognized(laid, wanted)
            if found is not None:
                return self.layer(found[0], (view.node,), found[1], origin)
        if before == after:
            return self.reshape(view.node, tuple(map(size, wanted)), origin)
        groups = _runs(before, after)
        if len(groups) > RESHAPED_AXES:
            raise Refusal(f"it moves {len(groups)} axes, more than {RESHAPED_AXES}")
        node = self.reshape(view.node, tuple(map(size, groups)), origin)
        order = sorted(range(len(groups)), key=lambda g: after.index(groups[g][0]))
        node = self.layer("permute", (node,), {"order": tuple(order)}, origin)
        return self.reshape(node, tuple(map(size, wanted)), origin)

    def reshape(self, node: int, shape: Shape, origin: Origin) -> int:
        """The same values in the same order under another shape."""
        shape = shape or (1,)
        if self.nodes[node].facts.output == shape:
            return node
        if len(shape) == 1:
            return self.layer("flatten", (node,), {}, origin)
        return self.layer("reshape", (node,), {"shape": shape}, origin)

    def settle(self, op: Op, origin: Origin) -> TensorView:
        """Join or split axes as the framework has them.

        A tensor that is only permuted stays as it lies: our layers are channels first.
        """
        view = self.views[op]
        batch = view.batch
        axes = [view.sample(axis) if axis == batch else view.axes[axis] for axis in
                range(len(view.axes)) if axis != batch or view.sample(axis)]  # fmt: skip
        own = {_key(axis): axis for axis in axes}
        if sorted(map(_key, axes)) == sorted(map(_key, view.laid)):
            if len(view.laid) > 1:  # a flat one is put in order by the layer that takes it
                self.bring(op, tuple([own[_key(axis)] for axis in view.laid]), origin)
            return self.views[op]
        place = {atom: n for n, atom in enumerate([a for axis in view.laid for a in axis])}
        if any(atom not in place for axis in axes for atom in axis):
            return view  # repeated along an axis
        inside = [tuple(sorted(axis, key=place.__getitem__)) for axis in axes]
        order = [atom for axis in inside for atom in axis]
        if order != sorted(order, key=place.__getitem__):
            inside.sort(key=lambda axis: place[axis[0]] if axis else len(place))
            order = [atom for axis in inside for atom in axis]
            if order != sorted(order, key=place.__getitem__):
                inside = axes  # an axis was taken apart and its parts put elsewhere
        self.bring(op, tuple(inside), origin)
        return self.views[op]


def input_name(program: Program, op: Op) -> str:
    """The framework's name of an input; a single one is the input, whatever it is called."""
    return str(op.options["name"]) if len(program.inputs) > 1 else "input"


def _key(axis: Axis) -> tuple[int, ...]:
    return tuple(sorted(map(id, axis)))


def matched(view: TensorView) -> list[int] | None:
    """For each axis of the node the framework's axis that is the same; `None` where one is not.

    Axes of size 1 are matched in order.
    """
    free = [axis for axis in range(len(view.axes)) if axis != view.batch]
    units = [axis for axis in free if not view.axes[axis]]
    found: list[int] = []
    for axis in view.laid:
        if axis:
            same = [index for index in range(len(view.axes)) if view.sample(index) == axis]
            if not same:
                return None
            found.append(same[0])
        elif units:
            found.append(units.pop(0))
        else:
            return None
    return found if not units else None


def _runs(before: list[AxisFactor], after: list[AxisFactor]) -> list[list[AxisFactor]]:
    """The atoms as they lie, those that stay side by side taken together."""
    place = {atom: index for index, atom in enumerate(after)}
    groups: list[list[AxisFactor]] = []
    for atom in before:
        if groups and place[groups[-1][-1]] + 1 == place[atom]:
            groups[-1].append(atom)
        else:
            groups.append([atom])
    return groups


Found = tuple[str, dict[str, Any]] | None


def _shuffled(laid: tuple[Axis, ...], wanted: tuple[Axis, ...]) -> Found:
    """Channels `(g c)` that become `(c g)`."""
    if len(laid) != len(wanted) or laid[1:] != wanted[1:]:
        return None
    channels, others = laid[0], wanted[0]
    for cut in range(1, len(channels)):
        if (*channels[cut:], *channels[:cut]) == others:
            return "channel_shuffle", {"groups": size(channels[:cut])}
    return None


def _pixel_shuffled(laid: tuple[Axis, ...], wanted: tuple[Axis, ...]) -> Found:
    """Channels `(c r s)` that become `c (h r) (w s)`."""
    rank = len(laid) - 1
    if rank < 1 or len(wanted) != len(laid) or len(laid[0]) < rank:
        return None
    parts = laid[0][len(laid[0]) - rank :]
    rest = laid[0][: len(laid[0]) - rank]
    if len({part.size for part in parts}) != 1 or wanted[0] != rest:
        return None
    if all(wanted[n + 1] == (*laid[n + 1], parts[n]) for n in range(rank)):
        return "pixel_shuffle", {"factor": parts[0].size}
    return None


def _pixel_unshuffled(laid: tuple[Axis, ...], wanted: tuple[Axis, ...]) -> Found:
    """Positions `(h r) (w s)` that become channels `(c r s)`."""
    found = _pixel_shuffled(wanted, laid)
    return None if found is None else ("pixel_unshuffle", found[1])
