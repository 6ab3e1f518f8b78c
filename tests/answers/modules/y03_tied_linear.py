"""A weight and its transpose."""

from torch import nn
from torch.nn import functional


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.l = nn.Linear(8, 4, bias=False)

    def forward(self, x):
        y = self.a(x).mean((2, 3))
        return functional.linear(self.l(y), self.l.weight.t())
