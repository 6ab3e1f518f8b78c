"""Random Keras models, read and held against Keras: parameters and sizes layer by layer."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from .random_keras import compared

SEEDS = range(60)


@pytest.fixture(scope="module")
def keras() -> Any:
    if "KERAS_BACKEND" not in os.environ and find_spec("tensorflow") is None:
        os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "numpy"
    return pytest.importorskip("keras", reason="Keras is not installed")


@pytest.mark.filterwarnings("ignore")
def test_random_models(keras: Any, tmp_path: Path) -> None:
    wrong = {seed: found for seed in SEEDS if (found := compared(keras, seed, tmp_path)[1])}
    assert wrong == {}
