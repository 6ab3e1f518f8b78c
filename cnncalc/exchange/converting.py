"""A network in another form."""

from __future__ import annotations

from collections.abc import Collection
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
    network: Network | Imported, graph: Graph, input: Shape | None = None, *, flat: bool = False
) -> str:
    """The architecture file of a network's graph; `flat` writes every layer out."""
    origin = network.source.label if isinstance(network, Network) else network.origin
    return architecture(outline_of(network, graph, input, flat=flat), origin)


def pytorch_of(network: Network | Imported, graph: Graph, input: Shape | None = None) -> str:
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
        return pytorch(outline_of(network, graph, input, apart=apart))
    except UsageError:
        # what recurs has no common form as a class: a line for each layer always has one
        return pytorch(outline_of(network, graph, input, flat=True))


def outline_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    *,
    flat: bool = False,
    apart: Collection[int] = (),
) -> Outline:
    """The outline of a network's graph, with the names of what it was made from."""
    hints = None
    if not isinstance(network, Network):
        hints = [Hint(origin.path, origin.types) for origin in network.origins(input)]
    return outline(graph, hints, flat=flat, apart=apart)
