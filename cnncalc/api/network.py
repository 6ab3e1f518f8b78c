"""`load`, and the network that it gives: every question is a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis.report import LayerReport, Totals
from cnncalc.api.comparing import compare, diff
from cnncalc.api.converting import convert
from cnncalc.api.counters import reconcile
from cnncalc.api.deploying import deploy
from cnncalc.api.exporting import export
from cnncalc.api.footprints import memory
from cnncalc.api.layer_arithmetic import explain
from cnncalc.api.reports import Report, analyze, report_of
from cnncalc.api.subject import Asked, Net, Parameters, Shaped, Subject, asked
from cnncalc.api.sweeps import sweep
from cnncalc.api.validation import validate
from cnncalc.api.verifying import verify
from cnncalc.diagnostics import SpecError
from cnncalc.graph import Graph
from cnncalc.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence


class Network(Subject):
    """A network from anywhere. Each command is a method; its options are those of the function.

    Options that were given to `load` hold for every question, unless a call gives its own.
    """

    analyze = analyze
    validate = validate
    verify = verify
    memory = memory
    explain = explain
    reconcile = reconcile
    convert = convert
    export = export
    compare = compare
    diff = diff
    deploy = deploy
    sweep = sweep

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """Its report, made once; the same as `analyze()` gives.

        Raises:
            SpecError: it cannot be used.
        """
        if self._report is None:
            self._report = report_of(self.asked)
        return self._report

    @property
    def name(self) -> str:
        """The network's name."""
        return self.asked.network.name

    @property
    def graph(self) -> Graph:
        """Its layers in execution order, with its inputs."""
        return self.report.graph

    @property
    def inputs(self) -> dict[str, Shape]:
        """Shapes of one sample of each input, by the inputs' names."""
        return self.report.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the layers whose output is wanted."""
        return self.report.outputs

    @property
    def layers(self) -> Sequence[LayerReport]:
        """Its layers, by index or by name."""
        return self.report.layers

    @property
    def totals(self) -> Totals:
        """The sums over its layers."""
        return self.report.totals

    def __repr__(self) -> str:
        try:
            return f"<Network {repr(self.report)[len('<Report ') :]}"
        except SpecError as error:
            return f"<Network {self.name}: it cannot be built ({error.diagnostics[0].message})>"

    def __str__(self) -> str:
        return str(self.report)

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


def load(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    inplace: bool = False,
) -> Network:
    """A network from anywhere, to ask questions of.

    Args:
        net, yaml, input, set, parameters, batch, dtype, inplace: as of `analyze`; they hold for
            every question that does not give its own.

    Raises:
        UsageError: there is no such network.
        SpecError: the file cannot be read.
    """
    return Network(asked(net, yaml, input, set, parameters, batch, dtype, inplace))
