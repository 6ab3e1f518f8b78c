"""What every kind keeps for its backward pass, a layer at a time, against PyTorch's autograd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import chain, listed, report

from cnncalc.analysis.training.layer_bytes import lower
from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train
from cnncalc.graph import Graph

from .layer_cases import CASES, Case

FILE = Path(__file__).parents[1] / "reference" / "layers.json"
REFERENCE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
BATCH: int = REFERENCE["batch"]
IDS = [case.name for case in CASES]


def graph(case: Case) -> Graph:
    return report(listed(case.input, case.layers)).graph


def kept(graph: Graph, **options: Any) -> int:
    return train(graph, Plan(batch=BATCH, input_gradient=True, **options)).saved_total


def total(taken: dict[str, Any]) -> int:
    return sum(taken.get("own", ())) + taken.get("input", 0) + taken.get("output", 0)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_kept(case: Case) -> None:
    assert kept(graph(case)) == total(REFERENCE["layers"][case.name]["keeps"])


IN_PLACE = [case for case in CASES if REFERENCE["layers"][case.name]["keeps_in_place"]]


@pytest.mark.parametrize("case", IN_PLACE, ids=[case.name for case in IN_PLACE])
def test_kept_in_place(case: Case) -> None:
    """An activation that writes over its input, which a layer before it made."""
    first: dict[str, Any] = {"add": [[], []]}  # makes a storage of its own and keeps nothing
    network = report(listed(case.input, [first, *case.layers])).graph
    taken = REFERENCE["layers"][case.name]["keeps_in_place"]
    plan = Plan(batch=BATCH, input_gradient=True, inplace=True)
    assert train(network, plan).saved_total == total(taken)
    # where autograd keeps a copy of what was written over, nothing is won
    assert lower(network, plan)[-1].view == ("input" in taken)


LEAST: list[tuple[Any, int]] = [
    ("relu", 48 * 4),  # its output
    ({"max_pool": 2}, 12),  # a byte for each position
    ({"avg_pool": 2}, 0),
    ({"dropout": 0.5}, 48),  # a byte for each value
    ("batch_norm", 48 * 4 + 2 * 3 * 4),
    ("softsign", 48 * 4),
    ({"conv": [2, 3]}, 48 * 4),
]


@pytest.mark.parametrize(("row", "bytes"), LEAST, ids=[str(row) for row, _ in LEAST])
def test_least(row: Any, bytes: int) -> None:
    """The mathematical minimum of a sample of 3×4×4."""
    found = train(chain((3, 4, 4), row), Plan(minimal=True, input_gradient=True))
    assert found.saved_total == bytes


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_minimum_is_no_more(case: Case) -> None:
    found = graph(case)
    assert kept(found, minimal=True) <= kept(found)


def test_without_a_gradient_nothing_is_kept() -> None:
    """What stands before the first trained layer needs no backward pass."""
    found = train(chain((3, 8, 8), "relu", {"max_pool": 2}, {"conv": [4, 3]}), Plan())
    assert found.saved == [0, 0, 0, 3 * 4 * 4 * 4]


FROZEN = [case for case in CASES if REFERENCE["layers"][case.name]["keeps_frozen"] is not None]


@pytest.mark.parametrize("case", FROZEN, ids=[case.name for case in FROZEN])
def test_kept_with_frozen_weights(case: Case) -> None:
    """Only what the gradient of the input needs, as far as PyTorch lets the rest go."""
    last = case.layers[-1]
    layer = {last: None} if isinstance(last, str) else dict(last)
    found = graph(case._replace(layers=[*case.layers[:-1], {**layer, "trainable": False}]))
    assert kept(found) == total(REFERENCE["layers"][case.name]["keeps_frozen"])
    assert train(found, Plan(batch=BATCH, input_gradient=True)).gradients == 0
    assert kept(found, minimal=True) <= kept(found)
