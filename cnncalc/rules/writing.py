"""Rules of how a file is written: what it says is legal, and may not be what is meant."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.diagnostics import Diagnostic
from cnncalc.rules.base import Rule, Subject
from cnncalc.shapes import Shape

IMAGE_CHANNELS = (1, 3, 4)
"""Grey, colours, colours with an alpha channel."""


def looks_channels_last(shape: Shape) -> bool:
    """Whether a shape looks like one with its channels at the end: `[224, 224, 3]`."""
    return len(shape) > 2 and shape[-1] in IMAGE_CHANNELS and min(shape[:-1]) > 4


def channels_first(shape: Shape) -> Shape:
    """The shape with its last size in front."""
    return (shape[-1], *shape[:-1])


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

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Findings in a network."""
        place = subject.place_of_key("input", value=True)
        for node in subject.graph.nodes:
            shape = node.facts.output
            if not node.inputs and looks_channels_last(shape):
                yield Diagnostic(
                    self.name,
                    self.severity,
                    f"{list(shape)} is read as {shape[0]} channels of "
                    f"{'×'.join(map(str, shape[1:]))}",
                    place,
                    hint=f"channels come first: {list(channels_first(shape))}",
                    excerpt=subject.excerpt(place),
                )
