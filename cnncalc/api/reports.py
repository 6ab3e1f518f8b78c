"""`analyze`, and the report with its formats."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from os import fspath
from typing import TYPE_CHECKING, Any, Literal, overload

from cnncalc.analysis.completeness import known_part, require_known, require_layers
from cnncalc.analysis.receptive_field import fields_by_input
from cnncalc.analysis.report import BYTES, Settings
from cnncalc.analysis.report import Report as Analyzed
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Asked, Net, Parameters, Shaped, asked
from cnncalc.diagnostics import Diagnostic, SpecError, UsageError, suggestion
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.network import Network as ArchitectureFile
from cnncalc.shapes import WindowLimitError, channels_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from cnncalc.analysis.receptive_field import Field
    from cnncalc.api.deploying import Deployed
    from cnncalc.exchange.imported import Imported
    from cnncalc.language.elaboration.elaborate import Elaboration
    from cnncalc.render.rows import ViewOptions
    from cnncalc.rules.base import Foreign, Limits

LAYOUTS = ("channels-first", "channels-last")


class Report(Result, Analyzed):
    """A network, analyzed, with the formats it can be written in.

    `print(report)` is the table, as is `rich.print(report)`; a notebook shows it with bars.
    """

    FORMATS = (
        "table", "json", "markdown", "csv", "html", "latex", "svg", "dot", "mermaid", "png", "pdf",
    )  # fmt: skip

    view: ViewOptions | None = None
    """What of it is shown; everything where it is `None`."""
    _asked: Asked | None = None

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_asked", None)  # it holds the parsed file
        return state

    @property
    def asked(self) -> Asked:
        """The network that was analyzed, and how it was looked at."""
        if self._asked is not None:
            return self._asked
        # a report whose network did not come along, as from a pickle
        from cnncalc.exchange.imported import from_graph

        return Asked(from_graph(self.graph, self.name), None, {}, self.settings, self.name)

    def document(self) -> RenderableType:
        from cnncalc.render.report import document

        return document(self, self._view())

    def __repr__(self) -> str:
        from cnncalc.render.notebook import short

        return short(self)

    def _repr_html_(self) -> str:
        from cnncalc.render.notebook import report_html

        return report_html(self, self._view())

    def _view(self, depth: int | None = None) -> ViewOptions:
        from cnncalc.render.rows import ViewOptions

        view = self.view or ViewOptions()
        return view if depth is None else view._replace(depth=depth)

    def to_rich(self, depth: int | None = None) -> RenderableType:
        """The table and the totals, for Rich to print in any console."""
        from cnncalc.render.console import Themed
        from cnncalc.render.report import document

        return Themed(document(self, self._view(depth)))

    def to_pandas(self, depth: int | None = None) -> Any:
        """The layers as a pandas `DataFrame`, a row a layer with exact values.

        Shapes and receptive fields are tuples. `depth` folds blocks below that level.

        Raises:
            UsageError: pandas is not installed.
        """
        from cnncalc.render.frame import report_frame

        return report_frame(self, self._view(depth))

    def to_dict(self) -> dict[str, Any]:
        """The data of the JSON report (`cnncalc.report/1`)."""
        from cnncalc.render.json import report_dict

        return report_dict(self)

    def to_markdown(self, depth: int | None = None) -> str:
        """The Markdown report; `depth` folds blocks below that level."""
        from cnncalc.render.markdown import report_markdown

        return report_markdown(self, self._view(depth))

    def to_html(self, depth: int | None = None) -> str:
        """The report as one file for any browser, with blocks below `depth` folded at first."""
        from cnncalc.render.page import page_html

        return page_html(self, self._view(depth))

    def to_csv(self, depth: int | None = None) -> str:
        """The layers as CSV."""
        from cnncalc.render.csv import report_csv

        return report_csv(self, self._view(depth))

    def to_latex(self, depth: int | None = None) -> str:
        """The table of a paper, in LaTeX."""
        require_known(self.graph, "the table", ("output",))
        from cnncalc.render.latex import report_latex

        return report_latex(self, self._view(depth))

    def to_svg(self, depth: int | None = None, style: str = "volumes") -> str:
        """A drawing: feature maps as volumes, or layers as boxes (`style="blocks"`).

        Raises:
            UsageError: there is no such style, or the output of a layer is not known.
        """
        require_known(self.graph, "the drawing", ("output",))
        if style == "blocks":
            from cnncalc.render.drawing.blocks import report_blocks

            return report_blocks(self, self._view(depth))
        if style != "volumes":
            raise UsageError(f"there is no style `{style}`", "volumes or blocks")
        from cnncalc.render.drawing.volumes import report_volumes

        return report_volumes(self, self._view(depth))

    def to_png(self, depth: int | None = None, style: str = "volumes") -> bytes:
        """The drawing as PNG; needs the package typst."""
        from cnncalc.render.drawing.typeset import typeset

        return typeset(self.to_svg(depth, style), "png")

    def to_pdf(self, depth: int | None = None, style: str = "volumes") -> bytes:
        """The drawing as PDF; needs the package typst."""
        from cnncalc.render.drawing.typeset import typeset

        return typeset(self.to_svg(depth, style), "pdf")

    def to_dot(self, depth: int | None = None) -> str:
        """The graph for Graphviz."""
        from cnncalc.render.dot import report_dot

        return report_dot(self, self._view(depth))

    def to_mermaid(self, depth: int | None = None) -> str:
        """The graph for Mermaid."""
        from cnncalc.render.mermaid import report_mermaid

        return report_mermaid(self, self._view(depth))

    def refuse(self, format: str) -> None:
        super().refuse(format)
        _refuse(format, self.view)


@overload
def analyze(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    dtype: str | None = None,
    exact: bool = False,
    deployed: Literal[True],
    format: str | None = None,
    output: Path | None = None,
) -> Deployed: ...


@overload
def analyze(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    inplace: bool = False,
    depth: int | None = None,
    layout: str = "channels-first",
    columns: Iterable[str] = (),
    kinds: Iterable[str] = (),
    with_input: bool = False,
    exact: bool = False,
    convention: str | None = None,
    strict: bool = False,
    deployed: Literal[False] = False,
    partial: bool = False,
    format: str | None = None,
    output: Path | None = None,
) -> Report: ...


def analyze(
    net: Net | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    inplace: bool = False,
    depth: int | None = None,
    layout: str = "channels-first",
    columns: Iterable[str] = (),
    kinds: Iterable[str] = (),
    with_input: bool = False,
    exact: bool = False,
    convention: str | None = None,
    strict: bool = False,
    deployed: bool = False,
    partial: bool = False,
    format: str | None = None,
    output: Path | None = None,
) -> Report | Deployed:
    """Analyze a network: sizes, receptive fields, parameters, operations and memory of each layer.

    Args:
        net: a path, a shipped network's name, `-` for standard input, the keys of an architecture
            file as a mapping, an object of PyTorch, Keras or ONNX, or a network or report of ours.
        yaml: the text of an architecture file, in place of `net`.
        input: channels and spatial sizes, in place of the network's own; of several inputs by
            name; or example tensors with their batch.
        set: values of the file's parameters, in place of its own.
        parameters: another name of `set`.
        batch: samples; operations and bytes are for all of them. That of example tensors, else 1.
        dtype: type of weights and activations; `float32` where nothing says another.
        inplace: element-wise activations write over their input.
        depth: fold blocks below this level into sums, where rows are shown.
        layout: `channels-last` shows shapes, and takes `input`, as (height, width, channels).
        columns: the columns of the table, of Markdown and CSV.
        kinds: show only layers of these kinds.
        with_input: a row for the input as well.
        exact: exact numbers in the table in place of K, M and MiB.
        convention: the counter whose MACs are shown, such as `fvcore`.
        strict: refuse operators that are no layer kind, in place of showing them as unknown.
        deployed: the operators that a converter leaves of the network, in place of its layers.
        partial: where the network has mistakes, report what is known of it (`complete` is false).
        format: the format in which the report is printed, and written to `output`.
        output: a file to write, in the format of its ending.

    Whole numbers are whatever has `__index__`.

    Raises:
        UsageError: there is no such file, network, parameter or type.
        SpecError: the file does not describe a network; carries the findings.
    """
    if deployed:
        # a report needs nothing of it
        from cnncalc.api.deploying import operators_of

        return operators_of(asked(net, yaml, input, set, parameters), dtype, exact, format, output)
    if layout not in LAYOUTS:
        raise UsageError(f"there is no layout `{layout}`", " or ".join(LAYOUTS))
    read_last = layout == "channels-last" and input is not None
    subject = asked(net, yaml, input, set, parameters, batch, dtype, inplace)
    if read_last:
        subject = subject._replace(input=_from_channels_last(subject.input))
    view = shown(depth, exact, layout, columns, with_input, kinds)
    found = partial_report_of(subject) if partial else report_of(subject)
    if strict:
        require_layers(found.graph)
    if convention is not None:
        from cnncalc.api.conventions import counted

        if format == "json":
            raise UsageError(
                "`--convention` does nothing in JSON, whose `macs` are ours",
                f"`cnncalc reconcile --format json` has {convention}'s total",
            )
        numbers = counted(convention, found.graph, found.asked, found.batch)
        view = _view(view)._replace(convention=convention, counted=numbers)
    found.view = view
    form = format if output is None else found.format_of(fspath(output), format)
    if form == "json" and read_last and found.view is not None:
        found.view = found.view._replace(channels_last=False)  # it said how `input` is meant
    return delivered(found, output, format)


def _from_channels_last(given: Any) -> Any:
    """Shapes that are written with their channels last."""
    if isinstance(given, Mapping):
        return {name: channels_first(shape) for name, shape in given.items()}
    return channels_first(given) if isinstance(given, tuple) else given


def shown(
    depth: int | None,
    exact: bool,
    layout: str,
    columns: Iterable[str],
    with_input: bool,
    kinds: Iterable[str],
) -> ViewOptions | None:
    """What of a report is shown; `None` for everything.

    Raises:
        UsageError: there is no such column or kind.
    """
    last = layout == "channels-last"
    columns, kinds = tuple(columns), tuple(kinds)
    if depth is None and not (exact or last or columns or with_input or kinds):
        return None
    from cnncalc.render.rows import ViewOptions

    if columns:
        from cnncalc.render.columns import COLUMNS

        columns = chosen(columns, "column", COLUMNS)
    if kinds:
        from cnncalc.layers import KINDS

        kinds = chosen(kinds, "layer kind", KINDS)
    return ViewOptions(depth, exact, last, columns, with_input, kinds)


def _view(view: ViewOptions | None) -> ViewOptions:
    from cnncalc.render.rows import ViewOptions

    return view or ViewOptions()


def chosen(names: Iterable[str], what: str, known: Iterable[str]) -> tuple[str, ...]:
    """Names, each once and in their order.

    Raises:
        UsageError: one of them is not known.
    """
    found = tuple(dict.fromkeys(names))
    for name in found:
        if name not in known:
            raise UsageError(
                f"there is no {what} `{name}`",
                suggestion(name, known, f"the {what}s are {', '.join(known)}"),
            )
    return found


DRAWINGS = ("dot", "mermaid", "latex", "svg", "png", "pdf")
"""Formats without rows."""


def _refuse(format: str, view: ViewOptions | None) -> None:
    """Refuse options that would do nothing in a format.

    Raises:
        UsageError: one of them would.
    """
    if view is None:
        return
    options = {
        "`--depth`": view.depth is not None,
        "`--layout`": view.channels_last,
        "`--columns`": bool(view.columns),
        "`--kinds`": bool(view.kinds),
        "`--with-input`": view.with_input,
    }
    given = [name for name, one in options.items() if one]
    if format == "json" and given:
        raise UsageError(
            f"JSON has every layer and column, channels first: {given[0]} does nothing there",
            "it shapes the table, Markdown and CSV",
        )
    if format == "html":
        for name in given:
            if name in ("`--kinds`", "`--with-input`"):
                raise UsageError(
                    f"{name} does nothing in HTML", "the page has every layer, and filters kinds"
                )
    if format in DRAWINGS:
        if view.exact and format != "latex":
            given.append("`--exact`")
        for name in given:
            if name not in ("`--depth`", "`--layout`"):
                raise UsageError(f"{name} does nothing in {format}", "`--depth` folds blocks")


def report_of(subject: Asked) -> Report:
    """The report of a network that was opened.

    Raises:
        SpecError, UsageError: as `analyze`.
    """
    found = report(subject.network, subject.input, subject.changes, subject.settings)
    found._asked = subject
    return found


PARTIAL_LIMIT = 5_000
"""Layers of a network with mistakes that are shown: a table of more is of no use to mend it."""


def partial_report_of(subject: Asked) -> Report:
    """The report of a network, of what is known where it has mistakes.

    Raises:
        SpecError: nothing of it is known.
        UsageError: as `analyze`.
    """
    try:
        return report_of(subject)
    except SpecError as error:
        found = known_of(subject, error)
        if found is None:
            raise
        return found


def known_of(subject: Asked, error: SpecError) -> Report | None:
    """The report of what is known of a network with mistakes; `None` where nothing is."""
    network = subject.network
    if not isinstance(network, ArchitectureFile):
        return None
    from cnncalc.language.elaboration.partial import Unbuilt, with_messages  # for mistakes

    known = network.partial(subject.changes, subject.input)
    if known is None or len(known.graph.nodes) > PARTIAL_LIMIT:
        return None
    if all([isinstance(one.kind, Unbuilt) for one in known.graph.layers]):
        return None
    known = with_messages(known, error.diagnostics)
    diagnostics = error.diagnostics
    found = Report(known.graph, subject.settings, None, lambda: diagnostics)
    found.mistaken, found.failed, found._asked = True, known.failed, subject
    return found


def whole_report_of(subject: Asked, purpose: str) -> Report:
    """The report of a network, for what needs all of it: `the memory`.

    Raises:
        SpecError: it has mistakes; where something of it is known, one sentence that names the
            first layer that is not.
        UsageError: as `analyze`.
    """
    try:
        return report_of(subject)
    except SpecError as error:
        found = known_of(subject, error)
        if found is None or not found.failed:
            raise
        raise SpecError([first_failure(found, f"{purpose} of {found.name}")]) from None


def first_failure(found: Report, purpose: str, index: int | None = None) -> Diagnostic:
    """Why something of a network with mistakes is not known, by its first layer that fails."""
    place = min(found.failed) if index is None else index
    node = found.graph.nodes[place]
    errors = [one for one in found.diagnostics if one.severity == "error"]
    own = [
        one
        for one in errors
        if one.layer == node.name
        or (one.place is not None and node.place is not None and one.place.line == node.place.line)
    ]
    finding = (own or errors)[0]
    message = f"{purpose} is not known, since `{node.name}` cannot be: {finding.message}"
    return finding._replace(message=message, layer=None)


def known_layers_of(found: Report) -> Report:
    """The layers of a report of which everything is known, as a network of their own."""
    return Report(known_part(found.graph, found.failed), found.settings)


def report(
    network: ArchitectureFile | Imported,
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
        assert isinstance(network, ArchitectureFile)
        from cnncalc.rules.lint import failures

        raise SpecError(failures(network, elaboration, input, parameters))
    try:
        fields = fields_by_input(elaboration.graph)
    except WindowLimitError as error:
        raise SpecError([Diagnostic("limit-exceeded", "error", str(error))]) from None
    found = partial(_findings, network, elaboration, settings, budget, fields)
    return Report(elaboration.graph, settings, fields, found)


def _findings(
    network: ArchitectureFile | Imported,
    elaboration: Elaboration,
    settings: Settings,
    budget: Limits | None,
    fields: list[list[Field]],
) -> tuple[Diagnostic, ...]:
    """What the rules say of a network that has been built."""
    from cnncalc.rules.base import Limits, RuleContext
    from cnncalc.rules.checks import check
    from cnncalc.rules.lint import judge

    limits = (budget or Limits())._replace(batch=settings.batch, width=BYTES[settings.dtype])
    if isinstance(network, ArchitectureFile):
        return judge(network, elaboration, limits, fields)
    assert elaboration.graph is not None
    context = RuleContext(elaboration.graph, None, fields, limits, foreign=foreign_of(network))
    return (*elaboration.diagnostics, *check(context))


def foreign_of(network: Imported) -> Foreign | None:
    """The user's own file that a network was read from, as the rules see it."""
    from cnncalc.rules.base import Foreign

    spans = tuple([origin.span for origin in network.origins(network.asked)])
    if not any(spans):
        return None
    source = network.source
    notes = network.reading(network.asked).notes
    return Foreign(spans, {} if source is None else {source.label: source}, notes)
