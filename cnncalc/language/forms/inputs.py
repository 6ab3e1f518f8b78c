"""The inputs of a network: one, or several with names of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cnncalc.diagnostics import Refusal, UsageError, nearest
from cnncalc.language.expressions.expression import CHANNELS, RESERVED, YAML_TRUTH
from cnncalc.language.forms.values import ValueReader
from cnncalc.language.text.findings import Findings, describe, entries
from cnncalc.language.text.source import MappingNode, Node, SequenceNode, Source
from cnncalc.layers import KINDS
from cnncalc.layers.base import SIZE_LIMIT
from cnncalc.layers.options import INTEGER_LIMIT, LimitError, OptionError
from cnncalc.shapes import Shape, product

GivenInput = Shape | Mapping[str, Shape]
"""What a caller puts in place of a file's shapes: that of the only input, or some by name."""

ONLY = "input"
"""What the input of a network is called that has but one and gives it no name."""

INPUT_LIMIT = 64


def written_inputs(source: Source, node: Node) -> dict[str, Node]:
    """Where the shape of each input is written, by name and in their order."""
    if not isinstance(node, MappingNode):
        return {ONLY: node}
    quiet = Findings(source)  # what is wrong with the names has been told
    return {word: value for word, _, value in entries(quiet, source, node)}


def check_names(source: Source, node: Node, taken: Mapping[str, str], findings: Findings) -> None:
    """Note names that no input may have; `taken` says what else of the file has a name."""
    if not isinstance(node, MappingNode):
        return
    if not node.value:
        message, hint = "`input` names no input", "write it as `{image: [3, 224, 224]}`"
        findings.report("missing-option", message, source, node, hint)
    elif len(node.value) > INPUT_LIMIT:
        message = f"{len(node.value)} inputs; at most {INPUT_LIMIT} are read"
        findings.report("limit-exceeded", message, source, node)
    for word, key, _ in entries(findings, source, node):
        if not word.isidentifier() or not word.isascii():
            message, hint = f"`{word}` is no name for an input", "letters, digits and _"
            findings.report("bad-value", message, source, key, hint)
            continue
        meaning = "a layer kind" if word in KINDS else taken.get(word)
        if word in RESERVED or word.lower() in YAML_TRUTH or word in CHANNELS:
            meaning = "a word of the language"
        if meaning is not None:
            message = f"`{word}` is {meaning}; an input needs another name"
            findings.report("duplicate-name", message, source, key)


def read_inputs(
    source: Source, node: Node, values: Mapping[str, Any], findings: Findings
) -> dict[str, Shape]:
    """The shapes that a file gives its inputs; `(1,)` in place of one with a finding."""
    found = {}
    for name, shape in written_inputs(source, node).items():
        what = "`input`" if shape is node else f"`{name}`"
        found[name] = _shape(source, shape, values, what, findings)
    return found or {ONLY: (1,)}


def _shape(
    source: Source, node: Node, values: Mapping[str, Any], what: str, findings: Findings
) -> Shape:
    if not isinstance(node, SequenceNode) or not 1 <= len(node.value) <= 4:
        message = (
            f"{what} has channels and up to three sizes, not {len(node.value)} numbers"
            if isinstance(node, SequenceNode)
            else f"{what} must list channels and up to three sizes, not {describe(node)}"
        )
        text = str(getattr(node, "value", ""))
        sizes = re.findall(r"\d+", text) if re.fullmatch(r"\d+(?:[xX×]\d+){1,3}", text) else []
        meant = f"[{', '.join(sizes)}]" if sizes else "[3, 224, 224]"
        findings.report("bad-value", message, source, node, f"write it as `{meant}`")
        return (1,)
    reader = ValueReader(findings)
    shape = []
    for item in node.value:
        size = reader.constant(source, item, values, what)
        try:
            check_input_size(1 if size is None else size)
        except Refusal as refusal:
            findings.add(refusal.about(what), source, item)
            size = None
        shape.append(1 if size is None else size)
    if product(tuple(shape)) > SIZE_LIMIT:
        message = f"{what} would hold more than 2^53 values"
        findings.report("limit-exceeded", message, source, node)
    return tuple(shape)


def check_input_size(size: Any) -> None:
    """Refuse a number that is no input size.

    Raises:
        OptionError: it is none; the message continues "`input` …".
    """
    if type(size) is not int or size < 1:
        raise OptionError(f"sizes are whole numbers from 1 on, not {size}")
    if size > INTEGER_LIMIT:
        raise LimitError(f"size {size:,} is beyond the limit of 2^31 − 1")


def check_axes(written: Mapping[str, Shape], shapes: Mapping[str, Shape], label: str) -> None:
    """Refuse shapes that make another network: `conv` is 1-D, 2-D or 3-D after its input.

    Raises:
        UsageError: a shape has not as many sizes as the file's; asks whether another is meant.
    """
    for name, shape in shapes.items():
        before = written[name]
        if len(shape) == len(before):
            continue
        meant = shape + shape[-1:] * (len(before) - len(shape))
        if len(shape) == 1 or len(meant) > len(before):
            meant = before
        text, question = ("x".join(map(str, sizes)) for sizes in (shape, meant))
        raise UsageError(
            f"{label} has an input of {len(before)} sizes, {list(before)}, and {text} has "
            f"{len(shape)}",
            f"is {question} meant? Other axes are another network: write them in its file",
        )


def replaced(shapes: Mapping[str, Shape], given: GivenInput | None, label: str) -> dict[str, Shape]:
    """A network's inputs with those shapes that a caller gives.

    Raises:
        UsageError: an input that the network does not have, or one of several without its name.
    """
    if not given:
        return dict(shapes)
    names = list(shapes)
    if not isinstance(given, Mapping):
        if len(names) > 1:
            example = f"{names[0]}={'x'.join(map(str, given))}"
            raise UsageError(
                f"{label} has {len(names)} inputs: {', '.join(names)}",
                f"say which one is meant, as in `{example}`",
            )
        return {names[0]: given}
    for name in given:
        if name not in shapes:
            close = nearest(name, names)
            raise UsageError(
                f"{label} has no input `{name}`",
                f"did you mean `{close}`?" if close else f"its inputs: {', '.join(names)}",
            )
    return {name: given.get(name, shape) for name, shape in shapes.items()}
