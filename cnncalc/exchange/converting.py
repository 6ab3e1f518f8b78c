"""A network in another form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis.outline import Hint, Outline, outline
from cnncalc.exchange.architecture import architecture
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from cnncalc.exchange.imported import Imported


def architecture_of(
    network: Network | Imported, graph: Graph, input: Shape | None = None, *, flat: bool = False
) -> str:
    """The architecture file of a network's graph; `flat` writes every layer out."""
    origin = network.source.label if isinstance(network, Network) else network.origin
    return architecture(outline_of(network, graph, input, flat=flat), origin)


def outline_of(
    network: Network | Imported, graph: Graph, input: Shape | None = None, *, flat: bool = False
) -> Outline:
    """The outline of a network's graph, with the names of what it was made from."""
    hints = None
    if not isinstance(network, Network):
        hints = [Hint(origin.path, origin.types) for origin in network.origins(input)]
    return outline(graph, hints, flat=flat)
