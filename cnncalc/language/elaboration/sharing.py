"""Weights that a layer takes from an earlier one."""

from __future__ import annotations

from cnncalc.diagnostics import Refusal
from cnncalc.graph import Node
from cnncalc.language.forms.form import LayerForm
from cnncalc.layers.base import Facts, Kind


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
    if dict(earlier.facts.weights) != dict(facts.weights):
        ours, theirs = (
            ", ".join(f"{key} {list(shape)}" for key, shape in weights.items())
            for weights in (facts.weights, earlier.facts.weights)
        )
        message = f"`{form.share}` has {theirs}, and this layer needs {ours}"
        raise Refusal("shape-mismatch", message).at(where)
    return other if earlier.shares is None else earlier.shares
