"""Residual networks that torchvision does not have, and those built of depthwise convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def conv_bn(inputs: int, filters: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size, without bias, and its normalization."""
    conv = nn.Conv2d(inputs, filters, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters))


class Bottleneck(nn.Module):
    """The unit of figure 5 of He et al. 2015; `early`: the stride is on its first convolution."""

    def __init__(self, inputs: int, width: int, stride: int, early: bool) -> None:
        super().__init__()
        filters = 4 * width
        first, second = (stride, 1) if early else (1, stride)
        self.body = nn.Sequential(
            conv_bn(inputs, width, 1, first), nn.ReLU(),
            conv_bn(width, width, 3, second), nn.ReLU(),
            conv_bn(width, filters),
        )  # fmt: skip
        self.shortcut = conv_bn(inputs, filters, 1, stride) if inputs != filters else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.shortcut(x))


class NonLocal(nn.Module):
    """A residual block of attention over all positions (Wang et al. 2017, figure 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = Attention(channels, channels // 2)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.norm(self.attention(x))
        return result


class Attention(nn.Module):
    """Theta, phi and g in one product, the weighted sum, and the way back to all channels."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.split = nn.Parameter(torch.zeros(3 * width, channels))
        self.split_bias = nn.Parameter(torch.zeros(3 * width))
        self.back = nn.Parameter(torch.zeros(channels, width))
        self.back_bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        positions = x.flatten(2).transpose(1, 2)
        parts = functional.linear(positions, self.split, self.split_bias).chunk(3, 2)
        theta, phi, g = parts
        seen = (theta @ phi.transpose(1, 2)).softmax(2) @ g
        result = functional.linear(seen, self.back, self.back_bias)
        return result.transpose(1, 2).reshape(x.shape)


def resnet50(non_local: bool = False) -> nn.Module:
    """ResNet-50 as first published, or one of today with a non-local block at the end of conv4."""
    layers: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for place in range(depth):
            if non_local and width == 256 and place == depth - 1:
                layers.append(NonLocal(channels))
            layers.append(Bottleneck(channels, width, 1 if place else stride, not non_local))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def resnet50_original() -> nn.Module:
    """The stride is on the first 1x1 convolution."""
    return resnet50()


def nonlocal_resnet50() -> nn.Module:
    """The stride is on the 3x3 convolution; one block before the last unit of conv4."""
    return resnet50(non_local=True)


class Basic(nn.Module):
    """Two 3x3 convolutions; a shortcut that skips positions and adds channels of zeros."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        first, second = conv_bn(inputs, filters, 3, stride), conv_bn(filters, filters, 3)
        self.body = nn.Sequential(first, nn.ReLU(), second)
        self.stride, self.added = stride, filters - inputs

    def forward(self, x: Tensor) -> Tensor:
        skipped = x[:, :, :: self.stride, :: self.stride]
        half = self.added // 2
        padded = functional.pad(skipped, (0, 0, 0, 0, half, half))
        return functional.relu(self.body(x) + padded)


def resnet110_cifar() -> nn.Module:
    """Three stages of 18 units; shortcuts of option A."""
    layers: list[nn.Module] = [conv_bn(3, 16, 3), nn.ReLU()]
    channels = 16
    for width in (16, 32, 64):
        for place in range(18):
            layers.append(Basic(channels, width, 2 if width > 16 and place == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class PreActivation(nn.Module):
    """A bottleneck that normalizes first; one that projects does so before the paths part."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        filters = 4 * width
        self.first = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU())
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, filters, 1, bias=False),
        )  # fmt: skip
        project = nn.Conv2d(inputs, filters, 1, stride, bias=False) if inputs != filters else None
        self.project = project

    def forward(self, x: Tensor) -> Tensor:
        active = self.first(x)
        result: Tensor = self.body(active) + (x if self.project is None else self.project(active))
        return result


def resnet164_preactivation() -> nn.Module:
    """Three stages of 18 bottlenecks, normalization and activation in front."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False)]
    channels = 16
    for width in (16, 32, 64):
        for place in range(18):
            stride = 2 if width > 16 and place == 0 else 1
            layers.append(PreActivation(channels, width, stride))
            channels = 4 * width
    return nn.Sequential(
        *layers, nn.BatchNorm2d(256), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip


def mobilenet_v1() -> nn.Module:
    """Thirteen depthwise separable convolutions."""
    layers: list[nn.Module] = [conv_bn(3, 32, 3, 2), nn.ReLU()]
    channels = 32
    plan = (64, -128, 128, -256, 256, -512, 512, 512, 512, 512, 512, -1024, 1024)
    for filters in plan:  # negative: at stride 2
        stride = 2 if filters < 0 else 1
        depthwise = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        layers += [depthwise, nn.BatchNorm2d(channels), nn.ReLU()]
        layers += [conv_bn(channels, abs(filters)), nn.ReLU()]
        channels = abs(filters)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))


def separable(inputs: int, filters: int) -> list[nn.Module]:
    """A depthwise separable convolution of Xception: nothing between its two parts."""
    return [
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, filters, 1, bias=False),
        nn.BatchNorm2d(filters),
    ]


class XceptionUnit(nn.Module):
    """Separable convolutions beside a shortcut; one that projects halves the size."""

    def __init__(self, widths: tuple[int, ...], start: bool, project: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place in range(len(widths) - 1):
            if place or start:
                layers.append(nn.ReLU())
            layers += separable(widths[place], widths[place + 1])
        if project:
            layers.append(nn.MaxPool2d(3, 2, 1))
        self.body = nn.Sequential(*layers)
        self.shortcut = conv_bn(widths[0], widths[-1], 1, 2) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.body(x) + self.shortcut(x)
        return result


def xception() -> nn.Module:
    """Entry flow, eight middle units, exit flow."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        XceptionUnit((64, 128, 128), False, True),
        XceptionUnit((128, 256, 256), True, True),
        XceptionUnit((256, 728, 728), True, True),
        *(XceptionUnit((728, 728, 728, 728), True, False) for _ in range(8)),
        XceptionUnit((728, 728, 1024), True, True),
        *separable(1024, 1536), nn.ReLU(), *separable(1536, 2048), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000),
    )  # fmt: skip
