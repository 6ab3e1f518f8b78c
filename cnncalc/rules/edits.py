"""Edits that give an option of a written layer another value, and leave all else as it is.

A value is only replaced where it is written out as a number, a truth value, a word or a list
of these: an expression belongs to its parameters, which may be right elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cnncalc.diagnostics import Edit, Place
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.text.source import MappingNode, Node, ScalarNode, SequenceNode

LITERAL = re.compile(r"-?\d+(\.\d+)?|true|false|same|same_lower|valid")


def set_options(form: LayerForm, options: Mapping[str, str]) -> tuple[Edit, ...]:
    """Edits that write the given options; an empty text takes one away.

    None at all where one of them cannot be written.
    """
    if form.kind is None:
        return ()
    value = form.argument
    if value is None or (isinstance(value, ScalarNode) and not value.value):
        return _bare(form, options, value)
    if isinstance(value, MappingNode):
        return _mapping(form, value, options)
    return _positions(form, value, options)


def literal(node: Node) -> bool:
    """Whether a value is written out, on one line and without names."""
    if isinstance(node, SequenceNode):
        return bool(node.flow_style) and all(literal(item) for item in node.value)
    return isinstance(node, ScalarNode) and not node.style and bool(LITERAL.fullmatch(node.value))


def _at(form: LayerForm, line: int, column: int, text: str) -> Edit:
    """An insertion; line and column count from 0."""
    where = (line + 1, column + 1)
    return Edit(Place(form.source.label, *where, *where), text)


def _replace(form: LayerForm, node: Node, text: str) -> Edit:
    return Edit(form.source.place(node), text)


def _bare(form: LayerForm, options: Mapping[str, str], value: Node | None) -> tuple[Edit, ...]:
    """A kind without options: they are put behind it in braces."""
    given = {key: text for key, text in options.items() if text}
    if not isinstance(form.node, ScalarNode) or not given or value is not None:
        return ()
    inner = ", ".join(f"{key}: {text}" for key, text in given.items())
    mark = form.node.end_mark
    return (_at(form, mark.line, mark.column, f": {{{inner}}}"),)


def _mapping(form: LayerForm, value: MappingNode, options: Mapping[str, str]) -> tuple[Edit, ...]:
    """Named options: values are replaced, new ones stand behind the last."""
    edits = []
    last_key, last = value.value[-1]
    for key, text in options.items():
        known = form.given.get(key)
        if known is not None:
            if not literal(known):
                return ()
            edits.append(_replace(form, known, text or _default(form, key)))
        elif text:
            if not isinstance(last, ScalarNode) and not getattr(last, "flow_style", False):
                return ()
            end = last.end_mark
            lead = ", " if value.flow_style else "\n" + " " * last_key.start_mark.column
            if not value.flow_style and not _ends_line(form, end.line, end.column):
                return ()
            edits.append(_at(form, end.line, end.column, f"{lead}{key}: {text}"))
    return tuple(edits)


def _ends_line(form: LayerForm, line: int, column: int) -> bool:
    """Whether nothing but a comment follows: then the new line goes in front of it."""
    rest = (form.source.line(line + 1) or "")[column:]
    return not rest.strip()


def _default(form: LayerForm, key: str) -> str:
    from cnncalc.layers.options import show

    assert form.kind is not None
    return show(form.kind.options[key].default)


def _positions(form: LayerForm, value: Node, options: Mapping[str, str]) -> tuple[Edit, ...]:
    """One value, or options by position: replaced where they stand, else all are named."""
    written = form.given
    if isinstance(value, SequenceNode) and not value.flow_style:
        return ()
    changed: dict[str, str] = {}
    for name, item in written.items():
        if name in options:
            if not literal(item):
                return ()
            changed[name] = options[name] or _default(form, name)
    added = {key: text for key, text in options.items() if text and key not in written}
    if not added:
        return tuple(
            [
                _replace(form, item, changed[name])
                for name, item in written.items()
                if name in changed
            ]
        )
    named = [
        _replace(form, item, f"{name}: {changed[name]}")
        if name in changed
        else _at(form, item.start_mark.line, item.start_mark.column, f"{name}: ")
        for name, item in written.items()
    ]
    more = ", ".join(f"{key}: {text}" for key, text in added.items())
    start, end = value.start_mark, value.end_mark
    if any(item is value for item in written.values()):
        first, last = named[0], _at(form, end.line, end.column, f", {more}}}")
        if first.place.column != first.place.end_column:
            return (first._replace(text=f"{{{first.text}, {more}}}"),)
        return (first._replace(text="{" + first.text), last)
    label = form.source.label
    opening = Place(label, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
    closing = Place(label, end.line + 1, end.column, end.line + 1, end.column + 1)
    return (Edit(opening, "{"), *named, Edit(closing, f", {more}}}"))
