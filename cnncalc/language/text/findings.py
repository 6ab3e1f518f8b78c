"""Findings in a file: refusals located in its text, each told once, and no more than can be read.

This is the only place where a refusal becomes a `Diagnostic` with a line, a column and a fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place, Refusal
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode, Source

FINDING_LIMIT = 200
"""After so many findings a file is not looked at any further."""


class TooMany(Exception):
    """More findings, or more layers, than are looked at."""


class Findings:
    """What is wrong with a file, gathered."""

    def __init__(self, own: Source) -> None:
        self.own = own
        """The file that fixes may change; others are those that it extends."""
        self.diagnostics: list[Diagnostic] = []
        self.noted = 0
        """How many refusals have come, those that were known included."""
        self._known: dict[tuple[str, Place], int] = {}

    def report(
        self, rule: str, message: str, source: Source, node: Node, hint: str | None = None
    ) -> None:
        """Note what is wrong with a node.

        Raises:
            TooMany: no more is looked at.
        """
        self.add(Refusal(rule, message, hint=hint), source, node)

    def add(
        self,
        refusal: Refusal,
        source: Source,
        node: Node,
        layer: str | None = None,
        used: tuple[Place, ...] = (),
        lines: tuple[Node, tuple[str, ...]] | None = None,
    ) -> None:
        """Note a refusal, at the node it carries or else at this one.

        `lines` are an entry of a list and the entries that would stand in its place.

        Raises:
            TooMany: no more is looked at.
        """
        if refusal.node is not None:
            node = refusal.node
        place = locate(refusal, source, node)
        self.noted += 1
        index = self._known.setdefault((refusal.rule, place), len(self.diagnostics))
        if index < len(self.diagnostics):
            known = self.diagnostics[index]
            if layer or used or known.message.startswith(refusal.message[:100]):
                self.diagnostics[index] = known._replace(times=known.times + 1)
                return
        finding = source.finding(refusal, place)
        fix = _fix(refusal, source, node, place) if lines is None else _entries(source, *lines)
        fixes = (fix,) if source is self.own else ()
        self.diagnostics.append(
            finding._replace(layer=layer, used=used, fixes=tuple(filter(None, fixes)))
        )
        if len(self.diagnostics) >= FINDING_LIMIT:
            message = f"more than {FINDING_LIMIT} findings; what follows was not looked at"
            self.diagnostics.append(source.finding(Refusal("limit-exceeded", message), place))
            raise TooMany


def locate(refusal: Refusal, source: Source, node: Node) -> Place:
    """The place of a refusal: its node, or the character of it that is meant."""
    place = source.place(node)
    if refusal.offset is None or place.line != place.end_line:
        return place
    in_quotes = quoted(node)
    column = min(place.column + refusal.offset + in_quotes, max(place.end_column - 1, place.column))
    end = max(place.end_column - in_quotes, column + 1)
    if refusal.word:
        end = min(end, column + len(refusal.word))
    return place._replace(column=column, end_column=end)


def _fix(refusal: Refusal, source: Source, node: Node, place: Place) -> Fix | None:
    """What would do instead, written into the text."""
    if refusal.before is not None:
        return _layer_before(refusal.before, source, place)
    text = refusal.instead
    if text is None or not isinstance(node, ScalarNode) or place.line != place.end_line:
        return None
    refused = (source.line(place.line) or "")[place.column - 1 : place.end_column - 1]
    if refusal.offset is None:
        refused = refused.strip("'\"")
    if refused != refusal.word if refusal.word else not _is_number(refused):
        return None
    return Fix(f"write `{text}`", refusal.safe, (Edit(place, text),))


def _entries(source: Source, node: Node, lines: tuple[str, ...]) -> Fix | None:
    """Entries of a list in the place of one; several on lines of their own where that one has."""
    place = source.place(node)
    last = _last(node)
    end = source.place(last)
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style:
        place = place._replace(end_line=end.end_line, end_column=end.end_column)
    before = (source.line(place.line) or "")[: place.column - 1]
    alone = re.fullmatch(r" *- ", before)
    if len(lines) > 1 and not alone:
        return None
    text = f"\n{before}".join(lines)
    return Fix("write " + " and ".join([f"`{line}`" for line in lines]), edits=(Edit(place, text),))


def _last(node: Node) -> Node:
    """The node that ends last in another."""
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    return node


def _layer_before(layer: str, source: Source, place: Place) -> Fix | None:
    """A layer on a line of its own, in front of one that has its line for itself."""
    before = (source.line(place.line) or "")[: place.column - 1]
    if not re.fullmatch(r" *- ", before):
        return None
    start = place._replace(column=1, end_line=place.line, end_column=1)
    return Fix(f"put `- {layer}` before it", edits=(Edit(start, f"{before}{layer}\n"),))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def quoted(node: Node) -> bool:
    """Whether a scalar stands in quotes."""
    return isinstance(node, ScalarNode) and node.style in ("'", '"')


def describe(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list" if node.value else "an empty list"
    return f"`{node.value}`" if node.value.strip() else "nothing"


def entries(
    findings: Findings, source: Source, node: MappingNode
) -> Iterator[tuple[str, Node, Node]]:
    """The keys of a mapping and their values; a key that is no word, or given twice, is noted."""
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            findings.report("unknown-key", "a key must be a word", source, key)
        elif key.value == "<<":
            findings.report(
                "unknown-key",
                "YAML's merge key `<<` is not read",
                source,
                key,
                "what layers have in common is a block with parameters, or a value of `parameters`",
            )
        elif key.value in seen:
            findings.report("duplicate-key", f"`{key.value}` is given twice", source, key)
        else:
            seen.add(key.value)
            yield key.value, key, value
