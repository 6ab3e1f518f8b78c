"""`cnncalc memory`: the contract, its formats, budgets, and what `analyze` and `verify` say."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from support import Outcome

Run = Callable[..., Outcome]
MIB, GIB = 2**20, 2**30


def memory(run: Run, *arguments: str) -> dict[str, Any]:
    outcome = run("memory", *arguments, "--format", "json")
    found: dict[str, Any] = json.loads(outcome.out)
    return found


CONTRACT = {
    "schema", "name", "batch", "dtype", "params", "buffers", "input", "inference", "layers",
}  # fmt: skip
TRAINING = {
    "optimizer", "gradients", "optimizer_state", "saved_for_backward", "peak", "peak_phase",
    "peak_layer",
}  # fmt: skip


def test_contract(run: Run) -> None:
    found = memory(run, "vgg16", "--batch", "2", "--train", "--optimizer", "sgd")
    assert set(found) >= CONTRACT
    assert found["schema"] == "cnncalc.memory/1"
    assert (found["name"], found["batch"], found["dtype"]) == ("VGG-16", 2, "float32")
    assert found["params"] == 138_357_544 * 4
    assert found["input"] == 2 * 3 * 224 * 224 * 4
    assert {"peak_activations", "peak_layer", "total"} <= set(found["inference"])
    training = found["training"]
    assert set(training) >= TRAINING
    assert training["saved_for_backward"] == 146_710_528
    assert training["saved_for_backward"] == sum(
        layer["saved_for_backward"] for layer in found["layers"]
    )
    assert (training["optimizer"], training["optimizer_state"]) == ("sgd", 0)
    assert training["peak_phase"] == "backward"
    names = [layer["name"] for layer in found["layers"]]
    assert training["peak_layer"] in names


def test_without_training(run: Run) -> None:
    found = memory(run, "lenet5")
    assert "training" not in found
    assert set(found["layers"][0]) == {"name", "activation_bytes"}


@pytest.mark.parametrize("net", ["lenet5", "googlenet", "unet", "mobilenet_v2"])
@pytest.mark.parametrize(
    "options", [(), ("--batch", "3"), ("--dtype", "int8"), ("--inplace",), ("--dtype", "float16")]
)
def test_analyze_agrees_to_the_byte(run: Run, net: str, options: tuple[str, ...]) -> None:
    found = memory(run, net, *options)
    known = json.loads(run("analyze", net, *options, "--format", "json").out)
    totals = known["totals"]
    assert found["params"] == totals["param_bytes"]
    assert found["inference"]["peak_activations"] == totals["peak_activation_bytes"]
    assert [layer["activation_bytes"] for layer in found["layers"]] == [
        layer["activation_bytes"] for layer in known["layers"]
    ]
    stored = found["params"] + found["buffers"]
    assert found["inference"]["total"] == stored + totals["peak_activation_bytes"]
    assert (
        sum(one["bytes"] for one in found["inference"]["alive"])
        == (totals["peak_activation_bytes"])
    )


@pytest.mark.parametrize("net", ["lenet5", "cifar10_convnet", "squeezenet1_1"])
def test_verify_measures_the_same_peak(run: Run, net: str) -> None:
    measured = json.loads(run("verify", net, "--format", "json").out)
    peak = memory(run, net)["inference"]["peak_activations"]
    assert measured["peak_activation_bytes"]["measured"] == peak


STATUSES = [
    (["lenet5", "--budget", "1MiB"], 0),
    (["lenet5", "--budget", "100KiB"], 1),
    (["lenet5", "--train", "--budget", "2MiB"], 0),
    (["lenet5", "--train", "--budget", "1MiB"], 1),
    (["lenet5", "--dtype", "int8", "--budget", "16KiB", "--flash", "64KiB"], 0),
    (["lenet5", "--dtype", "int8", "--budget", "1KiB", "--flash", "64KiB"], 1),
    (["lenet5", "--dtype", "int8", "--budget", "16KiB", "--flash", "10KiB"], 1),
    (["lenet5", "--train", "--dtype", "int8"], 2),
    (["lenet5", "--train", "--dtype", "float16", "--autocast"], 2),
    (["lenet5", "--train", "--flash", "1MiB"], 2),
    (["lenet5", "--budget", "much"], 2),
    (["lenet5", "--batch", "1,8", "--budget", "1MiB"], 0),
    (["lenet5", "--train", "--batch", "1,8", "--budget", "1MiB"], 1),
    (["lenet5", "--batch", "1,8", "--flash", "1MiB"], 2),
    (["lenet5", "--autocast"], 2),
    (["lenet5", "--minimal"], 2),
    (["lenet5", "--accumulate", "4"], 2),
    (["lenet5", "--batch", "1,x"], 2),
    (["lenet5", "--batch", ""], 2),
    (["lenet5", "--train", "--checkpoint", "stage"], 2),
    (["resnet18", "--train", "--checkpoint", "stag"], 2),
]


@pytest.mark.parametrize(("arguments", "status"), STATUSES, ids=lambda value: str(value))
def test_status(run: Run, arguments: list[str], status: int) -> None:
    outcome = run("memory", *arguments)
    assert outcome.status == status, outcome
    assert (outcome.err == "") == (status != 2)


def test_the_nearest_block_is_named(run: Run) -> None:
    assert (
        "did you mean `stage`" in run("memory", "resnet18", "--train", "--checkpoint", "stag").err
    )


def test_budget_as_data(run: Run) -> None:
    found = memory(run, "resnet18", "--train", "--batch", "64", "--budget", "1500MiB")
    inference, training = found["budgets"]
    assert (inference["what"], inference["fits"]) == ("inference", True)
    assert (training["what"], training["fits"]) == ("training", False)
    assert training["bytes"] == found["training"]["peak"]
    batch = training["largest_batch"]
    fits, more = (
        memory(run, "resnet18", "--train", "--batch", str(size))["training"]["peak"]
        for size in (batch, batch + 1)
    )
    assert fits <= 1500 * MIB < more
    assert next(one["options"] for one in training["advice"]) == f"--batch {batch}"


def test_the_largest_batch_of_inference(run: Run) -> None:
    (budget, _) = memory(run, "vgg16", "--budget", "2GiB")["budgets"]
    batch = budget["largest_batch"]
    fits, more = (
        memory(run, "vgg16", "--batch", str(size))["inference"]["total"]
        for size in (batch, batch + 1)
    )
    assert fits <= 2 * GIB < more


def test_microcontroller(run: Run) -> None:
    found = memory(run, "mobilenet_v2", "--dtype", "int8", "--budget", "512KiB", "--flash", "4MiB")
    ram, flash = found["budgets"]
    assert (ram["what"], ram["fits"], flash["what"], flash["fits"]) == ("ram", False, "flash", True)
    assert ram["bytes"] == found["inference"]["peak_activations"]
    assert flash["bytes"] == found["params"] + found["buffers"]
    assert ram["breakers"][0]["name"] == found["inference"]["peak_layer"]
    assert all(one["bytes"] > 512 * 1024 for one in ram["breakers"])


def test_batches(run: Run) -> None:
    found = memory(run, "lenet5", "--train", "--batch", "1,8,32")
    rows = found["batches"]
    assert [row["batch"] for row in rows] == [1, 8, 32]
    for row in rows:
        one = memory(run, "lenet5", "--train", "--batch", str(row["batch"]))
        assert row["training"] == one["training"]["peak"]
        assert row["saved_for_backward"] == one["training"]["saved_for_backward"]
        assert row["inference"] == one["inference"]["total"]
    table = run("memory", "lenet5", "--batch", "1,8", "--format", "csv").out
    assert [row["batch"] for row in csv.DictReader(StringIO(table))] == ["1", "8"]
    assert "| 1 |" in run("memory", "lenet5", "--batch", "1,8", "--format", "markdown").out


def test_csv_and_markdown(run: Run) -> None:
    data = memory(run, "lenet5", "--train")
    rows = list(csv.DictReader(StringIO(run("memory", "lenet5", "--train", "--format", "csv").out)))
    assert [int(row["saved_for_backward"]) for row in rows] == [
        layer["saved_for_backward"] for layer in data["layers"]
    ]
    text = run("memory", "lenet5", "--train", "--format", "markdown", "--budget", "1MiB").out
    assert "## Training" in text
    assert "**does not fit**" in text


@pytest.mark.parametrize("depth", [1, 2])
def test_depth_keeps_the_sums(run: Run, depth: int) -> None:
    data = memory(run, "resnet18", "--train")
    text = run("memory", "resnet18", "--train", "--format", "csv", "--depth", str(depth)).out
    rows = list(csv.DictReader(StringIO(text)))
    assert len(rows) < len(data["layers"])
    assert (
        sum(int(row["saved_for_backward"]) for row in rows)
        == (data["training"]["saved_for_backward"])
    )


@pytest.mark.parametrize("columns", [60, 80, 160])
@pytest.mark.parametrize(
    "arguments",
    [("resnet18", "--train", "--batch", "64", "--budget", "1500MiB"), ("vgg16",),
     ("lenet5", "--batch", "1,8"), ("vgg16", "--optimizers"),
     ("mobilenet_v2", "--dtype", "int8", "--budget", "64KiB", "--flash", "1MiB")],
    ids=str,
)  # fmt: skip
def test_width(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for line in run("memory", *arguments).out.splitlines():
        assert len(line) <= columns, line


def test_chart_marks_the_peak(run: Run) -> None:
    text = run("memory", "vgg16", "--train", "--totals").out
    assert text.count("▲") == 1
    assert "|forward" in text
    assert "bytes alive in a step: peak" in text


def test_minimal_is_less(run: Run) -> None:
    plain = memory(run, "squeezenet1_0", "--train")["training"]
    least = memory(run, "squeezenet1_0", "--train", "--minimal")["training"]
    assert least["saved_for_backward"] < 0.77 * plain["saved_for_backward"]
    assert least["peak"] < plain["peak"]


def test_autocast(run: Run) -> None:
    plain = memory(run, "resnet50", "--train", "--batch", "32")["training"]
    mixed = memory(run, "resnet50", "--train", "--batch", "32", "--autocast")["training"]
    assert mixed["gradients"] == plain["gradients"]
    assert mixed["weight_copies"] > 0
    assert 0.5 < mixed["peak"] / plain["peak"] < 0.6


def test_optimizers_are_a_table(run: Run) -> None:
    outcome = run("memory", "lenet5", "--optimizers", "--format", "json")
    assert outcome.status == 2
    assert "`--optimizers` is a table and no json" in outcome.err


def test_batches_are_told_whole_in_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("memory", "resnet50", "--train", "--batch", "1,8,32,128").out
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
