"""Random networks through every writer, reader and format: nothing but equal, or refused in words.

The same run over thousands of seeds is `python -m answers.fuzzing 0:2000`.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

from answers.fuzzing import WAYS, outcome, subject_of
from answers.random_networks import drawn

NEEDS = {
    "pytorch": ("torch",), "keras": ("keras", "torch"), "onnx": ("onnx", "onnxruntime"),
    "onnx_read": ("onnx", "onnxruntime"), "pytorch_read": ("torch",),
}  # fmt: skip
"""Packages that judge a way."""

SEEDS = {"pytorch_read": 4, "keras": 18, "formats": 12}
"""How many seeds of a way are run; it takes seconds for a network, or it refuses most."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_random_networks(way, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    for package in NEEDS.get(way.__name__, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if "KERAS_BACKEND" not in os.environ:
        monkeypatch.setenv("KERAS_BACKEND", "torch")
    found = {}
    for seed in range(SEEDS.get(way.__name__, 30)):
        found[seed] = outcome(way, subject_of(drawn(seed)))
    wrong = {k: v for k, v in found.items() if not v.startswith(("equal", "refused", "skipped"))}
    assert not wrong
    refused = [one for one in found.values() if one.startswith("refused")]
    assert len(refused) < len(found) * (0.7 if way.__name__ == "keras" else 0.2)
