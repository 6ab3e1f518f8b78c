"""More networks that torchvision does not have; see `networks`."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from .networks import NETWORKS, REFUSED, conv_bn, network, refused

__all__ = ["NETWORKS", "REFUSED"]


class PyramidUnit(nn.Module):
    """A shortcut whose missing channels are zeros that the forward pass makes."""

    def __init__(self, a: int, b: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.BatchNorm2d(a), conv_bn(a, b, 3, stride))
        self.last = nn.Sequential(nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
        self.down = nn.AvgPool2d(2, 2, ceil_mode=True) if stride == 2 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y, short = self.last(self.body(x)), self.down(x)
        if y.size(1) == short.size(1):
            return y + short
        zeros = torch.zeros(y.size(0), y.size(1) - short.size(1), short.size(2), short.size(3))
        return y + torch.cat((short, zeros), 1)


@network(3, 16, 16)
def pyramid_net() -> nn.Module:
    units = [PyramidUnit(a, b, s) for a, b, s in ((8, 12, 1), (12, 16, 2), (16, 16, 1))]
    return nn.Sequential(conv_bn(3, 8), *units, nn.AdaptiveAvgPool2d(1), nn.Flatten())


class ESP(nn.Module):
    """Dilated convolutions whose sums are concatenated as they grow."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        n = b // 5
        self.reduce = nn.Conv2d(a, n, 1, bias=False)
        self.first = nn.Conv2d(n, b - 4 * n, 3, 1, 1, bias=False)
        self.rest = nn.ModuleList([nn.Conv2d(n, n, 3, 1, d, d, bias=False) for d in (2, 4, 8, 16)])
        self.norm = nn.Sequential(nn.BatchNorm2d(b), nn.PReLU(b))
        self.adds = a == b

    def forward(self, x: Tensor) -> Tensor:
        y = self.reduce(x)
        found, total = [self.first(y)], None
        for part in [conv(y) for conv in self.rest]:
            total = part if total is None else total + part
            found.append(total)
        whole = torch.cat(found, 1)
        return self.norm(x + whole if self.adds else whole)


@network(3, 32, 32)
def esp_net() -> nn.Module:
    return nn.Sequential(conv_bn(3, 12, 3, 2), ESP(12, 21), ESP(21, 21), ESP(21, 21))


class ENetUnit(nn.Module):
    def __init__(self, a: int, b: int, kind: str = "") -> None:
        super().__init__()
        n, self.kind, self.missing = a // 4, kind, b - a
        self.before = conv_bn(a, n, 1)
        middle: nn.Module = nn.Sequential(
            nn.Conv2d(n, n, (5, 1), 1, (2, 0), bias=False),
            nn.Conv2d(n, n, (1, 5), 1, (0, 2), bias=False),
        )
        if kind == "down":
            middle = nn.Conv2d(n, n, 2, 2, bias=False)
        if kind == "up":
            middle = nn.ConvTranspose2d(n, n, 2, 2, bias=False)
        self.middle = nn.Sequential(middle, nn.BatchNorm2d(n), nn.PReLU(), conv_bn(n, b, 1))
        self.main = conv_bn(a, b, 1, act=False) if kind == "up" else nn.Identity()

    def forward(self, x: Tensor, indices: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        main, y = self.main(x), self.middle(self.before(x))
        if self.kind == "down":
            main, indices = F.max_pool2d(x, 2, return_indices=True)
            main = torch.cat([main, torch.zeros(x.size(0), self.missing, *main.shape[2:])], 1)
        if self.kind == "up" and indices is not None:
            main = F.max_unpool2d(main, indices, 2)
        return F.relu(main + y), indices


@network(3, 32, 32)
class ENet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = nn.Conv2d(3, 13, 3, 2, 1, bias=False), nn.MaxPool2d(2)
        self.down, self.wide = ENetUnit(16, 32, "down"), ENetUnit(32, 32)
        self.up = ENetUnit(32, 16, "up")
        self.end = nn.ConvTranspose2d(16, 4, 3, 2, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(torch.cat((self.stem(x), self.pool(x)), 1))
        x, indices = self.down(x)
        return self.end(self.up(self.wide(x)[0], indices)[0])


@network(3, 30, 24)
class PSPNet(nn.Module):
    """Interpolation by a whole factor at some levels of the pyramid, to a size at others."""

    def __init__(self) -> None:
        super().__init__()
        self.body = conv_bn(3, 16, 3, 2)
        self.levels = nn.ModuleList(
            [nn.Sequential(nn.AdaptiveAvgPool2d(n), conv_bn(16, 4, 1)) for n in (1, 2, 3, 6)]
        )
        self.head = nn.Conv2d(32, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        size = x.shape[2:]
        found = [F.interpolate(one(x), size, mode="bilinear") for one in self.levels]
        return F.log_softmax(self.head(torch.cat([x, *found], 1)), 1)


class DualPath(nn.Module):
    """One half is added to, the other grows."""

    def __init__(self, a: int, first: bool) -> None:
        super().__init__()
        self.project = nn.Conv2d(a, 16, 1, bias=False) if first else None
        self.body = nn.Sequential(conv_bn(a, 8, 1), conv_bn(8, 8, g=4), nn.Conv2d(8, 12, 1))

    def forward(self, x: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        whole = torch.cat(x, 1) if len(x) > 1 else x[0]
        both = x if self.project is None else self.project(whole).split((8, 8), 1)
        y = self.body(whole)
        return both[0] + y[:, :8], torch.cat([both[1], y[:, 8:]], 1)


@network(3, 16, 16)
class DPN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.units = nn.ModuleList([DualPath(8, True), DualPath(20, False), DualPath(24, False)])

    def forward(self, x: Tensor) -> Tensor:
        found: tuple[Tensor, ...] = (self.stem(x),)
        for unit in self.units:
            found = unit(found)
        return torch.cat(found, 1).mean((2, 3))


@network(1, 96)
class WaveNet(nn.Module):
    """Gated convolutions without padding: skips are cut to what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(1, 6, 1)
        self.both = nn.ModuleList([nn.Conv1d(6, 12, 2, dilation=d) for d in (1, 2, 4)])
        self.skips = nn.ModuleList([nn.Conv1d(6, 6, 1) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.stem(x), None
        for conv, skip in zip(self.both, self.skips, strict=True):
            a, b = conv(x).chunk(2, 1)
            y = torch.tanh(a) * torch.sigmoid(b)
            told = skip(y)
            total = told if total is None else told + total[:, :, -told.size(2) :]
            x = y + x[:, :, -y.size(2) :]
        return F.relu(total) + x


@network(3, 16, 16)
class AdaIN(nn.Module):
    """Statistics of one map put into another."""

    def __init__(self) -> None:
        super().__init__()
        self.content, self.style, self.end = conv_bn(3, 8), conv_bn(3, 8), nn.Conv2d(8, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.content(x), self.style(x)
        mean, std = [], []
        for one in (a, b):
            mean.append(one.mean((2, 3), keepdim=True))
            std.append((one.var((2, 3), keepdim=True) + 1e-5).sqrt())
        return self.end((a - mean[0]) / std[0] * std[1] + mean[1])


@network(16, 8, 8)
class MobileViT(nn.Module):
    """Attention between the same pixels of all patches, which reshapes bring together."""

    def __init__(self) -> None:
        super().__init__()
        self.local, self.norm = conv_bn(16, 16), nn.LayerNorm(16)
        self.qkv, self.out, self.fuse = nn.Linear(16, 48), nn.Linear(16, 16), conv_bn(32, 16)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        rows, columns = h // 2, w // 2
        y = self.local(x).reshape(b * c * rows, 2, columns, 2).transpose(1, 2)
        y = y.reshape(b, c, rows * columns, 4).transpose(1, 3).reshape(b * 4, rows * columns, c)
        q, k, v = self.qkv(self.norm(y)).chunk(3, -1)
        y = y + self.out((q @ k.transpose(-2, -1) * c**-0.5).softmax(-1) @ v)
        y = y.view(b, 4, rows * columns, c).transpose(1, 3).reshape(b * c * rows, columns, 2, 2)
        return self.fuse(torch.cat((x, y.transpose(1, 2).reshape(b, c, h, w)), 1))


class MaskedConv(nn.Conv2d):
    """A mask that the forward pass makes is no array of the network."""

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones_like(self.weight)
        mask[:, :, 1, 2:] = 0
        mask[:, :, 2:] = 0
        return F.conv2d(x, self.weight * mask, self.bias, self.stride, self.padding)


@network(1, 8, 8)
def pixel_cnn() -> nn.Module:
    return nn.Sequential(MaskedConv(1, 8, 3, padding=1), nn.ReLU(), MaskedConv(8, 8, 3, padding=1))


@refused("joins a stored array of several values", 3, 8, 8)
class CoordConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        across = torch.linspace(-1, 1, x.size(3)).expand(x.size(0), 1, x.size(2), x.size(3))
        return self.conv(torch.cat([x, across], 1))


@refused("im2col", 8, 8, 8)
class Involution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernels = nn.Conv2d(8, 9, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        taken = F.unfold(x, 3, padding=1).view(b, c, 9, h, w)
        return (self.kernels(x).unsqueeze(1) * taken).sum(2)


@refused("roll", 8, 8, 8)
class Shifted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.roll(1, 2)


@refused("computed from", 8, 8, 8)
class WeightedFusion(nn.Module):
    """BiFPN's sum by weights that are normalized anew."""

    def __init__(self) -> None:
        super().__init__()
        self.weights, self.conv = nn.Parameter(torch.ones(2)), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        w = F.relu(self.weights)
        w = w / (w.sum() + 1e-4)
        return w[0] * x + w[1] * self.conv(x)
