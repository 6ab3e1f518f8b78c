"""Which module runs: its path and classes, kept by forward hooks on the copy."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch


class ModuleScope(NamedTuple):
    """A module by its path from the outermost."""

    path: tuple[str, ...]
    types: tuple[str, ...]
    """The class at each level of the path."""


class ModuleStack:
    """The modules that are running, outermost first."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.running: list[ModuleScope] = [ModuleScope((), ())]
        names = dict(module.named_modules())
        for name, part in names.items():
            if name:
                scope = _scope(name, names)
                part.register_forward_pre_hook(self._entering(scope), prepend=True)
                part.register_forward_hook(self._left, always_call=True)

    @property
    def current(self) -> ModuleScope:
        """The innermost."""
        return self.running[-1]

    def _entering(self, scope: ModuleScope) -> Any:
        def enter(*_: Any) -> None:
            self.running.append(scope)

        return enter

    def _left(self, *_: Any) -> None:
        self.running.pop()


def _scope(name: str, names: dict[str, torch.nn.Module]) -> ModuleScope:
    parts = tuple(name.split("."))
    above = [".".join(parts[: n + 1]) for n in range(len(parts))]
    types = [type(names[one]).__name__ if one in names else "" for one in above]
    return ModuleScope(parts, tuple(types))
