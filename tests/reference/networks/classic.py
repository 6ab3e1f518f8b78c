"""Chains of layers: LeNet-5 to VGG, and the networks of the course notes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def lenet5() -> nn.Module:
    """LeNet-5 as it is usually built."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


class Coefficients(nn.Module):
    """A trainable coefficient and bias for each map (S2 and S4 of LeNet-5)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + self.bias


class PartlyConnected(nn.Module):
    """C3 of LeNet-5: each map sees the maps that table 1 of the paper marks."""

    def __init__(self) -> None:
        super().__init__()
        three = [[(first + step) % 6 for step in range(3)] for first in range(6)]
        four = [[(first + step) % 6 for step in range(4)] for first in range(6)]
        apart = [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5]]
        self.seen = [sorted(maps) for maps in (*three, *four, *apart, range(6))]
        self.convs = nn.ModuleList(nn.Conv2d(len(maps), 1, 5) for maps in self.seen)

    def forward(self, x: Tensor) -> Tensor:
        pairs = zip(self.convs, self.seen, strict=True)
        return torch.cat([conv(x[:, maps]) for conv, maps in pairs], 1)


class FixedCodes(nn.Module):
    """Squared distances to fixed codes (the output of LeNet-5)."""

    codes: Tensor

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.ones(classes, inputs))

    def forward(self, x: Tensor) -> Tensor:
        apart = x[:, None] - self.codes
        return torch.einsum("bij,bij->bi", apart, apart)


def lenet5_1998() -> nn.Module:
    """LeNet-5 as published."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), Coefficients(6), nn.Tanh(),
        PartlyConnected(), nn.Tanh(), nn.AvgPool2d(2), Coefficients(16), nn.Tanh(),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), FixedCodes(84, 10),
    )  # fmt: skip


def cifar10_convnet() -> nn.Module:
    """INPUT -> CONV -> RELU -> POOL -> FC."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(12 * 16 * 16, 10),
    )  # fmt: skip


def classifier(inputs: int) -> list[nn.Module]:
    """The three fully connected layers of AlexNet and its successors."""
    return [
        nn.Flatten(),
        nn.Linear(inputs, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 1000),
    ]  # fmt: skip


def alexnet_original() -> nn.Module:
    """AlexNet with the groups of its two GPUs."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(), nn.LocalResponseNorm(5, k=2), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(),
        nn.LocalResponseNorm(5, k=2), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        *classifier(256 * 6 * 6),
    )  # fmt: skip


def zfnet() -> nn.Module:
    """ZFNet: 7x7 at stride 2, then 5x5 at stride 2."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5),
        nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        *classifier(256 * 6 * 6),
    )  # fmt: skip


def network_in_network() -> nn.Module:
    """Three convolutions, each with a perceptron of two layers at every position."""
    layers: list[nn.Module] = []
    channels = 3
    for kernel, widths in ((5, (192, 160, 96)), (5, (192, 192, 192)), (3, (192, 192, 10))):
        for size, width in zip((kernel, 1, 1), widths, strict=True):
            layers += [nn.Conv2d(channels, width, size, padding=size // 2), nn.ReLU()]
            channels = width
        pool = nn.MaxPool2d if width == 96 else nn.AvgPool2d
        layers += [pool(3, 2, ceil_mode=True), nn.Dropout()]
    return nn.Sequential(*layers[:-2], nn.AdaptiveAvgPool2d(1), nn.Flatten())


def stages(*depths: int) -> list[nn.Module]:
    """The five stages of a VGG; a negative depth ends its stage with a 1x1 convolution."""
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in zip((64, 128, 256, 512, 512), depths, strict=True):
        for place in range(abs(depth)):
            kernel = 1 if depth < 0 and place == abs(depth) - 1 else 3
            layers += [nn.Conv2d(channels, width, kernel, padding=kernel // 2), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return layers


def vgg16_c() -> nn.Module:
    """Column C: the third convolution of a stage is 1x1."""
    return nn.Sequential(
        *stages(2, 2, -3, -3, -3), nn.AdaptiveAvgPool2d(7), *classifier(512 * 7 * 7)
    )


def vgg16_fcn() -> nn.Module:
    """Column D, its fully connected layers as convolutions."""
    return nn.Sequential(
        *stages(2, 2, 3, 3, 3),
        nn.Conv2d(512, 4096, 7), nn.ReLU(), nn.Dropout(),
        nn.Conv2d(4096, 4096, 1), nn.ReLU(), nn.Dropout(),
        nn.Conv2d(4096, 1000, 1),
    )  # fmt: skip


def dcgan_generator() -> nn.Module:
    """From 100 numbers to an image of 64x64."""
    layers: list[nn.Module] = []
    channels = 100
    for width, stride, padding in ((512, 1, 0), (256, 2, 1), (128, 2, 1), (64, 2, 1)):
        conv = nn.ConvTranspose2d(channels, width, 4, stride, padding, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())


def dcgan_discriminator() -> nn.Module:
    """From an image of 64x64 to whether it is real."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    for width in (128, 256, 512):
        conv = nn.Conv2d(width // 2, width, 4, 2, 1, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(512, 1, 4, bias=False), nn.Sigmoid())
