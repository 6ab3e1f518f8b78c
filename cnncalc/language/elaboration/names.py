"""Scopes, and the names of layers in them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from cnncalc.diagnostics import Refusal, misspelt
from cnncalc.graph import Node, Use
from cnncalc.language.expressions.operations import GivenLayer
from cnncalc.language.forms.form import LayerForm


class Unknown(Exception):
    """A value needed here is unknown because of an error already reported."""


INDEX = "index"
"""The number of a round of `repeat`, in expressions inside it."""


class Scope:
    """The inside of a block, or the file's own layers: names, numbers and values."""

    __slots__ = ("_env", "_indexed", "counts", "depth", "explicit", "prefix", "round", "use")

    def __init__(
        self,
        prefix: str,
        env: dict[str, Any],
        explicit: frozenset[str],
        use: Use | None,
        depth: int,
    ) -> None:
        self.prefix = prefix
        self._env = env
        self.explicit = explicit
        self.use = use
        self.depth = depth
        self.counts: dict[str, int] = {}
        self.round: int | None = None
        """Which round of the innermost `repeat` runs, from 0 on."""
        self._indexed = INDEX not in env
        """Whether `index` is that; a parameter of this name is itself."""

    def begin_round(self, number: int) -> None:
        """Let `index` be the number of a round of `repeat`."""
        self.round = number
        if self._indexed:
            self._env[INDEX] = number

    def end_rounds(self, outer: int | None) -> None:
        """Let `index` be what it was before a `repeat`."""
        self.round = outer
        if not self._indexed:
            return
        if outer is None:
            self._env.pop(INDEX, None)
        else:
            self._env[INDEX] = outer

    def environment(self, channels: int | None) -> Mapping[str, Any]:
        """The values of names, with the incoming tensor's channels where they are known."""
        if channels is None:
            self._env.pop("channels", None)
        else:
            self._env["channels"] = channels
        return self._env

    def value(self, name: str) -> Any:
        """The value of a parameter; `None` where there is none."""
        return self._env.get(name)

    def gives(self, reference: str) -> bool:
        """Whether a name leads to a layer that the block is given, or into one."""
        return isinstance(self._env.get(reference.partition(".")[0]), GivenLayer)

    def layers(self) -> list[str]:
        """The parameters that stand for layers."""
        return [name for name, value in self._env.items() if isinstance(value, GivenLayer)]


class Names:
    """The layers and blocks that have been named so far."""

    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes
        self._indices: dict[str, int] = {node.name: index for index, node in enumerate(nodes)}
        self._inputs = tuple(self._indices)
        self._unknown: set[str] = set()
        """Names of layers and blocks that a finding keeps from being known."""

    def give(self, name: str, index: int) -> None:
        """A name stands for a node."""
        self._indices[name] = index

    def take(self, form: LayerForm, scope: Scope) -> str:
        """The full name of the next layer that a form makes.

        Raises:
            Refusal: another layer has it.
        """
        base = form.name or form.label
        if form.counted:
            number = scope.counts.get(base, 0) + 1
            while _numbered(base, number) in scope.explicit:
                number += 1
            scope.counts[base] = number
            base = _numbered(base, number)
        name = scope.prefix + base
        if name in self._indices:
            first = self._nodes[self._indices[name]].place
            where = f" (the first is on line {first.line})" if first else ""
            message = f"two layers are called `{name}`{where}"
            if name in self._inputs:
                message = f"`{name}` is an input of the network"
            hint = "give one of them another name"
            raise Refusal("duplicate-name", message, hint=hint).at(form.keys.get("name"))
        if isinstance(scope.value(base), GivenLayer):
            message = f"`{base}` is the layer that the block is given"
            hint = "give this one another name"
            raise Refusal("duplicate-name", message, hint=hint).at(form.keys.get("name"))
        return name

    def find(self, reference: str, scope: Scope) -> GivenLayer:
        """What a name stands for: a layer given to the block, one inside it, or one of the file.

        Raises:
            Refusal: there is none.
            Unknown: a finding hides it.
        """
        found = self.look(reference, scope)
        if found is not None:
            return found
        value = scope.value(reference)
        if value is not None:
            raise Refusal(
                "bad-value",
                f"`{reference}` is {_told(value)} here, and a layer is needed",
                hint=f"give `{reference}` a layer's name where the block is used"
                if scope.use
                else None,
            )
        if reference == "input":
            message, hint = "no input is called `input`", f"known: {', '.join(self._inputs)}"
            raise Refusal("undefined-name", message, hint=hint)
        message = f"no earlier layer is called `{reference}`"
        raise misspelt("undefined-name", message, reference, self.known(scope))

    def look(self, reference: str, scope: Scope) -> GivenLayer | None:
        """As `find`; `None` where there is none.

        Raises:
            Unknown: a finding hides it.
        """
        head, dot, rest = reference.partition(".")
        given = scope.value(head)
        names: tuple[str, ...] = (scope.prefix + reference, reference)
        if isinstance(given, GivenLayer):
            if not dot:
                return given
            names = (f"{given.name}.{rest}",)
        for name in names:
            index = self._indices.get(name)
            if index is not None:
                return GivenLayer(name, index)
            if self._is_unknown(name):
                raise Unknown
        return None

    def top(self, name: str) -> GivenLayer | None:
        """The layer of a full name."""
        index = self._indices.get(name)
        return None if index is None else GivenLayer(name, index)

    def known(self, scope: Scope) -> set[str]:
        """Names that could be meant in a scope."""
        recent = list(islice(reversed(self._indices), 500))
        local = [n[len(scope.prefix) :] for n in recent if n.startswith(scope.prefix)]
        return {*scope.layers(), *local, *(n for n in recent if "." not in n)}

    def forget(self, form: LayerForm, scope: Scope) -> None:
        """Note that a layer, and all inside it, stays unknown."""
        if form.group is not None:
            for inner in form.group:
                self.forget(inner, scope)
            return
        base = form.name or form.label
        self._unknown.add(scope.prefix + base)
        if form.counted:
            number = scope.counts[base] = scope.counts.get(base, 0) + 1
            self._unknown.add(scope.prefix + _numbered(base, number))

    def hide(self, name: str) -> None:
        """Note that a block of this name stays unknown."""
        self._unknown.add(name)

    def _is_unknown(self, name: str) -> bool:
        """Whether a finding hides what has this name, or the block it is in.

        Numbers do not count: how many layers of a name there would be is unknown as well.
        """
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            head = ".".join(parts[:end])
            if head in self._unknown or head.rstrip("0123456789").rstrip("_") in self._unknown:
                return True
        return False


def _numbered(base: str, number: int) -> str:
    return f"{base}{'_' if base[-1:].isdigit() else ''}{number}"


def _told(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value).lower()
