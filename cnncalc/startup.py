"""What a process does to start fast. Only `__main__` asks for it: it changes what is not ours."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PATIENT = {"click", "dataclasses", "fractions", "gettext", "locale", "platform", "rich", "yaml"}
"""What compiles patterns when it is imported; that takes longer than the bare interpreter's start.

All of them call their patterns' methods and hand them to nobody.
"""

UNUSED = ("inspect", "base64", "binascii")
"""Modules that click, Rich, `dataclasses` and PyYAML import for what is not done here.

`inspect` brings `dis` and `tokenize`; the others serve YAML's `!!binary`.
"""

CALLED = ("ast", "fractions", "pickle", "random")
"""Modules of which Rich takes functions by name, for markup, layouts and links, and only calls
them."""

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


class LateFunction:
    """A function whose module is imported when it is first called."""

    __slots__ = ("_module", "_name")

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return getattr(import_module(self._module), self._name)(*arguments, **named)


class LateModule(ModuleType):
    """A module that is imported when something in it is first asked for.

    `importlib.util.LazyLoader` does as much, but already when a second module imports it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)  # `importlib.util.find_spec` wants one

    def __getattr__(self, name: str) -> Any:
        if self.__name__ in CALLED and _caller(2).startswith("rich."):
            return LateFunction(self.__name__, name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = import_module(self.__name__)
        self.__dict__.update(vars(module))
        self.__class__ = ModuleType  # type: ignore[assignment]
        return getattr(module, name)


def _caller(depth: int) -> str:
    """The name of the module from which a function was called."""
    name: str = sys._getframe(depth).f_globals.get("__name__", "")
    return name


def start_late() -> None:
    """Put off what takes longer than its use: patterns and modules that most runs never need."""
    for name in (*CALLED, *UNUSED):
        sys.modules.setdefault(name, LateModule(name))
    compile_ = re.compile

    def compiled(*arguments: Any, **named: Any) -> Any:
        importing = not sys._getframe(1).f_code.co_flags & IN_FUNCTION
        if importing and _caller(2).partition(".")[0] in PATIENT:
            return Late(*arguments, **named)
        return compile_(*arguments, **named)

    re.compile = compiled
