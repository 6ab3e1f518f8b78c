"""Convolutions: plain, depthwise, separable, transposed and locally connected."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

from cnncalc.layers.base import (
    USUAL_ROLES,
    Facts,
    Kind,
    LayerError,
    Operations,
    Role,
    Windows,
    check_size,
    single,
    spatial,
)
from cnncalc.layers.options import Axes, Bool, Int, KernelSize, Padding, option
from cnncalc.layers.saved import CONVOLUTION, SavedForBackward, SavedTensor
from cnncalc.layers.sliding import Pairs, Sliding, extents
from cnncalc.shapes import Shape, Slide, product, same_crop, transposed_size, transposed_window

PADDING = Padding("same", "same_lower", "valid")

SEPARABLE_ROLES: Mapping[str, Role] = {
    "depthwise.weight": "weight",
    "pointwise.weight": "weight",
    "bias": "bias",
}


def check_groups(channels: int, filters: int, groups: int, output: Shape | None = None) -> None:
    """Groups must divide the channels on both sides; `output` is certain even if they do not."""
    for count, what in ((channels, "input channels"), (filters, "filters")):
        if count % groups:
            both = gcd(channels, filters)
            below = max(d for d in range(1, groups + 1) if both % d == 0) if groups < 1e6 else 1
            raise LayerError(
                "groups-do-not-divide",
                f"{groups} groups do not divide {count} {what}",
                option="groups",
                instead=str(below),
                hint=f"{below} group{'s' if below > 1 else ''} would",
                output=output,
            )


class Convolution(Sliding):
    """What every convolution with a sliding kernel has."""

    has_weights = True
    linear = True

    kernel: tuple[int, ...] = option(KernelSize(), "kernel size", required=True, mark="")
    stride: tuple[int, ...] = option(Axes(), "step of the kernel", default=1, mark="/")
    padding: Pairs | str = option(PADDING, "zeros around the input", default=0, mark="p")
    dilation: tuple[int, ...] = option(
        Axes(), "distance of kernel taps; 1 has no gaps", default=1, mark="d"
    )
    bias: bool

    def _facts(
        self,
        output: Shape,
        slides: tuple[Slide, ...],
        windows: Windows,
        weights: dict[str, Shape],
        macs: int,
        bias_shape: Shape | None = None,
        *,
        roles: Mapping[str, Role] = USUAL_ROLES,
    ) -> Facts:
        """Facts of a convolution with the given weights and multiply-accumulates."""
        for name, shape in weights.items():
            check_size(shape, f"its {name}")
        if self.bias:
            weights["bias"] = bias_shape or output[:1]
        trained = self.__dict__.get("trainable", True)
        return Facts(
            output,
            weights=weights if trained else {},
            buffers={} if trained else weights,
            roles=roles,
            operations=Operations(macs=macs, bias=product(output) if self.bias else 0),
            windows=(windows,),
            slides=slides,
        )

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        padded = self.padded(inputs[0])
        return CONVOLUTION if padded is None else SavedForBackward(arrays=(padded,), takes="low")


class Conv(Convolution, name="conv"):
    """Convolution (cross-correlation) in one, two or three dimensions.

    Output `floor((W + P_before + P_after − D·(F − 1) − 1) / S) + 1` on each axis. Weights
    `[filters, channels / groups, *kernel]`, or buffers where they are fixed.
    Multiply-accumulates: one for each output value, input channel of its group and kernel
    position; one addition an output value for the bias.
    """

    filters: int = option(Int(), "output channels", required=True, main=True)
    groups: int = option(Int(), "independent groups of channels", default=1, mark="g")
    bias: bool = option(Bool(), "whether a bias is added", default=True)
    trainable: bool = option(Bool(), "whether the kernel is trained", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        check_groups(shape[0], self.filters, self.groups, (self.filters, *sizes))
        weight = (self.filters, shape[0] // self.groups, *self.kernel)
        macs = product(sizes) * product(weight)
        return self._facts((self.filters, *sizes), axes, windows, {"weight": weight}, macs)


class DepthwiseConv(Convolution, name="depthwise_conv"):
    """Depthwise convolution: each channel is filtered by itself.

    A convolution with as many groups as channels and `multiplier` filters for each. Weights
    `[channels · multiplier, 1, *kernel]`.
    """

    kernel: tuple[int, ...] = option(KernelSize(), "kernel size", required=True, main=True, mark="")
    multiplier: int = option(Int(), "filters for each channel", default=1, mark="×")
    bias: bool = option(Bool(), "whether a bias is added", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        filters = shape[0] * self.multiplier
        weight = (filters, 1, *self.kernel)
        macs = product(sizes) * product(weight)
        return self._facts((filters, *sizes), axes, windows, {"weight": weight}, macs)


class SeparableConv(Convolution, name="separable_conv"):
    """Depthwise separable convolution: a depthwise convolution, then a 1×1 convolution.

    One layer as in Keras' `SeparableConv2D`, with a bias after the 1×1 convolution only. The
    depthwise result is kept for the backward pass as well as the input.
    """

    filters: int = option(Int(), "output channels", required=True, main=True)
    multiplier: int = option(Int(), "depthwise filters for each channel", default=1, mark="×")
    bias: bool = option(Bool(), "whether a bias is added", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        between = shape[0] * self.multiplier
        depthwise = (between, 1, *self.kernel)
        across = (self.filters, between, *(1,) * len(sizes))
        positions = product(sizes)
        macs = positions * (product(depthwise) + product(across))
        weights = {"depthwise.weight": depthwise, "pointwise.weight": across}
        output = (self.filters, *sizes)
        return self._facts(output, axes, windows, weights, macs, roles=SEPARABLE_ROLES)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        found = super().saved_for_backward(inputs, output)
        between = inputs[0][0] * self.multiplier * product(output[1:])
        return found._replace(arrays=(*found.arrays, SavedTensor(between)))


class LocallyConnected(Convolution, name="locally_connected"):
    """Convolution without weight sharing: every output position has its own kernel and bias.

    Weights `[filters, *output, channels / groups, *kernel]`, bias `[filters, *output]`.
    """

    filters: int = option(Int(), "output channels", required=True, main=True)
    groups: int = option(Int(), "independent groups of channels", default=1, mark="g")
    bias: bool = option(Bool(), "whether a bias is added", default=True)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        axes = self.slides(shape)
        sizes, windows = extents(axes)
        check_groups(shape[0], self.filters, self.groups, (self.filters, *sizes))
        output = (self.filters, *sizes)
        weight = (*output, shape[0] // self.groups, *self.kernel)
        return self._facts(output, axes, windows, {"weight": weight}, product(weight), output)

    def saved_for_backward(self, inputs: tuple[Shape, ...], output: Shape) -> SavedForBackward:
        # the windows, copied out beside each other for a product at every position
        columns = inputs[0][0] * product(self.kernel) * product(output[1:])
        arrays = (SavedTensor(columns, for_weights=True),)
        return SavedForBackward(arrays=arrays, takes="low", gives="single" if self.bias else "")


class ConvTranspose(Kind, name="conv_transpose"):
    """Transposed convolution (fractionally strided; the gradient of a convolution).

    Output `(W − 1)·S − P_before − P_after + D·(F − 1) + 1 + output_padding`; with `same`
    padding `W·S`. Weights `[channels, filters / groups, *kernel]`. Every input value meets
    the whole kernel, so multiply-accumulates count input positions, not output positions.
    """

    has_weights = True
    linear = True

    filters: int = option(Int(), "output channels", required=True, main=True)
    kernel: tuple[int, ...] = option(KernelSize(), "kernel size", required=True, mark="")
    stride: tuple[int, ...] = option(Axes(), "upsampling factor", default=1, mark="/")
    padding: Pairs | str = option(PADDING, "rows taken off the output", default=0, mark="p")
    output_padding: tuple[int, ...] = option(
        Axes(0), "rows added behind the output", default=0, mark="op"
    )
    dilation: tuple[int, ...] = option(Axes(), "distance of kernel taps", default=1, mark="d")
    groups: int = option(Int(), "independent groups of channels", default=1, mark="g")
    bias: bool = option(Bool(), "whether a bias is added", default=True)

    saved = CONVOLUTION

    def crops(self) -> tuple[Pairs, tuple[int, ...]]:
        """Padding in numbers and the rows added behind, on each axis."""
        if isinstance(self.padding, tuple):
            return self.padding, self.output_padding
        if self.padding == "valid":
            return ((0, 0),) * len(self.kernel), self.output_padding
        pairs, extras = [], []
        for kernel, stride, dilation in zip(self.kernel, self.stride, self.dilation, strict=True):
            lower = self.padding == "same_lower"
            before, after, extra = same_crop(kernel, stride, dilation, lower)
            pairs.append((before, after))
            extras.append(extra)
        return tuple(pairs), tuple(extras)

    def facts(self, inputs: tuple[Shape, ...]) -> Facts:
        shape = single(inputs)
        sizes = spatial(self, shape)
        check_groups(shape[0], self.filters, self.groups)
        pairs, extras = self.crops()
        axes, windows = [], []
        for axis, size in enumerate(sizes):
            kernel, stride, dilation = self.kernel[axis], self.stride[axis], self.dilation[axis]
            before, after = pairs[axis]
            extra = extras[axis]
            if isinstance(self.padding, tuple) and extra >= max(stride, dilation):
                raise LayerError(
                    "output-padding-too-large",
                    f"output padding {extra} must be smaller than the stride ({stride}) or the "
                    f"dilation ({dilation})",
                    option="output_padding",
                    hint=f"at most {max(stride, dilation) - 1}",
                    instead=str(max(stride, dilation) - 1),
                )
            length = transposed_size(size, kernel, stride, before, after, extra, dilation)
            if length < 1:
                raise LayerError(
                    "kernel-larger-than-input",
                    f"padding {before} + {after} takes away the whole output: "
                    f"({size} − 1)·{stride} − {before} − {after} + "
                    f"{dilation * (kernel - 1) + 1} + {extra} = {length}",
                    option="padding",
                    hint=f"at most {before + after + length - 1} padding in all",
                )
            axes.append(length)
            windows.append(transposed_window(kernel, stride, before, dilation))
        output = (self.filters, *axes)
        weight = (shape[0], self.filters // self.groups, *self.kernel)
        check_size(weight, "its weight")
        return Facts(
            output,
            weights={"weight": weight, "bias": (self.filters,)}
            if self.bias
            else {"weight": weight},
            operations=Operations(
                macs=product(sizes) * product(weight), bias=product(output) if self.bias else 0
            ),
            windows=(tuple(windows),),
        )
