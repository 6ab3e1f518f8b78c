"""PyTorch networks: a module in a file or a package, or a saved exported program."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.reading.patterns import simplify
from cnncalc.exchange.reading.result import Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.text.source import Source, UnreadableError
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.torch.diagnosis.constructors import Constructors
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

    A network whose code breaks is one whose reading raises the findings, so that it can be mended.

    Raises:
        UsageError: there is no such name, or it is no module.
    """
    torch_module()
    where = net.rpartition(":")[0]
    source = None
    if where.endswith(".py") and os.path.isfile(where):
        with contextlib.suppress(UnreadableError, SpecError):
            source = Source.read(where)
    return _opened(net, source, changed=False)


def _opened(net: str, source: Source | None, *, changed: bool) -> Imported:
    import torch

    from cnncalc.exchange.torch.diagnosis.constructors import Constructors
    from cnncalc.exchange.torch.diagnosis.failures import failure

    name = net.rpartition(":")[2]
    reopen = None if source is None else (lambda other: _opened(net, other, changed=True))
    try:
        module = find(net, torch, source if changed else None)
    except MadeError as error:
        cause = error.__cause__ or error
        finding = failure(cause, Constructors(torch.nn.Module(), name, source))
        if finding is None:
            raise UsageError(str(error), error.hint) from None

        def broken(input: Any) -> Reading:
            raise SpecError([finding])

        return Imported(net, "PyTorch", name, broken, source=source, reopen=reopen)
    constructors = Constructors(module, name, source)

    def read(input: Any) -> Reading:
        return read_module(net, module, input, constructors)

    return Imported(net, "PyTorch", name, read, source=source, reopen=reopen, takes_examples=True)


class MadeError(UsageError):
    """Code of the user's that fails while it makes the network; its cause is what it raised."""


def find(net: str, torch: Any, source: Source | None = None) -> Any:
    """The module that is named; its code is run, that of `source` in place of the file's.

    Raises:
        UsageError: it cannot be found or made.
    """
    where, _, name = net.rpartition(":")
    space = _imported(where) if source is None else _executed(where, source)
    found: Any = space
    for part in name.split("."):
        if not hasattr(found, part):
            from cnncalc.diagnostics import did_you_mean

            known = [key for key in vars(space) if not key.startswith("_")]
            raise UsageError(f"{where} has no `{name}`", did_you_mean(part, known))
        found = getattr(found, part)
    if not isinstance(found, torch.nn.Module) and callable(found):
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = found()
        except Exception as error:
            raise MadeError(
                f"{net}() failed: {_told(error)}",
                "it is called without arguments; write a function that makes the network",
            ) from error
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
        raise MadeError(f"cannot import {where}: {_told(error)}") from error


def _executed(where: str, source: Source) -> ModuleType:
    """The module of a file with another text."""
    path = os.path.abspath(where)
    stem = os.path.splitext(os.path.basename(path))[0]
    module = ModuleType(stem)
    module.__file__ = path
    try:
        exec(compile(source.text, path, "exec"), module.__dict__)
    except Exception as error:
        raise MadeError(f"cannot import {where}: {_told(error)}") from error
    return module


def _told(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0][:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def imported_module(module: Any, input: Any = None, label: str = "") -> Imported:
    """The network of a module object, which is left exactly as it is.

    Args:
        module: a `torch.nn.Module`.
        input: a shape without the batch, a mapping from the names of `forward`'s parameters to
            shapes, or what `forward` is called with: a tensor, a tuple or list of its arguments, a
            mapping from names to arguments. It is read with this where it is asked for no other.
        label: what messages call it; its class where left out.
    """
    name = type(module).__name__
    label = label or name

    def read(asked: Any) -> Reading:
        return read_module(label, module, input if asked is None else asked)

    return Imported(label, "PyTorch", name, read)


def read_module(
    net: str, module: Any, input: Any, constructors: Constructors | None = None
) -> Reading:
    """A module's graph for an input: a shape, shapes by name, or example arguments.

    With `constructors` its layers have the lines of the calls that made them.

    Raises:
        UsageError: no input is given, or the module does not run on it.
        SpecError: it breaks in a layer, or holds operations without one; carries the findings.
    """
    torch_module()
    # PyTorch is imported by these, and only here
    from cnncalc.exchange.torch.inputs import arguments_of
    from cnncalc.exchange.torch.recording.run import record_module

    given = arguments_of(net, module, input, BATCH)
    name = type(module).__name__
    with explained(net, module, given, constructors):
        recording = record_module(module, name, given)
    if constructors is not None:
        for op in recording.program.ops:
            op.origin = constructors.placed(op.origin)
        decided = [tuple(map(constructors.relabelled, calls)) for calls in recording.decided]
        recording = recording._replace(decided=tuple(decided))
    found = _lowered(recording, net)
    return found._replace(run=lambda inputs: run(module, given, inputs, recording.outputs))


def read_exported(exported: Any, name: str, label: str) -> Reading:
    """The graph of an exported program."""
    from cnncalc.exchange.torch.recording.run import record_program  # imports PyTorch

    recording = record_program(exported, name)
    found = _lowered(recording, label)
    return found._replace(run=lambda inputs: run_exported(exported, inputs, recording.outputs))


def _lowered(recording: Any, label: str) -> Reading:
    from cnncalc.exchange.torch.notes import notes_of  # few networks have any: after the recording

    program = recording.program
    everything = list(program.ops)
    program.prune()
    idle = [op for op in everything if op.arrays and op not in set(program.ops)]
    seen = notes_of(recording, everything, idle)
    simplify(program)
    found = lower(program, f"PyTorch, {label}", label)
    return found._replace(notes=(*found.notes, *seen(found.unused)), tolerance=recording.tolerance)


def run(module: Any, given: Any, inputs: list[Array], places: tuple[int, ...]) -> list[Array]:
    """The module's own outputs, of those places, on a copy of it."""
    import torch

    from cnncalc.exchange.torch.recording.carriers import mapped
    from cnncalc.exchange.torch.recording.copying import copied_with_values
    from cnncalc.exchange.torch.recording.run import quiet, without_compiler

    arrays = iter(inputs)

    def filled(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return torch.from_numpy(next(arrays)).to(value.dtype)

    with torch.no_grad(), quiet():
        network = copied_with_values(module)
        args, kwargs = mapped(given.args, filled), mapped(dict(given.kwargs), filled)
        found = without_compiler(lambda: network(*args, **kwargs))
    return _outputs(found, places)


def run_exported(exported: Any, inputs: list[Array], places: tuple[int, ...]) -> list[Array]:
    """The program's own outputs, of those places."""
    import torch

    with torch.no_grad():
        found = exported.module()(*[torch.from_numpy(x) for x in inputs])
    return _outputs(found, places)


def _outputs(found: Any, places: tuple[int, ...]) -> list[Array]:
    import torch

    from cnncalc.exchange.torch.recording.carriers import leaves

    tensors = [one for one in leaves(found) if isinstance(one, torch.Tensor)]
    wide = (torch.bfloat16, torch.float16)
    return [
        (one.float() if one.dtype in wide else one).numpy() for one in (tensors[p] for p in places)
    ]


@contextlib.contextmanager
def explained(
    net: str, module: Any, given: Any, constructors: Constructors | None = None
) -> Iterator[None]:
    """Turn what goes wrong in a recording run into findings, or into one clear message.

    Raises:
        SpecError: the mistakes that were found in the user's code.
        UsageError: it names the user's line, the module and the operator.
    """
    from cnncalc.exchange.torch.diagnosis.constructors import Constructors
    from cnncalc.exchange.torch.diagnosis.failures import failure
    from cnncalc.exchange.torch.diagnosis.findings import Findings
    from cnncalc.exchange.torch.recording.carriers import ValueNeededError
    from cnncalc.exchange.torch.recording.recorder import OperatorError
    from cnncalc.exchange.torch.recording.run import diagnose_module, fitting_inputs

    try:
        yield
    except UsageError:
        raise
    except ValueNeededError as error:
        (origin,) = error.args or (None,)
        at = _at(origin) if origin is not None else ""
        raise UsageError(
            f"{net} asks for the value of what it computes: {at}there is none without an input",
            "give example tensors",
        ) from None
    except Exception as error:
        made = constructors or Constructors(module, type(module).__name__, None)
        try:
            mistakes = diagnose_module(module, given)
        except Exception:
            mistakes = []
        if mistakes:
            hint = fitting_inputs(module, given) if any(one.of_sizes for one in mistakes) else None
            raise SpecError(Findings(made).all(mistakes, hint)) from None
        if isinstance(error, OperatorError):
            at = _at(error.origin)
            shapes = " and ".join("×".join(map(str, one)) or "a number" for one in error.shapes)
            name = error.operator.rpartition(".")[2]
            raise UsageError(f"{net} does not run: {at}`{name}` on {shapes}: {error}") from None
        finding = failure(error, made)
        if finding is not None:
            raise SpecError([finding]) from None
        raise UsageError(f"{net} does not run: {_told(error)}") from None


def _at(origin: Any) -> str:
    """The line and the module of an operator, as the beginning of a message."""
    calls = origin.calls
    line = f"{calls[0].file}:{calls[0].line}: " if calls else ""
    path = ".".join(origin.path)
    return f"{line}module `{path}`: " if path else line


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
