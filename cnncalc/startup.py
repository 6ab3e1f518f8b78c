"""What a process does to start fast. Only `__main__` asks for it: it changes what is not ours."""

from __future__ import annotations

import re
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


def import_yaml() -> None:
    """Import PyYAML without its regular expressions.

    They belong to its reader and resolver in Python; the one in C, which reads architecture
    files, has no use for them, and compiling them takes longer than the bare interpreter's start.
    Who uses them all the same has them compiled then.
    """
    compile_ = re.compile
    re.compile = Late  # type: ignore[assignment]
    try:
        import yaml  # noqa: F401
    finally:
        re.compile = compile_
