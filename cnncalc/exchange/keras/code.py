"""Python that builds Keras models: it is run, and where it breaks the user's line is explained."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from cnncalc.diagnostics import SpecError, UsageError, did_you_mean
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.keras.framework import choose_backend, framework
from cnncalc.exchange.keras.mistakes import explained, source_of
from cnncalc.exchange.keras.reader import open_object
from cnncalc.exchange.owners import framework_of
from cnncalc.exchange.reading.result import Reading
from cnncalc.language.text.source import Source


def open_code(net: str) -> Imported | None:
    """`file.py:NAME` or `package.module:NAME`: a Keras model, or what makes one.

    Code that breaks in a layer gives a network whose reading raises the finding, so that it can be
    mended. `None` where what is named belongs to another framework.

    Raises:
        UsageError: there is no such name, or the code fails elsewhere than in a layer.
    """
    where = net.rpartition(":")[0]
    path = _file(where)
    source = source_of(path, where if where.endswith(".py") else path) if path else None
    return _opened(net, source, changed=False)


def _opened(net: str, source: Source | None, *, changed: bool) -> Imported | None:
    reopen = partial(_reopened, net)
    try:
        model = _made(net, source, changed=changed)
    except SpecError as error:
        findings = error.diagnostics

        def read(input: Any) -> Reading:
            raise SpecError(findings)

        name = net.rpartition(":")[2]
        return Imported(net, "Keras", name, read, source=source, reopen=reopen)
    if model is None:
        return None
    return open_object(model, net)


def _reopened(net: str, source: Source) -> Imported:
    found = _opened(net, source, changed=True)
    if found is None:
        raise UsageError(f"{net} is no Keras model any more")
    return found


def _made(net: str, source: Source | None, *, changed: bool) -> Any:
    """The model that is named; `None` where it is none of Keras'."""
    where, _, name = net.rpartition(":")
    with _unfiltered(), contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            space = _run(where, source if changed else None)
            found: Any = space
            for part in name.split("."):
                if not hasattr(found, part):
                    known = [key for key in vars(space) if not key.startswith("_")]
                    raise UsageError(f"{where} has no `{name}`", did_you_mean(part, known))
                found = getattr(found, part)
            if framework_of(found) is None and callable(found):
                found = found()
        except Exception as error:
            raise _failed(error, net, source) from None
    kind = framework_of(found)
    if kind is None:
        raise UsageError(
            f"{net} is a {type(found).__name__}",
            "expected a keras.Model, or a class or function that makes one",
        )
    return found if kind == "keras" else None


def _file(where: str) -> str | None:
    """The file of what is named; `None` where it is not known without running it."""
    if where.endswith(".py"):
        if not os.path.isfile(where):
            raise UsageError(f"cannot read {where}: no such file")
        return os.path.abspath(where)
    path = os.path.abspath(os.path.join(*where.split("."))) + ".py"
    return path if os.path.isfile(path) else None


def _run(where: str, source: Source | None) -> ModuleType:
    """The module of a file or of a dotted name; `source` is the text in place of the file's."""
    choose_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    path = os.path.abspath(where)
    folder = os.path.dirname(path) if where.endswith(".py") else os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    if not where.endswith(".py"):
        return importlib.import_module(where)
    stem = os.path.splitext(os.path.basename(path))[0]
    known = stem in sys.modules
    spec = importlib.util.find_spec(stem) if stem.isidentifier() and not known else None
    if source is None and spec is not None and spec.origin == path:
        return importlib.import_module(stem)
    spec = importlib.util.spec_from_file_location(stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if source is None:
        spec.loader.exec_module(module)
    else:
        exec(compile(source.text, path, "exec"), module.__dict__)
    return module


def _failed(error: Exception, net: str, source: Source | None) -> Exception:
    """What to say where the user's code fails."""
    if isinstance(error, (UsageError, SpecError)):
        return error
    if isinstance(error, ModuleNotFoundError):
        name = str(error.name or "").partition(".")[0]
        return UsageError(
            f"{net} needs the package {name or '?'}, which is not installed",
            f"pip install {name}" if name in ("tensorflow", "keras", "tf_keras") else None,
        )
    finding = explained(error, source) if source is not None else None
    if finding is not None:
        return SpecError([finding])
    text = str(error).strip().partition("\n")[0][:300]
    return UsageError(
        f"{net} fails: {type(error).__name__}: {text}",
        "what is named is called without arguments; write a function that makes the network",
    )


@contextlib.contextmanager
def _unfiltered() -> Iterator[None]:
    """Tracebacks with the layers in them: Keras leaves out its own frames unless it is asked to."""
    config = getattr(framework("code that makes a Keras model"), "config", None)
    if config is None or not config.is_traceback_filtering_enabled():
        yield
        return
    config.disable_traceback_filtering()
    try:
        yield
    finally:
        config.enable_traceback_filtering()
