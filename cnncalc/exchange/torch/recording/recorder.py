"""The dispatch mode that takes down every operator of a forward pass.

In inference mode operators arrive whole (`aten.linear`, `aten.scaled_dot_product_attention`), with
their arguments as their schemas have them. What depends on no input is computed for real; the
rest runs on tensors without data, for shapes and for which results share memory with which
arguments, and becomes operations of the common program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils.flop_counter import flop_registry

from cnncalc.diagnostics import Place
from cnncalc.exchange.reading.calls import check_arguments
from cnncalc.exchange.reading.program import Constant, Op, Program, opaque
from cnncalc.exchange.reading.result import Origin
from cnncalc.exchange.torch.operators import OPERATORS
from cnncalc.exchange.torch.operators.registry import Call, Ones, Unsupported
from cnncalc.exchange.torch.recording.aliases import Emitter, steps_between
from cnncalc.exchange.torch.recording.carriers import (
    Carrier,
    Memory,
    Value,
    ValueNeededError,
    constant,
    constant_value,
    leaves,
    mapped,
)
from cnncalc.exchange.torch.recording.lines import Lines
from cnncalc.exchange.torch.recording.results import result as result_of
from cnncalc.exchange.torch.recording.scopes import ModuleScope
from cnncalc.spans import SourceSpan

ROOT = ModuleScope((), ())

SILENT = frozenset({
    "aten._assert_tensor_metadata", "aten.sym_constrain_range_for_size", "aten._assert_scalar",
    "aten._assert_async", "aten.record_stream",
})  # fmt: skip
"""Operators that only check."""

DECOMPOSED = frozenset({
    "aten.expand_as", "aten.view_as", "aten.reshape_as", "aten.type_as", "aten.unflatten",
})  # fmt: skip
"""Operators that take a tensor for its shape or type alone, or that PyTorch itself writes as
simpler ones of the same result."""

WHOLE = frozenset({"aten.lstm", "aten.gru", "aten.rnn_tanh", "aten.rnn_relu"})
"""Operators that say more than what PyTorch makes of them."""

VALUES = frozenset({
    "aten._local_scalar_dense", "aten.item", "aten.is_nonzero", "aten.equal", "aten.nonzero",
    "aten.masked_select", "aten.unique", "aten._unique2", "aten.unique_dim", "aten.bincount",
    "aten.unique_consecutive", "aten.nonzero_static", "aten.allclose", "aten.argwhere",
})  # fmt: skip
"""Operators whose result is a number of Python, or has a shape that depends on values."""


SHORT = {torch.bfloat16: 3e-2, torch.float16: 5e-3}
"""What rounding to these types may make of the values of a small network."""

CASTS = frozenset({"aten.to", "aten._to_copy"})
"""Operators that give the same values in another type."""


MOVES = frozenset({
    f"aten.{name}"
    for name in (
        "unfold", "im2col", "col2im", "roll", "flip", "index", "index_put", "gather", "scatter",
        "cat", "stack", "pad", "constant_pad_nd", "repeat", "tile", "expand", "view", "reshape",
        "as_strided", "diagonal", "cumsum", "argmax", "argmin", "max", "min", "sort", "topk",
        "embedding", "repeat_interleave", "slice", "select", "permute", "transpose", "fill", "copy",
        "amax", "amin", "sum", "mean", "var", "std", "any", "all", "one_hot", "to", "_to_copy",
    )
})  # fmt: skip
"""Operators that move, compare or sum values: nothing is multiplied and accumulated."""


class Signature(NamedTuple):
    """What an operator's schema says."""

    name: str
    """Without its overload, and without the underscore of what changes its argument."""
    writes: tuple[int | str, ...]
    """Arguments that it writes to, by position or keyword."""
    like: bool
    """Whether it takes a tensor for its shape and type alone and makes a new one."""


class OperatorError(Exception):
    """An operator that PyTorch refuses on these arguments."""

    def __init__(
        self, operator: str, origin: Origin, shapes: Sequence[tuple[int, ...]], error: Exception
    ) -> None:
        super().__init__(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
        self.operator = operator
        self.origin = origin
        self.shapes = tuple(shapes)
        """Of its tensor arguments."""
        self.error = error


class _Recorder:
    """Turns operators into operations of a program."""

    supports_higher_order_operators = True

    def __init__(
        self,
        program: Program,
        scope: Callable[[], ModuleScope] = lambda: ROOT,
        known: Mapping[int, Carrier] = {},
        *,
        values: bool = False,
    ) -> None:
        super().__init__()
        self.program = program
        self.scope = scope
        self.lines = Lines()
        self.values = values
        """Whether computed tensors have values: those of a run on real inputs."""
        self.refused: Callable[[Signature, Any, Any, Exception], torch.Tensor | None] | None = None
        """What is given in the place of an operator that PyTorch refuses, if anything is."""
        self.decided: list[tuple[Place, ...]] = []
        """Lines where a value of that run decided something."""
        self._signatures: dict[Any, Signature] = {}
        self._plain = dict(known)
        """Carriers of tensors that were none, by their identity."""
        self._kept: list[torch.Tensor] = []
        self._records_versions = False
        self.tolerance: float | None = None
        """What the rounding of types shorter than `float32` may make."""

    # -- what the run starts with -----------------------------------------------------------------

    def input(self, name: str, tensor: torch.Tensor) -> Carrier:
        """A carrier of an input of the network."""
        inner = tensor.clone() if self.values else tensor.detach().to("meta").contiguous()
        op = Op("input", [], tuple(tensor.shape), {"name": name})
        op.origin = Origin((), (), name)
        self.program.ops.append(op)
        self.program.inputs.append(op)
        return self._new(inner, op)

    def value(self, carrier: Carrier) -> Value:
        """What a tensor stands for now."""
        memory = carrier.memory
        if carrier.cached is not None and carrier.seen == memory.version:
            return carrier.cached
        if not memory.computed:
            found: Value = constant_value(carrier)
        elif carrier.parent is None:
            assert memory.value is not None
            found = memory.value
        else:
            base = self.value(carrier.parent)
            steps = self._steps(carrier)
            if steps is None:
                inputs = [base] if isinstance(base, Op) else []
                found = self._opaque("a view", "", inputs, tuple(carrier.shape), self.origin(""))
            else:
                found = Emitter(self.program.ops, self.origin("")).replayed(steps, base)
        carrier.cached, carrier.seen = found, memory.version
        return found

    def origin(self, name: str) -> Origin:
        """Where the run is: module, operator and line."""
        scope, calls = self.scope(), self.lines.here()
        span = SourceSpan(calls[0], used=calls[1:]) if calls else None
        return Origin(scope.path, scope.types, name, span, calls)

    # -- operators --------------------------------------------------------------------------------

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Take down one operator, and give the user's code carriers of its results."""
        kwargs = kwargs or {}
        if not hasattr(func, "overloadpacket"):
            return self._higher_order(func, args, kwargs)
        signature = self._signatures.get(func)
        if signature is None:
            signature = self._signatures[func] = _signature(func)
        if signature.name in SILENT:
            return None
        tensors = [one for one in leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
        # views of a tensor that keeps a record of its versions must keep one too
        self._records_versions = not all([one.is_inference() for one in tensors])
        if not all([isinstance(one, Carrier) for one in tensors]):
            args, kwargs = mapped(args, self._carried), mapped(kwargs, self._carried)
        carriers = [one for one in leaves((args, kwargs)) if isinstance(one, Carrier)]
        computed = any([one.memory.computed for one in carriers])
        if not computed or signature.like:
            return self._constant(func, signature, args, kwargs)
        if signature.name in VALUES:
            return self._valued(func, args, kwargs)
        function = OPERATORS.get(signature.name)
        if signature.name in DECOMPOSED or (function is None and signature.name not in WHOLE):
            with self:  # type: ignore[attr-defined]
                found = func.decompose(*args, **kwargs)
            if found is not NotImplemented:
                return found
        return self._computed(func, signature, function, args, kwargs)

    def _higher_order(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A branch of `torch.cond`; others are for the error that PyTorch raises."""
        if str(getattr(func, "__name__", "")) == "cond":
            condition, then, otherwise, operands = args
            with self:  # type: ignore[attr-defined]
                return (then if bool(condition) else otherwise)(*operands)
        raise OperatorError(str(func), self.origin(str(func)), (), NotImplementedError(str(func)))

    def _carried(self, value: Any) -> Any:
        """A tensor that the user's code made in another way, as a stored array."""
        if not isinstance(value, torch.Tensor) or isinstance(value, Carrier):
            return value
        carrier = self._plain.get(id(value))
        if carrier is None:
            carrier = self._plain[id(value)] = constant(value.detach())
            self._kept.append(value)
        return carrier

    # -- what depends on no input -----------------------------------------------------------------

    def _constant(self, func: Any, signature: Signature, args: Any, kwargs: Any) -> Any:
        """Computed for real, with PyTorch's own rules of aliasing."""
        tensors = [one for one in leaves((args, kwargs)) if isinstance(one, Carrier)]
        written = _written(signature, args, kwargs)
        for one in written:
            self._own(one)
        if "device" in kwargs:
            kwargs = {**kwargs, "device": "cpu", "pin_memory": None}
            if "pin_memory" not in {one.name for one in func._schema.arguments}:
                del kwargs["pin_memory"]
        given = mapped(args, _real), mapped(kwargs, _real)
        try:
            result = func(*given[0], **given[1])
        except ValueNeededError:
            raise
        except Exception as error:
            raise self._failed(signature, tensors, error) from error
        for one in written:
            one.memory.version += 1
        plain = [one for one in tensors if not one.memory.computed]
        sources: dict[str, int] = {}
        roles = set()
        for one in plain:
            sources.update({one.stored_as: one.numel()} if one.sources is None else one.sources)
            roles.add(one.role)
        role = next((r for r in ("parameter", "buffer") if r in roles), "literal")
        if role == "literal":
            sources = {}
        call = (signature, args, kwargs)

        def carried(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            same = next((one for one in plain if one.held is value), None)
            if same is not None:
                return same
            carrier = self._made(value)
            carrier.role, carrier.sources = role, sources
            base = _sharing(value, plain)
            if base is None:
                carrier.memory = Memory(carrier, False, True)
                return carrier
            carrier.memory, carrier.parent, carrier.steps = base.memory, base, None
            carrier.way = call  # type: ignore[attr-defined]
            return carrier

        return mapped(result, carried)

    def _own(self, carrier: Carrier) -> None:
        """Let a write go to memory of ours: the original's is copied before."""
        memory = carrier.memory
        if memory.owned or memory.computed:
            return
        root = memory.root
        if carrier is not root:
            raise Unsupported("into a view of what the module stores")
        root.held = root.held.clone()
        memory.owned = True

    # -- what is computed -------------------------------------------------------------------------

    def _valued(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A value that is asked for: there is one in a run on real inputs only.

        Raises:
            ValueNeededError: the run is for shapes.
        """
        if not self.values:
            raise ValueNeededError(self.origin(str(func)))
        self.decided.append(self.lines.here())
        result = func(*mapped(args, self._runnable), **mapped(kwargs, self._runnable))
        return mapped(result, lambda one: constant(one) if isinstance(one, torch.Tensor) else one)

    def _computed(
        self, func: Any, signature: Signature, function: Any, args: Any, kwargs: Any
    ) -> Any:
        tensors = [one for one in leaves((args, kwargs)) if isinstance(one, Carrier)]
        written = _written(signature, args, kwargs)
        for one in written:
            self._make_computed(one.memory)
        if signature.name in ("aten.index", "aten.index_put"):
            args = (args[0], [part for one in args[1] for part in self._numbers(one)], *args[2:])
        operands = mapped(args, self._operand), mapped(kwargs, self._operand)
        given = mapped(args, self._runnable), mapped(kwargs, self._runnable)
        try:
            name = signature.name
            result = result_of(func, name, given[0], given[1], in_place=bool(written))
        except NotImplementedError as error:
            if self.values:
                raise self._failed(signature, tensors, error) from error
            raise ValueNeededError(self.origin(signature.name)) from error
        except Exception as error:
            if self.refused is not None:
                instead = self.refused(signature, args, kwargs, error)
                if instead is not None:
                    return instead
            raise self._failed(signature, tensors, error) from error
        shape = _shapes(result)
        origin = self.origin(signature.name.partition(".")[2])
        call = Call(signature.name, shape, origin, self.program.ops)
        call.arguments = func, given, result
        if isinstance(result, torch.Tensor) and result.dtype in SHORT:
            self.tolerance = SHORT[result.dtype]
        if not any([isinstance(one, (Op, Ones)) for one in leaves(operands)]):
            found = _folded(func, operands, result)
        else:
            if signature.name in CASTS:
                function = _cast(function, tensors[0].dtype, result.dtype)
            found = self._emitted(call, function, operands[0], operands[1], tensors)
        if written:
            return self._write(written, result, found, origin)
        call.arguments = signature, args, kwargs
        return self._carriers(result, found, tensors, call)

    def _emitted(
        self, call: Call, function: Any, args: Any, kwargs: Any, tensors: Sequence[Carrier]
    ) -> Any:
        """The operations that stand for an operator; an opaque one where there are none."""
        before = len(self.program.ops)
        reason = ""
        if function is not None:
            try:
                check_arguments(function, (call, *args), kwargs)
                return function(call, *args, **kwargs)
            except Unsupported as error:
                reason = f" {error}"
        del self.program.ops[before:]
        inputs = [self.value(one) for one in tensors]
        shapes = call.shape if isinstance(call.shape, list) else [call.shape]
        shapes_of_inputs = [one.shape for one in self.program.inputs if one.shape]
        macs = _multiply_accumulates(call, shapes_of_inputs[0][0] if shapes_of_inputs else 1)
        found = [
            self._opaque(call.name, reason, inputs, shape or (), call.origin, 0 if n else macs)
            for n, shape in enumerate(shapes)
        ]
        return tuple(found) if isinstance(call.shape, list) else found[0]

    def _opaque(
        self,
        name: str,
        reason: str,
        inputs: Sequence[Value],
        shape: Any,
        origin: Origin,
        macs: int | None = None,
    ) -> Op:
        op = opaque(name + reason, inputs, shape, macs=macs, origin=origin)
        self.program.ops.append(op)
        return op

    def stand_in(
        self, tensors: Sequence[Carrier], shape: tuple[int, ...], dtype: torch.dtype, name: str = ""
    ) -> Carrier:
        """A tensor in the place of what could not be computed of others."""
        inputs = [self.value(one) for one in tensors]
        origin = self.origin("")
        if name:
            op = Op(name, inputs, shape, {}, origin=origin)
            self.program.ops.append(op)
        else:
            op = self._opaque("what was refused", "", inputs, shape, origin)
        with _disable_current_modes():
            return self._new(torch.empty(shape, dtype=dtype, device="meta"), op)

    def _operand(self, value: Any) -> Any:
        return self.value(value) if isinstance(value, Carrier) else value

    def _runnable(self, value: Any) -> Any:
        """The tensor to run with: without data, or in a run on real inputs with its values."""
        if not isinstance(value, Carrier):
            if isinstance(value, torch.device) and not self.values:
                return torch.device("meta")
            return value
        memory = value.memory
        if self.values or (memory.computed and value.held.is_meta):
            return value.held
        if memory.computed:
            assert memory.stand_in is not None
            value.held = memory.stand_in.as_strided(
                value.shape, value.stride(), value.storage_offset()
            )
            return value.held
        if value.shadow is None:
            value.shadow = torch.empty_strided(
                value.shape, value.stride(), dtype=value.dtype, device="meta"
            )
        return value.shadow

    def _numbers(self, index: Any) -> list[Any]:
        """A stored mask as the numbers of its true values, one array an axis."""
        if not isinstance(index, Carrier) or index.memory.computed:
            return [index]
        if index.dtype not in (torch.bool, torch.uint8) or index.held.is_meta:
            return [index]
        places = index.held.nonzero(as_tuple=True)
        return [self._new_constant(one) for one in places]

    def _new_constant(self, inner: torch.Tensor) -> Carrier:
        carrier = constant(inner)
        carrier.memory.owned = True
        return carrier

    def _made(self, inner: torch.Tensor) -> Carrier:
        if not self._records_versions:
            return Carrier(inner)
        with torch.inference_mode(False):
            return Carrier(inner)

    def _new(self, inner: torch.Tensor, value: Value) -> Carrier:
        carrier = self._made(inner)
        carrier.memory = Memory(carrier, True, True)
        carrier.memory.value = value
        return carrier

    def _carriers(self, result: Any, found: Any, tensors: Sequence[Carrier], call: Call) -> Any:
        """Carriers of an operator's results."""
        if isinstance(result, torch.Tensor):
            return self._carrier(result, found, tensors, call)
        if isinstance(result, (list, tuple)):
            given = found if isinstance(found, (tuple, list)) else [None] * len(result)
            shapes = call.shape if isinstance(call.shape, list) else [()] * len(result)
            carried = []
            for one, value, shape in zip(result, given, shapes, strict=False):
                if isinstance(one, torch.Tensor) and value is None:
                    inputs = [self.value(tensor) for tensor in tensors]
                    value = self._opaque(call.name, "", inputs, shape, call.origin)
                carried.append(self._carriers(one, value, tensors, call))
            return type(result)(carried)
        return result

    def _carrier(
        self, result: torch.Tensor, value: Any, tensors: Sequence[Carrier], call: Call
    ) -> Carrier:
        base = _sharing(result, [one for one in tensors if one.memory.computed])
        if not isinstance(value, (Op, Constant)):
            inputs = [self.value(tensor) for tensor in tensors]
            value = self._opaque(call.name, "", inputs, tuple(result.shape), call.origin)
        if base is None:
            return self._new(result, value)
        before = self.value(base)
        if value is before and result is base.held:
            return base
        carrier = self._made(result)
        carrier.memory, carrier.parent = base.memory, base
        carrier.cached, carrier.seen = value, base.memory.version
        if isinstance(value, Constant) and call.arguments is not None:
            carrier.steps, carrier.way = None, call.arguments  # type: ignore[attr-defined]
            return carrier
        # an operator that gives its input back (dropout at inference) is no way to it
        carrier.steps = () if _same_place(result, base.held) else steps_between(value, before)
        return carrier

    # -- writes -----------------------------------------------------------------------------------

    def _make_computed(self, memory: Memory) -> None:
        """A stored array into which a computed one is written."""
        if memory.computed:
            return
        root = memory.root
        value = constant_value(root)
        memory.computed, memory.owned, memory.value = True, True, value
        memory.version += 1
        if not self.values:
            count = root.held.untyped_storage().nbytes() // root.held.element_size()
            memory.stand_in = torch.empty(count, dtype=root.held.dtype, device="meta")
        elif root.stored_as or root.role != "literal":
            root.held = root.held.clone()

    def _write(self, written: Sequence[Carrier], result: Any, found: Any, origin: Origin) -> Any:
        """A new version of what is written to; the operator gives its argument back."""
        values = found if isinstance(found, tuple) else (found,)
        for carrier, value in zip(written, values, strict=False):
            self.write(carrier, value, origin)
        if isinstance(result, (list, tuple)) and len(written) > 1:
            return type(result)(written)
        return written[0] if isinstance(result, torch.Tensor) else result

    def write(self, carrier: Carrier, value: Value, origin: Origin) -> None:
        """Put a value in the place of a tensor's, and so into all that look at its memory."""
        memory = carrier.memory
        chain: list[Carrier] = []
        one = carrier
        while one.parent is not None:
            chain.append(one)
            one = one.parent
        before = {id(part): self.value(part) for part in [*chain, one]}
        memory.version += 1
        emitter = Emitter(self.program.ops, origin)
        carrier.cached, carrier.seen = value, memory.version
        for part in chain:
            assert part.parent is not None
            old = before[id(part.parent)]
            steps = self._steps(part)
            try:
                if steps is None:
                    raise Unsupported("into a view")
                value = emitter.written(steps, old, value)
            except Unsupported as error:
                inputs = [old, value]
                value = self._opaque("a write", f" {error}", inputs, old.shape, origin)
            part.parent.cached, part.parent.seen = value, memory.version
        memory.value = value

    def _steps(self, carrier: Carrier) -> Any:
        """The way from a view's parent to it, worked out for views of stored arrays when needed."""
        way = getattr(carrier, "way", None)
        if carrier.steps is not None or way is None:
            return carrier.steps
        assert carrier.parent is not None
        signature, args, kwargs = way
        function = OPERATORS.get(signature.name)
        if function is None:
            return None
        base = Op("input", [], tuple(carrier.parent.shape))
        call = Call(signature.name, tuple(carrier.shape), Origin(), [])

        def operand(value: Any) -> Any:
            return base if value is carrier.parent else value

        try:
            found = function(call, *mapped(args, operand), **mapped(kwargs, operand))
        except (Unsupported, TypeError):
            return None
        for one in found if isinstance(found, tuple) else (found,):
            steps = steps_between(one, base)
            if steps is not None and one.shape == tuple(carrier.shape):
                carrier.steps = steps
                return steps
        return None

    def _failed(
        self, signature: Signature, tensors: Sequence[Carrier], error: Exception
    ) -> Exception:
        """What is raised for an operator that PyTorch refuses."""
        if isinstance(error, (OperatorError, ValueNeededError)):
            return error
        shapes = [tuple(one.shape) for one in tensors]
        return OperatorError(signature.name, self.origin(signature.name), shapes, error)


class Recorder(_Recorder, TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The recorder as a dispatch mode.

    Its methods are a base class's: PyTorch wraps those of a mode's own class in what imports its
    compiler.
    """


def _signature(func: Any) -> Signature:
    packet = str(func.overloadpacket)
    schema = func._schema
    writes: list[int | str] = []
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            writes.append(argument.name if argument.kwarg_only else place)
    name = packet
    if writes and name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
    last = name.rpartition(".")[2]
    return Signature(name, tuple(writes), last.startswith("new_") or last.endswith("_like"))


def _written(signature: Signature, args: Any, kwargs: Any) -> list[Carrier]:
    """The tensors that an operator writes to."""
    found = []
    for where in signature.writes:
        if isinstance(where, int):
            one = args[where] if where < len(args) else None
        else:
            one = kwargs.get(where)
        found += [tensor for tensor in leaves(one) if isinstance(tensor, Carrier)]
    return found


def _real(value: Any) -> Any:
    """What a constant is computed with; of a computed tensor only its shape and type matter."""
    if not isinstance(value, Carrier):
        return value
    if value.memory.computed and value.held.is_meta:
        return torch.zeros((), dtype=value.dtype).expand(value.shape)
    return value.held


def _sharing(tensor: torch.Tensor, carriers: Sequence[Carrier]) -> Carrier | None:
    """The carrier whose memory a result lies in."""
    storage = tensor.untyped_storage()
    for one in carriers:
        if one.held.untyped_storage() is storage:
            return one
    return None


def _same_place(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors of one memory are the same values in the same order."""
    return (
        first.shape == second.shape
        and first.stride() == second.stride()
        and first.storage_offset() == second.storage_offset()
    )


def _multiply_accumulates(call: Call, batch: int) -> int | None:
    """For one sample, where PyTorch's counter has a formula; of a call on tensors without data."""
    func, (args, kwargs), result = call.arguments
    formula = flop_registry.get(func.overloadpacket)
    if formula is None:
        name = str(func.overloadpacket)
        return 0 if torch.Tag.pointwise in func.tags or name in MOVES else None
    try:
        return int(formula(*args, **kwargs, out_val=result)) // (2 * batch)
    except (TypeError, ValueError, AssertionError):
        return None


def _folded(func: Any, operands: Any, result: Any) -> Any:
    """What an operator makes of constants alone, worked out when it is read."""
    constants = [one for one in leaves(operands) if isinstance(one, Constant)]
    sources = {name: count for one in constants for name, count in one.sources.items()}
    roles = {one.role for one in constants}
    role = next((r for r in ("parameter", "buffer") if r in roles), "literal")

    def tensor(value: Any) -> Any:
        return torch.tensor(value.read()) if isinstance(value, Constant) else value

    def read(place: int | None) -> Any:
        with torch.inference_mode():
            found = func(*mapped(operands[0], tensor), **mapped(operands[1], tensor))
        return (found if place is None else found[place]).numpy()

    def folded(value: torch.Tensor, place: int | None) -> Constant:
        form = ("computed", id(constants[0])) if sources else None
        return Constant("", tuple(value.shape), role, lambda: read(place), sources, form)

    if isinstance(result, torch.Tensor):
        return folded(result, None)
    return tuple([folded(one, n) for n, one in enumerate(result)])


def _cast(function: Any, given: torch.dtype, wanted: torch.dtype) -> Any:
    """What a change of type does to values: numbers without a fraction are rounded to zero."""
    if wanted == torch.bool and given != torch.bool:
        return None
    if given.is_floating_point and not wanted.is_floating_point:
        return OPERATORS.get("aten.trunc")
    return function


def _shapes(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_shapes(one) for one in value]
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None
