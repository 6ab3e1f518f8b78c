"""A recording of a module, or of an exported program."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch

from cnncalc.diagnostics import Place
from cnncalc.exchange.reading.program import Constant, Op, Program
from cnncalc.exchange.torch.diagnosis.guard import Guard, StoppedError
from cnncalc.exchange.torch.diagnosis.mistake import Mistake
from cnncalc.exchange.torch.recording.carriers import (
    Carrier,
    ValueNeededError,
    constant_value,
    leaves,
    mapped,
)
from cnncalc.exchange.torch.recording.copying import copied
from cnncalc.exchange.torch.recording.recorder import Recorder
from cnncalc.exchange.torch.recording.scopes import ModuleScope, ModuleStack

T = TypeVar("T")


class Recording(NamedTuple):
    """What one forward pass did."""

    program: Program
    outputs: tuple[int, ...]
    """Places, among the tensors that `forward` gives back, of the program's outputs."""
    constant_outputs: tuple[int, ...]
    """Places of those that depend on no input."""
    decided: tuple[tuple[Place, ...], ...]
    """Lines where a value of a run on real inputs decided something, innermost first."""
    tolerance: float | None
    """What the rounding of types shorter than `float32` may make, where there are some."""


class Arguments(NamedTuple):
    """What `forward` is called with: tensors and whatever else it takes."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    names: tuple[str, ...]
    """Of the tensors among them, in order."""


def record_module(module: torch.nn.Module, name: str, given: Arguments) -> Recording:
    """Run a copy of a module once.

    Raises:
        OperatorError: PyTorch refuses an operator on its arguments.
        ValueNeededError: a value is asked for, and a run on real inputs has none either.
    """
    try:
        return without_compiler(lambda: _recorded(module, name, given, values=False))
    except ValueNeededError:
        return without_compiler(lambda: _recorded(module, name, given, values=True))


def diagnose_module(module: torch.nn.Module, given: Arguments) -> list[Mistake]:
    """The mistakes of a module that does not run: what refuses is taken down, and the run goes on.

    Raises:
        Exception: whatever else the module's code raises, after the first mistake nothing.
    """
    copy = copied(module)
    stack = ModuleStack(copy.module)
    program = Program(type(module).__name__)
    recorder = Recorder(program, lambda: stack.current, copy.originals)
    guard = Guard(recorder, copy.module)
    recorder.refused = guard.operator
    try:
        with quiet(), torch.inference_mode():
            args, kwargs = _inputs(recorder, given)
            with recorder:
                without_compiler(lambda: copy.module(*args, **kwargs))
    except StoppedError:
        pass
    except Exception:
        if not guard.mistakes:
            raise
    return guard.mistakes


STEPS = (2, 4, 8, 16, 32, 64)
"""Multiples that networks with so many halvings want of their input's sides."""
LARGEST_STEP = 4
"""How many times larger an input is tried."""


def fitting_inputs(module: torch.nn.Module, given: Arguments) -> str | None:
    """Inputs of other sizes on which a module runs, the nearest; `None` where none is near."""
    tensors = [one for one in leaves((given.args, given.kwargs)) if isinstance(one, torch.Tensor)]
    if len(tensors) != 1 or tensors[0].dim() < 3:
        return None
    sizes = tuple(tensors[0].shape[2:])

    def runs(other: tuple[int, ...]) -> bool:
        def resized(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            return torch.zeros((), dtype=value.dtype).expand(*value.shape[:2], *other)

        args, kwargs = mapped(given.args, resized), mapped(dict(given.kwargs), resized)
        try:
            record_module(module, "", Arguments(args, kwargs, given.names))
        except Exception:
            return False
        return True

    tried: set[tuple[int, ...]] = {sizes}

    def nearest(candidates: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
        for other in candidates:
            if other not in tried and min(other) > 0:
                tried.add(other)
                if runs(other):
                    return other
        return None

    below = nearest([tuple([size // step * step for size in sizes]) for step in STEPS])
    above = [tuple([-(-size // step) * step for size in sizes]) for step in STEPS]
    above += [tuple([size * times for size in sizes]) for times in range(2, LARGEST_STEP + 1)]
    found = [one for one in (below, nearest(above)) if one is not None]
    if not found:
        return None
    return "an input of " + " or ".join("×".join(map(str, one)) for one in found) + " fits"


def without_compiler(forward: Callable[[], T]) -> T:
    """A run of a module; what it hands to PyTorch's compiler runs as it is written.

    The compiler takes long to import, so that it is told so only where a module asks for it.
    """
    try:
        return forward()
    except Exception as error:
        if not type(error).__module__.startswith("torch._dynamo"):
            raise
    with torch.compiler.set_stance("force_eager"):
        return forward()


def _recorded(module: torch.nn.Module, name: str, given: Arguments, *, values: bool) -> Recording:
    copy = copied(module)
    program = Program(name)
    stack = ModuleStack(copy.module)
    recorder = Recorder(program, lambda: stack.current, copy.originals, values=values)
    with quiet(), torch.inference_mode():
        args, kwargs = _inputs(recorder, given)
        with recorder:
            result = copy.module(*args, **kwargs)
        return finished(recorder, result, copy.stored)


def finished(recorder: Recorder, result: Any, stored: Mapping[str, Carrier]) -> Recording:
    """The recording of a run that has ended."""
    program = recorder.program
    outputs, constants = [], []
    tensors = [one for one in leaves(result) if isinstance(one, torch.Tensor)]
    for place, one in enumerate(tensors):
        value = recorder.value(one) if isinstance(one, Carrier) else None
        if isinstance(value, Op):
            program.outputs.append(value)
            outputs.append(place)
        else:
            constants.append(place)
    for name, carrier in stored.items():
        found = Constant(name, tuple(carrier.shape), carrier.role, constant_value(carrier).read)
        found.frozen = carrier.frozen
        program.constants[name] = found
    return Recording(
        program, tuple(outputs), tuple(constants), tuple(recorder.decided), recorder.tolerance
    )


def _inputs(recorder: Recorder, given: Arguments) -> tuple[Any, Any]:
    names = iter(given.names)

    def carried(value: Any) -> Any:
        return recorder.input(next(names), value) if isinstance(value, torch.Tensor) else value

    return mapped(given.args, carried), mapped(dict(given.kwargs), carried)


class _Interpreter(torch.fx.Interpreter):
    """Runs a graph node by node, and knows the module that each came from."""

    def __init__(self, module: torch.fx.GraphModule) -> None:
        super().__init__(module)
        self.scope = ModuleScope((), ())

    def run_node(self, n: torch.fx.Node) -> Any:
        """The value of one node."""
        self.scope = _scope(n)
        return super().run_node(n)


def record_program(exported: Any, name: str) -> Recording:
    """Run an exported program once, as its graph says."""
    module = exported.module()
    copy = copied(module)
    assert isinstance(copy.module, torch.fx.GraphModule)
    program = Program(name)
    interpreter = _Interpreter(copy.module)
    recorder = Recorder(program, lambda: interpreter.scope, copy.originals)
    args, kwargs = exported.example_inputs
    with quiet(), torch.inference_mode():
        given = Arguments(args, kwargs, tuple(exported.graph_signature.user_inputs))
        inputs = [one for one in leaves(_inputs(recorder, given)) if one is not None]
        with recorder:
            result = interpreter.run(*inputs)
        return finished(recorder, result, copy.stored)


def _scope(node: torch.fx.Node) -> ModuleScope:
    stack = node.meta.get("nn_module_stack") or {}
    classes: dict[str, str] = {}
    path = ""
    for where, kind in stack.values():
        path = where.split("@")[0]
        text = kind if isinstance(kind, str) else getattr(kind, "__qualname__", "")
        classes[path] = text.rpartition(".")[2]
    parts = tuple(path.split(".")) if path else ()
    types = tuple([classes.get(".".join(parts[: n + 1]), "") for n in range(len(parts))])
    return ModuleScope(parts, types)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """A run that leaves no trace: what it prints goes to standard error, its warnings nowhere, and
    PyTorch's random numbers go on as if it had not been."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with (
        contextlib.redirect_stdout(sys.stderr),
        warnings.catch_warnings(),
        torch.random.fork_rng(devices=[]),
    ):
        warnings.simplefilter("ignore")
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)


def shapes_of(given: Sequence[Any]) -> list[tuple[int, ...]]:
    """Shapes of the tensors among arguments."""
    return [tuple(one.shape) for one in leaves(given) if isinstance(one, torch.Tensor)]
