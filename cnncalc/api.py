"""The Python interface: `analyze` and the report with its formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from cnncalc.analysis.receptive_field import fields_by_input
from cnncalc.analysis.report import BYTES, Settings
from cnncalc.analysis.report import Report as Analyzed
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.load import load, load_foreign
from cnncalc.language.load import checked_input, find
from cnncalc.language.network import Network
from cnncalc.rules.base import Limits, Subject
from cnncalc.rules.checks import check
from cnncalc.rules.examination import examine, failures, judge
from cnncalc.shapes import Shape, WindowLimitError

__all__ = ["Report", "SpecError", "UsageError", "analyze", "validate"]


class Report(Analyzed):
    """A network, analyzed, with the formats it can be written in."""

    def to_dict(self) -> dict[str, Any]:
        """The data of the JSON report (`cnncalc.report/1`)."""
        from cnncalc.render.json import report_dict

        return report_dict(self)

    def to_json(self) -> str:
        """The JSON report."""
        from cnncalc.render.json import report_json

        return report_json(self)

    def to_markdown(self, depth: int | None = None) -> str:
        """The Markdown report; `depth` folds blocks below that level."""
        from cnncalc.render.markdown import report_markdown
        from cnncalc.render.rows import View

        return report_markdown(self, View(depth))

    def to_csv(self, depth: int | None = None) -> str:
        """The layers as CSV."""
        from cnncalc.render.csv import report_csv
        from cnncalc.render.rows import View

        return report_csv(self, View(depth))


def analyze(
    net: str | PathLike[str],
    *,
    input: Sequence[int] | None = None,
    parameters: Mapping[str, Any] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    inplace: bool = False,
) -> Report:
    """Analyze a network: a file, or the name of a shipped one.

    Args:
        net: a path, a shipped network's name, or `-` for standard input.
        input: channels and spatial sizes, in place of the file's.
        parameters: values of the file's parameters, in place of its own.
        batch: samples; operations and bytes are for all of them.
        dtype: type of weights and activations.
        inplace: element-wise activations write over their input.

    Raises:
        UsageError: there is no such file, network, parameter or type.
        SpecError: the file does not describe a network; carries the findings.
    """
    if dtype not in BYTES:
        raise UsageError(f"unknown type `{dtype}`", f"one of {', '.join(BYTES)}")
    if type(batch) is not int or batch < 1:
        raise UsageError(f"a batch of {batch!r}", "a whole number from 1 on")
    shape = None if input is None else checked_input(input)
    return report(load(fspath(net)), shape, parameters, Settings(batch, dtype, inplace))


def report(
    network: Network | Imported,
    input: Shape | None,
    parameters: Mapping[str, Any] | None,
    settings: Settings,
) -> Report:
    """The report of a parsed network.

    Raises:
        SpecError, UsageError: as `analyze`.
    """
    elaboration = network.elaborate(parameters, input)
    if elaboration.graph is None:
        assert not isinstance(network, Imported)
        raise SpecError(failures(network, elaboration, input, parameters))
    try:
        fields = fields_by_input(elaboration.graph)
    except WindowLimitError as error:
        raise SpecError([Diagnostic("limit-exceeded", "error", str(error))]) from None
    limits = Limits(batch=settings.batch, width=BYTES[settings.dtype])
    if isinstance(network, Imported):
        findings = check(Subject(elaboration.graph, None, fields, limits))
    else:
        findings = judge(network, elaboration, limits, fields)
    return Report(elaboration.graph, settings, findings, fields)


def validate(
    net: str | PathLike[str],
    *,
    input: Sequence[int] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Diagnostic, ...]:
    """All findings in a network, errors first.

    Raises:
        UsageError: there is no such file, network or parameter.
    """
    shape = None if input is None else checked_input(input)
    try:
        foreign = load_foreign(fspath(net))
        if foreign is not None:
            return report(foreign, shape, parameters, Settings()).diagnostics
        source = find(fspath(net))
    except SpecError as error:
        return error.diagnostics
    return examine(source, shape, parameters)
