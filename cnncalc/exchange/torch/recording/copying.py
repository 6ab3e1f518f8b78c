"""A copy of a module that shares the original's memory and changes nothing of it."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from types import CellType, FunctionType
from typing import Any, NamedTuple

import torch

from cnncalc.exchange.torch.recording.carriers import Carrier, constant


class Copy(NamedTuple):
    """A module without memory of its own."""

    module: torch.nn.Module
    """In evaluation mode; its tensors are carriers."""
    stored: Mapping[str, Carrier]
    """Its parameters and buffers by name."""
    originals: Mapping[int, Carrier]
    """The carriers by the identity of the original's tensors, which a closure may still read."""


def copied(module: torch.nn.Module) -> Copy:
    """A copy of a module.

    Values stay where they are; what a forward pass writes to is copied before (`Memory.owned`).
    """
    memo: dict[int, Any] = {}
    stored: dict[str, Carrier] = {}
    # a tensor of inference mode keeps no record of its versions, nor do its views
    with torch.inference_mode():
        for name, parameter in module.named_parameters():
            carrier = constant(parameter.detach(), name, "parameter")
            carrier._is_param = True
            carrier.frozen = not parameter.requires_grad
            stored[name] = memo[id(parameter)] = carrier
        for name, buffer in module.named_buffers():
            stored[name] = memo[id(buffer)] = constant(buffer.detach(), name, "buffer")
        for name, part in module.named_modules():
            for key, value in vars(part).items():
                if type(value) in (OrderedDict, dict, set) and not value:
                    # most of a module are empty mappings, which are copied slowly
                    memo[id(value)] = type(value)()
                elif key not in ("_parameters", "_buffers", "_modules"):
                    for tensor in _tensors(value):
                        if id(tensor) not in memo:
                            where = f"{name}.{key}" if name else key
                            memo[id(tensor)] = constant(tensor.detach(), where)
    originals = {key: value for key, value in memo.items() if isinstance(value, Carrier)}
    found: torch.nn.Module = copy.deepcopy(module, memo)
    _separate_hooks(found, memo)
    return Copy(found.eval(), stored, originals)


def copied_with_values(module: torch.nn.Module) -> torch.nn.Module:
    """A copy in evaluation mode with values of its own, to be run on an input."""
    memo: dict[int, Any] = {}
    found: torch.nn.Module = copy.deepcopy(module, memo)
    _separate_hooks(found, memo)
    return found.eval()


def _separate_hooks(module: torch.nn.Module, memo: dict[int, Any]) -> None:
    """Give the hooks of a copy variables of their own, which `deepcopy` shares with the original.

    What a hook appends to a list of its surroundings is appended to a copy of the list then.
    """
    for part in module.modules():
        for hooks in (part._forward_hooks, part._forward_pre_hooks):
            for key, hook in hooks.items():
                if isinstance(hook, FunctionType) and hook.__closure__:
                    hooks[key] = _with_variables(hook, memo)


def _with_variables(function: FunctionType, memo: dict[int, Any]) -> FunctionType:
    """A function whose variables of the surroundings are copies."""
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(CellType(copy.deepcopy(cell.cell_contents, memo)))
        except Exception:  # an empty variable, or what cannot be copied, stays shared
            cells.append(cell)
    found = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(cells),
    )
    found.__kwdefaults__ = function.__kwdefaults__
    return found


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif type(value) in (list, tuple):
        for one in value:
            yield from _tensors(one)
    elif type(value) is dict:
        for one in value.values():
            yield from _tensors(one)
