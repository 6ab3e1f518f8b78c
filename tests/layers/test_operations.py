"""The operations that every kind states, held against a count of what its formula does.

The reference of a kind runs on numbers that count. Its result must be the kernel's, so that it is
the layer and not another function with as many operations, and each term of the count must be
the one stated. A kind without a reference moves values: every value of its output is one of its
input's, or the constant that it pads with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import graph, listed

from cnncalc.layers import KINDS
from cnncalc.layers.base import Operations
from cnncalc.numerics.run.executor import execute
from cnncalc.numerics.weights.generated import generate

from .counted import TERMS, Book, Number, plain
from .layer_cases import CASES, Case
from .references import REFERENCES

DOUBLE = np.dtype("float64")
SLOW = ("self_attention", "conv_transpose")
"""Kinds of many operations, counted on half of the rows."""


def ran(case: Case) -> tuple[Any, list[Any], dict[str, Any], Any]:
    """The last layer of a case, its inputs, its arrays and its output, of one sample."""
    input = case.input
    if case.kind in SLOW:
        input = (input[0], *(n // 2 + 1 for n in input[1:]))
    net = graph(listed(input, case.layers))
    net = net._replace(nodes=tuple(node._replace(is_output=True) for node in net.nodes))
    arrays = generate(net, DOUBLE, 3)
    # positive, so that a logarithm and a power are defined; both sides of most thresholds
    x = np.random.RandomState(0).uniform(0.01, 2, (1, *input))
    if case.kind not in ("log", "power", "lp_pool", "global_lp_pool"):
        x -= 1
    found = execute(net, arrays, lambda index: x)
    node = net.nodes[-1]
    own = {name: array.astype(object) for name, array in arrays[-1].items()}
    return node, [found[index][0] for index in node.inputs], own, found[len(net.nodes) - 1][0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_operations_are_those_of_the_formula(case: Case) -> None:
    node, inputs, arrays, expected = ran(case)
    book = Book()
    if case.kind not in REFERENCES:
        assert node.facts.operations == Operations()
        allowed = np.concatenate(
            [x.ravel() for x in inputs] + [[0, getattr(node.kind, "value", 0)]]
        )
        assert np.isin(expected, allowed).all(), "a value that was computed"
        return
    numbers = [np.frompyfunc(lambda v: Number(v, book), 1, 1)(x) for x in inputs]
    result = REFERENCES[case.kind](node.kind, numbers, arrays, node.facts, book)
    assert result.shape == expected.shape
    values = np.frompyfunc(plain, 1, 1)(result).astype(DOUBLE)
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    counted = {term: sum(book.done[term].values()) for term in TERMS}
    products = book.done["macs"]
    assert products["*"] == products["+"] == products.total() / 2
    counted["macs"] //= 2
    assert Operations(**counted) == node.facts.operations


def test_every_kind_is_counted() -> None:
    assert {case.kind for case in CASES} == {n for n, kind in KINDS.items() if not kind.is_stated}
    assert set(REFERENCES) <= set(KINDS)
