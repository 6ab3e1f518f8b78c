"""Mistakes as findings: with the place in the user's file, its line, and repairs that edit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place
from cnncalc.exchange.torch.diagnosis.constructors import Constructors
from cnncalc.exchange.torch.diagnosis.mistake import (
    Argument,
    Before,
    CallArgument,
    Change,
    ClassName,
    Method,
    Mistake,
    Repair,
)
from cnncalc.exchange.torch.diagnosis.source import factors, is_literal


class Findings:
    """Makes findings of mistakes."""

    def __init__(self, constructors: Constructors) -> None:
        self.constructors = constructors
        self.own = constructors.own

    def all(self, mistakes: Sequence[Mistake], fitting: str | None = None) -> list[Diagnostic]:
        """A finding for each mistake; what is wrong with one layer at several calls, once.

        `fitting` says which inputs of another size the network takes.
        """
        found: dict[Any, Diagnostic] = {}
        for mistake in mistakes:
            one = self._finding(mistake)
            if mistake.of_sizes and fitting is not None:
                one = one._replace(hint=f"{fitting}; {one.hint}" if one.hint else fitting)
            key = (one.rule, one.layer, one.place, one.message)
            known = found.get(key)
            found[key] = one if known is None else known._replace(times=known.times + 1)
        by_layer: dict[Any, set[str]] = {}
        for one in found.values():
            by_layer.setdefault((one.rule, one.layer, one.place), set()).add(one.message)
        return [
            one
            if len(by_layer[one.rule, one.layer, one.place]) == 1 or one.layer is None
            else one._replace(
                fixes=(), hint="it is called with maps of several sizes: no one value serves all"
            )
            for one in found.values()
        ]

    def _finding(self, mistake: Mistake) -> Diagnostic:
        made = self.constructors.of(mistake.path) if self._of_module(mistake) else None
        calls = tuple([self.constructors.relabelled(call) for call in mistake.calls])
        place = calls[0] if calls else None
        used = calls[1:]
        hint = mistake.hint
        if made is not None:
            node = made.arguments.get(mistake.argument or "")
            place = self.constructors.relabelled(
                made.file.place(node if node is not None else made.call)
            )
            used = calls
            if made.editable and mistake.repairs:
                reason = f"not edited: {made.editable}"
                hint = reason if hint is None else f"{hint}; {reason}"
        fixes = [self._fix(repair) for repair in mistake.repairs]
        return Diagnostic(
            mistake.rule,
            "error",
            mistake.message,
            place,
            ".".join(mistake.path) or None,
            hint,
            self._line(place),
            tuple(fixes),
            used,
            shapes=mistake.shapes,
        )

    def _of_module(self, mistake: Mistake) -> bool:
        """Whether a mistake is one of a module's, and not of the `forward` that it stands in."""
        return (
            (
                bool(mistake.path)
                and any(
                    isinstance(change, (Argument, ClassName)) and change.path == mistake.path
                    for repair in mistake.repairs
                    for change in repair.changes
                )
            )
            or (mistake.argument is not None)
            or self._is_leaf(mistake.path)
        )

    def _is_leaf(self, path: tuple[str, ...]) -> bool:
        module: Any = self.constructors.root
        for part in path:
            module = getattr(module, "_modules", {}).get(part)
        return bool(path) and type(module).__module__.startswith("torch.nn.")

    def _line(self, place: Place | None) -> str | None:
        if place is None:
            return None
        if self.own is not None and place.file == self.own.source.label:
            return self.own.source.line(place.line)
        file = self.constructors.file(place.file)
        return None if file is None else file.source.line(place.line)

    def _fix(self, repair: Repair) -> Fix:
        """A repair as an edit of the user's own file; without edits where it is to be told only."""
        edits: list[Edit] = []
        for change in repair.changes:
            found = self._edits(change)
            if not found:
                return Fix(repair.description, False)
            edits += found
        return Fix(repair.description, repair.safe and bool(edits), tuple(edits))

    def _edits(self, change: Change) -> list[Edit]:
        if isinstance(change, Argument):
            return self._argument(change)
        if isinstance(change, ClassName):
            return self._class(change)
        if isinstance(change, Before):
            return self._before(change)
        own = self.own
        call = None if own is None else own.call_at(self.constructors.relabelled(change.call))
        if own is None or call is None:
            return []
        if isinstance(change, CallArgument):
            # `x.view(a, b)` and `torch.reshape(x, (a, b))`
            given = list(call.args)
            if given and hasattr(given[-1], "elts"):
                given = list(given[-1].elts)
            if change.position >= len(given):
                return []
            node = given[change.position]
            return [own.replaced(node, change.text)] if is_literal(node) else []
        if isinstance(change, Method) and hasattr(call.func, "attr"):
            function: Any = call.func
            end = own.place(function)
            start = end.end_column - len(function.attr)
            place = end._replace(line=end.end_line, column=start)
            return [Edit(place, change.name)]
        return []

    def _argument(self, change: Argument) -> list[Edit]:
        made = self.constructors.of(change.path)
        if made is None or made.editable:
            return []
        edits = []
        for name, text in change.values.items():
            known = made.arguments.get(name)
            # a product is written as one where one stood there
            if " * " in text and (known is None or factors(known) == 1):
                text = str(_product(text))
            edit = made.edit(name, text)
            if edit is None:
                return []
            edits.append(edit)
        return edits

    def _class(self, change: ClassName) -> list[Edit]:
        made = self.constructors.of(change.path)
        if made is None or made.editable:
            return []
        function: Any = made.call.func
        if not hasattr(function, "attr"):
            return []  # the other class may not be imported
        place = made.file.place(function)
        start = place.end_column - len(function.attr)
        return [Edit(place._replace(line=place.end_line, column=start), change.name)]

    def _before(self, change: Before) -> list[Edit]:
        own = self.own
        made = self.constructors.of(change.path)
        if made is not None and made.listed:
            function: Any = made.call.func
            prefix = own.text(function.value) + "." if own and hasattr(function, "value") else ""
            if made.editable:
                return []
            return [made.file.before(made.call, f"{prefix}{change.module}, ")]
        if own is None or change.call is None:
            return []
        call = own.call_at(self.constructors.relabelled(change.call))
        if call is None or len(call.args) != 1 or call.keywords:
            return []
        node = call.args[0]
        text = own.text(node)
        simple = text.replace(".", "").replace("_", "").isalnum() or text.endswith(")")
        if simple:
            return [own.behind(node, f".{change.method}")]
        return [own.before(node, "("), own.behind(node, f").{change.method}")]


def _product(text: str) -> int:
    found = 1
    for factor in text.split(" * "):
        found *= int(factor)
    return found
