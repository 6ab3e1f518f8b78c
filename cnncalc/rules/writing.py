"""Rules of how a file is written: what it says is legal, and may not be what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cnncalc.diagnostics import Diagnostic, Edit, Fix
from cnncalc.language.elaboration.elaborate import StaleChannels
from cnncalc.language.forms.inputs import written_inputs
from cnncalc.language.network import Network
from cnncalc.rules.base import Rule, RuleContext
from cnncalc.shapes import Shape, channels_first

IMAGE_CHANNELS = (1, 3, 4)
"""Grey, colours, colours with an alpha channel."""

NUMBERS = re.compile(r"\[ *\d+(?: *, *\d+)* *\]")
"""A shape that is written out on a line."""


def looks_channels_last(shape: Shape) -> bool:
    """Whether a shape looks like one with its channels at the end: `[224, 224, 3]`."""
    return len(shape) > 2 and shape[-1] in IMAGE_CHANNELS and min(shape[:-1]) > 4


def without_batch(shape: Shape) -> Shape | None:
    """The shape of an image in front of which a batch seems to stand: `[32, 3, 224, 224]`.

    Volumes of three or four slices are rare, but `[3, 4, 56, 56]` and `[1, 4, 64, 64]` may be some.
    """
    if len(shape) != 4 or shape[1] not in IMAGE_CHANNELS or min(shape[2:]) <= 4:
        return None
    return None if shape[1] == 4 and shape[0] in IMAGE_CHANNELS else shape[1:]


def meant_shapes(shape: Shape) -> tuple[Shape, ...]:
    """What a shape in the order of another framework may stand for; nothing where it looks right.

    `[32, 224, 224, 3]` is a batch of images or a volume.
    """
    image = without_batch(shape)
    if image is not None:
        return (image,)
    if not looks_channels_last(shape):
        return ()
    whole = channels_first(shape)
    if len(shape) == 4 and shape[1] == shape[2] != shape[0]:
        return channels_first(shape[1:]), whole
    return (whole,)


def hint_channels(
    network: Network, findings: tuple[Diagnostic, ...], shapes: Mapping[str, Shape]
) -> tuple[Diagnostic, ...]:
    """Why a network could not be built; the first finding of a layer tells of such an input.

    The repair is the input, and no kernel that would fit into the wrong one.
    """
    suspect = next((item for item in shapes.items() if meant_shapes(item[1])), None)
    if suspect is None:
        return findings
    name, shape = suspect
    read = "has no batch in front" if without_batch(shape) else "is read channels first"
    others = " or ".join(["x".join(map(str, image)) for image in meant_shapes(shape)])
    hint = f"the input {'x'.join(map(str, shape))} {read}: {others}?"
    told = []
    first = True
    for finding in findings:
        if finding.layer is not None:
            if finding.rule == "kernel-larger-than-input":
                finding = finding._replace(fixes=())
            if first:
                fixes = (*_other_inputs(network, name, shape), *finding.fixes)
                finding = finding._replace(hint=hint, fixes=fixes)
            first = False
        told.append(finding)
    return tuple(told)


def _other_inputs(network: Network, name: str, shape: Shape) -> tuple[Fix, ...]:
    """The shapes meant, written where the file itself gives an input in numbers on a line."""
    entry = network.keys.get("input")
    if entry is None:
        return ()
    source, _, node = entry
    written = written_inputs(source, node).get(name)
    if written is None or source is not network.source:
        return ()
    place = source.place(written)
    line = (source.line(place.line) or "")[place.column - 1 : place.end_column - 1]
    numbers = tuple(map(int, re.findall(r"\d+", line)))
    if place.line != place.end_line or not NUMBERS.fullmatch(line) or numbers != shape:
        return ()
    images = [str(list(image)) for image in meant_shapes(shape)]
    return tuple([Fix(f"input {image}", edits=(Edit(place, image),)) for image in images])


class InputOrder(Rule):
    """A rule about the order in which the shape of an input is written."""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        for index in subject.graph.inputs:
            node = subject.graph.nodes[index]
            shape = node.facts.output
            told = self.judge(shape)
            if told is None:
                continue
            message, hint = told
            place = subject.place(index)
            fixes: tuple[Fix, ...] = ()
            if subject.written is not None and subject.offers:
                fixes = _other_inputs(subject.written.network, node.name, shape)
            yield Diagnostic(
                self.name,
                self.severity,
                message,
                place,
                node.name,
                hint,
                subject.excerpt(place),
                fixes,
            )

    def judge(self, shape: Shape) -> tuple[str, str] | None:
        """What is said of a shape, and the hint."""
        raise NotImplementedError


class BatchInInput(InputOrder):
    """An input whose first size seems to be the batch."""

    name = "batch-in-input"
    severity = "warning"
    summary = "the input looks as if the batch stood in front of the channels"
    why = (
        "A file states one sample, channels first; the batch is `--batch`. Tensors of PyTorch have "
        "it in front, and `[32, 3, 224, 224]` is read as a volume here: `conv` is then 3-D, on 32 "
        "channels. Told of four sizes of which the second is 1, 3 or 4, the channels of an image."
    )
    repair = "The shape without the batch (`--unsafe`)."
    fails = """\
input: [32, 3, 224, 224]
layers:
  - conv: {filters: 8, kernel: 3, padding: 1}
"""
    passes = """\
input: [3, 224, 224]
layers:
  - conv: {filters: 8, kernel: 3, padding: 1}
"""

    def judge(self, shape: Shape) -> tuple[str, str] | None:
        """What is said of a shape, and the hint."""
        image = without_batch(shape)
        if image is None:
            return None
        return (
            f"is {shape[0]} the batch? {list(shape)} is read as {shape[0]} channels of a volume of "
            f"{'×'.join(map(str, shape[1:]))}",
            f"`input: {list(image)}`; the batch is no part of a file: `--batch {shape[0]}`",
        )


class ChannelsLastInput(InputOrder):
    """An input whose channels seem to stand last."""

    name = "channels-last-input"
    severity = "note"
    summary = "the input looks as if its channels stood last"
    why = (
        "Shapes have their channels first, as in PyTorch and ONNX; Keras and image files have "
        "them last. `[224, 224, 3]` is read as 224 channels of 224×3, and what follows is "
        "counted for that."
    )
    repair = "The shape with its channels first (`--unsafe`)."
    fails = """\
input: [224, 224, 3]
layers:
  - conv: {filters: 8, kernel: 3}
"""
    passes = """\
input: [3, 224, 224]
layers:
  - conv: {filters: 8, kernel: 3}
"""

    def judge(self, shape: Shape) -> tuple[str, str] | None:
        """What is said of a shape, and the hint."""
        if without_batch(shape) is not None or not looks_channels_last(shape):
            return None
        first, *others = [str(list(image)) for image in reversed(meant_shapes(shape))]
        batch = [f", or {other} where {shape[0]} is the batch" for other in others]
        return (
            f"{list(shape)} is read as {shape[0]} channels of {'×'.join(map(str, shape[1:]))}",
            f"channels come first: {first}{''.join(batch)}",
        )


class MovingChannels(Rule):
    """A condition on channels that the layer before it has just changed."""

    name = "moving-channels"
    severity = "warning"
    repair = "`entering` in its place (`--unsafe`)."
    summary = "an `if` asks for `channels` that the layer before it has just changed"
    why = (
        "`channels` are those that reach the layer at hand. Two layers in a row under `if: "
        "channels != width` are not both there: the first one changes what the second one asks "
        "for. What reached the block is called `entering`, and does not move."
    )
    fails = """\
input: [16, 32, 32]
blocks:
  shortcut(width):
    - {conv: {filters: width, kernel: 1, bias: false}, if: channels != width}
    - {batch_norm: , if: channels != width}
layers:
  - add: [[conv: [32, 3, 1, 1]], [shortcut: 32]]
"""
    passes = """\
input: [16, 32, 32]
blocks:
  shortcut(width):
    - {conv: {filters: width, kernel: 1, bias: false}, if: entering != width}
    - {batch_norm: , if: entering != width}
layers:
  - add: [[conv: [32, 3, 1, 1]], [shortcut: 32]]
"""

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        nodes = subject.graph.nodes
        for moved in subject.written.moved if subject.written is not None else ():
            form = moved.form
            before, after = (nodes[i].facts.output[0] for i in (moved.before, moved.after))
            place = form.source.place(form.keys["if"])
            yield Diagnostic(
                self.name,
                self.severity,
                f"`channels` are {after} here: the layer before has changed them from {before}",
                place,
                nodes[moved.after].name,
                "`entering` are those that reached the block" if moved.use else None,
                subject.excerpt(place),
                self._renamed(subject, moved),
                moved.use.chain() if moved.use else (),
            )

    def _renamed(self, subject: RuleContext, moved: StaleChannels) -> tuple[Fix, ...]:
        """The condition with the other name, where it stands in a block of the file itself."""
        form = moved.form
        node = form.keys["if"]
        place = form.source.place(node)
        line = form.source.line(place.line) or ""
        if moved.use is None or not subject.own(form) or place.line != place.end_line:
            return ()
        text = line[place.column - 1 : place.end_column - 1]
        edit = Edit(place, re.sub(r"\bchannels\b", "entering", text))
        return (Fix("write `entering`", edits=(edit,)),)
