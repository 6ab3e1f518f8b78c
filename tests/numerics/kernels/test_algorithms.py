"""Every convolution algorithm gives the same numbers and the textbook's multiply-accumulates."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np
import pytest

from cnncalc.numerics.kernels import attention, choice
from cnncalc.numerics.kernels.choice import Algorithm, ConvolutionShape
from cnncalc.numerics.kernels.conv import conv
from cnncalc.numerics.machine.capacity import WORKSPACE_BYTES
from cnncalc.numerics.machine.threads import workers
from cnncalc.numerics.machine.workspace import scratch, workspace
from cnncalc.numerics.parts.products import counting
from cnncalc.shapes import Slide

from .kernel_cases import CONV, Case, draw

SAME = ((1, 1), (1, 1))
LARGE = [
    # channels, filters, size, padding: enough work for several parts and threads
    (24, 40, (37, 29), SAME),
    (70, 33, (16, 18), SAME),
    (16, 100, (9, 9), SAME),
    (5, 7, (64, 66), ((0, 2), (3, 1))),
    (40, 40, (64, 64), SAME),
]


def sliding(x: Any, weight: Any, options: dict[str, Any]) -> list[Slide]:
    stride, padding, dilation = (options[key] for key in ("stride", "padding", "dilation"))
    return [
        Slide(n, k, s, *pair, d)
        for n, k, s, pair, d in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    ]


def applying(shape: ConvolutionShape) -> list[Algorithm]:
    found = [choice.choose(shape), Algorithm.GROUPS]
    if shape.groups == 1:
        found.append(Algorithm.COLUMNS)
    if choice.can_spread(shape):
        found.append(Algorithm.SPREAD)
    return found


@pytest.mark.parametrize("case", CONV, ids=lambda case: case.name)
def test_small_cases(case: Case) -> None:
    arrays = draw(case)
    check(arrays["x"], arrays["weight"], case.options, arrays["bias"])


@pytest.mark.parametrize(("channels", "filters", "size", "padding"), LARGE)
@pytest.mark.parametrize("threads", [1, 2])
def test_large_cases(
    channels: int, filters: int, size: tuple[int, int], padding: Any, threads: int
) -> None:
    random = np.random.RandomState(0)
    x = random.standard_normal((2, channels, *size))
    weight = random.standard_normal((filters, channels, 3, 3))
    options = {"stride": (1, 1), "padding": padding, "dilation": (1, 1), "groups": 1}
    with workers(threads), workspace():
        check(x, weight, options, random.standard_normal(filters))


def check(x: Any, weight: Any, options: dict[str, Any], bias: Any) -> None:
    slides = sliding(x, weight, options)
    shape = ConvolutionShape(x.shape[1], weight.shape[0], slides, options["groups"])
    expected = plain(x, weight, options)
    if bias is not None:
        expected += bias.reshape(-1, *(1,) * (x.ndim - 2))
    scale = float(np.abs(expected).max())
    for algorithm in applying(shape):
        with counting() as counter:
            result = conv(x, weight, bias, slides=slides, groups=shape.groups, algorithm=algorithm)
        assert np.abs(result - expected).max() < 1e-11 * scale, algorithm
        assert counter.macs == textbook(x, weight, result), algorithm


def textbook(x: Any, weight: Any, result: Any) -> int:
    """A multiply-accumulate for each weight of a filter and each value of the output."""
    return int(result.size * prod(weight.shape[1:]))


def plain(x: Any, weight: Any, options: dict[str, Any]) -> Any:
    """The definition, written out: no function of the package takes part."""
    groups, stride, dilation = options["groups"], options["stride"], options["dilation"]
    x = np.pad(x, ((0, 0), (0, 0), *options["padding"]))
    kernel = weight.shape[2:]
    size = tuple(
        len(range(0, n - d * (k - 1), s))
        for n, k, d, s in zip(x.shape[2:], kernel, dilation, stride, strict=True)
    )
    parts = []
    for images, filters in zip(np.split(x, groups, 1), np.split(weight, groups), strict=True):
        total = np.zeros((len(x), len(filters), *size))
        for tap in product(*map(range, kernel)):
            place = tuple(
                slice(i * d, i * d + (n - 1) * s + 1, s)
                for i, d, n, s in zip(tap, dilation, size, stride, strict=True)
            )
            taken = images[(slice(None), slice(None), *place)]
            total += np.einsum("bc...,kc->bk...", taken, filters[(slice(None), slice(None), *tap)])
        parts.append(total)
    return np.concatenate(parts, axis=1)


def test_a_forgotten_group_is_counted() -> None:
    slides = [Slide(9, 3, 1, 1, 1)] * 2
    counts = []
    for groups in (1, 4):
        weight = np.ones((8, 8 // groups, 3, 3))
        with counting() as counter:
            conv(np.ones((1, 8, 9, 9)), weight, slides=slides, groups=groups)
        counts.append(counter.macs)
    assert counts == [8 * 8 * 9 * 81, 8 * 2 * 9 * 81]


@pytest.mark.parametrize(
    ("channels", "filters", "size", "kernel", "groups", "expected"),
    [
        (64, 256, 56, 1, 1, Algorithm.POINTWISE),
        (96, 96, 56, 3, 96, Algorithm.GROUPS),
        (3, 64, 224, 3, 1, Algorithm.COLUMNS),
        (512, 512, 7, 3, 1, Algorithm.COLUMNS),
        (128, 32, 56, 3, 1, Algorithm.SPREAD),
        (256, 256, 56, 3, 1, Algorithm.COLUMNS),
    ],
)
def test_the_choice_by_shape(
    channels: int, filters: int, size: int, kernel: int, groups: int, expected: Algorithm
) -> None:
    slides = [Slide(size, kernel, 1, kernel // 2, kernel // 2)] * 2
    shape = ConvolutionShape(channels, filters, slides, groups)
    assert choice.choose(shape) is expected


def test_scratch_memory_is_bounded_and_reused() -> None:
    double = np.dtype(np.float64)
    with workspace():
        first = scratch("a", (1000,), double)
        assert np.shares_memory(first, scratch("a", (10, 10), double))
        # A third of the limit each: the fourth lets go of the others.
        for name in "bcde":
            scratch(name, (WORKSPACE_BYTES // 3 // 8,), double)
        assert not np.shares_memory(first, scratch("a", (1000,), double))


def test_attention_of_some_positions_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(3)
    x = random.standard_normal((2, 6, 7, 5))
    arrays = [random.standard_normal(shape) for shape in ((18, 6), (18,), (6, 6), (6,))]
    with counting() as whole:
        expected = attention.self_attention(x, *arrays, heads=2)
    monkeypatch.setattr(attention, "BLOCK_BYTES", 8 * 35 * 8)
    with counting() as parts:
        found = attention.self_attention(x, *arrays, heads=2)
    assert np.abs(found - expected).max() < 1e-12
    assert parts.macs == whole.macs == 2 * (4 * 6 * 6 * 35 + 2 * 6 * 35 * 35)
