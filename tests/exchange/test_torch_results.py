"""The rules for results of frequent operators give what PyTorch gives."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from cnncalc.exchange.torch.recording.results import ACTIVATIONS, RULES, result  # noqa: E402


def meta(*shape: int, dtype: Any = torch.float32, last: bool = False) -> Any:
    format = torch.channels_last if last else torch.contiguous_format
    return torch.empty(shape, dtype=dtype, device="meta").to(memory_format=format)


X, LAST, HALF = meta(2, 6, 5, 4), meta(2, 6, 5, 4, last=True), meta(2, 6, dtype=torch.float16)
SIX, FOUR = [meta(6) for _ in range(4)], [meta(4) for _ in range(2)]

CALLS: list[tuple[str, tuple[Any, ...]]] = [
    *[(name, (x,)) for name in ACTIVATIONS for x in (X, LAST, HALF, meta(3))],
    *[("batch_norm", (x, *SIX, False, 0.1, 1e-5, False)) for x in (X, LAST, meta(2, 6))],
    ("batch_norm", (X, None, None, *SIX[2:], False, 0.1, 1e-5, False)),
    *[("layer_norm", (x, [4], *FOUR)) for x in (X, meta(3, 4))],
    ("layer_norm", (X, [5, 4])),
    ("group_norm", (X, 3, *SIX[:2])),
    ("group_norm", (X, 2)),
    *[("linear", (x, meta(7, 4), meta(7))) for x in (X, meta(4), meta(3, 4))],
    ("linear", (X.transpose(1, 3), meta(7, 6))),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_as_pytorch_has_it(name: str, arguments: tuple[Any, ...]) -> None:
    ours = RULES[f"aten.{name}"](*arguments)
    theirs = getattr(torch.ops.aten, name)(*arguments)
    assert ours is not None
    assert (ours.shape, ours.dtype, ours.device) == (theirs.shape, theirs.dtype, theirs.device)
    assert ours.stride() == theirs.stride()


WRONG: list[tuple[str, tuple[Any, ...]]] = [
    ("batch_norm", (X, *[meta(5)] * 4, False, 0.1, 1e-5, False)),
    ("layer_norm", (X, [3])),
    ("layer_norm", (X, [4], meta(5))),
    ("group_norm", (X, 4)),
    ("linear", (X, meta(7, 5))),
    ("linear", (X, meta(7, 4), meta(6))),
]


@pytest.mark.parametrize(("name", "arguments"), WRONG)
def test_pytorch_says_what_is_wrong(name: str, arguments: tuple[Any, ...]) -> None:
    assert RULES[f"aten.{name}"](*arguments) is None
    with pytest.raises(RuntimeError):
        result(getattr(torch.ops.aten, name), f"aten.{name}", arguments, {}, in_place=False)


def test_in_place() -> None:
    found = result(torch.ops.aten.hardtanh_, "aten.hardtanh", (X, 0, 6), {}, in_place=True)
    assert found is X
    real = torch.zeros(2)
    assert result(torch.ops.aten.silu, "aten.silu", (real,), {}, in_place=False).sum() == 0
