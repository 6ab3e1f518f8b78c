"""Networks whose totals other counters give: heads, attention, products, shared and transposed.

Each class takes no argument; `SHAPES` are the inputs, without the batch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Heads(nn.Module):
    """A detector's two outputs, both of them computed whatever the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.act = nn.ReLU()
        self.boxes = nn.Conv2d(16, 4, 1)
        self.scores = nn.Conv2d(16, 80, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.act(self.stem(x))
        return self.boxes(x), self.scores(x)


class SharedHeads(nn.Module):
    """One head on three levels of a pyramid, as RetinaNet and FCOS have it."""

    def __init__(self) -> None:
        super().__init__()
        self.c3 = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.SiLU())
        self.c4 = nn.Sequential(nn.Conv2d(16, 16, 3, 2, 1), nn.GroupNorm(4, 16), nn.LeakyReLU())
        self.c5 = nn.Conv2d(16, 16, 3, 2, 1)
        self.tower = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU())
        self.boxes = nn.Conv2d(16, 4, 3, padding=1)
        self.scores = nn.Conv2d(16, 20, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        c3 = self.c3(x)
        c4 = self.c4(c3)
        c5 = self.c5(c4)
        found: list[Tensor] = []
        for level in (c3, c4, c5):
            tower = self.tower(level)
            found += [self.boxes(tower), self.scores(tower)]
        return tuple(found)


class Attention(nn.Module):
    """A transformer's layer over the positions of a map, its products by `torch.bmm`."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 4, 4)
        self.norm, self.norm2 = nn.LayerNorm(24), nn.LayerNorm(24)
        self.query, self.key, self.value = nn.Linear(24, 24), nn.Linear(24, 24), nn.Linear(24, 24)
        self.softmax = nn.Softmax(-1)
        self.out = nn.Linear(24, 24)
        self.mlp = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        y = self.norm(x)
        scores = torch.bmm(self.query(y), self.key(y).transpose(1, 2))
        x = x + self.out(torch.bmm(self.softmax(scores), self.value(y)))
        return x + self.mlp(self.norm2(x))


class NonLocal(nn.Module):
    """A non-local block: two products of maps, written `@`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.theta, self.phi, self.g = (nn.Conv2d(16, 8, 1) for _ in range(3))
        self.out = nn.Conv2d(8, 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        b, _, h, w = x.shape
        theta, phi, g = (m(x).flatten(2) for m in (self.theta, self.phi, self.g))
        weights = functional.softmax(theta.transpose(1, 2) @ phi, -1)
        y = (weights @ g.transpose(1, 2)).transpose(1, 2).reshape(b, 8, h, w)
        return x + self.out(y)


class PointNet(nn.Module):
    """Points turned by a matrix that the network computes, and a class."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU())
        self.turn = nn.Linear(16, 9)
        self.b = nn.Sequential(nn.Conv1d(3, 32, 1), nn.ReLU())
        self.scores = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        matrix = self.turn(self.a(x).amax(-1)).view(-1, 3, 3)
        x = torch.bmm(matrix, x)
        return self.scores(self.b(x).amax(-1))


class Decoder(nn.Module):
    """Transposed convolutions, interpolation, and two outputs of different sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.PReLU(), nn.AvgPool2d(3, 2, 1))
        self.up1 = nn.ConvTranspose2d(16, 8, 2, 2)
        self.up2 = nn.ConvTranspose2d(8, 8, 3, 2, 1, 1, groups=2, bias=False)
        self.norm = nn.InstanceNorm2d(8)
        self.low = nn.Conv2d(16, 5, 1)
        self.high = nn.Conv2d(8, 5, 1)
        self.larger = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.down(x)
        y = self.norm(self.up2(self.up1(x)))
        return self.larger(self.low(x)), self.high(y)


class Gated(nn.Module):
    """Squeeze-and-excitation, pools that leave the padding out, softmax over the channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU())
        self.pool = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.fc1, self.fc2 = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
        self.relu, self.gate = nn.ReLU(), nn.Sigmoid()
        self.grid = nn.AdaptiveAvgPool2d(3)
        self.softmax = nn.Softmax(1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.pool(self.a(x))
        x = x * self.gate(self.fc2(self.relu(self.fc1(self.squeeze(x)))))
        return self.grid(x), self.softmax(x)


class Pairs(nn.Module):
    """Features of one map held against all of another branch's, and a head on each."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(3, 8, 5, 2, 2)
        self.match = nn.Conv1d(64, 2, 1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(512, 7), nn.LogSoftmax(1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left, right = self.left(x), self.right(x)
        cost = torch.bmm(left.flatten(2).transpose(1, 2), right.flatten(2))
        return self.match(cost), self.head(left)


SHAPES = {
    "Heads": (3, 32, 32), "SharedHeads": (3, 64, 64), "Attention": (3, 32, 32),
    "NonLocal": (3, 16, 16), "PointNet": (3, 40), "Decoder": (3, 32, 32), "Gated": (3, 15, 15),
    "Pairs": (3, 16, 16),
}  # fmt: skip
