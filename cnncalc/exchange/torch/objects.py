"""PyTorch modules that are in memory, whatever they are wrapped in."""

from __future__ import annotations

import contextlib
import copy
import random
import sys
from collections.abc import Iterator
from typing import Any

import torch

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.examples import Examples, is_tensor
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.result import Reading
from cnncalc.exchange.torch.inputs import arguments_of
from cnncalc.exchange.torch.reader import BATCH, explained, read_module
from cnncalc.exchange.torch.recording.run import quiet

WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "AveragedModel": "module",
}
"""Modules that compute what another one does, and the attribute that holds it."""


def imported_object(module: torch.nn.Module) -> Imported:
    """The network of a module, which is left exactly as it was.

    Raises:
        UsageError: it is compiled code without a `forward` of Python.
    """
    inner = unwrapped(module)
    label = type(inner).__name__
    if isinstance(inner, torch.jit.ScriptModule):
        raise UsageError(
            f"{label} is TorchScript, which has no `forward` of Python to follow",
            "give the module that it was made from, or export it to ONNX",
        )
    lazy = [name for name, one in inner.named_modules() if _is_lazy(one)]

    def read(input: Any) -> Reading:
        given = _given(input)
        with _kept_random():
            made = _made(label, inner, given) if lazy else inner
            return read_module(label, made, given)

    return Imported(label, "PyTorch", label, read, takes_examples=True)


@contextlib.contextmanager
def _kept_random() -> Iterator[None]:
    """A run after which the random numbers of Python and NumPy go on as if it had not been."""
    numpy = sys.modules.get("numpy")
    states = random.getstate(), None if numpy is None else numpy.random.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        if numpy is not None:
            numpy.random.set_state(states[1])


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """The module inside wrappers that change nothing of what it computes."""
    while True:
        inside = WRAPPERS.get(type(module).__name__)
        if inside is None or not type(module).__module__.startswith("torch."):
            return module
        module = getattr(module, inside)


def _given(input: Any) -> Any:
    """An input as the recording run takes it: shapes, or the arguments of `forward`."""
    if not isinstance(input, Examples):
        return input
    if input.keywords:
        return {name: _tensors(one) for name, one in input.keywords.items()}
    return tuple([_tensors(one) for one in input.arguments])


def _tensors(value: Any) -> Any:
    """A value with the arrays of NumPy in it as tensors."""
    if type(value).__module__ == "numpy" and is_tensor(value):
        return torch.from_numpy(value)
    if type(value) in (list, tuple):
        return type(value)([_tensors(one) for one in value])
    if type(value) is dict:
        return {name: _tensors(one) for name, one in value.items()}
    return value


def _is_lazy(module: torch.nn.Module) -> bool:
    """Whether a module has parameters whose shapes its first input decides."""
    lazy = getattr(module, "has_uninitialized_params", None)
    return callable(lazy) and bool(lazy())


def _made(label: str, module: torch.nn.Module, given: Any) -> torch.nn.Module:
    """A copy whose lazy modules have got their shapes from the input."""
    empty: Any = torch.nn.parameter.UninitializedBuffer  # which PyTorch cannot copy
    buffers = [one for one in module.buffers() if isinstance(one, empty)]
    made = copy.deepcopy(module, {id(one): empty(dtype=one.dtype) for one in buffers}).eval()
    arguments = arguments_of(label, made, given, BATCH)
    with explained(label, made, arguments), quiet(), torch.no_grad():
        made(*arguments.args, **arguments.kwargs)
    return made
