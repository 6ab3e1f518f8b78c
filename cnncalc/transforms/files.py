"""A transform in the file that a network stands in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from typing import Any

from cnncalc.diagnostics import Edit, SpecError, UsageError
from cnncalc.exchange.architecture import scalar, value
from cnncalc.graph import Graph
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.rules.apply_fixes import edited
from cnncalc.shapes import Shape
from cnncalc.transforms.editing import (
    UneditableError,
    key_removal,
    layer_edits,
    parameter_addition,
    value_edits,
)
from cnncalc.transforms.outputs import CLASSES
from cnncalc.transforms.rewriting import GraphChange, chained, rewritten, same
from cnncalc.transforms.steps import RequestedTransforms, steps_of


def edited_file(
    network: Network,
    wanted: RequestedTransforms,
    changes: Mapping[str, Any],
    shapes: Mapping[str, Shape] | None,
    goal: Graph,
) -> tuple[str, Graph] | None:
    """The text of a network's file, changed so that it is the goal; with the graph that it makes.

    A parameter of the file that does what is wanted is set; else layers are changed where they are
    written. `None` where neither does.
    """
    try:
        settings, rest = _settings(network, wanted, dict(changes))
        text = _text(network, settings, rest, shapes)
        found = Network(Source(network.source.label, text, network.source.path)).graph()
    except (UneditableError, SpecError, UsageError):
        return None
    return (text, found) if same(found, goal) else None


def _settings(
    network: Network, wanted: RequestedTransforms, settings: dict[str, Any]
) -> tuple[dict[str, Any], RequestedTransforms]:
    """The parameters that do what is wanted, and what is left to do."""
    if wanted.without_auxiliary:
        found = _parameter(network, settings, RequestedTransforms(without_auxiliary=True), 0)
        if found is not None:
            settings, wanted = found, wanted._replace(without_auxiliary=False)
    if wanted.classes is not None and (own := class_parameter(network, settings)) is not None:
        settings = {**settings, own: wanted.classes}
        wanted = wanted._replace(classes=None)
    if wanted.classes is not None:
        only = RequestedTransforms(classes=wanted.classes)
        found = _parameter(network, settings, only, wanted.classes)
        if found is not None:
            settings, wanted = found, wanted._replace(classes=None)
    return settings, wanted


def class_parameter(network: Network, settings: Mapping[str, Any]) -> str | None:
    """The parameter of a file that is its number of classes; `None` where it has none, or in vain.

    It is known by its name: heads have other widths, `3 * (classes + 5)`.
    """
    values = network.values(settings)
    for name in CLASSES:
        if type(values.get(name)) is int:
            try:
                other = network.graph({**settings, name: values[name] + 1})
            except (SpecError, UsageError):
                continue
            if not same(other, network.graph(settings)):
                return name
    return None


def _parameter(
    network: Network, settings: dict[str, Any], wanted: RequestedTransforms, to: int
) -> dict[str, Any] | None:
    """The settings with one parameter more that does what a transform does."""
    before = network.graph(settings)
    goal = reduce(chained, steps_of(before, wanted)).graph
    widths = {before.nodes[index].facts.output[0] for index in before.outputs}
    for name, now in network.values(settings).items():
        if type(now) is bool or now == to or (now not in widths if to else now != 1):
            continue
        tried = {**settings, name: to}
        try:
            if same(network.graph(tried), goal):
                return tried
        except (SpecError, UsageError):
            continue
    return None


def _text(
    network: Network,
    settings: Mapping[str, Any],
    wanted: RequestedTransforms,
    shapes: Mapping[str, Shape] | None,
) -> str:
    """The text of the file that the layers stand in, with all changes.

    Raises:
        UneditableError: it cannot be changed so.
    """
    # where parameters do it all the file itself is changed, else the one that holds the layers
    source = network.keys["layers"][0] if any(wanted) else network.source
    base = network if source is network.source else Network(source)
    if re.search(r"[/\\.]", _extends(base)):
        raise UneditableError  # a path leads elsewhere from where the text is written
    values, own = network.values(settings), network.input_shapes(network.values(settings))
    known = base.values({})
    elaboration = base.elaborate({name: values[name] for name in known}, own)
    graph = elaboration.graph
    if graph is None or not same(graph, network.graph(settings)):
        raise UneditableError
    steps = steps_of(graph, wanted)
    whole = reduce(chained, steps) if steps else rewritten(graph, GraphChange())
    edits = layer_edits(source, base.layers, elaboration, whole)
    changed = {name: value(values[name]) for name, was in known.items() if values[name] != was}
    own_ones = {name for name, entry in base.parameters.items() if entry[0] is source}
    edits += value_edits(
        base.parameters, {n: text for n, text in changed.items() if n in own_ones}, source
    )
    edits += parameter_addition(
        source, {n: text for n, text in changed.items() if n not in own_ones}
    )
    edits += _key_edits(network, base, source, own if shapes is None else shapes)
    text = edited(source.text, edits)
    if text is None:
        raise UneditableError
    return text


def _extends(network: Network) -> str:
    """What a file extends; empty where nothing."""
    root: Any = network.source.compose()
    return next((str(content.value) for key, content in root.value if key.value == "extends"), "")


def _key_edits(
    network: Network, base: Network, source: Source, shapes: Mapping[str, Shape]
) -> list[Edit]:
    """Edits of the name, the source and the input; totals that were expected go."""
    texts: dict[str, str] = {}
    if network.name != base.name:
        texts["name"] = scalar(network.name)
    if network.origin != base.origin:
        texts["source"] = scalar(network.origin or "")
    if dict(shapes) != base.input_shapes(base.values({})):
        one = len(shapes) == 1 and next(iter(shapes)) == "input"
        pairs = ", ".join(f"{scalar(name)}: {value(shape)}" for name, shape in shapes.items())
        texts["input"] = value(*shapes.values()) if one else f"{{{pairs}}}"
    edits = value_edits(base.keys, texts, source)
    if base.expect:
        edits.append(key_removal(source, *base.keys["expect"][1:]))
    return edits
