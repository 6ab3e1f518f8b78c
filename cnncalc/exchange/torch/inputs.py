"""What `forward` is called with in a recording run, from a shape, shapes by name, or examples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.torch.recording.carriers import leaves
from cnncalc.exchange.torch.recording.run import Arguments


def arguments_of(net: str, module: torch.nn.Module, input: Any, batch: int) -> Arguments:
    """The arguments of a recording run.

    Shapes are those of one sample and become tensors of `batch` samples; example tensors are
    taken as they are.

    Raises:
        UsageError: no input is given, or it does not go with `forward`'s parameters.
    """
    parameters = [
        one
        for one in inspect.signature(module.forward).parameters.values()
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if _holds_tensors(input):
        return _examples(parameters, input)
    return _zeros(net, module, parameters, input, batch)


def _holds_tensors(input: Any) -> bool:
    return any(isinstance(one, torch.Tensor) for one in leaves(input))


def _examples(parameters: Sequence[inspect.Parameter], input: Any) -> Arguments:
    if isinstance(input, Mapping):
        return Arguments((), dict(input), _names(dict(input)))
    args = tuple(input) if isinstance(input, (tuple, list)) else (input,)
    known = [one.name for one in parameters]
    known += [f"input{n}" for n in range(len(known), len(args))]
    return Arguments(args, {}, _names(dict(zip(known, args, strict=False))))


def _names(given: Mapping[str, Any]) -> tuple[str, ...]:
    """A name for every tensor: the parameter's, numbered where it holds several."""
    found: list[str] = []
    for name, value in given.items():
        count = sum(isinstance(one, torch.Tensor) for one in leaves(value))
        found += [name] if count == 1 else [f"{name}{n}" for n in range(count)]
    return tuple(found)


def _zeros(
    net: str,
    module: torch.nn.Module,
    parameters: Sequence[inspect.Parameter],
    input: Any,
    batch: int,
) -> Arguments:
    dtype = _dtype(module)
    positional = [one for one in parameters if one.kind is not one.KEYWORD_ONLY]
    needed = [one.name for one in positional if one.default is one.empty]
    if input is None:
        names = ",".join(f"{name}=3x224x224" for name in needed) if len(needed) > 1 else "3x224x224"
        raise UsageError(
            f"{net} does not say what its input is", f"add it, as in `--input {names}`"
        )
    if not isinstance(input, Mapping):
        if len(needed) > 1:
            raise UsageError(
                f"{net} takes {len(needed)} inputs: {', '.join(needed)}",
                "as in `--input " + ",".join(f"{name}=3x224x224" for name in needed) + "`",
            )
        name = positional[0].name if positional else "input"
        return Arguments((_tensor(input, batch, dtype),), {}, (name,))
    known = [one.name for one in parameters]
    for name in input:
        if name not in known:
            raise UsageError(f"{net} has no input `{name}`", f"its inputs: {', '.join(known)}")
    missing = [name for name in needed if name not in input]
    if missing:
        raise UsageError(f"`--input` does not say what `{missing[0]}` is")
    kwargs = {name: _tensor(input[name], batch, dtype) for name in known if name in input}
    return Arguments((), kwargs, tuple(kwargs))


def _dtype(module: torch.nn.Module) -> torch.dtype:
    """The type of a module's first parameter of floating-point numbers."""
    found = [one.dtype for one in module.parameters() if one.dtype.is_floating_point]
    return found[0] if found else torch.get_default_dtype()


def _tensor(shape: Sequence[int], batch: int, dtype: torch.dtype) -> torch.Tensor:
    """Zeros that take no memory; a run on values makes them real."""
    return torch.zeros((), dtype=dtype).expand(batch, *shape)
