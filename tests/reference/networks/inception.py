"""GoogLeNet as in Caffe, Inception-v4 and Inception-ResNet-v2."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Kernel = int | tuple[int, int]


class Branches(nn.Module):
    """Branches whose outputs are concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def conv(
    inputs: int, filters: int, kernel: Kernel = 1, stride: int = 1, same: bool = True
) -> nn.Sequential:
    """Convolution, normalization, activation; padded to keep the size unless it strides."""
    keep = same and stride == 1
    rows, columns = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (rows // 2, columns // 2) if keep else (0, 0)
    return nn.Sequential(
        nn.Conv2d(inputs, filters, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(filters, eps=0.001),
        nn.ReLU(),
    )


def chain(inputs: int, *steps: tuple[int, Kernel] | tuple[int, Kernel, int]) -> nn.Sequential:
    """Convolutions in a row, each (filters, kernel) or (filters, kernel, stride)."""
    layers = []
    for step in steps:
        layers.append(conv(inputs, *step))
        inputs = step[0]
    return nn.Sequential(*layers)


def pooled(inputs: int, filters: int) -> nn.Sequential:
    """The pooling branch: an average of 3x3, then 1x1."""
    pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return nn.Sequential(pool, conv(inputs, filters))


def head(inputs: int, *, dropout: float = 0.2) -> list[nn.Module]:
    """The classifier."""
    average = nn.AdaptiveAvgPool2d(1)
    return [average, nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs, 1000)]


def stem_v4() -> list[nn.Module]:
    """Figure 3 of Szegedy et al. 2016."""
    return [
        conv(3, 32, 3, 2), conv(32, 32, 3, same=False), conv(32, 64, 3),
        Branches(nn.MaxPool2d(3, 2), conv(64, 96, 3, 2)),
        Branches(
            nn.Sequential(conv(160, 64), conv(64, 96, 3, same=False)),
            nn.Sequential(
                chain(160, (64, 1), (64, (1, 7)), (64, (7, 1))), conv(64, 96, 3, same=False)
            ),
        ),
        Branches(conv(192, 192, 3, 2), nn.MaxPool2d(3, 2)),
    ]  # fmt: skip


def split(inputs: int, *before: tuple[int, Kernel]) -> nn.Sequential:
    """The branches of figure 6 that part once more at their end."""
    width = before[-1][0]
    ends = Branches(conv(width, 256, (1, 3)), conv(width, 256, (3, 1)))
    return nn.Sequential(chain(inputs, *before), ends)


def inception_v4() -> nn.Module:
    """Four units of figure 4, seven of figure 5, three of figure 6."""

    def unit_a() -> nn.Module:
        return Branches(
            conv(384, 96), chain(384, (64, 1), (96, 3)), chain(384, (64, 1), (96, 3), (96, 3)),
            pooled(384, 96),
        )  # fmt: skip

    def unit_b() -> nn.Module:
        second = chain(1024, (192, 1), (224, (1, 7)), (256, (7, 1)))
        steps = ((192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7)))
        return Branches(conv(1024, 384), second, chain(1024, *steps), pooled(1024, 128))

    def unit_c() -> nn.Module:
        last = split(1536, (384, 1), (448, (3, 1)), (512, (1, 3)))
        return Branches(conv(1536, 256), split(1536, (384, 1)), last, pooled(1536, 256))

    first = Branches(
        conv(384, 384, 3, 2), chain(384, (192, 1), (224, 3), (256, 3, 2)), nn.MaxPool2d(3, 2)
    )
    second = Branches(
        chain(1024, (192, 1), (192, 3, 2)),
        chain(1024, (256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2)),
        nn.MaxPool2d(3, 2),
    )
    units = [unit_a() for _ in range(4)] + [first] + [unit_b() for _ in range(7)]
    units += [second] + [unit_c() for _ in range(3)]
    return nn.Sequential(*stem_v4(), *units, *head(1536))


class Residual(nn.Module):
    """Branches, a linear 1x1 back to all channels, and the shortcut."""

    def __init__(
        self, channels: int, *branches: nn.Module, mixed: int, active: bool = True
    ) -> None:
        super().__init__()
        self.branches = Branches(*branches)
        self.back = nn.Conv2d(mixed, channels, 1)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        result = x + self.back(self.branches(x))
        return functional.relu(result) if self.active else result


def inception_resnet_v2() -> nn.Module:
    """The stem of Inception-v3, then 10, 20 and 10 residual units of figures 16, 17 and 19."""

    def unit_a() -> nn.Module:
        last = chain(320, (32, 1), (48, 3), (64, 3))
        return Residual(320, conv(320, 32), chain(320, (32, 1), (32, 3)), last, mixed=128)

    def unit_b() -> nn.Module:
        last = chain(1088, (128, 1), (160, (1, 7)), (192, (7, 1)))
        return Residual(1088, conv(1088, 192), last, mixed=384)

    def unit_c(active: bool) -> nn.Module:
        last = chain(2080, (192, 1), (224, (1, 3)), (256, (3, 1)))
        return Residual(2080, conv(2080, 192), last, mixed=448, active=active)

    stem = [
        conv(3, 32, 3, 2), conv(32, 32, 3, same=False), conv(32, 64, 3), nn.MaxPool2d(3, 2),
        conv(64, 80), conv(80, 192, 3, same=False), nn.MaxPool2d(3, 2),
    ]  # fmt: skip
    mixed = Branches(
        conv(192, 96), chain(192, (48, 1), (64, 5)), chain(192, (64, 1), (96, 3), (96, 3)),
        pooled(192, 64),
    )  # fmt: skip
    first = Branches(
        conv(320, 384, 3, 2), chain(320, (256, 1), (256, 3), (384, 3, 2)), nn.MaxPool2d(3, 2)
    )
    second = Branches(
        chain(1088, (256, 1), (384, 3, 2)),
        chain(1088, (256, 1), (288, 3, 2)),
        chain(1088, (256, 1), (288, 3), (320, 3, 2)),
        nn.MaxPool2d(3, 2),
    )
    units = [mixed, *(unit_a() for _ in range(10)), first, *(unit_b() for _ in range(20)), second]
    units += [unit_c(place < 9) for place in range(10)]
    return nn.Sequential(*stem, *units, conv(2080, 1536), *head(1536))


def plain(inputs: int, filters: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution with its bias, and its activation."""
    return nn.Sequential(nn.Conv2d(inputs, filters, kernel, stride, kernel // 2), nn.ReLU())


UNITS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}
"""Table 1 of Szegedy et al. 2014: input, #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool."""


def unit(name: str) -> nn.Module:
    """An inception unit of GoogLeNet."""
    inputs, c1, r3, c3, r5, c5, pool = UNITS[name]
    return Branches(
        plain(inputs, c1),
        nn.Sequential(plain(inputs, r3), plain(r3, c3, 3)),
        nn.Sequential(plain(inputs, r5), plain(r5, c5, 5)),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), plain(inputs, pool)),
    )


class GoogLeNet(nn.Module):
    """The network in four parts, with or without the heads between them."""

    def __init__(self, auxiliary: bool) -> None:
        super().__init__()
        self.start = nn.Sequential(
            plain(3, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.LocalResponseNorm(5),
            plain(64, 64), plain(64, 192, 3), nn.LocalResponseNorm(5),
            nn.MaxPool2d(3, 2, ceil_mode=True), unit("3a"), unit("3b"),
            nn.MaxPool2d(3, 2, ceil_mode=True), unit("4a"),
        )  # fmt: skip
        self.middle = nn.Sequential(unit("4b"), unit("4c"), unit("4d"))
        self.end = nn.Sequential(
            unit("4e"), nn.MaxPool2d(3, 2, ceil_mode=True), unit("5a"), unit("5b"),
            *head(1024, dropout=0.4),
        )  # fmt: skip
        self.heads = nn.ModuleList(self.head(size) for size in (512, 528) if auxiliary)

    @staticmethod
    def head(inputs: int) -> nn.Sequential:
        """An auxiliary classifier; it needs the 14x14 of a 224x224 image."""
        return nn.Sequential(
            nn.AvgPool2d(5, 3), plain(inputs, 128), nn.Flatten(),
            nn.Linear(2048, 1024), nn.ReLU(), nn.Dropout(0.7), nn.Linear(1024, 1000),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        first = self.start(x)
        if self.heads:
            self.heads[0](first)
        second = self.middle(first)
        if self.heads:
            self.heads[1](second)
        result: Tensor = self.end(second)
        return result


def googlenet_original() -> nn.Module:
    """With its auxiliary classifiers."""
    return GoogLeNet(True)


def googlenet_original_no_aux() -> nn.Module:
    """The main branch."""
    return GoogLeNet(False)
