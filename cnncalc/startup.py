"""What a process does to start fast. Only `__main__` asks for it: it changes what is not ours."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Late:
    """A regular expression that is compiled when it is first used."""

    __slots__ = ("_arguments", "_compiled")

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if self._compiled is None:
            self._compiled = re.compile(*self._arguments)
        return getattr(self._compiled, name)


class LateModule(ModuleType):
    """A module that is imported when something in it is first asked for.

    `importlib.util.LazyLoader` does as much, but already when a second module imports it.
    """

    def __getattr__(self, name: str) -> Any:
        del sys.modules[self.__name__]
        module = import_module(self.__name__)
        self.__dict__.update(vars(module))
        self.__class__ = ModuleType  # type: ignore[assignment]
        return getattr(module, name)


def import_late() -> None:
    """Import what takes longer than its use, without its patterns, or not before it is used.

    PyYAML's regular expressions belong to its reader and resolver in Python; the ones in C, which
    read architecture files, have no use for them, and compiling them takes longer than the bare
    interpreter's start. `uuid`, which click imports, brings `platform` and its own. Who uses one
    of them all the same has it compiled then: the modules call their patterns' methods and hand
    them to nobody. `inspect`, with `ast`, `dis` and `tokenize`, is imported by click, Rich and
    `dataclasses`, and none of them needs it here; `base64` and `binascii` serve YAML's `!!binary`.
    """
    for name in ("inspect", "base64", "binascii"):
        sys.modules.setdefault(name, LateModule(name))
    compile_ = re.compile
    re.compile = Late  # type: ignore[assignment]
    try:
        import gettext  # noqa: F401
        import uuid  # noqa: F401

        import yaml  # noqa: F401
    finally:
        re.compile = compile_
