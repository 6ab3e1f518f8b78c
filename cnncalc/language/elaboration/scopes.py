"""Inside an elaboration: scopes, the names in them, and what is found wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from cnncalc.diagnostics import Diagnostic, Place, did_you_mean
from cnncalc.graph import Node, Use, input_node
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.forms.places import common_node, option_node
from cnncalc.language.forms.values import FINDING_LIMIT, too_many
from cnncalc.shapes import Shape

UNKNOWN = -1
"""In place of a node: what an earlier error leaves unknown."""


class Refused(Exception):
    """A layer that cannot be; its finding has been noted."""


class TooMany(Exception):
    """More layers, or more findings, than are looked at."""


class Scope:
    """The inside of a block, or the file's own layers: names, numbers and values."""

    __slots__ = ("counts", "depth", "env", "explicit", "prefix", "use")

    def __init__(
        self,
        prefix: str,
        env: dict[str, Any],
        explicit: frozenset[str],
        use: Use | None,
        depth: int,
    ) -> None:
        self.prefix = prefix
        self.env = env
        self.explicit = explicit
        self.use = use
        self.depth = depth
        self.counts: dict[str, int] = {}


class Workbench:
    """The nodes built so far, their names, and the findings."""

    def __init__(self, parameters: Mapping[str, Any], input_shape: Shape) -> None:
        self.parameters = parameters
        self.nodes: list[Node] = [input_node(input_shape)]
        self.forms: list[LayerForm | None] = [None]
        """For each node the form it comes from."""
        self.names: dict[str, int] = {"input": 0}
        self.unknown: set[str] = set()
        """Names of layers and blocks that an error keeps from being known."""
        self.diagnostics: list[Diagnostic] = []
        self.noted: dict[tuple[str, Place], int] = {}

    def _note(
        self,
        rule: str,
        message: str,
        form: LayerForm,
        scope: Scope,
        *,
        place: Place | None = None,
        layer: str | None = None,
        hint: str | None = None,
    ) -> None:
        where = place or form.place
        used = scope.use.chain() if scope.use else ()
        index = self.noted.setdefault((rule, where), len(self.diagnostics))
        if index < len(self.diagnostics):
            known = self.diagnostics[index]
            self.diagnostics[index] = known._replace(times=known.times + 1)
            return
        finding = Diagnostic(
            rule, "error", message, where, layer, hint, form.source.line(where.line), used=used
        )
        self.diagnostics.append(finding)
        if len(self.diagnostics) >= FINDING_LIMIT:
            self.diagnostics.append(too_many(finding))
            raise TooMany

    def _option_place(self, form: LayerForm, key: str | None) -> Place:
        node = option_node(form, key)
        return form.source.place(node) if node is not None else form.place

    def _common_place(self, form: LayerForm, key: str) -> Place:
        node = common_node(form, key)
        return form.source.place(node) if node is not None else form.place

    def _name(self, form: LayerForm, scope: Scope) -> str:
        base = form.name or form.label
        if not form.counted:
            name = scope.prefix + base
            if name in self.names:
                self._duplicate(name, form, scope)
                raise Refused
            return name
        number = scope.counts.get(base, 0) + 1
        if base[-1:].isdigit():
            base += "_"
        while f"{base}{number}" in scope.explicit:
            number += 1
        scope.counts[form.name or form.label] = number
        name = f"{scope.prefix}{base}{number}"
        if name in self.names:
            self._duplicate(name, form, scope)
            raise Refused
        return name

    def _duplicate(self, name: str, form: LayerForm, scope: Scope) -> None:
        first = self.nodes[self.names[name]].place if self.names[name] >= 0 else None
        where = f" (the first is on line {first.line})" if first else ""
        self._note(
            "duplicate-name",
            f"two layers are called `{name}`{where}",
            form,
            scope,
            place=self._common_place(form, "name"),
            hint="give one of them another name",
        )

    def _find(self, reference: str, form: LayerForm, scope: Scope, place: Place) -> int:
        """The node of a name: looked up in the block first, then in the file."""
        for name in (scope.prefix + reference, reference):
            index = self.names.get(name)
            if index is not None:
                return index
            if self._is_unknown(name):
                return UNKNOWN
        recent = list(islice(reversed(self.names), 500))
        local = [n[len(scope.prefix) :] for n in recent if n.startswith(scope.prefix)]
        hint = did_you_mean(reference, {*local, *(n for n in recent if "." not in n)})
        self._note(
            "undefined-name",
            f"no earlier layer is called `{reference}`",
            form,
            scope,
            place=place,
            hint=hint,
        )
        raise Refused

    def _is_unknown(self, name: str) -> bool:
        """Whether an error hides what has this name, or the block it is in.

        Numbers do not count: how many layers of a name there would be is unknown as well.
        """
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            head = ".".join(parts[:end])
            if head in self.unknown or head.rstrip("0123456789").rstrip("_") in self.unknown:
                return True
        return False

    def _forget(self, form: LayerForm, scope: Scope) -> None:
        """Note that a layer, and all inside it, stays unknown."""
        if form.group is not None:
            for inner in form.group:
                self._forget(inner, scope)
            return
        base = form.name or form.label
        self.unknown.add(scope.prefix + base)
        if form.counted:
            number = scope.counts.get(base, 0) + 1
            scope.counts[base] = number
            self.unknown.add(f"{scope.prefix}{base}{'_' if base[-1:].isdigit() else ''}{number}")
