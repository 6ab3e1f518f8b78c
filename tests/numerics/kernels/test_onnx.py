"""The kernels on ONNX's published operator test vectors."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from .onnx_cases import LEFT_OUT, OPERATORS, Vector, run, vectors

VECTORS = vectors()
# Expected values written down with four digits.
ROUNDED = {"averagepool_2d_ceil_last_window_starts_on_pad"}
APPLYING = [case for case in VECTORS if case.name not in LEFT_OUT]


@pytest.mark.parametrize("case", APPLYING, ids=lambda case: case.name)
def test_vector(case: Vector) -> None:
    results = run(case)
    assert results
    for result, expected in zip(results, case.outputs, strict=False):
        assert result.shape == expected.shape
        if np.issubdtype(expected.dtype, np.integer):
            assert np.array_equal(result, expected)
        else:
            assert result.dtype == expected.dtype
            relative = 1e-3 if case.name in ROUNDED else 1e-4
            np.testing.assert_allclose(result, expected, rtol=relative, atol=1e-6)


def test_every_case_applies_or_is_left_out_for_a_reason(
    record_property: pytest.RecordProperty, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [case.name for case in VECTORS]
    assert len(names) == len(set(names))
    assert set(LEFT_OUT) <= set(names), "left out, and no such case"
    assert len(VECTORS) == len(APPLYING) + len(LEFT_OUT)
    assert all(LEFT_OUT.values())
    exist, apply = Counter(c.operator for c in VECTORS), Counter(c.operator for c in APPLYING)
    # GlobalLpPool has no published vectors; every other operator has one that applies.
    assert {name for name in OPERATORS if not exist[name]} == {"GlobalLpPool"}
    assert {name for name in exist if not apply[name]} == {"HardSigmoid"}
    record_property("exist", len(VECTORS))
    record_property("apply", len(APPLYING))
    with capsys.disabled():
        print(f"\nONNX vectors: {len(VECTORS)} exist, {len(APPLYING)} apply")
