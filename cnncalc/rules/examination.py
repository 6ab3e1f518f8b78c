"""All findings in a file: what keeps it from being a network, or what the rules say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.analysis.receptive_field import Field
from cnncalc.diagnostics import Diagnostic, SpecError
from cnncalc.language.elaboration.elaborate import Elaboration
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.forms.counting import minimum_layers
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.rules.base import Limits, Subject, Written
from cnncalc.rules.checks import check, ordered
from cnncalc.shapes import Shape, WindowLimitError

NEAR = 64
"""How far from an input size others are tried."""

TRIED_LAYERS = 6_000
"""How many layers may be built in all to find an input size that fits."""

PROVEN_LAYERS = 10_000
"""How many layers may be built in all to try the fixes of a file."""

CHARACTERS = 50
"""So many characters take as long to read as a layer takes to build."""


def examine(
    source: Source,
    input: Shape | None = None,
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
    from cnncalc.rules.mending import proven

    def again(text: str) -> tuple[Diagnostic, ...]:
        changed = Source(source.label, text, source.path)
        return findings(changed, input, parameters, limits, memo, offers=False)[0]

    size = layers + len(source.text) // CHARACTERS + 50
    return proven(found, source.text, again, PROVEN_LAYERS // size)


def findings(
    source: Source,
    input: Shape | None,
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
        written = Written(network, elaboration.forms)
        found = check(Subject(elaboration.graph, written, fields, limits, offers))
    except WindowLimitError as refusal:
        source, key, _ = network.keys["layers"]
        found = (source.finding(refusal, source.place(key)),)
    return silence(found, network.source, network.sources)


def failures(
    network: Network,
    elaboration: Elaboration,
    input: Shape | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Diagnostic, ...]:
    """Why a network could not be built."""
    found = elaboration.diagnostics
    if any(finding.shapes for finding in found):
        found = _name_sizes(network, elaboration, input, parameters)
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


def _name_sizes(
    network: Network,
    elaboration: Elaboration,
    input: Shape | None,
    parameters: Mapping[str, Any] | None,
) -> tuple[Diagnostic, ...]:
    """Mismatches that another input size would cure are told as such, with the nearest sizes."""
    shape = input or network.input_shape(network.values(parameters or {}))
    attempts = min(TRIED_LAYERS // len(elaboration.forms), 2 * NEAR) if elaboration.forms else 0
    open_ends = {
        (finding.rule, finding.place): finding
        for finding in elaboration.diagnostics
        if finding.shapes
    }
    cures: dict[object, list[str]] = {key: [] for key in open_ends}
    if len(shape) < 2:
        return elaboration.diagnostics
    for sign in (-1, 1):
        waiting = set(open_ends)
        for step in range(1, attempts // 2 + 1):
            other = (shape[0], *(size + sign * step for size in shape[1:]))
            if not waiting or 2 * min(other[1:]) <= min(shape[1:]):
                break  # at a fraction of the size a map may shrink to one unit, which fits all
            tried = network.elaborate(parameters, other)
            left = {(finding.rule, finding.place) for finding in tried.diagnostics}
            for key in [key for key in waiting if key not in left]:
                if tried.graph is not None or _built(tried, open_ends[key]):
                    waiting.remove(key)
                    cures[key].append("×".join(map(str, other[1:])))
    size = "×".join(map(str, shape[1:]))
    return tuple(
        finding._replace(
            rule="odd-upsampling",
            message=f"{finding.message}; an input of {size} is rounded on the way",
            hint=f"an input of {' or '.join(sizes)} fits; "
            "`upsample: {like: …}` or `crop` takes any",
        )
        if (sizes := cures.get((finding.rule, finding.place)))
        else finding
        for finding in elaboration.diagnostics
    )


def _built(elaboration: Elaboration, finding: Diagnostic) -> bool:
    """Whether the layer of a finding has been built: nothing before it has failed."""
    return any(form is not None and form.place == finding.place for form in elaboration.forms)
