"""A max pool behind padding of minus infinity."""

from torch import nn
from torch.nn import functional


class Pool(nn.Module):
    def __init__(self, pad):
        super().__init__()
        self.pad = pad

    def forward(self, x):
        return functional.max_pool2d(functional.pad(x, self.pad, value=-float("inf")), 3, 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.p = Pool((0, 1, 0, 1))

    def forward(self, x):
        return self.p(self.a(x))
