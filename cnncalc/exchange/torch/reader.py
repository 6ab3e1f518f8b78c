"""PyTorch networks: a module in a file or a package, or a saved exported program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.lower import lower
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.result import Reading
from cnncalc.exchange.torch.walking import AliasError, Walk
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.numerics.arrays import Array

BATCH = 2
"""Samples a module is exported with: with one, its axis could not be told from others of size 1."""

Shapes = Shape | Mapping[str, Shape] | None


def torch_module() -> Any:
    """PyTorch, or a message that says how to get it.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise UsageError(
            "a PyTorch network needs PyTorch, which is not installed",
            "`pip install torch`; https://pytorch.org names the command for your machine",
        ) from None
    return torch


def open_module(net: str) -> Imported:
    """`package.module:NAME` or `file.py:NAME`: a module, or a class or function that makes one.

    Raises:
        UsageError: there is no such name, or it is no module.
    """
    torch = torch_module()
    module = find(net, torch)
    return Imported(
        net, "PyTorch", net.rpartition(":")[2], lambda input: read_module(net, module, input)
    )


def find(net: str, torch: Any) -> Any:
    """The module that is named; its code is run.

    Raises:
        UsageError: it cannot be found or made.
    """
    where, _, name = net.rpartition(":")
    space = _imported(where)
    found: Any = space
    for part in name.split("."):
        if not hasattr(found, part):
            from cnncalc.diagnostics import did_you_mean

            known = [key for key in vars(space) if not key.startswith("_")]
            raise UsageError(f"{where} has no `{name}`", did_you_mean(part, known))
        found = getattr(found, part)
    if not isinstance(found, torch.nn.Module) and callable(found):
        try:
            found = found()
        except Exception as error:
            raise UsageError(
                f"{net}() failed: {_told(error)}",
                "it is called without arguments; write a function that makes the network",
            ) from None
    if not isinstance(found, torch.nn.Module):
        raise UsageError(
            f"{net} is a {type(found).__name__}",
            "expected a torch.nn.Module, or a class or function that makes one",
        )
    return found.eval()


def _imported(where: str) -> Any:
    import importlib
    import importlib.machinery
    import importlib.util
    import sys

    try:
        if where.endswith(".py"):
            if not os.path.isfile(where):
                raise UsageError(f"cannot read {where}: no such file")
            stem = os.path.splitext(os.path.basename(where))[0]
            folder = os.path.dirname(os.path.abspath(where))
            if folder not in sys.path:
                sys.path.insert(0, folder)
            found = importlib.machinery.PathFinder.find_spec(stem)
            is_found = found is not None and found.origin == os.path.abspath(where)
            if is_found and stem not in sys.modules and stem not in sys.builtin_module_names:
                return importlib.import_module(stem)
            spec = importlib.util.spec_from_file_location(stem, where)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        if "" not in sys.path and os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        return importlib.import_module(where)
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        raise UsageError(f"cannot import {where}: {error}") from None
    except Exception as error:
        raise UsageError(f"cannot import {where}: {_told(error)}") from None


def _told(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0][:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def read_module(net: str, module: Any, input: Shapes) -> Reading:
    """A module's graph for an input.

    Raises:
        UsageError: no input is given, or the module does not export with it.
        SpecError: it holds operations without a layer.
    """
    torch = torch_module()
    shapes = _input_shapes(net, module, input)
    inputs = tuple([torch.zeros(BATCH, *shape) for shape in shapes])
    try:
        with torch.no_grad():
            exported = torch.export.export(module, inputs)
    except Exception as error:
        sizes = ", ".join("×".join(map(str, shape)) for shape in shapes)
        raise UsageError(
            f"torch.export cannot follow {net} on an input of {sizes}: {_told(error)}",
            "a network whose steps hang on its values has no fixed graph",
        ) from None
    return read_exported(exported, type(module).__name__, net)


def _input_shapes(net: str, module: Any, input: Shapes) -> list[Shape]:
    import inspect

    parameters = [
        one
        for one in inspect.signature(module.forward).parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    needed = [one.name for one in parameters if one.default is one.empty]
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
        return [input]
    known = [one.name for one in parameters]
    for name in input:
        if name not in known:
            raise UsageError(f"{net} has no input `{name}`", f"its inputs: {', '.join(known)}")
    missing = [name for name in needed if name not in input]
    if missing:
        raise UsageError(f"`--input` does not say what `{missing[0]}` is")
    return [input[name] for name in known if name in input]


def read_exported(exported: Any, name: str, label: str) -> Reading:
    """The graph of an exported program."""
    try:
        program = Walk(exported, name).run()
    except AliasError:
        # without changes in place every value has one name
        program = Walk(exported.run_decompositions({}), name).run()
    simplify(program)
    found = lower(program, f"PyTorch, {label}", label)
    return found._replace(run=lambda inputs: run(exported, inputs))


def run(exported: Any, inputs: list[Array]) -> list[Array]:
    """The program's own outputs."""
    import torch

    with torch.no_grad():
        found = exported.module()(*[torch.from_numpy(x) for x in inputs])
    tensors: list[Any] = torch.utils._pytree.tree_leaves(found)
    return [one.numpy() for one in tensors if isinstance(one, torch.Tensor)]


def open_program(path: str) -> Imported:
    """`model.pt2`: a program saved by `torch.export.save`.

    Raises:
        UsageError: it cannot be read.
    """
    torch = torch_module()
    if not os.path.isfile(path):
        raise UsageError(f"cannot read {path}: no such file")
    try:
        exported = torch.export.load(path)
    except Exception as error:
        raise UsageError(f"{path} is no program of torch.export.save: {_told(error)}") from None
    stem = os.path.splitext(os.path.basename(path))[0]

    def read(input: Shapes) -> Reading:
        found = read_exported(exported, stem, path)
        given = found.graph.input_shape
        if input is not None and input != given:
            sizes = "×".join(map(str, given))
            raise UsageError(f"{path} was exported for an input of {sizes} and takes no other")
        return found

    return Imported(path, "PyTorch", stem, read)
