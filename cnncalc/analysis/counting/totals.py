"""A network counted as another tool does, and why its total is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.completeness import first_unknown
from cnncalc.analysis.counting.parts import Uncounted, parts
from cnncalc.analysis.counting.tools import COUNTERS, Counter, terms
from cnncalc.graph import Graph, Node
from cnncalc.unknown import UNKNOWN

MACS = "multiply-accumulates"
NOT_RUN = "auxiliary outputs, which do not run in evaluation mode"


class Term(NamedTuple):
    """A part of a total; negative where the tool leaves out what we count."""

    what: str
    amount: int


class Count(NamedTuple):
    """What one counter says of a network."""

    counter: str
    version: str
    counts: str
    """What the total is a number of."""
    source: str
    """Where the tool's rules stand."""
    total: int | None
    """`None` where it cannot be told; the note says why."""
    terms: tuple[Term, ...]
    """They add up to the total; the first is our own count."""
    note: str | None = None


KERAS = Count(
    "keras", "3.15.1", "total params (it counts no operations)", "utils/summary_utils.py", None, ()
)


def layer_counts(counter: Counter, graph: Graph, forms: Sequence[str]) -> list[dict[str, int]]:
    """For each node the terms that a counter makes of it, for one sample.

    Raises:
        Uncounted: the counter's answer for a layer cannot be told.
    """
    idle = auxiliary(graph)
    found: list[dict[str, int]] = []
    for index, node in enumerate(graph.nodes):
        macs = node.facts.operations.macs
        if macs is UNKNOWN or node.kind.is_stated:
            raise Uncounted(f"`{node.name}` is no layer that it knows")
        row: dict[str, int] = {MACS: macs} if macs else {}
        if index in idle:
            row[NOT_RUN] = -macs
        elif node.inputs and not counter.every:
            for part in parts(graph, index, forms[index]):
                for term, amount in terms(counter, part).items():
                    row[term] = row.get(term, 0) + amount
        found.append(row)
    return found


def by_layer(name: str, graph: Graph, forms: Sequence[str], batch: int) -> tuple[int, ...]:
    """What a counter makes of each layer, for the whole batch.

    Raises:
        Uncounted: as `layer_counts`.
    """
    rows = layer_counts(COUNTERS[name], graph, forms)
    return tuple([sum(row.values()) * batch for row in rows[len(graph.inputs) :]])


def auxiliary(graph: Graph) -> frozenset[int]:
    """The nodes that only an auxiliary output needs, which does not run in evaluation mode.

    It is one by its name: `aux`, `auxiliary1`. Other outputs are computed whatever the mode.
    """
    main = {index for index in graph.outputs if not _is_auxiliary(graph.nodes[index])}
    if len(main) == len(graph.outputs) or not main:
        return frozenset()
    needed: set[int] = set()
    for index in main:
        needed |= graph.ancestors(index)
    return frozenset(range(len(graph.inputs), len(graph.nodes))) - needed


def _is_auxiliary(node: Node) -> bool:
    return any(part.lower().startswith("aux") for part in node.name.split("."))


def reconcile(graph: Graph, forms: Sequence[str], batch: int = 1) -> list[Count]:
    """What every counter says of a network, for the whole batch."""
    counted = [_count(counter, graph, forms, batch) for counter in COUNTERS.values()]
    counted.insert(-1, keras(graph))
    return counted


def _count(counter: Counter, graph: Graph, forms: Sequence[str], batch: int) -> Count:
    try:
        rows = layer_counts(counter, graph, forms)
    except Uncounted as error:
        return _made(counter, None, (), str(error))
    sums: dict[str, int] = {MACS: 0}
    for row in rows:
        for term, amount in row.items():
            sums[term] = sums.get(term, 0) + amount * batch
    found = tuple([Term(term, amount) for term, amount in sums.items() if amount])
    return _made(counter, sum(sums.values()), found, None)


def _made(counter: Counter, total: int | None, found: tuple[Term, ...], note: str | None) -> Count:
    return Count(counter.name, counter.version, counter.counts, counter.source, total, found, note)


def keras(graph: Graph) -> Count:
    """Keras' `summary`: it counts no operations, and running statistics as parameters."""
    missing = first_unknown(graph, ("params", "buffers"))
    if missing is not None:
        return KERAS._replace(note=f"`{missing.node.name}` does not state {missing.what}")
    weights = sum([node.params - _biases(node) for node in graph.nodes])
    biases = sum([_biases(node) for node in graph.nodes])
    buffers = sum([node.facts.buffer_values for node in graph.nodes if node.shares is None])
    found = (
        Term("weights", weights),
        Term("biases", biases),
        Term("running statistics, which are not trained", buffers),
    )
    terms = tuple([term for term in found if term.amount])
    return KERAS._replace(total=weights + biases + buffers, terms=terms)


def _biases(node: Node) -> int:
    return 0 if node.shares is not None else node.facts.biases
