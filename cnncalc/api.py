"""The Python interface: `analyze` and the report with its formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.receptive_field import fields_by_input
from cnncalc.analysis.report import BYTES, Settings
from cnncalc.analysis.report import Report as Analyzed
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError
from cnncalc.exchange.load import load_foreign
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.load import checked_input
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.layers.options import INTEGER_LIMIT
from cnncalc.shapes import WindowLimitError

if TYPE_CHECKING:
    from cnncalc.analysis.receptive_field import Field
    from cnncalc.exchange.imported import Imported
    from cnncalc.graph import Graph
    from cnncalc.language.elaboration.elaborate import Elaboration
    from cnncalc.language.given import Net
    from cnncalc.rules.base import Foreign, Limits

__all__ = ["Report", "SpecError", "UsageError", "analyze", "validate"]


class Report(Analyzed):
    """A network, analyzed, with the formats it can be written in.

    `print(report)` is the table, as is `rich.print(report)`; a notebook shows it with bars.
    """

    def __str__(self) -> str:
        from cnncalc.render.console import rendered

        return rendered(self.__rich__(), _terminal_width()).rstrip("\n")

    def __repr__(self) -> str:
        from cnncalc.render.notebook import short

        return short(self)

    def __rich__(self) -> Any:
        """What Rich prints of it, in the same colours on any console."""
        from cnncalc.render.console import Themed
        from cnncalc.render.report import document

        return Themed(document(self))

    def _repr_html_(self) -> str:
        from cnncalc.render.notebook import report_html

        return report_html(self)

    def to_pandas(self, depth: int | None = None) -> Any:
        """The layers as a pandas `DataFrame`, a row a layer with exact values.

        Shapes and receptive fields are tuples. `depth` folds blocks below that level.

        Raises:
            UsageError: pandas is not installed.
        """
        from cnncalc.render.frame import report_frame
        from cnncalc.render.rows import View

        return report_frame(self, View(depth))

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

    def to_html(self, depth: int | None = None) -> str:
        """The report as one file for any browser, with blocks below `depth` folded at first."""
        from cnncalc.render.page import page_html
        from cnncalc.render.rows import View

        return page_html(self, View(depth))

    def to_csv(self, depth: int | None = None) -> str:
        """The layers as CSV."""
        from cnncalc.render.csv import report_csv
        from cnncalc.render.rows import View

        return report_csv(self, View(depth))


def analyze(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Any = None,
    parameters: Mapping[str, Any] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    inplace: bool = False,
) -> Report:
    """Analyze a network: a file, a shipped one, or what is given as text or mapping.

    Args:
        net: a path, a shipped network's name, `-` for standard input, or the keys of an
            architecture file as a mapping.
        yaml: the text of an architecture file, in place of `net`.
        input: channels and spatial sizes, in place of the file's; of several inputs by name.
        parameters: values of the file's parameters, in place of its own.
        batch: samples; operations and bytes are for all of them.
        dtype: type of weights and activations.
        inplace: element-wise activations write over their input.

    Whole numbers are whatever has `__index__`.

    Raises:
        UsageError: there is no such file, network, parameter or type.
        SpecError: the file does not describe a network; carries the findings.
    """
    from cnncalc.language.given import given_input, given_parameters

    settings = _settings(batch, dtype, inplace)
    shape = None if input is None else checked_input(given_input(input))
    opened = _open(net, yaml)
    network = Network(opened) if isinstance(opened, Source) else opened
    return report(network, shape, given_parameters(parameters), settings)


def _open(net: Net | None, yaml: str | None) -> Source | Imported:
    from cnncalc.language.given import given_source

    if isinstance(net, str | PathLike) and yaml is None:
        foreign = load_foreign(str(fspath(net)))
        if foreign is not None:
            return foreign
    return given_source(net, yaml)


def _settings(batch: Any, dtype: str, inplace: bool = False) -> Settings:
    from cnncalc.language.given import whole

    if dtype not in BYTES:
        raise UsageError(f"unknown type `{dtype}`", f"one of {', '.join(BYTES)}")
    samples = whole(batch, "`batch`")
    if not 1 <= samples <= INTEGER_LIMIT:
        raise UsageError(f"`batch` must be from 1 to 2^31 − 1, not {samples}")
    return Settings(samples, dtype, inplace)


def report(
    network: Network | Imported,
    input: GivenInput | None,
    parameters: Mapping[str, Any] | None,
    settings: Settings,
    budget: Limits | None = None,
) -> Report:
    """The report of a parsed network; `budget` is what it may cost.

    Raises:
        SpecError, UsageError: as `analyze`.
    """
    elaboration = network.elaborate(parameters, input)
    if elaboration.graph is None:
        assert isinstance(network, Network)
        from cnncalc.rules.examination import failures

        raise SpecError(failures(network, elaboration, input, parameters))
    try:
        fields = fields_by_input(elaboration.graph)
    except WindowLimitError as error:
        raise SpecError([Diagnostic("limit-exceeded", "error", str(error))]) from None
    found = partial(_findings, network, elaboration, settings, budget, fields)
    return Report(elaboration.graph, settings, fields, found)


def _findings(
    network: Network | Imported,
    elaboration: Elaboration,
    settings: Settings,
    budget: Limits | None,
    fields: list[list[Field]],
) -> tuple[Diagnostic, ...]:
    """What the rules say of a network that has been built."""
    from cnncalc.rules.base import Limits, Subject
    from cnncalc.rules.checks import check
    from cnncalc.rules.examination import judge

    limits = (budget or Limits())._replace(batch=settings.batch, width=BYTES[settings.dtype])
    if isinstance(network, Network):
        return judge(network, elaboration, limits, fields)
    assert elaboration.graph is not None
    return check(Subject(elaboration.graph, None, fields, limits, foreign=foreign_of(network)))


def foreign_of(network: Imported) -> Foreign | None:
    """The user's own file that a network was read from, as the rules see it."""
    from cnncalc.rules.base import Foreign

    spans = tuple([origin.span for origin in network.origins(network.asked)])
    if not any(spans):
        return None
    source = network.source
    return Foreign(spans, {} if source is None else {source.label: source})


def imported_findings(
    network: Imported,
    input: GivenInput | None,
    parameters: Mapping[str, Any] | None,
    limits: Limits,
    tried: bool = True,
) -> tuple[Diagnostic, ...]:
    """All findings in a network of another format, errors first.

    With `tried` the edits of its text were each tried.

    Raises:
        UsageError: it cannot be read for that input.
    """
    from cnncalc.rules.base import Subject
    from cnncalc.rules.checks import check
    from cnncalc.rules.examination import examine_foreign

    source, reopen = network.source, network.reopen
    if source is None or reopen is None:
        try:
            graph = network.graph(parameters, input)
        except SpecError as error:
            return error.diagnostics
        return check(Subject(graph, None, None, limits, foreign=foreign_of(network)))

    def build(changed: Source) -> tuple[Graph, Foreign]:
        other = network if changed is source else reopen(changed)
        graph = other.graph(parameters, input)
        found = foreign_of(other)
        assert found is not None, "a reader of a text gives places"
        return graph, found

    return examine_foreign(source, build, limits, tried)


def validate(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Any = None,
    parameters: Mapping[str, Any] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    max_params: int | str | None = None,
    max_macs: int | str | None = None,
    max_memory: int | str | None = None,
    max_training_memory: int | str | None = None,
) -> tuple[Diagnostic, ...]:
    """All findings in a network, errors first.

    Args:
        net, yaml, input, parameters, batch, dtype: as of `analyze`.
        max_params, max_macs, max_memory, max_training_memory: what it may cost: a number, or an
            amount such as `5M`, `512KiB`.

    Raises:
        UsageError: there is no such file, network, parameter or type.
    """
    from cnncalc.language.given import given_amount, given_input, given_parameters
    from cnncalc.rules.base import Limits
    from cnncalc.rules.examination import examine

    settings = _settings(batch, dtype)
    shape = None if input is None else checked_input(given_input(input))
    values = given_parameters(parameters)
    amounts = {
        "params": max_params,
        "macs": max_macs,
        "memory": max_memory,
        "training_memory": max_training_memory,
    }
    limits = Limits(
        **{cost: given_amount(amount, cost) for cost, amount in amounts.items()},
        batch=settings.batch,
        width=BYTES[dtype],
    )
    try:
        opened = _open(net, yaml)
        if isinstance(opened, Source):
            return examine(opened, shape, values, limits)
        return imported_findings(opened, shape, values, limits)
    except SpecError as error:
        return error.diagnostics


def _terminal_width() -> int | None:
    """The columns of the terminal that standard output is; `None` where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None
    except (AttributeError, OSError, ValueError):  # a notebook's stream has no file
        return None
