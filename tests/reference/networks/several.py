"""Networks with several inputs: patches compared, a frame and its flow, an image and its depth."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = (2, 2, 3, 3, 3)


class Siamese(nn.Module):
    """One tower on both patches, then a decision; `siam` of Zagoruyko and Komodakis 2015."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(
            nn.Conv2d(1, 96, 7, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(96, 192, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(192, 256, 3), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.decision = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 1))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        result: Tensor = self.decision(torch.cat([self.tower(left), self.tower(right)], 1))
        return result


def siamese_patches() -> nn.Module:
    """Patches of 64×64."""
    return Siamese()


def stream(channels: int, norms: int, classes: int) -> nn.Sequential:
    """CNN-M-2048 of figure 1; the first `norms` convolutions are normalized."""

    def norm(number: int) -> list[nn.Module]:
        return [nn.LocalResponseNorm(5, 0.0005, 0.75, 2)] if number <= norms else []

    return nn.Sequential(
        nn.Conv2d(channels, 96, 7, 2), nn.ReLU(), *norm(1), nn.MaxPool2d(2),
        nn.Conv2d(96, 256, 5, 2, 1), nn.ReLU(), *norm(2), nn.MaxPool2d(2),
        nn.Conv2d(256, 512, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(512, 512, 3, 1, 1), nn.ReLU(),
        nn.Conv2d(512, 512, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(6 * 6 * 512, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 2048), nn.ReLU(), nn.Dropout(),
        nn.Linear(2048, classes), nn.Softmax(1),
    )  # fmt: skip


class TwoStream(nn.Module):
    """A frame, and the flow of ten frames; their scores are added up."""

    def __init__(self, classes: int = 101) -> None:
        super().__init__()
        self.spatial, self.temporal = stream(3, 2, classes), stream(20, 1, classes)

    def forward(self, frame: Tensor, flow: Tensor) -> Tensor:
        result: Tensor = self.spatial(frame) + self.temporal(flow)
        return result


def two_stream() -> nn.Module:
    """Simonyan and Zisserman 2014."""
    return TwoStream()


def normalized(inputs: int, *outputs: int) -> nn.Sequential:
    """3×3 convolutions, each with batch normalization and activation."""
    layers: list[nn.Module] = []
    for filters in outputs:
        layers += [nn.Conv2d(inputs, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU()]
        inputs = filters
    return nn.Sequential(*layers)


class FuseNet(nn.Module):
    """VGG-16 on an image and on its depth, whose maps are added to the image's before each pool."""

    def __init__(self, classes: int = 37) -> None:
        super().__init__()
        before = (3, *WIDTHS)
        self.image, self.depth, self.ups = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for stage, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
            self.image.append(normalized(before[stage], *[width] * depth))
            self.depth.append(normalized(before[stage] if stage else 1, *[width] * depth))
        for stage in (4, 3, 2, 1):
            width, depth = WIDTHS[stage], DEPTHS[stage]
            self.ups.append(normalized(width, *[width] * (depth - 1), WIDTHS[stage - 1]))
        self.ups.append(normalized(64, 64))
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.halve = nn.MaxPool2d(2)
        self.unpool = nn.MaxUnpool2d(2)
        self.end = nn.Conv2d(64, classes, 3, padding=1)

    def forward(self, image: Tensor, depth: Tensor) -> Tensor:
        switches = []
        for stage in range(5):
            image = self.image[stage](image)
            depth = self.depth[stage](self.halve(depth) if stage else depth)
            size = image.shape[2:]
            image, places = self.pool(image + depth)
            switches.append((places, size))
        for up in self.ups:
            places, size = switches.pop()
            image = up(self.unpool(image, places, output_size=size))
        result: Tensor = self.end(image)
        return result


def fusenet() -> nn.Module:
    """FuseNet-SF5, 37 classes."""
    return FuseNet()
