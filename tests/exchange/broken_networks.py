"""Networks that break, as people ask about them: the error that PyTorch raises, and what is meant.

The mistakes are those of common questions (flatten after another input size, channels that do not
follow, a skip connection of another size, channels last); the code is our own.
"""

from __future__ import annotations

from typing import NamedTuple

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"


class Broken(NamedTuple):
    """A network that breaks."""

    name: str
    input: str
    code: str
    rule: str
    line: str
    """What stands in the line that the first finding points to."""
    told: tuple[str, ...]
    """What its message, hint and fixes say."""
    mended: bool
    """Whether `--fix` makes it run."""


def net(init: str, forward: str, more: str = "") -> str:
    """A class `Net` with the lines of its constructor and its forward pass."""
    lines = [f"        {line}" for line in init.strip().split("\n")]
    steps = [f"        {line}" for line in forward.strip().split("\n")]
    first = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()"
    made = "\n".join([first, *lines, "", "    def forward(self, x):", *steps])
    return HEAD + more + made + "\n"


BROKEN = [
    Broken("linear after another input size", "3x32x32",
           net("self.c = nn.Conv2d(3, 16, 5)\nself.f = nn.Linear(16 * 4 * 4, 10)",
               "x = F.max_pool2d(F.relu(self.c(x)), 2)\nreturn self.f(torch.flatten(x, 1))"),
           "shape-mismatch", "nn.Linear(16 * 4 * 4", ("256", "3136", "16×14×14"), True),
    Broken("two linear layers that do not follow", "1x28x28",
           net("self.a = nn.Linear(784, 128)\nself.b = nn.Linear(256, 10)",
               "return self.b(F.relu(self.a(x.flatten(1))))"),
           "shape-mismatch", "nn.Linear(256, 10)", ("256", "128"), True),
    Broken("no flatten", "1x28x28",
           net("self.a = nn.Linear(784, 10)", "return self.a(x)"),
           "linear-needs-flatten", "nn.Linear(784, 10)", ("784", "flatten"), True),
    Broken("no flatten in a sequence", "1x28x28",
           HEAD + "Net = nn.Sequential(\n    nn.Conv2d(1, 8, 3),\n    nn.ReLU(),\n"
           "    nn.Linear(8 * 26 * 26, 10),\n)\n",
           "linear-needs-flatten", "nn.Linear(8", ("5408", "flatten"), True),
    Broken("no flatten, and other features", "3x32x32",
           net("self.c = nn.Conv2d(3, 6, 5)\nself.f = nn.Linear(100, 10)",
               "return self.f(F.relu(self.c(x)))"),
           "linear-needs-flatten", "nn.Linear(100", ("4704",), True),
    Broken("channels that do not follow", "3x32x32",
           net("self.a = nn.Conv2d(3, 16, 3)\nself.b = nn.Conv2d(32, 64, 3)",
               "return self.b(self.a(x))"),
           "shape-mismatch", "nn.Conv2d(32, 64", ("32", "16"), True),
    Broken("grey pictures", "1x64x64",
           net("self.a = nn.Conv2d(3, 16, 3)", "return self.a(x)"),
           "shape-mismatch", "nn.Conv2d(3, 16", ("3 channels", "--input 3x64x64"), True),
    Broken("channels last", "32x32x3",
           net("self.a = nn.Conv2d(3, 16, 3)", "return self.a(x)"),
           "shape-mismatch", "nn.Conv2d(3, 16", ("channels last", "--input 3x32x32"), False),
    Broken("a batch norm of another width", "3x32x32",
           net("self.a = nn.Conv2d(3, 16, 3)\nself.n = nn.BatchNorm2d(32)",
               "return self.n(self.a(x))"),
           "shape-mismatch", "nn.BatchNorm2d(32)", ("32", "16"), True),
    Broken("a batch norm of maps on flat input", "1x28x28",
           net("self.a = nn.Linear(784, 64)\nself.n = nn.BatchNorm2d(64)",
               "return self.n(self.a(x.flatten(1)))"),
           "shape-mismatch", "nn.BatchNorm2d(64)", ("BatchNorm1d",), True),
    Broken("groups of a norm", "3x32x32",
           net("self.a = nn.Conv2d(3, 48, 3)\nself.n = nn.GroupNorm(32, 48)",
               "return self.n(self.a(x))"),
           "groups-do-not-divide", "nn.GroupNorm(32", ("48", "24"), True),
    Broken("a group norm of another width", "3x32x32",
           net("self.a = nn.Conv2d(3, 48, 3)\nself.n = nn.GroupNorm(8, 64)",
               "return self.n(self.a(x))"),
           "shape-mismatch", "nn.GroupNorm(8, 64)", ("64", "48"), True),
    Broken("groups of a convolution", "3x32x32",
           net("self.a = nn.Conv2d(3, 20, 3)\nself.b = nn.Conv2d(20, 40, 3, groups=8)",
               "return self.b(self.a(x))"),
           "groups-do-not-divide", "groups=8", ("20", "4"), True),
    Broken("a layer norm of another width", "16x8",
           net("self.n = nn.LayerNorm(16)", "return self.n(x)"),
           "shape-mismatch", "nn.LayerNorm(16)", ("16", "8"), True),
    Broken("a kernel larger than the map", "1x8x8",
           net("self.a = nn.Conv2d(1, 8, 3, 2)\nself.b = nn.Conv2d(8, 8, 5)",
               "return self.b(self.a(x))"),
           "kernel-larger-than-input", "nn.Conv2d(8, 8, 5)", ("5×5", "3×3"), False),
    Broken("pools down to nothing", "3x16x16",
           net("self.p = nn.MaxPool2d(2)\nself.a = nn.Conv2d(3, 3, 3)",
               "for _ in range(3):\n    x = self.p(self.a(x))\nreturn x"),
           "kernel-larger-than-input", "nn.Conv2d(3, 3, 3)", ("3×3", "2×2"), False),
    Broken("a pool in forward that does not fit", "3x4x4",
           net("self.a = nn.Conv2d(3, 8, 3)", "return F.max_pool2d(self.a(x), 4)"),
           "kernel-larger-than-input", "F.max_pool2d", ("4×4", "2×2"), False),
    Broken("a view of another size", "1x28x28",
           net("self.c = nn.Conv2d(1, 8, 5)\nself.f = nn.Linear(8 * 28 * 28, 10)",
               "x = self.c(x)\nx = x.view(-1, 8 * 28 * 28)\nreturn self.f(x)"),
           "shape-mismatch", "nn.Linear(8 * 28 * 28", ("6272", "4608"), True),
    Broken("a view of what is permuted", "3x8x8",
           net("self.f = nn.Linear(192, 10)",
               "x = x.permute(0, 2, 3, 1)\nreturn self.f(x.view(x.size(0), -1))"),
           "shape-mismatch", "x.view", ("reshape",), True),
    Broken("a skip connection of an odd map", "3x222x222",
           net("self.a = nn.Conv2d(3, 8, 3, padding=1)\nself.b = nn.Conv2d(8, 16, 3, padding=1)\n"
               "self.c = nn.Conv2d(16, 16, 3, padding=1)\n"
               "self.u = nn.ConvTranspose2d(16, 16, 2, 2)",
               "a = self.a(x)\nb = self.b(F.max_pool2d(a, 2))\nc = self.c(F.max_pool2d(b, 2))\n"
               "return torch.cat([self.u(c), b], 1)"),
           "shape-mismatch", "torch.cat", ("111", "110", "output_padding=1", "224"), False),
    Broken("a residual sum without a projection", "3x32x32",
           net("self.a = nn.Conv2d(3, 16, 3, padding=1)\n"
               "self.b = nn.Conv2d(16, 32, 3, stride=2, padding=1)",
               "x = self.a(x)\nreturn self.b(x) + x"),
           "shape-mismatch", "self.b(x) + x", ("nn.Conv2d(16, 32, 1, stride=2)",), False),
    Broken("a matrix product", "8x4",
           net("self.w = nn.Parameter(torch.zeros(8, 3))", "return x @ self.w"),
           "shape-mismatch", "x @ self.w", ("4 columns", "8 rows"), False),
    Broken("a recurrent layer of another width", "16x12",
           net("self.r = nn.LSTM(10, 20, batch_first=True)", "return self.r(x)[0]"),
           "shape-mismatch", "nn.LSTM(10", ("10", "12"), True),
    Broken("attention of another width", "16x48",
           net("self.t = nn.MultiheadAttention(64, 4, batch_first=True)",
               "return self.t(x, x, x)[0]"),
           "shape-mismatch", "nn.MultiheadAttention(64", ("64", "48"), True),
    Broken("heads that do not divide", "16x100",
           net("self.t = nn.MultiheadAttention(100, 8, batch_first=True)",
               "return self.t(x, x, x)[0]"),
           "groups-do-not-divide", "nn.MultiheadAttention(100, 8", ("heads", "5"), True),
    Broken("a transposed convolution", "32x8x8",
           net("self.u = nn.ConvTranspose2d(64, 16, 2, 2)", "return self.u(x)"),
           "shape-mismatch", "nn.ConvTranspose2d(64", ("64", "32"), True),
    Broken("pixels shuffled", "10x8x8",
           net("self.u = nn.PixelShuffle(2)", "return self.u(x)"),
           "groups-do-not-divide", "nn.PixelShuffle(2)", ("4", "10", "8 or 12"), False),
    Broken("padding over half of a pool's kernel", "3x8x8",
           net("self.p = nn.MaxPool2d(2, padding=2)", "return self.p(x)"),
           "padding-exceeds-kernel", "padding=2", ("2",), True),
    Broken("slopes of a PReLU", "8x4x4",
           net("self.p = nn.PReLU(16)", "return self.p(x)"),
           "shape-mismatch", "nn.PReLU(16)", ("16", "8"), True),
    Broken("a 1-d layer on maps", "3x8x8",
           net("self.a = nn.Conv1d(3, 8, 3)", "return self.a(x)"),
           "shape-mismatch", "nn.Conv1d(3", ("nn.Conv2d",), False),
    Broken("a module that is not there", "3x8x8",
           net("self.conv1 = nn.Conv2d(3, 8, 3)", "return self.conv(x)"),
           "undefined-name", "self.conv(x)", ("conv1",), False),
    Broken("three mistakes at once", "1x28x28",
           net("self.a = nn.Conv2d(3, 16, 3)\nself.b = nn.Conv2d(8, 32, 3)\n"
               "self.n = nn.BatchNorm2d(64)\nself.f = nn.Linear(100, 10)",
               "return self.f(self.n(self.b(self.a(x))).flatten(1))"),
           "shape-mismatch", "nn.Conv2d(3, 16", ("3", "1"), True),
]  # fmt: skip
