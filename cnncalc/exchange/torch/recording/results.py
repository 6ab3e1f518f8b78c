"""What frequent operators give on tensors without values, for which PyTorch runs Python of its own.

PyTorch has the shapes of most operators in C++, and of some (normalizations, activations, linear
layers) in chains of Python functions that take milliseconds each. A rule here gives the same
tensor, or `None` where it does not apply: then PyTorch is asked, which also says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Rule = Callable[..., Any]


def result(func: Any, name: str, args: Any, kwargs: Any, *, in_place: bool) -> Any:
    """The result of an operator, by its rule where it has one that applies."""
    rule = RULES.get(name)
    if rule is not None and args and isinstance(args[0], torch.Tensor) and args[0].is_meta:
        found = rule(*args, **kwargs)
        if found is not None:
            return args[0] if in_place else found
    return func(*args, **kwargs)


def _elementwise(x: torch.Tensor, *options: Any, **named: Any) -> torch.Tensor | None:
    """An activation of floating-point numbers: as many values, of the same type."""
    if not x.is_floating_point() or _tensors(*options, *named.values()):
        return None
    return torch.empty_like(x)


def _batch_norm(
    x: torch.Tensor,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    training: bool,
    *options: Any,
) -> torch.Tensor | None:
    stored = _tensors(weight, bias, mean, variance)
    if training or x.dim() < 2 or not _same_type(x, stored):
        return None
    if any([one.shape != (x.shape[1],) for one in stored]):
        return None
    return torch.empty_like(x)


def _layer_norm(
    x: torch.Tensor, shape: Any, weight: Any = None, bias: Any = None, *options: Any
) -> torch.Tensor | None:
    stored, sizes = _tensors(weight, bias), tuple(shape)
    if not sizes or tuple(x.shape[-len(sizes) :]) != sizes or not _same_type(x, stored):
        return None
    if any([tuple(one.shape) != sizes for one in stored]):
        return None
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _group_norm(
    x: torch.Tensor, groups: int, weight: Any = None, bias: Any = None, *options: Any
) -> torch.Tensor | None:
    stored = _tensors(weight, bias)
    if x.dim() < 2 or x.shape[1] % groups or not _same_type(x, stored):
        return None
    if any([one.shape != (x.shape[1],) for one in stored]):
        return None
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> torch.Tensor | None:
    stored = _tensors(weight, bias)
    if x.dim() < 1 or weight.dim() != 2 or not _same_type(x, stored):
        return None
    outputs, inputs = weight.shape
    if x.shape[-1] != inputs or any([one.shape != (outputs,) for one in stored[1:]]):
        return None
    return x.new_empty((*x.shape[:-1], outputs))


def _tensors(*values: Any) -> list[torch.Tensor]:
    return [one for one in values if isinstance(one, torch.Tensor)]


def _same_type(x: torch.Tensor, others: list[torch.Tensor]) -> bool:
    """Whether all hold floating-point numbers of one type."""
    return x.is_floating_point() and all([one.dtype == x.dtype for one in others])


ACTIVATIONS = (
    "hardtanh", "gelu", "silu", "hardswish", "hardsigmoid", "leaky_relu", "elu", "celu", "selu",
    "mish", "softplus", "sigmoid", "tanh", "log_sigmoid",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **{f"aten.{name}": _elementwise for name in ACTIVATIONS},
    "aten.batch_norm": _batch_norm,
    "aten.layer_norm": _layer_norm,
    "aten.group_norm": _group_norm,
    "aten.linear": _linear,
}
"""The rules, by operator."""
