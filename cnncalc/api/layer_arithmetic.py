"""`explain`: the arithmetic of a layer, or the story of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.explaining import Explained, Explainer
from cnncalc.analysis.story import Story, story
from cnncalc.api.reports import (
    Report,
    first_failure,
    known_layers_of,
    partial_report_of,
    whole_report_of,
)
from cnncalc.api.result import Path, Result, delivered
from cnncalc.api.subject import Net, Parameters, Shaped, asked
from cnncalc.diagnostics import SpecError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cnncalc.deployment.deploy import DeployedLayer


class Explanation(Result):
    """How the numbers of one layer come about."""

    FORMATS = ("table", "json", "markdown")
    WIDTH = 100

    def __init__(self, explained: Explained) -> None:
        self.explained = explained

    @property
    def deployed(self) -> DeployedLayer | None:
        """What becomes of the layer on a device; `None` where the network cannot be deployed."""
        # lowering is needed when this is asked for, which the totals of a story are not
        from cnncalc.deployment.deploy import deployed_layer

        layer = self.explained.layer
        graph = self.explained.report.graph
        return deployed_layer(graph, next(i for i, n in enumerate(graph.nodes) if n is layer.node))

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.explained.layer.name

    @property
    def steps(self) -> tuple[Any, ...]:
        """Each quantity with its formula, the formula with numbers, and its value."""
        return (*self.explained.steps, *self.explained.memory)

    @property
    def legend(self) -> Mapping[str, str]:
        """The symbols of the formulas, and what each stands for."""
        return self.explained.legend

    def document(self) -> RenderableType:
        from cnncalc.render.explain import explain_text

        return explain_text(self.explained, self.deployed)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.explain/1`."""
        from cnncalc.render.explain_formats import explain_dict

        return explain_dict(self.explained, self.deployed)

    def to_markdown(self) -> str:
        """The layer as a Markdown document."""
        from cnncalc.render.explain_formats import explain_markdown

        return explain_markdown(self.explained)

    def summary(self) -> str:
        layer = self.explained.layer
        return f"{layer.name}: {layer.kind} {layer.short_options}".rstrip()


class NetworkStory(Result):
    """A network in a dozen lines."""

    FORMATS = ("table", "json", "markdown")

    def __init__(self, report: Report, story: Story) -> None:
        self.report = report
        self.story = story

    def document(self) -> RenderableType:
        from cnncalc.render.story import story_text

        return story_text(self.report, self.story)

    def to_dict(self) -> dict[str, Any]:
        """The data of `cnncalc.explain/1`."""
        from cnncalc.render.story import story_dict

        return story_dict(self.report, self.story)

    def to_markdown(self) -> str:
        """The story as a Markdown document."""
        from cnncalc.render.story import story_markdown

        return story_markdown(self.report, self.story)

    def summary(self) -> str:
        return self.report.name


def _known_with(found: Report, name: str) -> Report:
    """What is known of a network with mistakes, a layer among it.

    Raises:
        UsageError: there is no such layer.
        SpecError: it is not known itself.
    """
    index = found.layers[name].index
    known = known_layers_of(found)
    if name not in known.layers.names:
        failed = index if index in found.failed else None
        raise SpecError([first_failure(found, f"`{name}`", failed)])
    return known


def explain(
    net: Net | None = None,
    layer: str | None = None,
    *,
    yaml: str | None = None,
    input: Shaped | None = None,
    set: Parameters | None = None,
    parameters: Parameters | None = None,
    batch: int | None = None,
    dtype: str | None = None,
    format: str | None = None,
    output: Path | None = None,
) -> Explanation | NetworkStory:
    """How the numbers of a layer come about; without a layer, the network's story.

    Args:
        layer: the layer's name.
        net, yaml, input, set, parameters, batch, dtype: as of `analyze`.
        format: `table`, `json` or `markdown`.
        output: a file to write, in the format of its ending.

    Raises:
        UsageError: there is no such network or layer.
        SpecError: the network cannot be used.
    """
    subject = asked(net, yaml, input, set, parameters, batch, dtype)
    result: Explanation | NetworkStory
    if layer is None:
        found = whole_report_of(subject, "the story")
        result = NetworkStory(found, story(found))
    else:
        found = partial_report_of(subject)
        if found.mistaken:
            found = _known_with(found, layer)
        result = Explanation(Explainer(found).layer(found.layers[layer]))
    return delivered(result, output, format)
