"""Every check can fail: one analytic rule, or one kernel, is broken at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support import network, report, verified

from cnncalc.analysis import memory, receptive_field
from cnncalc.analysis.report import LayerReport, Settings
from cnncalc.api import Report
from cnncalc.layers import activation, base, conv, linear, norm, pool, reshape, sliding, upsample
from cnncalc.layers.base import Facts, Operations
from cnncalc.numerics.kernels import call, table
from cnncalc.numerics.run import executor
from cnncalc.shapes import IDENTITY, Slide, Window, product
from cnncalc.shapes import transposed_size as true_transposed_size
from cnncalc.verification.checks import Verification

NET = """
input: [4, 23, 17]
layers:
  - {conv: {filters: 8, kernel: 3, stride: 2, padding: 1, groups: 2}, name: first}
  - {dropout: , name: drop}
  - {batch_norm: , name: normed}
  - {relu: , name: active}
  - {conv: {filters: 8, kernel: 3, padding: same, dilation: 2}, name: second}
  - {max_pool: {kernel: 2, ceil_mode: true}, name: pool}
  - add:
      - [{depthwise_conv: {kernel: 3, padding: 1}, name: left}]
      - [{conv: [8, 1], name: right}]
    name: sum
  - {avg_pool: {kernel: 3, stride: 1, padding: 1}, name: mean}
  - {conv_transpose: {filters: 4, kernel: 3, stride: 2, padding: 1}, name: up}
  - {upsample: {scale: 2, mode: linear}, name: larger}
  - {max_unpool: pool, from: pool, name: unpool, output: true}
  - {adaptive_avg_pool: 3, from: larger, name: adapted}
  - {flatten: , name: flat}
  - {linear: 5, name: scores}
  - {rbf: {features: 3, trainable: false}, name: centres}
"""


def run(batch: int = 1, text: str = NET) -> Verification:
    found = Report(network(text).graph(), Settings(batch, "float64"))
    return verified(found, batch=batch, dtype="float64")


def broken(found: Verification) -> dict[str, list[str]]:
    """The checks that fail and the layers they name."""
    return {
        check.name: [one.layer for one in check.mismatches]
        for check in found.checks
        if check.mismatches
    }


@pytest.mark.parametrize("batch", [1, 3])
def test_passes(batch: int) -> None:
    found = run(batch)
    assert found.passed, broken(found)
    assert all(check.layers == 17 for check in found.checks)


# -- one analytic rule at a time --------------------------------------------------------------


def facts_of(kind: type[base.Kind], change: Callable[[Any, Facts, Any], dict[str, Any]]) -> Any:
    """A kind's facts with some of them changed."""
    original = kind.facts

    def facts(self: Any, inputs: Any) -> Facts:
        true = original(self, inputs)
        values = {
            "output": true.output,
            "weights": true.weights,
            "buffers": true.buffers,
            "operations": true.operations,
            "windows": true.windows,
            "view": true.view,
            "elementwise": true.elementwise,
            "roles": true.roles,
            "slides": true.slides,
        }
        return Facts(**(values | change(self, true, inputs)))

    return kind, "facts", facts


def wider(self: Any, true: Facts, inputs: Any) -> dict[str, Any]:
    window = true.windows[0][0]  # type: ignore[index]
    first, last = window.spans[0]
    return {"windows": ((Window(window.step, ((first, last + 1),)), *true.windows[0][1:]),)}  # type: ignore[index]


def grown(slides: Any) -> Any:
    return tuple(slide._replace(before=slide.before + 1) for slide in slides)


original_extents = sliding.extents
original_compose, original_unite = receptive_field.compose, receptive_field.unite
original_activations = memory.activations


def off_by_one(inner: Window, outer: Window, count: int) -> Window:
    found = original_compose(inner, outer, count)
    return found._replace(spans=tuple(span and (span[0], span[1] + 1) for span in found.spans))


def no_free(graph: Any, inplace: bool = False) -> Any:
    found = original_activations(graph, inplace)
    return found._replace(peak=sum(found.owned))


def half(self: Any, true: Facts, inputs: Any) -> dict[str, Any]:
    return {"operations": true.operations._replace(macs=true.operations.macs // 2)}


ANALYTIC = {
    "a wrong padding": (
        (conv, "extents", lambda slides: original_extents(grown(slides))),
        {"output_shape", "receptive_field"},
        "",
    ),
    "statistics nobody keeps": (
        facts_of(norm.BatchNorm, lambda self, true, inputs: {"buffers": {}}),
        {"buffers"},
        "normed",
    ),
    "buffers that are parameters": (
        facts_of(
            linear.Rbf,
            lambda self, true, inputs: {"weights": true.buffers, "buffers": {}},
        ),
        {"buffers", "params"},
        "centres",
    ),
    "a forgotten group": (
        facts_of(
            conv.Conv,
            lambda self, true, inputs: {
                "weights": {**true.weights, "weight": (self.filters, inputs[0][0], *self.kernel)}
            },
        ),
        {"params"},
        "first",
    ),
    "groups forgotten in the operations": (
        facts_of(
            conv.Conv,
            lambda self, true, inputs: {
                "operations": true.operations._replace(macs=true.operations.macs * self.groups)
            },
        ),
        {"macs"},
        "first",
    ),
    "a lost bias": (
        facts_of(
            conv.Conv,
            lambda self, true, inputs: {"weights": {"weight": true.weights["weight"]}},
        ),
        {"params"},
        "first",
    ),
    "a bias nobody uses": (
        facts_of(
            upsample.Upsample, lambda self, true, inputs: {"weights": {"bias": true.output[:1]}}
        ),
        {"params"},
        "larger",
    ),
    "multiply-accumulates of a linear layer": (facts_of(linear.Linear, half), {"macs"}, "scores"),
    "positions of the output in place of the input": (
        facts_of(
            conv.ConvTranspose,
            lambda self, true, inputs: {
                "operations": Operations(
                    macs=product(true.output[1:]) * product(true.weights["weight"])
                )
            },
        ),
        {"macs"},
        "up",
    ),
    "a formula of sizes": (
        (Slide, "output", property(lambda self: (self.travel - 1) // self.stride + 1)),
        {"output_shape"},
        "first",
    ),
    "sizes without ceil mode": (
        (Slide, "output", property(lambda self: self.travel // self.stride + 1)),
        {"output_shape"},
        "pool",
    ),
    "the formula of transposed sizes": (
        (conv, "transposed_size", lambda *sizes: true_transposed_size(*sizes) - 1),
        {"output_shape"},
        "up",
    ),
    "an off-by-one window": (facts_of(conv.Conv, wider), {"receptive_field"}, "first"),
    "an off-by-one pool": (facts_of(pool.MaxPool, wider), {"receptive_field"}, "pool"),
    "an off-by-one composition": (
        (receptive_field, "compose", off_by_one),
        {"receptive_field"},
        "first",
    ),
    "a merge that sees one branch": (
        (receptive_field, "unite", lambda first, second, count: second),
        {"receptive_field"},
        "sum",
    ),
    "dilation left out of the window": (
        (
            Slide,
            "window",
            property(
                lambda self: Window(self.stride, ((-self.before, self.kernel - 1 - self.before),))
            ),
        ),
        {"receptive_field"},
        "second",
    ),
    "a linear upsampling that copies": (
        (
            upsample,
            "linear_window",
            lambda size, output, corners: upsample.nearest_window(size, output),
        ),
        {"receptive_field"},
        "larger",
    ),
    "a transposed convolution that sees its own place": (
        (conv, "transposed_window", lambda *sizes: IDENTITY),
        {"receptive_field"},
        "up",
    ),
    "an activation that sees everything": (
        facts_of(activation.Relu, lambda self, true, inputs: {"windows": (None,)}),
        {"receptive_field"},
        "active",
    ),
    "a dropout that owns memory": (
        facts_of(activation.Dropout, lambda self, true, inputs: {"view": False}),
        {"activation_bytes"},
        "drop",
    ),
    "a pool that owns none": (
        facts_of(pool.AvgPool, lambda self, true, inputs: {"view": True}),
        {"activation_bytes"},
        "mean",
    ),
    "a flatten that copies": (
        facts_of(reshape.Flatten, lambda self, true, inputs: {"view": False}),
        {"activation_bytes"},
        "flat",
    ),
    "a skipped free": (
        (report.__globals__["Report"].__init__.__globals__, "activations", no_free),
        {"peak_activation_bytes"},
        "",
    ),
    "a batch that is not counted": (
        (LayerReport, "macs", property(lambda self: self.node.facts.operations.macs)),
        {"macs"},
        "first",
    ),
    "a type of another width": (
        (LayerReport, "activation_bytes", property(lambda self: self._values * 3 * 4)),
        {"activation_bytes"},
        "first",
    ),
}


@pytest.mark.parametrize("rule", ANALYTIC)
def test_a_broken_rule_is_caught(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (owner, name, replacement), expected, layer = ANALYTIC[rule]
    if isinstance(owner, dict):
        monkeypatch.setitem(owner, name, replacement)
    else:
        monkeypatch.setattr(owner, name, replacement)
    found = broken(run(batch=3))
    assert expected <= set(found)
    if layer:
        assert all(found[check][0] == layer for check in expected)


# -- one kernel at a time ---------------------------------------------------------------------


def kernel(name: str, change: Callable[[Any, Any], Any]) -> Any:
    original = table.KERNELS[name]

    def changed(call: Any) -> Any:
        return change(call, original.compute(call))

    return table.KERNELS, name, original._replace(compute=changed)


original_release = executor.Pending.release

KERNELS = {
    "a kernel without its bias": (
        (call.KernelCall, "bias", lambda self, shape: None),
        {"params"},
        "first",
    ),
    "a kernel that leaves rows out": (
        kernel("conv", lambda call, result: result[:, :, 1:].copy()),
        {"output_shape"},
        "first",
    ),
    "a kernel that keeps more than it returns": (
        kernel("avg_pool", lambda call, result: np.concatenate([result, result])[: len(result)]),
        {"activation_bytes"},
        "mean",
    ),
    "a kernel that writes over its input": (
        kernel("relu", lambda call, result: np.maximum(call.x, 0, out=call.x)),
        {"activation_bytes"},
        "active",
    ),
    "a run that frees nothing": (
        (executor.Pending, "release", lambda self, inputs, index: None),
        {"peak_activation_bytes"},
        "",
    ),
    "a run that frees one layer late": (
        (
            executor.Pending,
            "release",
            lambda self, inputs, index: (
                None if index < 3 else (original_release(self, inputs, index))
            ),
        ),
        {"peak_activation_bytes"},
        "",
    ),
}


@pytest.mark.parametrize("fault", KERNELS)
def test_a_broken_kernel_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (owner, name, replacement), expected, layer = KERNELS[fault]
    if isinstance(owner, dict):
        monkeypatch.setitem(owner, name, replacement)
    else:
        monkeypatch.setattr(owner, name, replacement)
    found = broken(run())
    assert expected <= set(found)
    if layer:
        assert all(found[check][0] == layer for check in expected)


def test_a_layer_that_cannot_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(call: Any) -> Any:
        raise ValueError("3 channels do not fit")

    monkeypatch.setitem(table.KERNELS, "max_pool", call.KernelEntry(refuse))
    found = run()
    assert not found.passed
    assert found.run.failure == ("pool", "refused: 3 channels do not fit")
    assert [check.layers for check in found.checks] == [5] * 7


def test_every_kind_has_a_kernel() -> None:
    from cnncalc.layers import KINDS

    assert set(table.KERNELS) == set(KINDS)
