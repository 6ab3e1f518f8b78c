"""A transform in the text of a file: options changed in place, layers taken out, all else kept.

What is written is proven by whoever asks: the text is read again, and is right where its network is
the one that the transform made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.diagnostics import Edit, Place
from cnncalc.exchange.architecture import value
from cnncalc.graph import Graph, Node
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.text.source import MappingNode, ScalarNode, SequenceNode, Source
from cnncalc.language.text.source import Node as Written
from cnncalc.layers.base import Kind, Reference
from cnncalc.rules.edits import set_options
from cnncalc.transforms.rewriting import TransformStep


class UneditableError(Exception):
    """The text cannot say it by changes of single layers."""


def layer_edits(
    source: Source, layers: Sequence[LayerForm], elaboration: Elaboration, step: TransformStep
) -> list[Edit]:
    """The edits that make a step's graph of the one that a file was elaborated to.

    Raises:
        UneditableError: one layer of the text would have to become several different ones.
    """
    assert elaboration.graph is not None
    editing = _Editing(source, elaboration, step)
    editing.walk(layers)
    return editing.edits


class _Editing:
    def __init__(self, source: Source, elaboration: Elaboration, step: TransformStep) -> None:
        self.source = source
        self.edits: list[Edit] = []
        assert elaboration.graph is not None
        self.before: Graph = elaboration.graph
        self.after: dict[int, Node] = {
            origin: step.graph.nodes[index] for index, origin in enumerate(step.origins)
        }
        self.leaves: dict[int, list[int]] = {}
        """The nodes that come from a written layer, by the identity of its YAML node."""
        for index, form in enumerate(elaboration.forms):
            if form is not None:
                self.leaves.setdefault(id(form.node), []).append(index)
        self.uses: dict[Place, list[int]] = {}
        """The nodes that come from uses of blocks, by their places."""
        for index, node in enumerate(self.before.nodes):
            for place in node.use.chain() if node.use else ():
                self.uses.setdefault(place, []).append(index)
        self.lists = dict(_lists(source.compose()))
        self.blocks: set[int] = set()

    def nodes(self, form: LayerForm) -> list[int]:
        """The nodes that come from a written layer, those of branches included."""
        if form.group is not None:
            return [index for one in form.group for index in self.nodes(one)]
        if form.block is not None:
            return self.uses.get(form.place, [])
        own = self.leaves.get(id(form.node), [])
        inner = [i for b in form.branches or () for one in b.layers for i in self.nodes(one)]
        return [*own, *inner]

    def walk(self, forms: Sequence[LayerForm]) -> None:
        """Edit a list of layers."""
        for form in forms:
            found = self.nodes(form)
            if found and not any([index in self.after for index in found]):
                self.edits.append(self._removal(form.node))
                continue
            for branch in form.branches or ():
                self.walk(branch.layers)
            if form.group is not None:
                self.walk(form.group)
            elif form.block is not None:
                if id(form.block) not in self.blocks:
                    self.blocks.add(id(form.block))
                    self.walk(form.block.body)
            else:
                self._leaf(form)

    def _leaf(self, form: LayerForm) -> None:
        """Edit one layer."""
        own = self.leaves.get(id(form.node), [])
        if len({index in self.after for index in own}) > 1:
            raise UneditableError
        changes = {
            _told(self.before.nodes[index].kind, self.after[index].kind)
            for index in own
            if index in self.after
        }
        changes_made = {change for change in changes if change is not None}
        if not changes_made:
            return
        if len(changes) > 1 or form.source is not self.source:
            raise UneditableError
        index = own[0]
        self._change(form, self.before.nodes[index].kind, self.after[index].kind)

    def _change(self, form: LayerForm, old: Kind, new: Kind) -> None:
        if type(old) is not type(new):
            self.edits += _anew(form, new, old)
            return
        options: dict[str, str] = {}
        for key, one in new.options.items():
            if old.option_value(key) != new.option_value(key):
                node = form.given.get(key)
                options[key] = _text(new, key)
                if new.option_value(key) == one.default and node is not None:
                    if self._taken_out(form, key, node):
                        del options[key]
                elif node is not None and isinstance(node, ScalarNode):
                    self.edits.append(Edit(self.source.place(node), options.pop(key)))
        if options:
            edits = set_options(form, options)
            if not edits:
                raise UneditableError
            self.edits += edits

    def _taken_out(self, form: LayerForm, key: str, node: Written) -> bool:
        """Take an option out of a mapping that has others."""
        where = form.argument
        if not isinstance(where, MappingNode) or len(where.value) < 2:
            return False
        number = next((n for n, (word, _) in enumerate(where.value) if word.value == key), None)
        if number is None:
            return False
        word = where.value[number][0]
        if where.flow_style:
            if number:
                start, end = where.value[number - 1][1].end_mark, _end(node)
            else:
                start, end = word.start_mark, where.value[1][0].start_mark
            self.edits.append(Edit(_place(self.source, start, end), ""))
            return True
        self.edits.append(self._lines(word.start_mark, _end(node)))
        return True

    def _removal(self, node: Written) -> Edit:
        """Take a layer out of its list."""
        mark = node.start_mark
        if (mark.line, mark.column) not in self.lists:
            raise UneditableError
        items, number = self.lists[mark.line, mark.column]
        if not items.flow_style:
            return self._lines(mark, _end(node), dash=True)
        if number + 1 < len(items.value):
            return Edit(_place(self.source, mark, items.value[number + 1].start_mark), "")
        if number:
            return Edit(_place(self.source, _end(items.value[number - 1]), _end(node)), "")
        return Edit(_place(self.source, mark, _end(node)), "")

    def _lines(self, start: Any, end: Any, *, dash: bool = False) -> Edit:
        """Take whole lines out.

        Raises:
            UneditableError: something else stands in the first of them.
        """
        line = self.source.line(start.line + 1) or ""
        if line[: start.column].strip() != ("-" if dash else ""):
            raise UneditableError
        rest = (self.source.line(end.line + 1) or "")[end.column :]
        if rest.strip() and not rest.lstrip().startswith("#"):
            raise UneditableError
        where = Place(self.source.label, start.line + 1, 1, end.line + 2, 1)
        return Edit(where, "")


def _lists(root: Written | None) -> Iterator[tuple[tuple[int, int], tuple[SequenceNode, int]]]:
    """Every item of every list by where it begins: the list, and its number."""
    if isinstance(root, SequenceNode):
        for number, item in enumerate(root.value):
            mark = item.start_mark
            yield (mark.line, mark.column), (root, number)
            yield from _lists(item)
    elif isinstance(root, MappingNode):
        for key, item in root.value:
            yield from _lists(key)
            yield from _lists(item)


def _end(node: Written) -> Any:
    """The mark behind the last word of a node: a block's own end lies before the next one."""
    if not isinstance(node, SequenceNode | MappingNode) or node.flow_style or not node.value:
        return node.end_mark
    return _end(node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1])


def _place(source: Source, start: Any, end: Any) -> Place:
    return Place(source.label, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


# -- one layer -------------------------------------------------------------------------------


def _told(old: Kind, new: Kind) -> tuple[Any, ...] | None:
    """What changes of a kind, so that equal changes are equal; `None` where nothing does."""
    ours, theirs = _values(old), _values(new)
    if type(old) is type(new):
        changed = tuple([(k, v) for (k, v), (_, w) in zip(theirs, ours, strict=True) if v != w])
        return changed or None
    return (type(new), *[pair for pair in theirs if pair[0] != _main(new)])


def _values(kind: Kind) -> list[tuple[str, Any]]:
    return [
        (key, one.node if isinstance(one, Reference) else one)
        for key, one in ((key, kind.option_value(key)) for key in kind.options)
    ]


def _main(kind: Kind) -> str:
    return kind.main.key if kind.main is not None else ""


def _text(kind: Kind, key: str) -> str:
    """A built option as a file writes it."""
    return value(kind.options[key].type.written(kind.option_value(key)))


def _anew(form: LayerForm, new: Kind, old: Kind) -> list[Edit]:
    """Write a layer of another kind; a main option of the same value keeps its words."""
    main = _main(new)
    words = form.given.get(_main(old))
    options = {}
    for key, one in new.options.items():
        found = new.option_value(key)
        if key == main and words is not None and old.option_value(_main(old)) == found:
            options[key] = _written(form.source, words)
        elif found is None or found == one.default or _defaults(new, key):
            continue
        else:
            options[key] = _text(new, key)
    if list(options) == [main]:
        text = options[main]
    else:
        text = "{" + ", ".join(f"{key}: {one}" for key, one in options.items()) + "}"
    head = form.source.place(form.head)
    argument = form.argument
    if argument is None or (isinstance(argument, ScalarNode) and not argument.value):
        return [Edit(head, f"{new.name}: {text}")]
    where = _place(form.source, argument.start_mark, _end(argument))
    if where.line != head.line:  # a mapping below the kind
        return [Edit(where._replace(line=head.line, column=head.column), f"{new.name}: {text}")]
    return [Edit(head, new.name), Edit(where, text)]


def _defaults(kind: Kind, key: str) -> bool:
    """Whether an option has the value that it has where it is left out."""
    one = kind.options[key]
    found = kind.option_value(key)
    if one.like is not None and found == getattr(kind, one.like):
        return True
    rank = len(found) if isinstance(found, tuple) else 0
    return one.default is not None and bool(one.type.build(one.default, rank) == found)


def _written(source: Source, node: Written) -> str:
    """The words of a value, on one line."""
    start, end = node.start_mark, _end(node)
    lines = source.text.split("\n")[start.line : end.line + 1]
    lines[-1] = lines[-1][: end.column]
    lines[0] = lines[0][start.column :]
    text = re.sub(r"\s+", " ", " ".join(lines))
    return f'"{text}"' if "," in text and text[:1] not in "[\"'" else text


def value_edits(
    entries: Mapping[str, tuple[Source, Written, Written]],
    values: Mapping[str, str],
    source: Source,
) -> list[Edit]:
    """Edits that give keys or parameters other values.

    Raises:
        UneditableError: one stands in another file, or is none of the file's.
    """
    edits = []
    for key, text in values.items():
        entry = entries.get(key)
        if entry is None or entry[0] is not source:
            raise UneditableError
        edits.append(Edit(_place(source, entry[2].start_mark, _end(entry[2])), text))
    return edits


def key_removal(source: Source, key: Written, content: Written) -> Edit:
    """The edit that takes a key of the file away, with what it says."""
    where = Place(source.label, key.start_mark.line + 1, 1, _end(content).line + 2, 1)
    return Edit(where, "")


def parameter_addition(source: Source, values: Mapping[str, str]) -> list[Edit]:
    """The edits that give parameters of a file that this one extends another value in this one.

    Raises:
        UneditableError: its parameters are written in a way that takes no more of them.
    """
    if not values:
        return []
    root: Any = source.compose()
    pairs = ", ".join(f"{name}: {text}" for name, text in values.items())
    entries = {key.value: (key, content) for key, content in root.value}
    if "parameters" in entries:
        own = entries["parameters"][1]
        if not isinstance(own, MappingNode) or not own.flow_style or not own.value:
            raise UneditableError
        end = _end(own.value[-1][1])
        return [Edit(_place(source, end, end), f", {pairs}")]
    before = next(key for key, _ in root.value if key.value not in ("extends", "name", "source"))
    where = before.start_mark
    return [Edit(_place(source, where, where), f"parameters: {{{pairs}}}\n")]
