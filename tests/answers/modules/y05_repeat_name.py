"""A module called `repeat`, and blocks that are its runs."""

import torch
from torch import nn
from torch.nn import functional


class A(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c, c, 3, padding=1)
        self.b = nn.Conv2d(c, c, 1)
        self.c = nn.Conv2d(c, c, 1)

    def forward(self, x):
        return functional.relu(x + self.c(torch.tanh(self.b(self.a(x)))))


class B(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a = nn.Conv2d(c, c, 5, padding=2)
        self.b = nn.Conv2d(c, c, 1)

    def forward(self, x):
        return functional.relu(x + self.b(torch.sigmoid(self.a(x)) * 0.2))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.repeat = nn.Sequential(*[A(8) for _ in range(4)])
        self.b = nn.Conv2d(8, 12, 3, 2, 1)
        self.repeat_1 = nn.Sequential(*[A(12) for _ in range(6)])
        self.c = nn.Conv2d(12, 16, 3, 2, 1)
        self.repeat_2 = nn.Sequential(*[B(16) for _ in range(3)])

    def forward(self, x):
        return self.repeat_2(self.c(self.repeat_1(self.b(self.repeat(self.a(x))))))
