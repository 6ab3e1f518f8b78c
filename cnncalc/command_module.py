"""Packages that share their name with a command: `cnncalc.layers` and `cnncalc.rules`.

They are called as the command's function, so that every command is a function of `cnncalc`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class CommandModule(ModuleType):
    """A package that is called as the function of `cnncalc.api` that has its name."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._function()(*arguments, **named)

    def _function(self) -> Any:
        # the front door stands above every package, and is imported by whoever calls it
        return getattr(import_module("cnncalc.api"), self.__name__.rpartition(".")[2])

    @property
    def __signature__(self) -> Any:
        from inspect import signature

        return signature(self._function())
