"""Multiply-accumulates layer by layer as another counter has them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.analysis.counting.module_forms import forms, forms_of_modules
from cnncalc.analysis.counting.parts import Uncounted
from cnncalc.analysis.counting.tools import COUNTERS
from cnncalc.analysis.counting.totals import by_layer
from cnncalc.api.subject import Asked
from cnncalc.diagnostics import UsageError, suggestion
from cnncalc.graph import Graph
from cnncalc.language import zoo


def module_forms(graph: Graph, asked: Asked) -> Sequence[str]:
    """Return how each layer is written as a module, as far as that is known of a network."""
    network = asked.network
    if getattr(network, "format", None) == "PyTorch":
        origins = network.origins(asked.input)  # type: ignore[union-attr]
        types = [(origin.types[-1] if origin.types else "", origin.node) for origin in origins]
        return forms_of_modules(graph, types)
    return forms(graph, graph.file is not None and zoo.path(graph.file) is not None)


def counted(name: str, graph: Graph, asked: Asked, batch: int) -> tuple[int, ...]:
    """Return the multiply-accumulates of each layer by a counter, for the whole batch.

    Raises:
        UsageError: there is no such counter, or its answer for a layer is not known.
    """
    if name not in COUNTERS:
        raise UsageError(
            f"there is no convention `{name}`",
            suggestion(name, COUNTERS, f"the conventions are {', '.join(COUNTERS)}"),
        )
    try:
        return by_layer(name, graph, module_forms(graph, asked), batch)
    except Uncounted as error:
        raise UsageError(f"{name}: {error}") from None
