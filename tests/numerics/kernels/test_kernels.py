"""Every kernel against PyTorch's answers, and against itself under other algorithms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cnncalc.numerics.kernels import (
    activation,
    attention,
    conv,
    linear,
    norm,
    pool,
    reshape,
    upsample,
)
from cnncalc.numerics.machine.threads import workers
from cnncalc.numerics.machine.workspace import workspace
from cnncalc.shapes import Slide

from .kernel_cases import CASES, Case, draw

REFERENCE = Path(__file__).parents[2] / "reference" / "kernels.npz"
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-4}
MODULES = (conv, pool, linear, norm, activation, reshape, upsample, attention)


def kernel(name: str) -> Any:
    """The kernel function of this name, from whichever family has it."""
    found = [getattr(m, name) for m in MODULES if hasattr(m, name)]
    return found[0]


def run(case: Case, dtype: type[np.floating[Any]]) -> list[npt.NDArray[Any]]:
    arrays = {k: None if v is None else v.astype(dtype) for k, v in draw(case).items()}
    options = dict(case.options)
    if case.kernel == "max_unpool":
        return [unpooled(arrays["x"], sliding(arrays["x"], options))]
    if ("dilation" in options or "kernel" in options) and case.kernel != "conv_transpose":
        axes = arrays["x"].ndim - 2
        kernel_size = () if "kernel" in options else arrays["weight"].shape[-axes:]
        options = sliding(arrays["x"], options, kernel_size)
    result = kernel(case.kernel)(**arrays, **options)
    return list(result) if isinstance(result, tuple) else [result]


def sliding(x: Any, options: dict[str, Any], kernel_size: tuple[int, ...] = ()) -> dict[str, Any]:
    """The options of a kernel that slides, as it takes them."""
    rest = dict(options)
    sizes = rest.pop("kernel", kernel_size)
    stride, padding = rest.pop("stride"), rest.pop("padding")
    dilation = rest.pop("dilation", (1,) * len(sizes))
    ceil = rest.pop("ceil_mode", False)
    found = [
        Slide(n, k, s, *pair, d, ceil)
        for n, k, s, pair, d in zip(x.shape[2:], sizes, stride, padding, dilation, strict=True)
    ]
    return {**rest, "slides": found}


def unpooled(x: Any, options: dict[str, Any]) -> npt.NDArray[Any]:
    values, switches = pool.max_pool_with_switches(x, **options)
    return pool.max_unpool(values, switches, size=x.shape[2:])


@pytest.fixture(scope="module")
def answers() -> Any:
    with np.load(REFERENCE) as stored:
        return {name: stored[name] for name in stored.files}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_equals_pytorch(case: Case, dtype: type[np.floating[Any]], answers: Any) -> None:
    for number, result in enumerate(run(case, dtype)):
        expected = answers[f"{case.name}/{number}"]
        assert result.shape == expected.shape
        if result.dtype == np.int64:
            assert np.array_equal(result, expected)
            continue
        assert result.dtype == dtype
        assert error(result, expected) < TOLERANCE[dtype]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_threads_and_scratch_memory_change_nothing(case: Case) -> None:
    alone = run(case, np.float64)
    with workers(2), workspace():
        for _ in range(2):
            for first, second in zip(alone, run(case, np.float64), strict=True):
                assert error(second, first) < 1e-12


def test_every_answer_is_of_a_case(answers: Any) -> None:
    stored = {name.rpartition("/")[0] for name in answers if name != "versions"}
    assert stored == {case.name for case in CASES}


def error(result: npt.NDArray[Any], expected: npt.NDArray[Any]) -> float:
    """Largest difference relative to the largest value."""
    size = float(np.abs(expected).max()) or 1.0
    return float(np.abs(result.astype(np.float64) - expected).max()) / size


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_scale_goes_along_its_axis_where_all_have_one_size(axis: int) -> None:
    x = np.arange(54, dtype=np.float64).reshape(2, 3, 3, 3)
    weight = np.array([2.0, 3.0, 5.0]).reshape([3 if one == axis else 1 for one in range(3)])
    assert np.array_equal(kernel("scale")(x, weight, 7 * weight), x * weight + 7 * weight)
