"""Other tools' totals, to the unit: `reference/counters.json` is what they print."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support import ROOT, listed, network

from cnncalc import analyze
from cnncalc.analysis.counting.module_forms import forms
from cnncalc.analysis.counting.totals import reconcile

TAKEN = json.loads((ROOT / "tests/reference/counters.json").read_text(encoding="utf-8"))


MODULES = ("Heads", "SharedHeads", "Attention", "NonLocal", "PointNet", "Decoder", "Gated", "Pairs")
"""Networks of `reference/counted_modules.py`: heads, attention, products, shared and transposed."""


@pytest.mark.parametrize("name", [name for name in TAKEN["totals"] if name not in MODULES])
def test_totals_are_what_the_tools_print(name: str) -> None:
    graph = analyze(name, input=TAKEN["inputs"][name]).graph
    counts = {count.counter: count for count in reconcile(graph, forms(graph, True))}
    assert {tool: counts[tool].total for tool in TAKEN["totals"][name]} == TAKEN["totals"][name]
    for count in counts.values():
        assert sum(term.amount for term in count.terms) == count.total


@pytest.mark.parametrize("name", MODULES)
def test_totals_of_heads_and_attention(name: str) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    file = ROOT / f"tests/reference/counted_modules.py:{name}"
    text = command_json("reconcile", str(file), TAKEN["inputs"][name])
    counts = {count["counter"]: count["total"] for count in text["counters"]}
    taken = dict(TAKEN["totals"][name])
    if name == "NonLocal":  # `@` and `torch.matmul` are one operator in a program
        assert counts["ptflops_pytorch"] is None
        del taken["ptflops_pytorch"]
    assert {tool: counts[tool] for tool in taken} == taken


def command_json(command: str, net: str, shape: list[int]) -> Any:
    """The JSON that a command prints."""
    given = ["--input", "x".join(map(str, shape)), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", command, net, *given], capture_output=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_versions_are_those_that_were_measured() -> None:
    graph = analyze("lenet5").graph
    for count in reconcile(graph, forms(graph, True)):
        package = count.counter.partition("_")[0]
        if package in TAKEN["versions"]:
            assert TAKEN["versions"][package].replace("-", ".post") == count.version


# (layers, counter, total), worked out by hand from the tools' sources
HAND = [
    # a transposed convolution of 2→3, kernel 2, stride 2 on 4×4: 24 weights, 3 biases, 64 positions
    ([{"conv_transpose": [3, 2, 2]}], "torchinfo", 27 * 64),
    ([{"conv_transpose": [3, 2, 2]}], "fvcore", 24 * 16),
    ([{"conv_transpose": [3, 2, 2]}], "thop", 24 * 64),
    ([{"conv_transpose": [3, 2, 2]}], "ptflops_aten", 24 * 16 + 3 * 64),
    # a linear layer at each of 16 positions
    ([{"linear": {"features": 5, "each_position": True}}], "torchinfo", 15),
    ([{"linear": {"features": 5, "each_position": True}}], "fvcore", 160),
    # normalizations of 32 values
    (["batch_norm"], "thop", 4 * 32),
    ([{"batch_norm": {"affine": False}}], "fvcore", 32),
    (["instance_norm"], "fvcore", 4 * 32),
    (["instance_norm"], "thop", 2 * 32),
    ([{"batch_norm": {"affine": False}}], "ptflops_pytorch", 32),
    ([{"group_norm": 2}], "thop", 0),
    ([{"group_norm": 2}], "ptflops_pytorch", 2 * 32),
    # a ReLU and a max pool, each counted by its module and by the function that it calls
    (["relu"], "ptflops_pytorch", 2 * 32),
    (["relu6"], "ptflops_pytorch", 32),
    ([{"max_pool": 2}], "ptflops_pytorch", 2 * 32),
    (["silu"], "ptflops_pytorch", 32),
    ([{"adaptive_avg_pool": 3}], "thop", int((4 / 3 * 4 / 3 + 1) * 18)),
    ([{"separable_conv": [3, 3]}], "ptflops_aten", 4 * 18 + 4 * 6 + 4 * 3),
    (["relu"], "paper", 0),
]


@pytest.mark.parametrize(("layers", "counter", "total"), HAND)
def test_rules_by_hand(layers: list[object], counter: str, total: int) -> None:
    graph = network(listed((2, 4, 4), layers)).graph()
    counts = {count.counter: count for count in reconcile(graph, forms(graph, False))}
    assert counts[counter].total == total


def test_what_cannot_be_told_is_not_told() -> None:
    graph = analyze("nonlocal_resnet50").graph
    (count,) = [c for c in reconcile(graph, forms(graph, True)) if c.counter == "fvcore"]
    assert count.total is None
    assert count.note is not None
    assert "non_local.self_attention" in count.note


def test_auxiliary_outputs_do_not_run() -> None:
    with_heads, without = (
        analyze("googlenet", parameters={"auxiliary": heads}).graph for heads in (1, 0)
    )
    totals = [
        [count.total for count in reconcile(graph, forms(graph, True)) if count.counter != "keras"]
        for graph in (with_heads, without)
    ]
    assert totals[0] == totals[1]


def test_keras_counts_parameters_and_running_statistics() -> None:
    graph = analyze("vgg16_bn").graph
    (count,) = [c for c in reconcile(graph, forms(graph, True)) if c.counter == "keras"]
    assert count.total == 138_365_992 + 8_448
