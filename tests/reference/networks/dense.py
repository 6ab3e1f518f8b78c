"""Networks with an answer for every pixel: FCN, SegNet, DeconvNet, U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = (2, 2, 3, 3, 3)


def cut(x: Tensor, like: Tensor, offset: int | None = None) -> Tensor:
    """A window of another map's size, from an offset or out of the middle."""
    rows, columns = like.shape[2:]
    top = (x.shape[2] - rows) // 2 if offset is None else offset
    left = (x.shape[3] - columns) // 2 if offset is None else offset
    return x[:, :, top : top + rows, left : left + columns]


class FCN(nn.Module):
    """FCN on VGG-16; `skips` of the maps pool4 and pool3 join on the way up."""

    def __init__(self, skips: int, classes: int = 21) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        channels = 3
        for width, depth in zip(WIDTHS, DEPTHS, strict=True):
            layers: list[nn.Module] = []
            for _ in range(depth):
                padding = 100 if channels == 3 else 1
                layers += [nn.Conv2d(channels, width, 3, padding=padding), nn.ReLU()]
                channels = width
            self.stages.append(nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True)))
        self.top = nn.Sequential(
            nn.Conv2d(512, 4096, 7), nn.ReLU(), nn.Dropout(),
            nn.Conv2d(4096, 4096, 1), nn.ReLU(), nn.Dropout(),
            nn.Conv2d(4096, classes, 1),
        )  # fmt: skip
        factors = (2,) * skips + (32 >> skips,)
        self.scores = nn.ModuleList(nn.Conv2d(w, classes, 1) for w in (512, 256)[:skips])
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(classes, classes, 2 * factor, factor, bias=False)
            for factor in factors
        )
        self.offset = {0: 19, 1: 27, 2: 31}[skips]

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        result = self.top(maps[-1])
        for place, score in enumerate(self.scores):
            result = self.ups[place](result)
            result = result + cut(score(maps[4 - place]), result, (5, 9)[place])
        return cut(self.ups[-1](result), x, self.offset)


def fcn32s_vgg16() -> nn.Module:
    """One step of 32."""
    return FCN(0)


def fcn16s_vgg16() -> nn.Module:
    """Joined by pool4."""
    return FCN(1)


def fcn8s_vgg16() -> nn.Module:
    """Joined by pool4 and pool3."""
    return FCN(2)


def normalized(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    """With batch normalization and activation."""
    return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels), nn.ReLU())


class Switched(nn.Module):
    """VGG-16 down with its switches kept, and up again by unpooling."""

    def __init__(self, middle: nn.Module, ups: list[nn.Module], end: nn.Module) -> None:
        super().__init__()
        self.downs = nn.ModuleList()
        channels = 3
        for width, depth in zip(WIDTHS, DEPTHS, strict=True):
            layers = []
            for _ in range(depth):
                layers.append(normalized(nn.Conv2d(channels, width, 3, padding=1)))
                channels = width
            self.downs.append(nn.Sequential(*layers))
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.middle, self.ups, self.end = middle, nn.ModuleList(ups), end
        self.unpool = nn.MaxUnpool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        switches = []
        for down in self.downs:
            x = down(x)
            size = x.shape[2:]
            x, places = self.pool(x)
            switches.append((places, size))
        x = self.middle(x)
        for up in self.ups:
            places, size = switches.pop()
            x = up(self.unpool(x, places, output_size=size))
        result: Tensor = self.end(x)
        return result


def segnet(classes: int = 12) -> nn.Module:
    """The decoder mirrors the encoder, in convolutions."""
    ups: list[nn.Module] = []
    following = (*reversed(WIDTHS[:-1]), 64)
    for width, after, depth in zip(reversed(WIDTHS), following, reversed(DEPTHS), strict=True):
        last = len(ups) == 4  # the last stage's second convolution is the classifier
        layers = [normalized(nn.Conv2d(width, width, 3, padding=1)) for _ in range(depth - 1)]
        if not last:
            layers.append(normalized(nn.Conv2d(width, after, 3, padding=1)))
        ups.append(nn.Sequential(*layers))
    return Switched(nn.Identity(), ups, nn.Conv2d(64, classes, 3, padding=1))


def deconvnet(classes: int = 21) -> nn.Module:
    """The decoder mirrors the encoder, in transposed convolutions; table 2 of Noh et al."""
    middle = nn.Sequential(
        normalized(nn.Conv2d(512, 4096, 7)),
        normalized(nn.Conv2d(4096, 4096, 1)),
        normalized(nn.ConvTranspose2d(4096, 512, 7)),
    )
    ups: list[nn.Module] = []
    following = (*reversed(WIDTHS[:-1]), 64)
    for width, after, depth in zip(reversed(WIDTHS), following, reversed(DEPTHS), strict=True):
        outs = [width] * (depth - 1) + [after]
        convs = [nn.ConvTranspose2d(width, out, 3, padding=1) for out in outs]
        ups.append(nn.Sequential(*map(normalized, convs)))
    return Switched(middle, ups, nn.Conv2d(64, classes, 1))


def double(inputs: int, filters: int) -> nn.Sequential:
    """Two convolutions without padding."""
    return nn.Sequential(
        nn.Conv2d(inputs, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU()
    )


class UNet(nn.Module):
    """Down four times, and up again past the cropped maps of the way down."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        widths = (64, 128, 256, 512)
        self.downs = nn.ModuleList(double(w // 2 if w > 64 else 1, w) for w in widths)
        self.pool = nn.MaxPool2d(2)
        self.bottom = nn.Sequential(double(512, 1024), nn.Dropout())
        self.ups = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, 2) for w in reversed(widths))
        self.merges = nn.ModuleList(double(2 * w, w) for w in reversed(widths))
        self.end = nn.Conv2d(64, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for down in self.downs:
            maps.append(down(x))
            x = self.pool(maps[-1])
        x = self.bottom(x)
        for up, merge in zip(self.ups, self.merges, strict=True):
            x = up(x)
            x = merge(torch.cat([cut(maps.pop(), x), x], 1))
        result: Tensor = self.end(x)
        return result


def unet() -> nn.Module:
    """U-Net of figure 1, two classes."""
    return UNet()
