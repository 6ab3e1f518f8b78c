"""Rules of how a file is written: what it says is legal, and may not be what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnncalc.diagnostics import Diagnostic, Edit, Fix, Place
from cnncalc.language.elaboration.elaborate import StaleChannels
from cnncalc.language.forms.inputs import written_inputs
from cnncalc.rules.base import Rule, RuleContext
from cnncalc.shapes import Shape, channels_first

IMAGE_CHANNELS = (1, 3, 4)
"""Grey, colours, colours with an alpha channel."""


def looks_channels_last(shape: Shape) -> bool:
    """Whether a shape looks like one with its channels at the end: `[224, 224, 3]`."""
    return len(shape) > 2 and shape[-1] in IMAGE_CHANNELS and min(shape[:-1]) > 4


def hint_channels(
    findings: tuple[Diagnostic, ...], shapes: Iterable[Shape]
) -> tuple[Diagnostic, ...]:
    """Why a network could not be built; the first finding of a layer tells of such an input."""
    last = [shape for shape in shapes if looks_channels_last(shape)]
    told = list(findings)
    for index, finding in enumerate(told if last else ()):
        if finding.layer is not None:
            first = "x".join(map(str, channels_first(last[0])))
            text = f"the input {'x'.join(map(str, last[0]))} is read channels first: {first}?"
            told[index] = finding._replace(hint=f"{text} {finding.hint or ''}".rstrip())
            break
    return tuple(told)


class ChannelsLastInput(Rule):
    """An input whose channels seem to stand last."""

    name = "channels-last-input"
    severity = "note"
    summary = "the input looks as if its channels stood last"
    why = (
        "Shapes have their channels first, as in PyTorch and ONNX; Keras and image files have "
        "them last. `[224, 224, 3]` is read as 224 channels of 224×3, and what follows is "
        "counted for that."
    )
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

    def check(self, subject: RuleContext) -> Iterator[Diagnostic]:
        """Findings in a network."""
        for node in subject.graph.nodes:
            shape = node.facts.output
            if not node.inputs and looks_channels_last(shape):
                place = self._place(subject, node.name)
                yield Diagnostic(
                    self.name,
                    self.severity,
                    f"{list(shape)} is read as {shape[0]} channels of "
                    f"{'×'.join(map(str, shape[1:]))}",
                    place,
                    node.name,
                    hint=f"channels come first: {list(channels_first(shape))}",
                    excerpt=subject.excerpt(place),
                )

    def _place(self, subject: RuleContext, name: str) -> Place | None:
        """Where the shape of an input is written."""
        entry = subject.written.network.keys.get("input") if subject.written is not None else None
        if entry is None:
            return None
        source, _, node = entry
        return source.place(written_inputs(source, node).get(name, node))


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
