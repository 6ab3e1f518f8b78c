"""Every formula that is shown gives the number that is counted."""

from __future__ import annotations

import re

import pytest
from support import SPECS, chain

from cnncalc import analyze
from cnncalc.analysis.arithmetic.statement import statement
from cnncalc.analysis.arithmetic.traced import Traced, formula, numbers, symbol
from cnncalc.shapes import Slide, same_padding, transposed_size

SIGNS = {"−": "-", "·": "*", "^": "**", "mod": "%", "/": "//", "⌊": "(", "⌋": ")"}


def evaluated(text: str) -> int:
    """The value of a formula with its numbers put in."""
    for sign, code in SIGNS.items():
        text = text.replace(sign, code)
    while "⌈" in text:
        start = text.rindex("⌈")
        end = text.index("⌉", start)
        above, below = text[start + 1 : end].rsplit("//", 1)
        text = f"{text[:start]}(-(-({above})//({below}))){text[end + 1 :]}"
    assert re.fullmatch(r"[\d+\-*/%() ]+", text), text
    result: int = eval(text, {"__builtins__": {}})
    return result


W, F, S, D = symbol("W", 227), symbol("F", 11), symbol("S", 4), symbol("D", 1)
P0, P1 = symbol("P₀", 0), symbol("P₁", 0)
CASES = [
    (
        Slide(W, F, S, P0, P1, D).output,
        "⌊(W + P₀ + P₁ − D·(F − 1) − 1) / S⌋ + 1",
        "⌊(227 + 0 + 0 − 1·(11 − 1) − 1) / 4⌋ + 1",
    ),
    (
        Slide(W, F, S, P0, P1, D, True).output,
        "⌈(W + P₀ + P₁ − D·(F − 1) − 1) / S⌉ + 1",
        "⌈(227 + 0 + 0 − 1·(11 − 1) − 1) / 4⌉ + 1",
    ),
    (
        transposed_size(W, F, S, P0, P1, symbol("A", 1), D),
        "(W − 1)·S − P₀ − P₁ + D·(F − 1) + 1 + A",
        "(227 − 1)·4 − 0 − 0 + 1·(11 − 1) + 1 + 1",
    ),
    (
        same_padding(W, F, S, D, False)[0],
        "⌊((⌈W / S⌉ − 1)·S + D·(F − 1) + 1 − W) / 2⌋",
        "⌊((⌈227 / 4⌉ − 1)·4 + 1·(11 − 1) + 1 − 227) / 2⌋",
    ),
    (W * F**2 - 3 * (S + D), "W·(F^2) − 3·(S + D)", "227·(11^2) − 3·(4 + 1)"),
]


@pytest.mark.parametrize(("value", "symbols", "figures"), CASES)
def test_what_was_computed_is_what_is_written(value: int, symbols: str, figures: str) -> None:
    assert isinstance(value, Traced)
    assert formula(value) == symbols
    assert numbers(value) == figures
    assert evaluated(figures) == value


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.yaml")))
def test_formulas_of_shipped_networks(name: str) -> None:
    graph = analyze(name).graph
    seen: set[int] = set()
    for node in graph.layers:
        if id(node.facts) in seen:
            continue
        seen.add(id(node.facts))
        found = statement(graph, node)
        assert tuple(found.facts.output) == node.facts.output
        assert tuple(found.facts.operations) == tuple(node.facts.operations)
        values = {step.quantity: step.value for step in found.steps}
        if node.facts.params and node.shares is None:
            alone = next(iter(node.facts.weights))
            assert values.get("parameters", values.get(alone)) == node.facts.params
        if node.facts.operations.flops:
            assert values["FLOPs"] == node.facts.operations.flops
        for step in found.steps:
            assert evaluated(step.numbers) == step.value or "." in step.numbers, (node.name, step)


def test_the_notes_first_layer() -> None:
    graph = chain((3, 227, 227), {"conv": {"filters": 96, "kernel": 11, "stride": 4}})
    steps = {step.quantity: step for step in statement(graph, graph.layers[0]).steps}
    assert steps["output height"].value == 55
    assert steps["weight"].formula == "K·(C / G)·F·F"
    assert steps["weight"].value == 34848
    assert steps["parameters"].numbers == "34848 + 96"
    assert steps["multiply-accumulates"].formula == "H′·W′·K·(C / G)·F·F"


def test_padding_that_follows_from_same_is_stated_first() -> None:
    graph = chain(
        (3, 10, 10), {"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "same"}}
    )
    steps = statement(graph, graph.layers[0]).steps
    assert [(step.quantity, step.value) for step in steps[:2]] == [
        ("padding before, height", 0),
        ("padding after, height", 1),
    ]
    assert steps[5].formula == "⌊(W + P₀ + P₁ − D·(F − 1) − 1) / S⌋ + 1"
