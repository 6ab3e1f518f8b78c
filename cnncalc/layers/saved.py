"""What a layer keeps of a forward pass in training, for its backward pass.

As PyTorch keeps it on a CPU: `torch.autograd.graph.saved_tensors_hooks` tells, and
`tests/layers/test_saved.py` holds every kind against it. A kind states which of its inputs and
output are kept, and the arrays of its own beside them; parameters and buffers are never counted.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

INDEX = 8
"""Bytes of a position, which PyTorch keeps as a 64-bit integer."""

SINGLE = 4
"""Bytes of a float32."""


class SavedTensor(NamedTuple):
    """An array that only the backward pass needs."""

    values: int
    """For a sample; for the whole batch with `per_batch`."""
    per_batch: bool = False
    width: int | None = None
    """Bytes a value; `None`: those of the layer's activations."""
    least: int | None = None
    """Bytes a value that the gradient itself needs, 0 where it can do without; `None`: all."""
    for_weights: bool = False
    """Whether only the gradients of the weights need it: it goes where those are frozen."""


class SavedForBackward(NamedTuple):
    """What a layer keeps, and how its gradient travels.

    `inputs` and `output` are kept for their values; a layer whose gradient has two forms (ReLU:
    from input or output) keeps the one that PyTorch keeps.
    """

    inputs: bool = False
    output: bool = False
    others: bool = False
    """Each input is kept for the gradients of the others, where those are wanted."""
    held: bool = False
    """The first input is kept, although its gradient needs nothing of it but the shape."""
    arrays: tuple[SavedTensor, ...] = ()
    switches: bool = False
    """The positions that the layer it reads keeps are kept by this one too."""
    view: bool | None = None
    """Whether the output is memory of the first input in training; `None`: as at inference."""
    passes: tuple[bool, ...] = ()
    """For each input whether its gradient is that of the output, or a part of it, without a copy;
    empty: none is."""
    scratch: int = 0
    """Values a sample that are alive only while the layer's backward pass runs."""
    from_output: bool = False
    """Whether, written in place, it saves its output, whose storage is the input's.

    Other layers save a copy of their input then.
    """
    takes: Literal["", "low", "single"] = ""
    """The type that `torch.autocast` brings its inputs to: 16 bits, or float32."""
    multiplies: bool = False
    """Whether there are products inside, whose weights it takes in 16 bits whatever its input."""
    for_weights: bool = False
    """Whether only the gradients of the weights need the inputs."""
    held_frozen: bool = False
    """Whether PyTorch keeps them all the same where the weights are frozen."""
    gives: Literal["", "single"] = ""
    """The type of its output there, where float32 weights meet it without a cast."""


NONE = SavedForBackward()
INPUTS = SavedForBackward(inputs=True)
OUTPUT = SavedForBackward(output=True)
PASSED = SavedForBackward(view=True, passes=(True,))
"""A view of its input, and so is the gradient."""
PRODUCT = SavedForBackward(inputs=True, takes="low", for_weights=True)
"""A product of its input with weights, which autocast takes in 16 bits."""
CONVOLUTION = PRODUCT._replace(held_frozen=True)
"""A convolution, whose backward pass in PyTorch is one operator for all gradients."""


def measured(statistics: int, *, per_batch: bool = False) -> SavedForBackward:
    """A normalization: its input, and so many means and inverse deviations in float32."""
    return SavedForBackward(inputs=True, arrays=(SavedTensor(statistics, per_batch, SINGLE),) * 2)
