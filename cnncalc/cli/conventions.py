"""Other counters' conventions, as commands need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.graph import Graph


def written(graph: Graph, network: Any, input_: Any = None) -> Sequence[str]:
    """In which form each layer is written, as far as that is known of a network."""
    from cnncalc.analysis.counting.written import forms, forms_of_modules
    from cnncalc.language import zoo

    if getattr(network, "format", None) == "PyTorch":
        origins = network.origins(input_)
        told = [(origin.types[-1] if origin.types else "", origin.node) for origin in origins]
        return forms_of_modules(graph, told)
    return forms(graph, graph.file is not None and zoo.path(graph.file) is not None)


def counted(name: str, graph: Graph, network: Any, batch: int, input_: Any) -> tuple[int, ...]:
    """What a counter makes of each layer, for the whole batch.

    Raises:
        UsageError: there is no such counter, or its answer for a layer cannot be told.
    """
    from cnncalc.analysis.counting.parts import Uncounted
    from cnncalc.analysis.counting.tools import COUNTERS
    from cnncalc.analysis.counting.totals import by_layer
    from cnncalc.diagnostics import suggestion

    if name not in COUNTERS:
        raise UsageError(
            f"there is no convention `{name}`",
            suggestion(name, COUNTERS, f"the conventions are {', '.join(COUNTERS)}"),
        )
    try:
        return by_layer(name, graph, written(graph, network, input_), batch)
    except Uncounted as error:
        raise UsageError(f"{name}: {error}") from None
