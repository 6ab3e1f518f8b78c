"""Networks that torchvision does not have, small, in plain PyTorch; each with its input shape.

They are written as their authors' code writes them, for what that does with tensors between the
layers. `NETWORKS` are read exactly; `REFUSED` hold what no layer stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {}
REFUSED: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str]] = {}


def network(*shape: int) -> Callable[[Any], Any]:
    def register(make: Any) -> Any:
        NETWORKS[make.__name__] = (make, shape)
        return make

    return register


def refused(reason: str, *shape: int) -> Callable[[Any], Any]:
    def register(make: Any) -> Any:
        REFUSED[make.__name__] = (make, shape, reason)
        return make

    return register


def conv_bn(a: int, b: int, k: int = 3, s: int = 1, g: int = 1, act: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(a, b, k, s, k // 2, groups=g, bias=False),
        nn.BatchNorm2d(b),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if act else nn.Sequential(*layers)


class Ghost(nn.Module):
    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.b = b
        self.primary = conv_bn(a, -(-b // 2), 1)
        self.cheap = conv_bn(-(-b // 2), -(-b // 2), 3, g=-(-b // 2))

    def forward(self, x: Tensor) -> Tensor:
        first = self.primary(x)
        return torch.cat([first, self.cheap(first)], 1)[:, : self.b, :, :]


@network(3, 32, 32)
class GhostNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.ghost1, self.ghost2 = Ghost(8, 15), Ghost(15, 8)
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.classifier = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.ghost2(self.ghost1(x)) + x
        x = self.pool(x)
        return self.classifier(x.view(x.size(0), -1))


class ECA(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        k = int(abs((log2(channels) + 1) / 2))
        k = k if k % 2 else k + 1
        self.conv = nn.Conv1d(1, 1, k, padding=(k - 1) // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        y = self.conv(y)
        y = y.view(x.shape[0], -1, 1, 1).sigmoid()
        return x * y.expand_as(x)


class ECATransposed(ECA):
    def forward(self, x: Tensor) -> Tensor:
        y = F.adaptive_avg_pool2d(x, 1)
        y = self.conv(y.squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1)
        return x * torch.sigmoid(y).expand_as(x)


@network(3, 32, 32)
class ECANet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_bn(3, 16), ECA(16), conv_bn(16, 16, 3, 2), ECATransposed(16))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(self.body(x), 1), 1))


class SE(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(c, c // 4, bias=False),
            nn.ReLU(),
            nn.Linear(c // 4, c, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        b, c, _, _ = x.size()
        y = F.adaptive_avg_pool2d(x, 1).view(b, c)
        y = self.fc(y).view(b, c, 1, 1)
        return x * y.expand_as(x)


@network(3, 32, 32)
class SENet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.se = conv_bn(3, 16), SE(16)
        self.out = nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        return self.out(F.relu(self.se(y) + y))


class SK(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = conv_bn(c, c, 3), conv_bn(c, c, 5)
        self.fc, self.fcs = nn.Linear(c, 8), nn.ModuleList([nn.Linear(8, c) for _ in range(2)])
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        feas = torch.stack([self.a(x), self.b(x)], 1)
        total = feas.sum(1)
        z = self.fc(total.mean(-1).mean(-1))
        vectors = torch.cat([fc(z).unsqueeze(1) for fc in self.fcs], 1)
        weights = self.softmax(vectors).unsqueeze(-1).unsqueeze(-1)
        return (feas * weights).sum(1)


@network(3, 16, 16)
class SKNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.sk = conv_bn(3, 8), SK(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.sk(self.stem(x))


class CBAM(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv2d(c, c // 4, 1, bias=False), nn.ReLU(), nn.Conv2d(c // 4, c, 1, bias=False)
        )
        self.spatial = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1))
        x = x * gate.sigmoid()
        avg, (most, _) = torch.mean(x, dim=1, keepdim=True), torch.max(x, dim=1, keepdim=True)
        return x * self.spatial(torch.cat([avg, most], dim=1)).sigmoid()


@network(3, 24, 24)
class CBAMNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.cbam = conv_bn(3, 8), CBAM(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.cbam(self.stem(x))


@network(3, 32, 32)
class CSPNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = conv_bn(3, 16, 3, 2)
        self.expand = conv_bn(16, 32, 1)
        self.blocks = nn.Sequential(conv_bn(16, 16), conv_bn(16, 16))
        self.out = conv_bn(32, 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.expand(self.down(x))
        first, second = x.split(x.shape[1] // 2, dim=1)
        return self.out(torch.cat([first, self.blocks(second)], dim=1))


class Tree(nn.Module):
    def __init__(self, levels: int, a: int, b: int) -> None:
        super().__init__()
        self.levels = levels
        if levels == 1:
            self.one, self.two = conv_bn(a, b), conv_bn(b, b)
            self.root = conv_bn(2 * b, b, 1)
        else:
            self.one, self.two = Tree(levels - 1, a, b), Tree(levels - 1, b, b)

    def forward(self, x: Tensor) -> Tensor:
        first = self.one(x)
        second = self.two(first)
        return self.root(torch.cat([second, first], 1)) if self.levels == 1 else second + first


@network(3, 16, 16)
class DLA(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base, self.tree = conv_bn(3, 8), Tree(3, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(self.tree(self.base(x)), 2)


@network(3, 32, 32)
class HRNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.low, self.high = conv_bn(3, 8), conv_bn(8, 16, 3, 2), conv_bn(8, 8)
        self.up, self.down = nn.Conv2d(16, 8, 1), conv_bn(8, 16, 3, 2, act=False)
        self.head = nn.Conv2d(24, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        high, low = self.high(x), self.low(x)
        h, w = high.shape[-2:]
        fused = F.relu(
            high + F.interpolate(self.up(low), size=(h, w), mode="bilinear", align_corners=True)
        )
        low = F.relu(low + self.down(high))
        return self.head(torch.cat([fused, F.interpolate(low, size=[h, w], mode="nearest")], 1))


class RepVGGBlock(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.rbr_identity = nn.BatchNorm2d(c)
        self.rbr_dense, self.rbr_1x1 = conv_bn(c, c, 3, act=False), conv_bn(c, c, 1, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.rbr_dense(x) + self.rbr_1x1(x) + self.rbr_identity(x))


@network(3, 16, 16)
def rep_vgg() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8),
        RepVGGBlock(8),
        RepVGGBlock(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 3),
    )


class MixerBlock(nn.Module):
    def __init__(self, tokens: int, c: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.token = nn.Sequential(nn.Linear(tokens, 7), nn.GELU(), nn.Linear(7, tokens))
        self.channel = nn.Sequential(nn.Linear(c, 24), nn.GELU(), nn.Linear(24, c))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.token(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.norm2(x))


@network(3, 32, 32)
class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 8, 8)
        self.blocks = nn.Sequential(MixerBlock(16, 12), MixerBlock(16, 12))
        self.norm, self.head = nn.LayerNorm(12), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(x)).mean(dim=1))


class C2f(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = self._conv(c, c), self._conv(c * 2, c)
        self.m = nn.ModuleList([self._conv(c // 2, c // 2) for _ in range(2)])

    def _conv(self, a: int, b: int) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.SiLU(inplace=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = list(self.cv1(x).chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))


@network(3, 64, 64)
class YOLO(nn.Module):
    """Focus, C2f, SPPF, an upsampled neck and a head whose maps are joined as anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.focus = nn.Conv2d(12, 16, 3, 1, 1)
        self.c2f, self.down, self.cv = C2f(16), nn.Conv2d(16, 16, 3, 2, 1), nn.Conv2d(64, 16, 1)
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.heads = nn.ModuleList([nn.Conv2d(32, 3 * 7, 1), nn.Conv2d(16, 3 * 7, 1)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.focus(
            torch.cat(
                [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1
            )
        )
        p3 = self.c2f(x)
        y = [F.leaky_relu(self.down(p3), 0.1)]
        for _ in range(3):
            y.append(F.max_pool2d(y[-1], 5, 1, 2))
        p4 = self.cv(torch.cat(y, 1))
        outs = []
        for head, p in zip(self.heads, (torch.cat([self.up(p4), p3], 1), p4), strict=True):
            z = head(p)
            b, _, h, w = z.shape
            outs.append(z.view(b, 3, 7, h, w).permute(0, 1, 3, 4, 2).reshape(b, -1, 7).sigmoid())
        return torch.cat(outs, 1)


@network(3, 32, 32)
class ResUNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.skip = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)
        self.b, self.skip2 = conv_bn(8, 16, 3, 2), nn.Conv2d(8, 16, 1, 2)
        self.up, self.out = (
            nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1),
            nn.Conv2d(16, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.a(x) + self.skip(x))
        b = self.b(a) + self.skip2(a)
        up = self.up(b)
        dy, dx = a.size(2) - up.size(2), a.size(3) - up.size(3)
        up = F.pad(up, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return torch.sigmoid(self.out(torch.cat([a, up], dim=1)))


@network(3, 32, 32)
class AttentionUNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = conv_bn(3, 8), conv_bn(8, 16, 3, 2)
        self.theta, self.phi, self.psi = (
            nn.Conv2d(8, 4, 2, 2, bias=False),
            nn.Conv2d(16, 4, 1),
            nn.Conv2d(4, 1, 1),
        )
        self.up, self.out = nn.Conv2d(16, 8, 1), nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.down(x)
        gate = self.deep(skip)
        f = F.relu(
            self.theta(skip) + F.interpolate(self.phi(gate), size=gate.size()[2:], mode="bilinear")
        )
        a = F.interpolate(torch.sigmoid(self.psi(f)), size=skip.size()[2:], mode="bilinear")
        up = F.interpolate(self.up(gate), scale_factor=2, mode="bilinear", align_corners=False)
        return self.out(torch.cat([a.expand_as(skip) * skip, up], 1))


@network(3, 64, 64)
class FPN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            [conv_bn(3, 8, 3, 2), conv_bn(8, 16, 3, 2), conv_bn(16, 32, 3, 2)]
        )
        self.lateral = nn.ModuleList([nn.Conv2d(c, 8, 1) for c in (8, 16, 32)])
        self.smooth = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1) for _ in range(3)])

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        last = self.lateral[2](maps[2])
        outs = [self.smooth[2](last)]
        for index in (1, 0):
            top = F.interpolate(last, size=maps[index].shape[-2:], mode="nearest")
            last = self.lateral[index](maps[index]) + top
            outs.insert(0, self.smooth[index](last))
        return outs


@network(8, 9, 7)
class NonLocal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.theta, self.phi, self.g = (nn.Conv2d(8, 4, 1) for _ in range(3))
        self.W = nn.Sequential(nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8))

    def forward(self, x: Tensor) -> Tensor:
        b = x.size(0)
        g = self.g(x).view(b, 4, -1).permute(0, 2, 1)
        theta = self.theta(x).view(b, 4, -1).permute(0, 2, 1)
        f = torch.matmul(theta, self.phi(x).view(b, 4, -1))
        y = torch.matmul(F.softmax(f, dim=-1), g).permute(0, 2, 1).contiguous()
        return self.W(y.view(b, 4, *x.size()[2:])) + x


@network(8, 9, 7)
class DualAttention(nn.Module):
    """DANet's channel attention, with a trained scalar."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((1,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.size()
        energy = torch.bmm(x.view(b, c, -1), x.view(b, c, -1).permute(0, 2, 1))
        new = torch.max(energy, -1, keepdim=True)[0].expand_as(energy) - energy
        out = torch.bmm(torch.softmax(new, -1), x.view(b, c, -1)).view(b, c, h, w)
        return self.gamma * out + x


class Shuffle(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.data.size()
        x = x.view(b, 2, c // 2, h, w)
        return torch.transpose(x, 1, 2).contiguous().view(b, -1, h, w)


@network(3, 24, 24)
def shuffle_net() -> nn.Module:
    return nn.Sequential(
        conv_bn(3, 8), nn.Conv2d(8, 8, 1, groups=2), Shuffle(), conv_bn(8, 8, 3, 2, g=8)
    )


@network(3, 12, 12)
def espcn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 5, padding=2),
        nn.Tanh(),
        nn.Conv2d(16, 27, 3, padding=1),
        nn.PixelShuffle(3),
        nn.PReLU(3),
    )


@network(3, 16, 16)
class PixelByHand(nn.Module):
    """Space to depth and back, written with views."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(12, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        y = (
            x.view(b, c, h // 2, 2, w // 2, 2)
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(b, c * 4, h // 2, w // 2)
        )
        y = self.conv(y)
        y = y.reshape(b, c, 2, 2, h // 2, w // 2).permute(0, 1, 4, 2, 5, 3).reshape(b, c, h, w)
        return y - x


@network(3, 16, 16)
class Res2Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 16)
        self.convs = nn.ModuleList([conv_bn(4, 4) for _ in range(3)])
        self.pool = nn.AvgPool2d(3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        parts = torch.split(x, 4, 1)
        outs, last = [], parts[0]
        for i, conv in enumerate(self.convs):
            last = conv(last if i == 0 else last + parts[i])
            outs.append(last)
        outs.append(self.pool(parts[3]))
        return torch.cat(outs, 1) + x


@network(3, 32, 32)
class ViT(nn.Module):
    """A transformer without a class token: patches, positions, attention of several heads."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.position = nn.Conv2d(3, 16, 8, 8), nn.Parameter(torch.randn(1, 16, 16))
        self.norm, self.qkv, self.proj = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2) + self.position
        b, n, c = x.shape
        qkv = self.qkv(self.norm(x)).reshape(b, n, 3, 4, c // 4).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = ((q @ k.transpose(-2, -1)) * 0.5).softmax(dim=-1)
        x = x + self.proj((attn @ v).transpose(1, 2).reshape(b, n, c))
        return self.head(x.mean(1))


@network(8, 6, 6)
class MultiHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(2).transpose(1, 2)
        seen, _ = self.attention(rows, rows, rows, need_weights=False)
        return seen.transpose(1, 2).reshape(x.shape) + x


class GRN(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.gamma, self.beta = (
            nn.Parameter(torch.ones(1, 1, 1, c)),
            nn.Parameter(torch.ones(1, 1, 1, c)),
        )

    def forward(self, x: Tensor) -> Tensor:
        gx = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
        nx = gx / (gx.mean(dim=-1, keepdim=True) + 1e-6)
        return self.gamma * (x * nx) + self.beta + x


@network(3, 32, 32)
class ConvNeXtV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.dw = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.a, self.grn, self.b = (
            nn.LayerNorm(8, 1e-6),
            nn.Linear(8, 32),
            GRN(32),
            nn.Linear(32, 8),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.dw(x).permute(0, 2, 3, 1)
        y = self.b(self.grn(F.gelu(self.a(self.norm(y)))))
        return x + y.permute(0, 3, 1, 2)


@network(3, 24, 20)
class CoordinateAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.mix, self.h, self.w = conv_bn(8, 4, 1), nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 1)
        self.act = nn.Hardswish()

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        _, _, h, w = x.size()
        xh = F.adaptive_avg_pool2d(x, (None, 1))
        xw = F.adaptive_avg_pool2d(x, (1, None)).permute(0, 1, 3, 2)
        y = self.act(self.mix(torch.cat([xh, xw], dim=2)))
        yh, yw = torch.split(y, [h, w], dim=2)
        return x * self.w(yw.permute(0, 1, 3, 2)).sigmoid() * self.h(yh).sigmoid()


@network(3, 32, 32)
class BlurPool(nn.Module):
    """An anti-aliased network: a fixed kernel for each channel behind a reflected border."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        row = torch.tensor([1.0, 2.0, 1.0])
        kernel = row[:, None] * row[None, :]
        self.register_buffer("filt", (kernel / kernel.sum())[None, None].repeat(8, 1, 1, 1))
        self.pad = nn.ReflectionPad2d(1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        return F.conv2d(self.pad(x), self.filt, stride=2, groups=x.shape[1])


class StdConv2d(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        w = self.weight
        v, m = torch.var_mean(w, dim=[1, 2, 3], keepdim=True, correction=0)
        return F.conv2d(x, (w - m) / torch.sqrt(v + 1e-5), self.bias, self.stride, self.padding)


@network(3, 16, 16)
def weight_standardized() -> nn.Module:
    return nn.Sequential(
        StdConv2d(3, 8, 3, padding=1),
        nn.GroupNorm(2, 8),
        nn.ReLU(),
        StdConv2d(8, 8, 3, 2, 1),
        nn.GroupNorm(4, 8),
    )


@network(3, 24, 24)
class StyleTransfer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pad, self.conv = nn.ReflectionPad2d(4), nn.Conv2d(3, 8, 9)
        self.norm, self.conv2 = (
            nn.InstanceNorm2d(8, affine=True),
            nn.Conv2d(8, 3, 3, padding=1, padding_mode="replicate"),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm(self.conv(self.pad(x))))
        y = F.interpolate(y, scale_factor=2, mode="nearest")
        return (torch.tanh(self.conv2(y)) + 1) * 127.5


@network(2, 64)
class TCN(nn.Module):
    """Causal convolutions that are padded on both sides and cut; a gated unit."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 8, 3, padding=4, dilation=2)
        self.gate, self.res = nn.Conv1d(4, 8, 1), nn.Conv1d(2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)[:, :, :-4].contiguous()
        y = F.glu(y, dim=1)
        a, b = self.gate(y).chunk(2, dim=1)
        return torch.tanh(a) * torch.sigmoid(b) + self.res(x)


@network(1, 8, 16, 16)
class UNet3d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.LeakyReLU(0.01)
        )
        self.pool, self.mid = nn.MaxPool3d(2), nn.Conv3d(4, 8, 3, padding=1)
        self.up, self.out = nn.ConvTranspose3d(8, 4, 2, 2), nn.Conv3d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.down(x)
        return F.log_softmax(
            self.out(torch.cat((self.up(self.mid(self.pool(skip))), skip), 1)), dim=1
        )


@network(3, 32, 32)
class SegNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = conv_bn(3, 8), nn.MaxPool2d(2, 2, return_indices=True)
        self.unpool, self.out = nn.MaxUnpool2d(2, 2), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y, places = self.pool(self.conv(x))
        return self.out(self.unpool(y, places))


@network(3, 16, 16)
class InPlace(nn.Module):
    """A ReLU that writes over what the shortcut reads, and sums that write over their first."""

    def __init__(self) -> None:
        super().__init__()
        self.bn, self.conv, self.relu = (
            nn.BatchNorm2d(3),
            nn.Conv2d(3, 3, 3, padding=1),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn(x)
        z = self.conv(self.relu(y))
        z += y
        z.mul_(2).sub_(1)
        return z / 3 + z.abs()


@network(3, 20, 20)
class InPlacePart(nn.Module):
    """FasterNet's partial convolution: a part of a clone is written over."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.partial = nn.Conv2d(3, 8, 1), nn.Conv2d(2, 2, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).clone()
        x[:, :2, :, :] = self.partial(x[:, :2, :, :])
        return x


@network(3, 32, 32)
class Normalized(nn.Module):
    """Pixels scaled by stored means and deviations; a head over flattened positions."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.3, 0.4]).view(1, 3, 1, 1))
        self.conv, self.fc = nn.Conv2d(3, 4, 3, 4), nn.Linear(256, 6)
        self.bn = nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv((x - self.mean) / self.std)
        return F.softmax(self.bn(self.fc(torch.flatten(x.permute(0, 2, 3, 1), 1))), dim=-1)


@network(3, 28, 28)
class Maxout(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3), nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.max(self.a(x), self.b(x)).clamp(-0.5, 2)
        return torch.minimum(y, y.mean((2, 3), keepdim=True)) + (y * torch.sigmoid(1.702 * y)) ** 2


@network(3, 16, 16)
class TwoHeads(nn.Module):
    """A module used twice, and outputs in a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        a = self.conv(x)
        b = self.conv(F.elu(a))
        return {"a": self.head(a.amax((2, 3))), "b": self.head(b.mean([-2, -1]))}


@network(3, 16, 16)
class Einsum(nn.Module):
    """Attention written with sums of products."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = x.flatten(2)
        weights = torch.einsum("bcn,bcm->bnm", y, y).softmax(-1)
        return torch.einsum("bnm,bcm->bcn", weights, y).view(x.shape) + x


@network(3, 16, 16)
class WindowAttention(nn.Module):
    """Windows folded into the batch, and attention of several heads inside them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        b, h, w, c = x.shape
        y = self.norm(x).view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5)
        y = y.reshape(-1, 16, c)
        q, k, v = self.qkv(y).reshape(-1, 16, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(-1, 16, c)
        y = self.out(y).view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5)
        return x + y.reshape(b, h, w, c)


@network(3, 16, 16)
class Normalizing(nn.Module):
    """Norms of vectors, factors with a single value, and a clamp that stays one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.alpha = nn.Conv2d(3, 8, 3, bias=False), nn.Parameter(torch.tensor(0.2))
        self.bias, self.fc = nn.Parameter(torch.zeros(1, 8, 1, 1)), nn.Linear(8, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.conv(x)) * 1.7 * self.alpha + self.bias
        x = F.normalize(x.mean((-2, -1)), dim=1)
        return F.linear(x, F.normalize(self.fc.weight)).clamp(-0.9, 0.9)


@network(8, 6, 6)
class SplitAttention(nn.Module):
    """ResNeSt: a softmax over the splits of the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c = x.shape[:2]
        x = x.reshape(b, 2, c // 2, *x.shape[2:])
        gap = x.sum(dim=1).mean((2, 3), keepdim=True)
        atten = self.fc2(F.relu(self.fc1(gap))).view(b, 1, 2, -1).transpose(1, 2)
        atten = F.softmax(atten, dim=1).reshape(b, -1).view(b, 2, c // 2, 1, 1)
        return (x * atten).sum(dim=1)


@refused("joins a stored array", 8, 4, 4)
class ClassToken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)


@refused("folded into its batch", 8, 4, 4)
class FoldedGroups(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.reshape(x.shape[0] * 2, 4, 4, 4)).reshape(x.shape)


@refused("_unsafe_index", 3, 8, 8)
class Bicubic(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bicubic")


@refused("grid_sample", 3, 16, 16)
class SpatialTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.loc = nn.Linear(768, 6)

    def forward(self, x: Tensor) -> Tensor:
        theta = self.loc(x.flatten(1)).view(-1, 2, 3)
        return F.grid_sample(
            x, F.affine_grid(theta, list(x.size()), align_corners=False), align_corners=False
        )


@refused("lstm", 4, 12)
class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(4, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.rnn(x.transpose(1, 2))[0]


@refused("statistics of the batch", 3, 8, 8)
def batch_statistics() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))


@refused("computed weight", 3, 8, 8)
class DynamicConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.make = nn.Linear(3, 27)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.make(x.mean((0, 2, 3))).view(3, 1, 3, 3)
        return F.conv2d(x, weight, groups=3)


@refused("computed from", 3, 8, 8)
def weight_norm() -> nn.Module:
    return nn.Sequential(torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)))
