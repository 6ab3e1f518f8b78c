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


def import_late() -> None:
    """Import what compiles many regular expressions that an analysis never uses, without them.

    PyYAML's belong to its reader and resolver in Python; the ones in C, which read architecture
    files, have no use for them, and compiling them takes longer than the bare interpreter's
    start. `uuid`, which click imports, brings `platform` and its own. Who uses one of them all the
    same has it compiled then: both modules call their patterns' methods and hand them to nobody.
    """
    compile_ = re.compile
    re.compile = Late  # type: ignore[assignment]
    try:
        import uuid  # noqa: F401

        import yaml  # noqa: F401
    finally:
        re.compile = compile_
