"""From an ONNX graph to the common program: every node, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import prod
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.onnx.inference import ShapeInference
from cnncalc.exchange.onnx.nodes import attribute, check_values, operator_name, origin
from cnncalc.exchange.onnx.operators import OPERATORS
from cnncalc.exchange.onnx.operators.registry import NodeCall, Unsupported
from cnncalc.exchange.onnx.tensors import REAL, TYPES, absent, stored
from cnncalc.exchange.reading.calls import check_arguments
from cnncalc.exchange.reading.program import Constant, Op, Program, opaque
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.reading.to_graph import unsupported
from cnncalc.layers.base import LayerError
from cnncalc.layers.options import OptionError
from cnncalc.shapes import Shape

MADE_UP = r"(^|\.)(val|const|constant|lifted|scalar|tensor|_tensor|onnx)_?(tensor|constant)?_?\d*$"
"""Names that exporters give to numbers of the program."""

SMALL = 65_536
"""Stored arrays of so many values in all are worked out at once, which tells the shape."""

WEIGHT_SLOTS = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "BatchNormalization": (1, 2, 3, 4),
    "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2), "PRelu": (1,),
}  # fmt: skip
"""Inputs of operators that are weights, even where the file does not hold them."""

GRAPH = 5
"""ONNX' number of attributes that hold a graph."""

FORMS = ("Unsqueeze", "Squeeze", "Reshape", "Transpose", "Identity")
"""Operators that give a weight another shape on its way."""


class End(NamedTuple):
    """The place of a tensor of which not even the shape is known."""

    ops: list[Op]
    """The operations whose results have no known shape."""


class OnnxImporter:
    """Reads the nodes of one graph."""

    def __init__(self, model: Any, path: str, name: str, shapes: dict[str, Shape]) -> None:
        self.model = model
        self.graph = model.graph
        self.path = path
        self.shapes = shapes
        """Of the inputs, the batch among them."""
        self.opset = next(
            (one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1
        )
        self.program = Program(name)
        self.program.distinct = model.producer_name == "cnncalc"
        self.values: dict[str, Any] = {}
        self.inference = ShapeInference(model, shapes)

    def run(self) -> Program:
        """Read everything.

        Raises:
            UsageError, SpecError: the file is no graph of tensors.
        """
        for tensor in self.graph.initializer:
            self._store(tensor.name, stored(tensor, self.path, self._role(tensor)))
        declared = weights(self.model)
        for given in self.graph.input:
            if given.name in self.values:
                continue
            shape = self.shapes[given.name]
            if given.name in declared:
                self._store(given.name, absent(given.name, shape, self.path))
                continue
            self._require_real(given)
            op = Op("input", [], shape, {"name": given.name, "type": _type(given)})
            op.origin = Origin((), (), given.name)
            self.program.ops.append(op)
            self.program.inputs.append(op)
            self.values[given.name] = op
        for node in self.graph.node:
            self._node(node)
        for wanted in self.graph.output:
            value = self._value(wanted.name, "the graph's outputs")
            if isinstance(value, End):
                self.program.outputs += value.ops
                continue
            if not isinstance(value, Op):
                raise UsageError(
                    f"{self.path}: its output `{wanted.name[:80]}` does not depend on its input",
                    "a network of layers has no such output; take it out of the graph",
                )
            self.program.outputs.append(value)
        self.program.prune()
        return self.program

    def _require_real(self, given: Any) -> None:
        """Refuse an input of whole numbers or texts, unless it is turned into real ones first.

        Raises:
            UsageError: layers compute with real numbers, and the graph with others.
        """
        takers = [node for node in self.graph.node if given.name in node.input]
        turned = all(
            node.op_type == "Shape"
            or (node.op_type == "Cast" and any(a.name == "to" and a.i in REAL
                for a in node.attribute))
            for node in takers
        )  # fmt: skip
        if _type(given) not in REAL and not turned:
            kind = TYPES.get(_type(given), "no numbers that are real")
            raise UsageError(
                f"{self.path}: its input `{given.name[:60]}` holds {kind}",
                "layers compute with real numbers: export it with a float input",
            )

    def _role(self, tensor: Any) -> str:
        """Whether a stored number is trained: what exporters fold has a name that they made up."""
        if prod(tensor.dims) != 1 or tensor.data_type not in REAL:
            return "stored"
        if self.model.producer_name == "cnncalc":
            trained = tensor.name.rpartition(".")[2] in ("weight", "bias")
        else:
            path = re.fullmatch(r"([A-Za-z_]\w*\.)+[A-Za-z_]\w*", tensor.name)
            trained = path is not None and not re.search(MADE_UP, tensor.name, re.IGNORECASE)
        return "parameter" if trained else "stored"

    def _store(self, name: str, constant: Constant) -> None:
        self.values[name] = constant
        self.program.constants[name] = constant

    def _value(self, name: str, where: str) -> Any:
        if name not in self.values:
            raise UsageError(
                f"{self.path}: {where} take{'' if where.endswith('s') else 's'} `{name[:80]}`, "
                "which nothing before makes: the graph is cyclic, or out of order"
            )
        return self.values[name]

    # -- nodes ------------------------------------------------------------------------------

    def _node(self, node: Any) -> None:
        where = f"`{(node.name or node.op_type)[:80]}`"
        inputs = [self._value(name, where) if name else None for name in node.input]
        attributes = {one.name: attribute(one) for one in node.attribute}
        taken = (*inputs, *self._captured(node))
        ends = [one for one in taken if isinstance(one, End)]
        if ends:
            ops = list(dict.fromkeys([op for end in ends for op in end.ops]))
            for op in ops:
                op.options["behind"] = op.options.get("behind", 0) + 1
            self.values.update(dict.fromkeys(filter(None, node.output), End(ops)))
            return
        if node.op_type not in ("Shape", "Size") and any(
            isinstance(one, (Op, list)) for one in taken
        ):
            found = self._computed(node, inputs, attributes)
        else:
            found = self._folded(node, inputs, attributes)
        results = found if isinstance(found, tuple) else (found,)
        for name, value in zip(node.output, results, strict=False):
            if name:
                self.values[name] = value

    def _computed(self, node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        call = NodeCall(node.op_type, None, origin(node), self.program.ops)
        call.opset, call.results = self.opset, max(1, sum(map(bool, node.output)))
        function = OPERATORS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        before, reason = len(self.program.ops), ""
        if function is not None:
            try:
                check_values(node, self.opset, _first_shape(inputs))
            except Unsupported as error:  # no operator of ONNX
                places = {f"{node.op_type} {error}": [call.origin]}
                raise SpecError(unsupported(self.program.name, places)) from None
            try:
                check_arguments(function, (call, *inputs), attributes)
                return function(call, *inputs, **attributes)
            except Unsupported as error:
                reason = f" {error}"
            except (LayerError, OptionError) as error:
                place = str(call.origin)
                text = f"`{node.op_type}`: {error}"
                raise SpecError([Diagnostic("bad-value", "error", text, layer=place)]) from None
        del self.program.ops[before:]
        return self._opaque(node, inputs, reason)

    def _opaque(self, node: Any, inputs: list[Any], reason: str) -> Any:
        """Operations that no layer stands for, one for each result of a node.

        Where the shape of one is not known, the table ends: what takes it is left out.
        """
        name = operator_name(node)
        taken = [*_flat(inputs), *_flat(self._captured(node))]
        shapes = self.inference.shapes_of(node, self.values)
        found: list[Any] = []
        for output, shape in zip(node.output, shapes, strict=True):
            macs = 0 if any(found) else None
            op = opaque(name + reason, taken, shape, macs=macs, origin=origin(node))
            found.append(op if output else None)
            if output:
                self.program.ops.append(op)
        return tuple([End([op]) if op and op.depends_on_data else op for op in found])

    def _captured(self, node: Any) -> list[Any]:
        """What the graphs inside a node, such as the branches of an `If`, take of this one."""
        names: dict[str, None] = {}
        graphs = [one.g for one in node.attribute if one.type == GRAPH]
        while graphs:
            for inner in graphs.pop().node:
                names.update(dict.fromkeys(inner.input))
                graphs += [one.g for one in inner.attribute if one.type == GRAPH]
        return [self.values[name] for name in names if name in self.values]

    # -- what is stored -----------------------------------------------------------------------

    def _folded(self, node: Any, inputs: list[Any], attributes: dict[str, Any]) -> Any:
        kind = node.op_type
        if kind == "Constant":
            return self._constant(node, attributes)
        import numpy as np

        from cnncalc.exchange.onnx.operators.constants import FOLDS

        if kind in ("Shape", "Size"):
            sizes = np.array(inputs[0].shape, np.int64)
            part = sizes[attributes.get("start", 0) : attributes.get("end")]
            return _literal(part if kind == "Shape" else np.array(prod(inputs[0].shape)))
        if kind == "ConstantOfShape":
            return self._filled(node, inputs[0], attributes)
        function = FOLDS.get(kind)
        given = [one for one in inputs if one is not None]
        if function is None or any(isinstance(one, tuple) for one in given):
            return self._unknown_constants(node, given)

        def work() -> Any:
            try:
                arrays = [None if one is None else one.read() for one in inputs]
                with np.errstate(all="ignore"):
                    return np.asarray(function(*arrays, **attributes))
            except UsageError:
                raise
            except Exception as error:
                text = f"{self.path}: `{node.name or kind}` cannot be worked out: {error}"
                raise UsageError(text[:300]) from None

        literal = all(one.role == "literal" for one in given)
        role = "literal" if literal else "stored"
        if sum(one.values for one in given) <= SMALL:
            try:
                found = work()
            except UsageError:
                # what the file does not hold may still have a shape
                shape = None if literal else _shape_of(kind, given, attributes)
                if shape is None:
                    raise
            else:
                if found.dtype.kind == "f" and found.size > 1:
                    role = "stored"
                constant = Constant(node.output[0], found.shape, role, lambda: found)
                constant.made = literal
                return constant
        else:
            shape = _shape_of(kind, given, attributes)
        if shape is None:
            raise SpecError(unsupported(self.program.name, {f"{kind} of weights": [node.name]}))
        return Constant(node.output[0], shape, role, work)

    def _unknown_constants(self, node: Any, given: list[Any]) -> Any:
        """Arrays made of stored ones by an operator that is not worked out here: their shapes.

        Raises:
            SpecError: not even these are known.
        """
        name, where = operator_name(node), str(origin(node))
        shapes = self.inference.shapes_of(node, self.values)
        sources: dict[str, int] = {}
        for one in _flat(given):
            sources.update(one.sources if isinstance(one, Constant) else {})

        def refuse() -> Any:
            raise UsageError(
                f"{self.path}: the values that `{name}` at `{where[:80]}` gives are not known",
                "fold it in the graph: only its shape is read here",
            )

        found: list[Constant | None] = []
        for output, shape in zip(node.output, shapes, strict=True):
            if output and shape is None:
                places = {f"{name} of stored arrays, to a shape that nothing states,": [where]}
                raise SpecError(unsupported(self.program.name, places))
            constant = Constant(output, shape or (), "stored", refuse, sources)
            found.append(constant if output else None)
        return tuple(found)

    def _constant(self, node: Any, attributes: dict[str, Any]) -> Constant:
        if "value" in attributes:
            constant = stored(attributes["value"], self.path, "literal")
            if constant.values > 1:
                constant.name, constant.role = node.output[0], "stored"
                constant.sources = {node.output[0]: constant.values}
            return constant
        import numpy as np

        for key in ("value_float", "value_int", "value_floats", "value_ints"):
            if key in attributes:
                return _literal(np.array(attributes[key]))
        raise UsageError(f"{self.path}: a constant `{node.output[0]}` holds no numbers")

    def _filled(self, node: Any, target: Any, attributes: dict[str, Any]) -> Constant:
        """An array of one value everywhere, as large as its shape says."""
        import numpy as np

        shape = [int(one) for one in target.read().reshape(-1).tolist()]
        if len(shape) > 8 or any(size < 0 for size in shape) or prod(shape) > 2**53:
            raise UsageError(f"{self.path}: `{node.output[0]}` claims {shape}")
        tensor = attributes.get("value")
        value = stored(tensor, self.path, "literal").read() if tensor is not None else np.float32(0)
        name = node.output[0]
        role = "stored" if prod(shape) > 1 and value.dtype.kind == "f" else "literal"
        found = Constant(name, shape, role, lambda: np.full(shape, value.reshape(-1)[0]))
        found.made = True
        return found


def _flat(values: Iterable[Any]) -> Iterator[Op | Constant]:
    """Tensors, those of lists among them."""
    for one in values:
        if isinstance(one, (list, tuple)):
            yield from _flat(one)
        elif one is not None:
            yield one


def weights(model: Any) -> set[str]:
    """Inputs of the graph that operators take as weights; one by itself is the image.

    Of a file that `convert` wrote, all whose first axis is no batch.
    """
    graph = model.graph
    if len(graph.input) < 2:
        return set()
    if model.producer_name == "cnncalc":
        kept = {one.name for one in graph.input if not _has_batch(one)}
        return kept - {one.name for one in graph.initializer}
    found: set[str] = set()
    others: set[str] = set()
    for node in reversed(graph.node):
        slots = WEIGHT_SLOTS.get(node.op_type, ())
        if node.op_type in FORMS and node.output[0] in found - others:
            slots = (0,)  # a weight that is brought into form
        for place, name in enumerate(node.input):
            (found if place in slots else others).add(name)
    return found - others


def _first_shape(inputs: list[Any]) -> Shape:
    """The shape of the first input; of a list of tensors that of the first one."""
    first = inputs[0] if inputs else None
    while isinstance(first, (list, tuple)):
        first = first[0] if first else None
    return () if first is None else tuple(first.shape)


def _has_batch(given: Any) -> bool:
    sizes = given.type.tensor_type.shape.dim
    return bool(sizes) and not sizes[0].dim_value


def _type(given: Any) -> int:
    """The number of an input's type."""
    return int(given.type.tensor_type.elem_type)


def _literal(array: Any) -> Constant:
    return Constant("", array.shape, "literal", lambda: array, {})


def _shape_of(kind: str, given: list[Constant], attributes: dict[str, Any]) -> Shape | None:
    """The shape of an operation on arrays too large to be worked out for it."""
    shape = given[0].shape
    if kind == "Transpose":
        order = attributes.get("perm") or list(range(len(shape)))[::-1]
        return tuple([shape[axis] for axis in order])
    if kind == "Reshape":
        target = [int(one) for one in given[1].read().tolist()]
        target = [shape[n] if s == 0 else s for n, s in enumerate(target)]
        known = prod([s for s in target if s != -1])
        return tuple([prod(shape) // known if s == -1 else s for s in target])
    if kind in ("Identity", "Cast", "Neg", "Sqrt", "Abs", "Exp"):
        return shape
    if kind in ("Add", "Sub", "Mul", "Div"):
        import numpy as np

        return tuple(np.broadcast_shapes(*[one.shape for one in given]))
    if kind in ("Unsqueeze", "Squeeze"):
        axes = attributes.get("axes") or [int(one) for one in given[1].read().tolist()]
        if kind == "Squeeze":
            return tuple(
                [n for a, n in enumerate(shape) if a - len(shape) not in axes and a not in axes]
            )
        rank, rest = len(shape) + len(axes), iter(shape)
        places = {axis % rank for axis in axes}
        return tuple([1 if a in places else next(rest) for a in range(rank)])
    return None
