"""Weights that a layer, or all layers of a block, take from earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.diagnostics import Refusal
from cnncalc.graph import Node
from cnncalc.language.forms.form import BlockForm, LayerForm
from cnncalc.layers.base import Facts, Kind
from cnncalc.shapes import Shape


class BlockUse(NamedTuple):
    """One use of a block."""

    name: str
    block: BlockForm
    start: int
    stop: int
    """Its nodes: from the first, and up to this one."""


def shared_weights(form: LayerForm, nodes: list[Node], other: int, kind: Kind, facts: Facts) -> int:
    """The node that owns the weights which a layer shares with an earlier one.

    Raises:
        Refusal: it is of another kind, or its weights have other shapes.
    """
    earlier = nodes[other]
    where = form.keys["share"]
    if type(earlier.kind) is not type(kind):
        message = f"`{form.share}` is a {earlier.kind.name}, and this layer a {kind.name}"
        raise Refusal("bad-value", message).at(where)
    if _arrays(earlier.facts) != _arrays(facts):
        message = f"`{form.share}` has {_told(earlier.facts)}, and this layer needs {_told(facts)}"
        raise Refusal("shape-mismatch", message).at(where)
    return other if earlier.shares is None else earlier.shares


def earlier_use(
    form: LayerForm, block: BlockForm, uses: Mapping[str, BlockUse], name: str
) -> BlockUse:
    """The use of a block whose weights another use of it shares.

    Raises:
        Refusal: the name is none of a use of this block.
    """
    found = uses.get(name)
    if found is not None and found.block is block:
        return found
    what = "a layer" if found is None else f"a use of `{found.block.label}`"
    message = f"`{form.share}` is {what}, and no earlier use of `{block.label}`"
    raise Refusal("bad-value", message).at(form.keys["share"])


def share_block(form: LayerForm, nodes: list[Node], use: BlockUse, twin: BlockUse) -> None:
    """Let every layer of a use have the weights of the same layer of an earlier use.

    Raises:
        Refusal: the uses have other layers with weights, or their weights have other shapes.
    """
    ours, theirs = _owners(nodes, use), _owners(nodes, twin)
    where = form.keys["share"]
    if not ours and not theirs:
        message = f"`{use.block.label}` has no weights to share"
        raise Refusal("bad-value", message).at(where)
    for name in (*ours, *theirs):
        if name in ours and name in theirs:
            continue
        here, there = (use.name, twin.name) if name in ours else (twin.name, use.name)
        message = f"`{here}` has the layer `{name}`, and `{there}` has not"
        hint = "conditions and repetitions must come out alike in both"
        raise Refusal("bad-value", message, hint=hint).at(where)
    for name, index in ours.items():
        node, other = nodes[index], nodes[theirs[name]]
        if type(node.kind) is not type(other.kind):
            message = f"`{other.name}` is a {other.kind.name}, and `{node.name}` a {node.kind.name}"
            raise Refusal("bad-value", message).at(where)
        if _arrays(node.facts) != _arrays(other.facts):
            message = (
                f"`{other.name}` has {_told(other.facts)}, and `{node.name}` needs "
                f"{_told(node.facts)}"
            )
            raise Refusal("shape-mismatch", message).at(where)
        owner = theirs[name] if other.shares is None else other.shares
        nodes[index] = node._replace(shares=owner)


def _owners(nodes: list[Node], use: BlockUse) -> dict[str, int]:
    """The nodes with weights of a use, by their names inside the block."""
    skip = len(use.name) + 1
    return {
        nodes[index].name[skip:]: index
        for index in range(use.start, use.stop)
        if _arrays(nodes[index].facts)
    }


def _arrays(facts: Facts) -> dict[str, Shape]:
    """The shapes of all arrays that a layer keeps."""
    return {**facts.weights, **facts.buffers}


def _told(facts: Facts) -> str:
    return ", ".join(f"{key} {list(shape)}" for key, shape in _arrays(facts).items())
