"""Elaboration: forms, parameters and input shapes make the graph, or findings."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from cnncalc.diagnostics import Diagnostic
from cnncalc.graph import Graph
from cnncalc.language.elaboration.memo import Memo
from cnncalc.language.elaboration.walk import LAYER_LIMIT, Elaborator, LoneBranch, StaleChannels
from cnncalc.language.forms.form import LayerForm
from cnncalc.language.text.findings import Findings, TooMany
from cnncalc.shapes import Shape

__all__ = ["LAYER_LIMIT", "Elaboration", "LoneBranch", "StaleChannels", "elaborate"]


class Elaboration(NamedTuple):
    """A network's graph, or what keeps it from being one."""

    graph: Graph | None
    diagnostics: tuple[Diagnostic, ...]
    forms: tuple[LayerForm | None, ...] = ()
    """For each node what is written of it; `None` for an input."""
    moved: tuple[StaleChannels, ...] = ()
    lone: tuple[LoneBranch, ...] = ()


def elaborate(
    name: str,
    source: str | None,
    forms: tuple[LayerForm, ...],
    explicit: frozenset[str],
    parameters: Mapping[str, Any],
    input_shapes: Mapping[str, Shape],
    findings: Findings,
    memo: Memo,
) -> Elaboration:
    """Build the network of the given layers, parameters and inputs."""
    elaborator = Elaborator(parameters, input_shapes, findings, memo)
    with suppress(TooMany):
        elaborator.run(forms, explicit)
    graph = None
    if not findings.diagnostics:
        file = findings.own.label
        graph = Graph(name, source, tuple(elaborator.nodes), parameters, file)
    return Elaboration(
        graph,
        tuple(findings.diagnostics),
        tuple(elaborator.forms),
        tuple(elaborator.moved),
        tuple(elaborator.lone),
    )
