"""`reconcile`: why other counters say another number; and their numbers layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.counting.module_forms import forms, forms_of_modules
from cnncalc.analysis.counting.parts import Uncounted
from cnncalc.analysis.counting.tools import COUNTERS
from cnncalc.analysis.counting.totals import Count, by_layer
from cnncalc.analysis.counting.totals import reconcile as counts_of
from cnncalc.api.reports import Report, report_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked
from cnncalc.diagnostics import UsageError, suggestion
from cnncalc.language import zoo

if TYPE_CHECKING:
    from rich.console import RenderableType


class Reconciliation(Result):
    """Other counters' totals, made of our terms."""

    FORMATS = ("table", "json", "markdown", "csv")

    def __init__(self, name: str, counters: Sequence[Count]) -> None:
        self.name = name
        self.counters = tuple(counters)

    def __getitem__(self, counter: str) -> Count:
        return next(one for one in self.counters if one.counter == counter)

    def document(self) -> RenderableType:
        from cnncalc.render.reconcile import reconcile_text

        return reconcile_text(self.name, self.counters)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.reconcile/1`."""
        from cnncalc.render.reconcile import reconcile_dict

        return reconcile_dict(self.name, self.counters)

    def to_markdown(self) -> str:
        """A table with a row a term."""
        from cnncalc.render.reconcile import reconcile_markdown

        return reconcile_markdown(self.name, self.counters)

    def to_csv(self) -> str:
        """A row a term."""
        from cnncalc.render.reconcile import reconcile_csv

        return reconcile_csv(self.counters)

    def summary(self) -> str:
        totals = [f"{one.counter} {one.total or '?'}" for one in self.counters]
        return f"{self.name}: {', '.join(totals)}"


def reconcile(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    format: str | None = None,
    output: Path | None = None,
) -> Reconciliation:
    """What other counters say of a network, and why: their totals, made of our terms.

    Args:
        net, yaml, input, set, parameters, batch, dtype: as of `analyze`.
        format: `table`, `json`, `markdown` or `csv`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network.
        SpecError: the network cannot be used.
    """
    found = report_of(asked(net, yaml, input, set, parameters, batch, dtype))
    counts = counts_of(found.graph, module_forms(found), found.batch)
    return delivered(Reconciliation(found.name, counts), output, format)


def module_forms(found: Report) -> Sequence[str]:
    """In which form each layer is written as a module, as far as that is known of a network."""
    graph, network = found.graph, found.asked.network
    if getattr(network, "format", None) == "PyTorch":
        origins = network.origins(found.asked.input)  # type: ignore[union-attr]
        told = [(origin.types[-1] if origin.types else "", origin.node) for origin in origins]
        return forms_of_modules(graph, told)
    return forms(graph, graph.file is not None and zoo.path(graph.file) is not None)


def counted(name: str, found: Report) -> tuple[int, ...]:
    """What a counter makes of each layer, for the whole batch.

    Raises:
        UsageError: there is no such counter, or its answer for a layer cannot be told.
    """
    if name not in COUNTERS:
        raise UsageError(
            f"there is no convention `{name}`",
            suggestion(name, COUNTERS, f"the conventions are {', '.join(COUNTERS)}"),
        )
    try:
        return by_layer(name, found.graph, module_forms(found), found.batch)
    except Uncounted as error:
        raise UsageError(f"{name}: {error}") from None
