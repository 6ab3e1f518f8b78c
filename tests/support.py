"""What test modules share: networks from text, and the command line run in this process."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest

from cnncalc.analysis.outline.equality import same_network as same_network
from cnncalc.analysis.report import LayerReport, Report, Settings
from cnncalc.diagnostics import SpecError
from cnncalc.graph import Graph
from cnncalc.language.load import load
from cnncalc.language.network import Network
from cnncalc.language.text.source import Source
from cnncalc.verification.checks import Verification, compare

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs"


def network(text: str, path: str | None = None) -> Network:
    """A network from the text of its file."""
    return Network(Source("net.yaml", dedent(text), path))


def graph(text: str, input: tuple[int, ...] | None = None, **changes: Any) -> Graph:
    """The graph of a file's text."""
    return network(text).graph(changes, input)


def report(text: str, settings: Settings = Settings(), **changes: Any) -> Report:
    """The report of a file's text."""
    return Report(graph(text, **changes), settings)


def listed(input: tuple[int, ...], layers: list[Any]) -> str:
    """The text of a file with these layers (JSON is YAML)."""
    return json.dumps({"input": list(input), "layers": layers})


def chain(input: tuple[int, ...], *layers: Any) -> Graph:
    """A graph of layers one after the other."""
    return graph(listed(input, list(layers)))


def layer(input: tuple[int, ...], *layers: Any) -> LayerReport:
    """The last of some layers, analyzed."""
    return Report(chain(input, *layers)).layers[-1]


@cache
def zoo_graph(net: str) -> Graph:
    """The graph of a shipped network."""
    return load(net).graph()


@cache
def zoo_report(net: str) -> Report:
    """The report of a shipped network, without findings."""
    return Report(zoo_graph(net))


def nameless(found: Graph) -> Graph:
    """A graph whose names tell nothing but the kinds of the layers."""
    return found._replace(
        nodes=tuple(
            node
            if index in found.inputs
            else node._replace(name=f"{node.kind.name}_{index}", use=None)
            for index, node in enumerate(found.nodes)
        )
    )


def shapes(found: Graph) -> list[tuple[int, ...]]:
    """Output shapes of all layers."""
    return [node.facts.output for node in found.layers]


def names(found: Graph) -> list[str]:
    """Names of all layers."""
    return [node.name for node in found.layers]


def findings(text: str, **changes: Any) -> list[tuple[str, int, int]]:
    """Rule, line and column of every error in a file's text."""
    try:
        found = network(text).elaborate(changes).diagnostics
    except SpecError as error:
        found = error.diagnostics
    return [(d.rule, d.place.line, d.place.column) if d.place else (d.rule, 0, 0) for d in found]


class Outcome(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> Outcome:
    """Run a command in this process."""
    from cnncalc.cli import run

    capsys.readouterr()
    status = run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return Outcome(status, out, err)


def verified(found: Report, *, batch: int = 1, dtype: str = "float32") -> Verification:
    """A report held against a run of its network."""
    from cnncalc.numerics.measurement import Options
    from cnncalc.numerics.run.measure import measure

    return compare(found, measure(found.graph, Options(batch, dtype), lambda index, row: None))
