"""A network in another form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from cnncalc.analysis.outline.types import Outline
from cnncalc.diagnostics import SpecError, UsageError
from cnncalc.exchange.blocks import own_outline
from cnncalc.exchange.expressions import UnsayableError
from cnncalc.exchange.writing.python.outline_check import DiffersError, replayed
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
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
    """The architecture file of a network's graph; `flat` writes every layer out.

    What is returned was read again and is the graph: where blocks say another network, every
    layer is written out.

    Raises:
        UsageError: no file says this network.
    """
    from cnncalc.exchange.architecture import architecture

    origin = network.source.label if isinstance(network, Network) else network.origin
    for every_layer in (True,) if flat else (False, True):
        text = architecture(
            outline_of(network, graph, input, flat=every_layer, places=places), origin
        )
        if says(text, graph):
            return text
    for node in graph.nodes:
        lender = None if node.shares is None else graph.nodes[node.shares]
        if lender is not None and dict(lender.facts.weights) != dict(node.facts.weights):
            raise UsageError(
                f"{node.name} uses the weights of {lender.name} in another form (transposed), "
                "which `share` cannot say",
                "`analyze` counts them once; an architecture file has no word for it",
            )
    raise UsageError(
        f"{graph.name} cannot be written as an architecture file: what was written says another "
        "network",
        "this is a defect of cnncalc, not of the network: please report it",
    )


def says(text: str, graph: Graph) -> bool:
    """Whether an architecture file is a graph, up to the names of its layers."""
    from cnncalc.analysis.outline.equality import same_network

    try:
        return same_network(Network(Source("<written>", text, None)).graph(), graph)
    except SpecError:
        return False


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

    refusal: Exception | None = None
    for found in code_outlines(network, graph, input, places):
        try:
            return pytorch(found)
        except UsageError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


SHORT = 40
"""So many layers may a file write out one by one, and be meant so."""


def code_outlines(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    places: Sequence[int] | None = None,
) -> Iterator[Outline]:
    """Outlines that code may be written from, the best first; each was held against the graph.

    A file's own blocks, the structure that is found in the graph, a line for each layer: what the
    uses of a block have in common may be nothing that a class or function can say.
    """
    own: Outline | None = None
    if isinstance(network, Network):
        with suppress(UnsayableError, DiffersError, KeyError):
            own = replayed(own_outline(network, graph))
    if own is not None and (own.blocks or len(graph.nodes) <= SHORT):
        yield own
    # a module sees what it is given: what looks at other layers stands in the network itself
    apart = {index for index, node in enumerate(graph.nodes) if node.reads}
    for node in graph.nodes:
        if isinstance(node.kind, MaxUnpool):
            apart.update(node.reads)
    with suppress(DiffersError):
        yield replayed(outline_of(network, graph, input, apart=apart, places=places))
    yield replayed(outline_of(network, graph, input, flat=True, places=places))


def keras_of(
    network: Network | Imported,
    graph: Graph,
    input: Shape | None = None,
    *,
    places: Sequence[int] | None = None,
) -> str:
    """The Keras file of a network's graph.

    Raises:
        UsageError: Keras cannot say a layer.
    """
    from cnncalc.exchange.writing.keras.writer import keras

    refusals: list[UsageError] = []
    for found in code_outlines(network, graph, input, places):
        try:
            return keras(found)
        except UsageError as error:
            refusals.append(error)
    raise refusals[-1]


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
    from cnncalc.analysis.outline import Hint, outline

    hints = None
    if not isinstance(network, Network):
        hints = [Hint(origin.path, origin.types) for origin in network.origins(input)]
        if places is not None:
            hints = [hints[place] for place in places]
    return outline(graph, hints, flat=flat, apart=apart)
