"""`reconcile`: why other counters say another number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.counting.totals import Count
from cnncalc.analysis.counting.totals import reconcile as counts_of
from cnncalc.api.conventions import module_forms
from cnncalc.api.reports import report_of
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked

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
    counts = counts_of(found.graph, module_forms(found.graph, found.asked), found.batch)
    return delivered(Reconciliation(found.name, counts), output, format)
