"""What a run measured, as plain data: no NumPy is needed to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cnncalc.shapes import Shape, Span

Intervals = Sequence[Span | None]
"""For each unit of an axis the first and last input pixel it sees, or `None`."""

Seen = Sequence[Intervals] | None
"""The intervals of each axis; `None` where a layer sees everything or has no axes, and no axis
(`()`) where it does not depend on the input."""


class Options(NamedTuple):
    """How a network is run."""

    batch: int = 1
    dtype: str = "float32"
    threads: int = 1
    seed: int = 0
    weights: str | None = None
    """A file of weights; generated ones without."""
    images: Mapping[str, str] = {}
    """Files with inputs, by the inputs' names; random ones without."""
    scores: int = 0
    """How many of an output's largest values are told."""


class Measurement(NamedTuple):
    """What happened when one layer ran."""

    output_shape: Shape
    """Shape of the array that the kernel returned, without the batch."""
    walked: tuple[int, ...] | None
    """Spatial sizes counted by moving the kernel step by step; `None` for a layer without one."""
    params: int
    """Values of the trainable arrays that the kernel asked for and no layer before had."""
    buffers: int
    """Values of the stored arrays, likewise."""
    macs: int
    """Multiply-accumulates issued."""
    activation_bytes: int
    """Bytes of the output's memory; none where it is the memory of an earlier array."""
    alive_bytes: int
    """Bytes of all activations alive when the layer had run."""
    seconds: float


class Failure(NamedTuple):
    """A layer that could not be computed, and why."""

    layer: str
    reason: str


class Score(NamedTuple):
    """One of the largest values of an output."""

    place: tuple[int, ...]
    """Its index: the channel, then the position."""
    value: float


class Output(NamedTuple):
    """The largest values of one output of the network, for each sample."""

    name: str
    scores: tuple[tuple[Score, ...], ...]


class Run(NamedTuple):
    """All that a run measured."""

    measurements: tuple[Measurement, ...]
    """Of the layers that ran, in execution order."""
    seen: tuple[tuple[Seen, ...], ...]
    """For each input of the network, the pixels of it that the units of each layer see."""
    outputs: tuple[Output, ...]
    seconds: float
    failure: Failure | None = None
    """Where the run broke off."""
