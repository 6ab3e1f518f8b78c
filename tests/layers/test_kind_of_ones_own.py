"""A kind from outside the package: one class and one kernel, and everything knows it.

Erosion (Serra 1982): the least value under a structuring element that is taken off it, with an
element for each channel. It is no kind of the package, and no list anywhere names it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from support import Outcome, report

from cnncalc.language.schema import schema
from cnncalc.language.text.source import Source
from cnncalc.layers import KINDS, Facts, Operations
from cnncalc.layers.base import single
from cnncalc.layers.options import Axes, KernelSize, Padding, option
from cnncalc.layers.saved import SavedForBackward
from cnncalc.layers.sliding import Pairs, Sliding, extents
from cnncalc.numerics.kernels.call import KernelCall, slid
from cnncalc.numerics.kernels.table import KERNELS
from cnncalc.rules.lint import lint
from cnncalc.shapes import Shape, Slide, product

Run = Callable[..., Outcome]


class Erosion(Sliding):
    """Erosion by a trained element: `min over k of (x − element[k])`."""

    name = "erosion"
    family = "pool"
    has_weights = True

    kernel: tuple[int, ...] = option(KernelSize(), "kernel size", required=True, main=True, mark="")
    stride: tuple[int, ...] = option(Axes(), "step of the kernel", default=1, mark="/")
    padding: Pairs | str = option(Padding("same", "valid"), "rows around", default=0, mark="p")

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        output = (shape[0], *sizes)
        return Facts(
            output,
            weights={"element": (shape[0], *self.kernel)},
            roles={"element": "offset"},
            operations=Operations(pooling=(2 * product(self.kernel) - 1) * product(output)),
            windows=(windows,),
            slides=axes,
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        return SavedForBackward(inputs=(0,))


def erosion(call: KernelCall) -> Any:
    """The kernel, in plain NumPy."""
    kind, x = call.kind, call.x
    axes = kind.slides(x.shape[1:])
    element = call.arrays.weight("element", (x.shape[1], *kind.kernel))
    around = [(0, 0), (0, 0), *((axis.before, axis.after) for axis in axes)]
    padded = np.pad(x, around, constant_values=np.inf)
    spatial = tuple(range(2, x.ndim))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kind.kernel, axis=spatial)
    windows = windows[
        (..., *(slice(None, None, s) for s in kind.stride), *[slice(None)] * len(axes))
    ]
    channels = element.reshape(1, element.shape[0], *[1] * len(axes), *kind.kernel)
    return (windows - channels).min(axis=tuple(range(-len(axes), 0))).astype(x.dtype)


def lowest(rows: Any, slide: Slide) -> Any:
    """The lowest value under the kernel at each position."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, slide.kernel, axis=1)
    return windows[:, :: slide.stride].min(axis=2)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "erosion", Erosion)
    monkeypatch.setitem(KERNELS, "erosion", slid(erosion, lowest))


TEXT = """\
input: [4, 17, 20]
layers:
  - conv: {filters: 6, kernel: 3}
  - relu
  - erosion: {kernel: 3, stride: 2}
  - {erosion: 3, name: last}
"""


def test_analysis() -> None:
    found = report(TEXT)
    first, last = found.layers[2:]
    assert (first.output_shape, last.output_shape) == ((6, 7, 8), (6, 5, 6))
    assert (first.params, first.macs) == (54, 0)
    assert (found.totals.params, found.totals.biases) == (6 * 4 * 9 + 6 + 108, 6 + 108)
    assert first.flops == 17 * 6 * 7 * 8
    field = last.receptive_field
    assert field is not None
    assert (field.size, field.stride, field.start) == ((9, 9), (2, 2), (0, 0))
    assert first.node.kind.short_options() == "3×3/2"


def test_rules_and_their_repairs() -> None:
    findings = lint(Source("net.yaml", TEXT))
    (tiles,) = [one for one in findings if one.rule == "stride-does-not-tile"]
    assert tiles.layer == "erosion"
    assert tiles.message.endswith("the last 1 column is never read")
    assert tiles.fixes
    assert all(fix.edits or "input" in fix.description for fix in tiles.fixes)
    skips = TEXT.replace("kernel: 3, stride: 2", "kernel: 2, stride: 3")
    assert "stride-skips-input" in [f.rule for f in lint(Source("net.yaml", skips))]
    uneven = TEXT.replace("erosion: 3", "erosion: {kernel: 2, padding: same}")
    assert "uneven-padding" in [f.rule for f in lint(Source("net.yaml", uneven))]


def test_messages() -> None:
    wrong = TEXT.replace("kernel: 3, stride: 2", "kernel: 3, strde: 2")
    (finding,) = [f for f in lint(Source("net.yaml", wrong)) if f.severity == "error"]
    assert (finding.rule, finding.place and finding.place.line) == ("unknown-key", 5)
    assert finding.hint == "did you mean `stride`?"
    large = TEXT.replace("kernel: 3, stride: 2", "kernel: 33")
    (finding,) = [f for f in lint(Source("net.yaml", large)) if f.severity == "error"]
    assert finding.rule == "kernel-larger-than-input"


def test_schema() -> None:
    checker = jsonschema.Draft202012Validator(schema())
    good = {"input": [4, 17, 20], "layers": [{"erosion": {"kernel": 3, "stride": 2}}]}
    checker.validate(good)
    bad = {"input": [4, 17, 20], "layers": [{"erosion": {"kernel": 0, "stride": 2}}]}
    assert not checker.is_valid(bad)


def test_verify(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)
    outcome = run("verify", path, "--format", "json")
    assert outcome.status == 0, outcome
    checks = json.loads(outcome.out)["checks"]
    assert {check["name"] for check in checks} >= {"output_shape", "params", "receptive_field"}
    assert all(not check["mismatches"] for check in checks)


def test_verify_sees_a_wrong_statement(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    stated = Erosion.facts

    def wrong(kind: Erosion, inputs: tuple[Shape, ...]) -> Facts:
        facts = stated(kind, inputs)
        return Facts(
            facts.output,
            weights={"element": (inputs[0][0], *(size + 1 for size in kind.kernel))},
            roles=facts.roles,
            operations=facts.operations,
            windows=facts.windows,
            slides=facts.slides,
        )

    monkeypatch.setattr(Erosion, "facts", wrong)
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)
    assert run("verify", path).status == 1


def test_reference(run: Run) -> None:
    outcome = run("layers", "erosion")
    assert outcome.status == 0
    assert "Erosion by a trained element" in outcome.out
