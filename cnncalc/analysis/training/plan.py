"""How a network is trained: everything that the memory of a step depends on."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.training.optimizers import ADAM, Optimizer

Block = tuple[int, int]
"""The nodes of a block: the first, and the one after the last."""


class Plan(NamedTuple):
    """How a step is taken."""

    batch: int = 1
    width: int = 4
    """Bytes of a parameter, and of an activation without `autocast`."""
    autocast: bool = False
    """Products in 16 bits, as `torch.autocast` takes them on a CPU; parameters stay as they are."""
    optimizer: Optimizer = ADAM
    inplace: bool = False
    """Activations write over their input where PyTorch could."""
    minimal: bool = False
    """Only what the gradients need is kept, in as few bytes as they need."""
    accumulate: int = 1
    """Backward passes before a step of the optimizer."""
    checkpoints: tuple[Block, ...] = ()
    """Blocks that keep only their input and are run again for their backward pass."""
    input_gradient: bool = False
    """Whether the gradient of the input is wanted too."""
