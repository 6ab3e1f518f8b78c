"""What an outline is made of.

An outline says the same as its graph in the words of an architecture file, whoever writes it
down: lists of items, each a layer, a use of a block or a group of items, with a condition and
a number of repetitions; merges hold their branches. Elaborated in order, it gives the graph's
layers in the graph's order.

    VGG-16      conv, relu and batch norm in a group that is repeated, pool: a block `stage`
    GoogLeNet   blocks of numbers alone: `inception(c1, r3, c3, r5, c5, pool)`
    U-Net       what is not series-parallel: `start` and references tell the layer by name

Whoever generates code walks `Outline.blocks` (a block stands after those it uses) and
`Outline.items`; whoever draws folds `Item.nodes`, the graph's nodes that an item stands for,
in each of its rounds and in each use of the block around it.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.outline.terms import Term
from cnncalc.graph import Graph
from cnncalc.layers.base import Kind


class BlockParameter(NamedTuple):
    """A parameter of a block.

    A default that names `channels` means those of the tensor that reaches the block. One that
    names anything is given by no use.
    """

    name: str
    default: Term | None = None
    """`None`: each use gives a value."""
    layer: bool = False
    """Whether it stands for a layer; its channels then go by its name and `_channels`."""


class Branch(NamedTuple):
    """A branch of a merge: items applied to the incoming tensor, or the name of a layer."""

    items: tuple[Item, ...] = ()
    reference: str | None = None
    condition: Term | None = None


class Item(NamedTuple):
    """A layer, a use of a block, or a group: exactly one of `kind`, `block`, `group`."""

    kind: type[Kind] | None = None
    block: Block | None = None
    group: tuple[Item, ...] | None = None
    options: tuple[tuple[str, Term], ...] = ()
    """Options of the kind or arguments of the block by name; those with their default left out.

    An option that names a layer (`like`, `pool`) has its name as a plain text."""
    branches: tuple[Branch, ...] | None = None
    """Of a merge; a merge of which one branch takes part is that branch."""
    name: str | None = None
    """Of a layer that others refer to."""
    label: str | None = None
    """What the file calls it, where that is no name."""
    start: str | None = None
    """The layer whose output it takes, where that is not the one before it."""
    share: str | None = None
    is_output: bool = False
    trainable: bool = True
    """Whether its weights are trained; of a layer that stands in no block."""
    condition: Term | None = None
    """It is left out where this is false."""
    times: Term = 1
    """How often it stands, one after the other."""
    nodes: tuple[int, ...] = ()
    """The graph's nodes that it stands for: a layer's own, and the last one of a block's use."""


class Block(NamedTuple):
    """A list of items with parameters."""

    name: str
    parameters: tuple[BlockParameter, ...]
    items: tuple[Item, ...]


class Outline(NamedTuple):
    """The structure of a graph."""

    graph: Graph
    parameters: tuple[tuple[str, Term], ...]
    """Parameters of the file and their values."""
    blocks: tuple[Block, ...]
    """Each after those it uses."""
    items: tuple[Item, ...]
