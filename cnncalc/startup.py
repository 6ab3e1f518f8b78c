"""What a process does to start fast. Only `__main__` asks for it: it changes what is not ours."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

PATIENT = {"click", "dataclasses", "fractions", "gettext", "locale", "platform", "rich", "yaml"}
"""What compiles patterns when it is imported; that takes longer than the bare interpreter's start.

All of them call their patterns' methods and hand them to nobody.
"""

IN_FUNCTION = 1
"""`inspect.CO_OPTIMIZED`: set in a function's code, not in a module's or a class body's."""


class Late:
    """A regular expression that is compiled when it is first used."""

    __slots__ = ("_arguments", "_compiled")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._arguments = arguments, named
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if self._compiled is None:
            arguments, named = self._arguments
            self._compiled = re.compile(*arguments, **named)
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


def start_late() -> None:
    """Put off what takes longer than its use: patterns and modules that most runs never need.

    `inspect`, with `ast`, `dis` and `tokenize`, is imported by click, Rich and `dataclasses`, and
    nothing here needs it; `base64` and `binascii` serve YAML's `!!binary`.
    """
    for name in ("inspect", "base64", "binascii"):
        sys.modules.setdefault(name, LateModule(name))
    compile_ = re.compile

    def compiled(*arguments: Any, **named: Any) -> Any:
        caller = sys._getframe(1)
        package = caller.f_globals.get("__name__", "").partition(".")[0]
        if package in PATIENT and not caller.f_code.co_flags & IN_FUNCTION:
            return Late(*arguments, **named)
        return compile_(*arguments, **named)

    re.compile = compiled
