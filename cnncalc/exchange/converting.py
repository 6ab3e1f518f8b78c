"""A network in another form."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cnncalc.analysis.outline import Hint, Outline, outline
from cnncalc.diagnostics import UsageError
from cnncalc.exchange.architecture import architecture
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.layers.pool import MaxUnpool
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported


def architecture_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    *,
    flat: bool = False,
    places: Sequence[int] | None = None,
) -> str:
    """The architecture file of a network's graph; `flat` writes every layer out."""
    origin = network.source.label if isinstance(network, Network) else network.origin
    return architecture(outline_of(network, graph, input, flat=flat, places=places), origin)


def pytorch_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    *,
    places: Sequence[int] | None = None,
) -> str:
    """The PyTorch file of a network's graph.

    Raises:
        UsageError: PyTorch has no counterpart for a layer.
    """
    from cnncalc.exchange.writing.pytorch.writer import pytorch

    # a module sees what it is given: what looks at other layers stands in the network itself
    apart = {index for index, node in enumerate(graph.nodes) if node.reads}
    for node in graph.nodes:
        if isinstance(node.kind, MaxUnpool):
            apart.update(node.reads)
    try:
        return pytorch(outline_of(network, graph, input, apart=apart, places=places))
    except UsageError:
        # what recurs has no common form as a class: a line for each layer always has one
        return pytorch(outline_of(network, graph, input, flat=True, places=places))


def outline_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    *,
    flat: bool = False,
    apart: Collection[int] = (),
    places: Sequence[int] | None = None,
) -> Outline:
    """The outline of a network's graph, with the names of what it was made from.

    With `places` the graph is another one than the network's: for each node the one it was.
    """
    hints = None
    if not isinstance(network, Network):
        hints = [Hint(origin.path, origin.types) for origin in network.origins(input)]
        if places is not None:
            hints = [hints[place] for place in places]
    return outline(graph, hints, flat=flat, apart=apart)
