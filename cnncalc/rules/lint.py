"""All findings in a file: what keeps it from being a network, or what the rules say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.analysis.receptive_field import Field
from cnncalc.diagnostics import Diagnostic, SpecError
from cnncalc.graph import Graph
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.forms.counting import minimum_layers
from cnncalc.language.forms.inputs import GivenInput
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Foreign, Limits, RuleContext, WrittenFile
from cnncalc.rules.checks import check, ordered
from cnncalc.rules.writing import hint_channels
from cnncalc.shapes import WindowLimitError

PROVEN_LAYERS = 10_000
"""How many layers may be built in all to try the fixes of a file."""

CHARACTERS = 50
"""So many characters take as long to read as a layer takes to build."""


def lint(
    source: Source,
    input: GivenInput | None = None,
    parameters: Mapping[str, Any] | None = None,
    limits: Limits = Limits(),
    memo: Memo | None = None,
) -> tuple[Diagnostic, ...]:
    """All findings in a file, errors first, with fixes of which each has been tried.

    A `memo` that serves many files makes each of them cheaper.

    Raises:
        UsageError: an unknown parameter.
    """
    memo = memo or Memo()
    found, layers = findings(source, input, parameters, limits, memo)
    if not any([fix.edits for finding in found for fix in finding.fixes]):
        return found
    from cnncalc.rules.apply_fixes import proven

    def again(text: str) -> tuple[Diagnostic, ...]:
        changed = Source(source.label, text, source.path)
        return findings(changed, input, parameters, limits, memo, offers=False)[0]

    size = layers + len(source.text) // CHARACTERS + 50
    return proven(found, source.text, again, PROVEN_LAYERS // size)


def findings(
    source: Source,
    input: GivenInput | None,
    parameters: Mapping[str, Any] | None,
    limits: Limits,
    memo: Memo,
    offers: bool = True,
) -> tuple[tuple[Diagnostic, ...], int]:
    """All findings in a file, and how many layers it makes at least.

    With `offers` they say what would help, too.

    Raises:
        UsageError: an unknown parameter.
    """
    try:
        network = Network(source, memo)
        elaboration = network.elaborate(parameters, input)
    except SpecError as error:
        return silence(error.diagnostics, source, {source.label: source}), 0
    if elaboration.graph is None:
        found = failures(network, elaboration, input, parameters)
    else:
        found = judge(network, elaboration, limits, offers=offers)
    return found, max(len(elaboration.forms), minimum_layers(network.layers))


Build = Callable[[Source], tuple[Graph, Foreign]]
"""Reads a network of another format from its text; raises SpecError where it is none."""


def lint_foreign(
    source: Source, build: Build, limits: Limits = Limits(), tried: bool = True
) -> tuple[Diagnostic, ...]:
    """All findings in a text of another format, errors first, with fixes.

    With `tried` each of them was put into the text, which was read again.

    Raises:
        UsageError: the network cannot be read for the given input.
    """
    found, layers = foreign_findings(source, build, limits)
    if not tried or not any([fix.edits for finding in found for fix in finding.fixes]):
        return found
    from cnncalc.rules.apply_fixes import proven

    def again(text: str) -> tuple[Diagnostic, ...]:
        changed = Source(source.label, text, source.path)
        return foreign_findings(changed, build, limits, offers=False)[0]

    size = layers + len(source.text) // CHARACTERS + 50
    return proven(found, source.text, again, PROVEN_LAYERS // size)


def foreign_findings(
    source: Source, build: Build, limits: Limits, offers: bool = True
) -> tuple[tuple[Diagnostic, ...], int]:
    """All findings in a text of another format, and how many layers it makes."""
    sources = {source.label: source}
    try:
        graph, foreign = build(source)
        notes = [_quoted(note, sources) for note in foreign.notes]
        found = ordered((*notes, *check(RuleContext(graph, None, None, limits, offers, foreign))))
        layers = len(graph.nodes)
    except SpecError as error:
        found, layers = ordered(error.diagnostics), 0
    except WindowLimitError as error:
        found, layers = (Diagnostic("limit-exceeded", "error", str(error)),), 0
    return silence(found, source, sources), layers


def _quoted(note: Diagnostic, sources: Mapping[str, Source]) -> Diagnostic:
    """A note with the line that is meant, where its text is at hand."""
    source = sources.get(note.place.file) if note.place is not None else None
    if source is None or note.place is None:
        return note
    return note._replace(excerpt=source.line(note.place.line))


def judge(
    network: Network,
    elaboration: Elaboration,
    limits: Limits = Limits(),
    fields: list[list[Field]] | None = None,
    offers: bool = False,
) -> tuple[Diagnostic, ...]:
    """What the rules say of a network that has been built; receptive fields may be handed in.

    With `offers` they say what would help, too.
    """
    try:
        assert elaboration.graph is not None
        written = WrittenFile(network, *elaboration[2:])
        found = check(RuleContext(elaboration.graph, written, fields, limits, offers))
    except WindowLimitError as refusal:
        source, key, _ = network.keys["layers"]
        found = (source.finding(refusal, source.place(key)),)
    return silence(found, network.source, network.sources)


def failures(
    network: Network,
    elaboration: Elaboration,
    input: GivenInput | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Diagnostic, ...]:
    """Why a network could not be built."""
    found = elaboration.diagnostics
    if elaboration.forms:
        shapes = network.input_shapes(network.values(parameters or {}), input)
        if any(finding.shapes for finding in found):
            from cnncalc.rules.sizes import name_sizes

            found = name_sizes(network, elaboration, shapes, parameters)
        found = hint_channels(network, found, shapes)
    return silence(ordered(found), network.source, network.sources)


def silence(
    found: tuple[Diagnostic, ...], own: Source, sources: Mapping[str, Source]
) -> tuple[Diagnostic, ...]:
    """The findings that no comment of their file silences."""
    if not any("cnncalc:" in source.text for source in sources.values()):
        return found
    from cnncalc.rules import ignores
    from cnncalc.rules.registry import RULES

    return ordered(ignores.apply(found, sources.values(), own, frozenset(RULES)))
