"""A copy of a module that shares the original's memory and changes nothing of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch

from cnncalc.exchange.torch.recording.carriers import Carrier, constant


def copied(module: torch.nn.Module) -> tuple[torch.nn.Module, dict[str, Carrier]]:
    """A copy in evaluation mode whose tensors are carriers, and those that it stores by name.

    Values stay where they are; what a forward pass writes to is copied before (`Memory.owned`).
    """
    memo: dict[int, Any] = {}
    stored: dict[str, Carrier] = {}
    # a tensor of inference mode keeps no record of its versions, nor do its views
    with torch.inference_mode():
        for name, parameter in module.named_parameters():
            carrier = constant(parameter.detach(), name, "parameter")
            carrier._is_param = True
            stored[name] = memo[id(parameter)] = carrier
        for name, buffer in module.named_buffers():
            stored[name] = memo[id(buffer)] = constant(buffer.detach(), name, "buffer")
        for name, part in module.named_modules():
            for key, value in vars(part).items():
                if key not in ("_parameters", "_buffers", "_modules"):
                    for tensor in _tensors(value):
                        if id(tensor) not in memo:
                            where = f"{name}.{key}" if name else key
                            memo[id(tensor)] = constant(tensor.detach(), where)
    found: torch.nn.Module = copy.deepcopy(module, memo)
    return found.eval(), stored


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif type(value) in (list, tuple):
        for one in value:
            yield from _tensors(one)
    elif type(value) is dict:
        for one in value.values():
            yield from _tensors(one)
