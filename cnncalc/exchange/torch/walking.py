"""From an exported program to the common one: every node of the FX graph, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.exchange.reading.program import Constant, Op, Program
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.torch.operators import OPERATORS
from cnncalc.exchange.torch.operators.registry import Call, Ones, Unsupported

SILENT = (
    "aten._assert_tensor_metadata",
    "aten.sym_constrain_range_for_size",
    "aten._assert_scalar",
)
"""Operators that only check."""


class AliasError(Exception):
    """A tensor is changed in place while another way of looking at it is still read."""


class Walk:
    """Reads the nodes of one exported program."""

    def __init__(self, exported: Any, name: str) -> None:
        self.exported = exported
        self.program = Program(name)
        self.values: dict[Any, Any] = {}
        """For each node what it stands for: an operation, a constant, a tuple, a number."""
        self.same: dict[Any, set[Any]] = {}
        """For each node those that are the very same tensor."""
        self.views: dict[Any, set[Any]] = {}
        """For each node those that look at the same memory in another way."""
        self.last: dict[Any, int] = {}

    def run(self) -> Program:
        """Read everything.

        Raises:
            AliasError: the program has to be made functional first.
        """
        nodes = list(self.exported.graph.nodes)
        for index, node in enumerate(nodes):
            for taken in node.all_input_nodes:
                self.last[taken] = index
        self._placeholders(nodes)
        for index, node in enumerate(nodes):
            if node.op == "call_function":
                self._call(node, index)
            elif node.op == "get_attr":
                raise AliasError
            elif node.op == "output":
                self._outputs(node)
        self.program.prune()
        return self.program

    def _placeholders(self, nodes: list[Any]) -> None:
        signature, state = self.exported.graph_signature, self.exported.state_dict
        constants = self.exported.constants
        parameters, buffers = signature.inputs_to_parameters, signature.inputs_to_buffers
        lifted = signature.inputs_to_lifted_tensor_constants
        user = set(signature.user_inputs)
        for node in nodes:
            if node.op != "placeholder":
                continue
            if node.name in parameters:
                self._stored(node, parameters[node.name], state, "parameter")
            elif node.name in buffers:
                name = buffers[node.name]
                self._stored(node, name, state if name in state else constants, "buffer")
            elif node.name in lifted:
                self._stored(node, lifted[node.name], constants, "literal")
            elif node.name in user:
                value = node.meta.get("val")
                if not hasattr(value, "shape"):
                    self.values[node] = value
                    continue
                op = Op("input", [], _shape(value), {"name": node.name})
                op.origin = Origin((), (), node.name)
                self.program.ops.append(op)
                self.program.inputs.append(op)
                self.values[node] = op

    def _stored(self, node: Any, name: str, state: Mapping[str, Any], role: str) -> None:
        tensor = state[name]
        sources: dict[str, int] | None = {} if role == "literal" else None
        found = Constant(name, tuple(tensor.shape), role, lambda: _array(tensor), sources)
        self.values[node] = found
        if role != "literal":
            self.program.constants[name] = found

    # -- calls ------------------------------------------------------------------------------

    def _call(self, node: Any, index: int) -> None:
        name = str(node.target)
        if getattr(node.target, "__name__", "") == "getitem":
            self.values[node] = self.values[node.args[0]][node.args[1]]
            return
        base = _base(name)
        if base in SILENT:
            return
        value = node.meta.get("val")
        if base.startswith("aten.sym_") or isinstance(value, (int, float, bool)):
            self.values[node] = value
            return
        args = self._resolved(node.args)
        kwargs = self._resolved(node.kwargs)
        changes = base.endswith("_") and not base.endswith("__")
        base = base.rstrip("_") if changes else base
        if not _computed(args) and not _computed(kwargs):
            if changes or base == "aten.copy":
                raise AliasError
            self.values[node] = self._folded(node, args, kwargs)
            return
        call = Call(base, _shape(value), self._origin(node), self.program.ops)
        self.values[node] = self._one(call, base, args, kwargs)
        self._remember(node, base, changes, index)

    def _one(self, call: Call, base: str, args: Any, kwargs: Any) -> Any:
        function = OPERATORS.get(base)
        before = len(self.program.ops)
        reason = ""
        if function is not None:
            try:
                return function(call, *args, **kwargs)
            except Unsupported as error:
                reason = f" {error}"
            except TypeError as error:
                reason = f" ({error})" if "argument" in str(error) else ""
                if not reason:
                    raise
        del self.program.ops[before:]
        inputs = [one for one in _flat((args, kwargs)) if isinstance(one, Op)]
        several = isinstance(call.shape, list)
        shapes = call.shape if several else [call.shape]
        found = []
        for shape in shapes:
            op = Op("unsupported", inputs, shape or (), {"operator": base + reason})
            op.origin = call.origin
            self.program.ops.append(op)
            found.append(op)
        return tuple(found) if several else found[0]

    def _folded(self, node: Any, args: Any, kwargs: Any) -> Any:
        """What does not hang on the input is worked out when it is needed, by PyTorch."""
        constants = [one for one in _flat((args, kwargs)) if isinstance(one, Constant)]
        sources: dict[str, int] = {}
        for one in constants:
            sources.update(one.sources)
        roles = {one.role for one in constants}
        role = next((r for r in ("parameter", "buffer") if r in roles), "literal")
        value = node.meta.get("val")
        if isinstance(value, (list, tuple)):
            return tuple(
                [
                    Constant("", _shape(one), role, _worked_out(node, args, kwargs, n), sources)
                    for n, one in enumerate(value)
                ]
            )
        return Constant("", _shape(value), role, _worked_out(node, args, kwargs), sources)

    def _resolved(self, value: Any) -> Any:
        if hasattr(value, "op") and hasattr(value, "graph"):
            return self.values[value]
        if isinstance(value, (list, tuple)):
            return type(value)([self._resolved(one) for one in value])
        if isinstance(value, dict) or hasattr(value, "items"):
            return {key: self._resolved(one) for key, one in value.items()}
        return value

    # -- tensors that are changed in place ----------------------------------------------------

    def _remember(self, node: Any, base: str, changes: bool, index: int) -> None:
        """Which nodes are one tensor, and what a change in place makes of them."""
        target = node.args[0] if node.args and hasattr(node.args[0], "op") else None
        if target is None:
            return
        found = self.values[node]
        if changes:
            group = self.same.get(target, {target})
            for one in {v for member in group for v in self.views.get(member, ())}:
                if self.last.get(one, -1) > index:
                    raise AliasError
            group |= {node}
            for member in group:
                self.values[member] = found
                self.same[member] = group
        elif found is self.values.get(target):
            group = self.same.get(target, {target}) | {node}
            for member in group:
                self.same[member] = group
        elif isinstance(found, tuple) or _is_view(base):
            self.views.setdefault(target, set()).add(node)
            self.views.setdefault(node, set()).add(target)

    # -- the rest ---------------------------------------------------------------------------

    def _origin(self, node: Any) -> Origin:
        stack = node.meta.get("nn_module_stack") or {}
        classes: dict[str, str] = {}
        path = ""
        for where, kind in stack.values():
            path = where.split("@")[0]
            text = kind if isinstance(kind, str) else getattr(kind, "__qualname__", "")
            classes[path] = text.rpartition(".")[2]
        parts = tuple(path.split(".")) if path else ()
        types = tuple([classes.get(".".join(parts[: n + 1]), "") for n in range(len(parts))])
        return Origin(parts, types, node.name)

    def _outputs(self, node: Any) -> None:
        mutated = self.exported.graph_signature.user_inputs_to_mutate
        wanted = set(self.exported.graph_signature.user_outputs)
        for taken in _nodes(node.args):
            value = self.values[taken]
            if taken.name in wanted and isinstance(value, Op):
                self.program.outputs.append(value)
        del mutated


def _base(name: str) -> str:
    """`aten.conv2d` of `aten.conv2d.default`."""
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "aten" else name


def _shape(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shape(one) for one in value]
    return tuple(map(int, value.shape)) if hasattr(value, "shape") else None


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [one for item in value for one in _flat(item)]
    if isinstance(value, dict):
        return [one for item in value.values() for one in _flat(item)]
    return [value]


def _nodes(value: Any) -> list[Any]:
    return [one for one in _flat(value) if hasattr(one, "op")]


def _computed(value: Any) -> bool:
    return any(isinstance(one, (Op, Ones)) for one in _flat(value))


VIEWS = frozenset(
    f"aten.{name}"
    for name in (
        "view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "permute", "transpose",
        "t", "expand", "slice", "select", "narrow", "movedim", "contiguous", "detach", "alias",
    )
)  # fmt: skip


def _is_view(base: str) -> bool:
    """Whether an operator's result may lie in its input's memory."""
    return base in VIEWS


def _worked_out(node: Any, args: Any, kwargs: Any, place: int | None = None) -> Any:
    """A function that computes a constant node from its constants."""

    def tensors(value: Any) -> Any:
        import torch

        if isinstance(value, Constant):
            return torch.as_tensor(value.read())
        if isinstance(value, (list, tuple)):
            return type(value)([tensors(one) for one in value])
        if isinstance(value, dict):
            return {key: tensors(one) for key, one in value.items()}
        return value

    def read() -> Any:
        import torch

        with torch.no_grad():
            found = node.target(*tensors(args), **tensors(kwargs))
        return _array(found if place is None else found[place])

    return read
