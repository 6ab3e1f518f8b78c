"""What whole networks keep for the backward pass, storage by storage, against autograd."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from cnncalc.analysis.training.plan import Plan
from cnncalc.analysis.training.step import train
from cnncalc.graph import Graph
from cnncalc.language.load import load

FILE = Path(__file__).parents[2] / "reference" / "saved.json"
REFERENCE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
BATCH: int = REFERENCE["batch"]
TAKEN: dict[str, Any] = REFERENCE["networks"]
HEADLESS = "_no_aux"


def graph(name: str) -> Graph:
    changes = {"auxiliary": 0} if name.endswith(HEADLESS) else {}
    return load(name.removesuffix(HEADLESS)).graph(changes, tuple(TAKEN[name]["input"]))


def error(name: str) -> float:
    found: int = train(graph(name), Plan(batch=BATCH)).saved_total
    return abs(found / TAKEN[name]["bytes"] - 1)


def stochastic(name: str) -> bool:
    """Whether torchvision drops paths: 4 bytes a sample and block, the rates are not in specs/."""
    return any(node.kind.name == "drop_path" for node in graph(name).layers)


def test_every_network_was_taken() -> None:
    folder = FILE.parent / "torchvision"
    assert set(TAKEN) == {file.stem for file in folder.glob("*.json")}
    assert len(TAKEN) == 79  # 77 networks, two of them with and without their heads


@pytest.mark.parametrize("name", TAKEN)
def test_kept(name: str) -> None:
    if stochastic(name):
        assert error(name) < 1e-6
    else:
        found = train(graph(name), Plan(batch=BATCH))
        sizes = Counter(size for layer in found.storages for size in layer if size)
        assert sizes == dict(TAKEN[name]["storages"])
        assert error(name) == 0


def test_mean_error() -> None:
    assert mean(map(error, TAKEN)) < 1e-6


QUOTED = [
    ("vgg16", 146_710_528),
    ("resnet18", 44_398_080),
    ("googlenet_no_aux", 96_400_000),
    ("squeezenet1_0", 71_534_656),
    ("densenet121", 261_057_280),
]


@pytest.mark.parametrize(("name", "bytes"), QUOTED)
def test_quoted(name: str, bytes: int) -> None:
    assert train(graph(name), Plan(batch=2)).saved_total == TAKEN[name]["bytes"] == bytes
