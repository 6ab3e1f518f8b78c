"""A plans file of nnU-Net as the network of one of its configurations."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cnncalc.diagnostics import UsageError
from cnncalc.exchange.imported import Imported
from cnncalc.exchange.nnunet.plans import Plan, Plans
from cnncalc.exchange.reading.maps import Map, Maps, TooManyFindings
from cnncalc.exchange.reading.result import Origin, Reading
from cnncalc.exchange.reading.to_graph import lower
from cnncalc.language.forms.inputs import ONLY, replaced
from cnncalc.language.text.source import Source
from cnncalc.shapes import Shape
from cnncalc.spans import SourceSpan


def open_model(source: Source, label: str) -> Imported:
    """A network from the text of a plans file; `--set configuration=2d` names another one."""
    name = os.path.splitext(os.path.basename(source.label))[0] or "plans"
    parameters = {
        "configuration": None,
        "classes": None,
        "channels": None,
        "deep_supervision": True,
    }
    return Imported(
        label,
        "nnU-Net",
        name,
        lambda input, changes: read(source, label, input, changes),
        source=source,
        reopen=lambda changed: open_model(changed, label),
        parameters=parameters,
    )


def read(
    source: Source,
    label: str,
    input: Shape | Mapping[str, Shape] | None,
    changes: Mapping[str, Any],
) -> Reading:
    """The graph of a configuration, as it is trained: with an output at each resolution.

    Raises:
        SpecError: the plans are none; carries the finding.
        UsageError: there is no such configuration, or the input does not go with it.
    """
    plans = Plans(source)
    asked = changes.get("configuration")
    plan = plans.plan(plans.choose(None if asked is None else _configuration(asked)), changes)
    title = str(plans.data.get("plans_name") or plans.data.get("dataset_name") or "nnU-Net")
    maps = Maps(f"{title[:60]} {plan.name}, batch {plan.batch}", label)
    span = SourceSpan(plans.place("configurations", plan.name))
    own = (plan.channels, *plan.patch)
    shape = replaced({ONLY: own}, input, label)[ONLY]
    if len(shape) != len(own):
        text = "×".join(map(str, own))
        raise UsageError(f"{label}: an input of `{plan.name}` has {len(own)} sizes, as {text} has")
    outputs: list[Map] = []
    with suppress(TooManyFindings):
        x = maps.input(ONLY, shape, Origin((), (), ONLY, span))
        network = _UNet(maps, plan, span)
        outputs = network.outputs(x)
        if changes.get("deep_supervision", True) is False:
            outputs = outputs[-1:]
    program = maps.finished(outputs)
    return lower(program, f"nnU-Net, {label}, {plan.name}", label)


def _configuration(asked: Any) -> str:
    """A configuration's name as `--set` gives it."""
    return str(asked)


class _UNet:
    """Builds the network of a plan; layers have the paths of PyTorch's modules."""

    def __init__(self, maps: Maps, plan: Plan, span: SourceSpan) -> None:
        self.maps = maps
        self.plan = plan
        self.span = span

    def layer(self, path: tuple[str, ...], type_: str, kind: str, x: Map, **options: Any) -> Map:
        """A layer of ours as the module of a path."""
        origin = Origin(path, (*[""] * (len(path) - 1), type_), "", self.span)
        return self.maps.layer(kind, x, options, origin)

    def conv(
        self, path: tuple[str, ...], x: Map, filters: int, kernel: Any, stride: Any = 1,
        *, bias: bool | None = None, active: bool = True,
    ) -> Map:  # fmt: skip
        """A convolution, its normalization and its activation."""
        padding = short(tuple([(size - 1) // 2 for size in kernel]))
        options: dict[str, Any] = {"filters": filters, "kernel": short(kernel)}
        if short(stride) != 1:
            options["stride"] = short(stride)
        if padding != 0:
            options["padding"] = padding
        if not (self.plan.bias if bias is None else bias):
            options["bias"] = False
        x = self.layer((*path, "conv"), "Conv", "conv", x, **options)
        norm = self.plan.normalization
        if norm != "none":
            more = {"affine": True} if norm == "instance" else {}
            x = self.layer((*path, "norm"), "Norm", f"{norm}_norm", x, **more)
        if active:
            x = self.layer((*path, "nonlin"), "LeakyReLU", "leaky_relu", x, slope=0.01)
        return x

    def stack(
        self, path: tuple[str, ...], x: Map, count: int, filters: int, kernel: Any, stride: Any
    ) -> Map:
        """Convolutions in a row, the first with the stride."""
        for number in range(count):
            part = (*path, "convs", str(number))
            x = self.conv(part, x, filters, kernel, stride if number == 0 else 1)
        return x

    def residual(
        self, path: tuple[str, ...], x: Map, filters: int, kernel: Any, stride: Any
    ) -> Map:
        """A residual block; the way around pools first, then changes channels."""
        y = self.conv((*path, "conv1"), x, filters, kernel, stride)
        y = self.conv((*path, "conv2"), y, filters, kernel, active=False)
        place = 0
        if short(stride) != 1:
            name = (*path, "skip", "0")
            x = self.layer(name, "AvgPool", "avg_pool", x, kernel=short(stride))
            place = 1
        if x is not None and x.shape[1] != filters:
            ones = (1,) * len(kernel)
            x = self.conv((*path, "skip", str(place)), x, filters, ones, bias=False, active=False)
        origin = Origin(path, (), "", self.span)
        x = self.maps.merge("add", [x, y], origin)
        return self.layer((*path, "nonlin2"), "LeakyReLU", "leaky_relu", x, slope=0.01)

    def outputs(self, x: Map) -> list[Map]:
        """The segmentation at each resolution, the finest last."""
        plan = self.plan
        if plan.residual:
            x = self.stack(("encoder", "stem"), x, 1, plan.features[0], plan.kernels[0], 1)
        skips: list[Map] = []
        for stage, count in enumerate(plan.encoder):
            filters, kernel, stride = (
                plan.features[stage], plan.kernels[stage], plan.strides[stage],
            )  # fmt: skip
            path: tuple[str, ...] = ("encoder", "stages", str(stage))
            if plan.residual:
                for number in range(count):
                    part = (*path, "blocks", str(number))
                    x = self.residual(part, x, filters, kernel, stride if number == 0 else 1)
            else:
                x = self.stack((*path, "0"), x, count, filters, kernel, stride)
            skips.append(x)
        found: list[Map] = []
        for step, count in enumerate(plan.decoder):
            level = len(skips) - 2 - step
            x = self.up(step, x, level)
            origin = Origin(("decoder", "concat", str(step)), (), "", self.span)
            x = self.maps.concat([x, skips[level]], origin)
            path = ("decoder", "stages", str(step))
            filters, kernel = plan.features[level], plan.kernels[level]
            x = self.stack(path, x, count, filters, kernel, 1)
            last: dict[str, Any] = {"filters": plan.classes, "kernel": 1}
            if not plan.last_bias:
                last["bias"] = False
            name = ("decoder", "seg_layers", str(step))
            found.append(self.layer(name, "Conv", "conv", x, **last))
        return found or [x]

    def up(self, step: int, x: Map, level: int) -> Map:
        """A transposed convolution to the next finer resolution."""
        plan = self.plan
        stride = short(plan.strides[level + 1])
        options: dict[str, Any] = {
            "filters": plan.features[level],
            "kernel": stride,
            "stride": stride,
        }
        if not (plan.bias and plan.last_bias):
            options["bias"] = False
        name = ("decoder", "transpconvs", str(step))
        return self.layer(name, "ConvTranspose", "conv_transpose", x, **options)


def short(value: Any) -> Any:
    """One number where all axes have the same."""
    if isinstance(value, int):
        return value
    return value[0] if len(set(value)) == 1 else tuple(value)
