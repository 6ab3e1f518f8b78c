"""Batch normalizations as a part of the layers before them.

At inference a batch normalization is `γ·(x − μ)/√(σ² + ε) + β` with constants, and a convolution or
a fully connected layer before it takes the factor into its weights and the rest into its bias
(Jacob et al. 2017, arXiv:1712.05877, equation 14).
"""

from __future__ import annotations

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph, Node
from cnncalc.layers.conv import Convolution, ConvTranspose
from cnncalc.layers.linear import Linear
from cnncalc.layers.norm import BatchNorm
from cnncalc.transforms.rewriting import GraphChange, consumers, sharing

FOLDS = (Convolution, ConvTranspose, Linear)
"""Layers with weights that a factor a channel can be put into."""


def fold_batch_norm(graph: Graph) -> GraphChange:
    """Batch normalizations behind convolutions and fully connected layers become parts of them.

    Those behind another layer, or behind one whose output is wanted elsewhere too, stay.

    Raises:
        UsageError: there is none to fold.
    """
    norms = [i for i, node in enumerate(graph.nodes) if isinstance(node.kind, BatchNorm)]
    if not norms:
        raise UsageError(f"{graph.name} has no batch normalization to fold")
    takers, outputs = consumers(graph), frozenset(graph.outputs)

    def single(index: int) -> int | None:
        """The batch normalization that alone takes a layer's output."""
        (*others, last) = takers[index] or (0,)
        node = graph.nodes[last]
        alone = not others and index not in outputs and node.inputs == (index,)
        stored = isinstance(node.kind, BatchNorm) and node.kind.track_stats
        return last if alone and stored else None

    folded: dict[int, int] = {}
    for owner, users in sharing(graph).items():
        if not _folds(graph.nodes[owner]):
            continue
        found = [single(index) for index in users]
        owners = {norm if norm is None else _owner(graph, norm) for norm in found}
        # weights that are shared are multiplied once: all their normalizations must be one
        if None in owners or len(owners) > 1:
            continue
        folded.update({i: n for i, n in zip(users, found, strict=True) if n is not None})
    gone = set(folded.values())
    used = {_owner(graph, norm) for norm in norms if norm not in gone}
    folded = {i: n for i, n in folded.items() if _owner(graph, n) not in used}
    if not folded:
        raise UsageError(
            f"none of the {len(norms)} batch normalizations of {graph.name} can be folded",
            "each stands behind something else than a convolution or a fully connected layer "
            "of its own",
        )
    kinds = {}
    for index in folded:
        node = graph.nodes[index]
        rank = len(graph.nodes[node.inputs[0]].facts.output) - 1
        kinds[index] = node.kind.changed({"bias": True}, rank)
    left = len(norms) - len(folded)
    told = f"{len(folded)} batch normalization{'s' * (len(folded) > 1)} folded"
    if left:
        told += f", {left} left behind no layer that could take {'them' if left > 1 else 'it'}"
    without = frozenset(folded.values())
    return GraphChange(kinds=kinds, without=without, folded=folded, told=told)


def _folds(node: Node) -> bool:
    return isinstance(node.kind, FOLDS)


def _owner(graph: Graph, index: int) -> int:
    """The node whose arrays a node uses."""
    shares = graph.nodes[index].shares
    return index if shares is None else shares
