"""Modules that PyTorch lacks, as they are written into a file that needs them."""

from __future__ import annotations

HELPERS = {
    "make_divisible": """
def make_divisible(value: float, divisor: int) -> int:
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
""",
    "DropPath": '''
class DropPath(nn.Dropout):
    """Stochastic depth: drops whole samples of a branch in training."""

    def forward(self, input: Tensor) -> Tensor:
        ones = input.new_ones(input.shape[0], *[1] * (input.dim() - 1))
        return input * super().forward(ones)
''',
    "SqueezeExcitation": """
class SqueezeExcitation(nn.Sequential):
    def __init__(
        self, channels: int, squeeze: int, activation: nn.Module, gate: nn.Module
    ) -> None:
        super().__init__()
        self.pool = nn.{pool}(1)
        self.fc1 = nn.{conv}(channels, squeeze, 1)
        self.activation = activation
        self.fc2 = nn.{conv}(squeeze, channels, 1)
        self.gate = gate

    def forward(self, input: Tensor) -> Tensor:
        return input * super().forward(input)
""",
    "ChannelNorm": '''
class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels at each position."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)
''',
    "ChannelLinear": '''
class ChannelLinear(nn.Linear):
    """A linear layer over the channels at each position."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)
''',
    "Scale": '''
class Scale(nn.Module):
    """A trained factor for each channel, and an offset on request."""

    def __init__(self, channels: int, rank: int, bias: bool = False) -> None:
        super().__init__()
        shape = (channels, *[1] * rank)
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight if self.bias is None else x * self.weight + self.bias
''',
    "Slice": '''
class Slice(nn.Module):
    """A range of channels."""

    def __init__(self, start: int, stop: int, step: int = 1) -> None:
        super().__init__()
        self.range = slice(start, stop, step)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.range]
''',
    "Select": '''
class Select(nn.Module):
    """Channels by number."""

    def __init__(self, *channels: int) -> None:
        super().__init__()
        self.channels = list(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.channels]
''',
    "PadChannels": '''
class PadChannels(nn.Module):
    """Channels of a constant before and after."""

    def __init__(self, before: int, after: int, value: float = 0) -> None:
        super().__init__()
        self.channels = (before, after)
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        sizes = (0, 0) * (x.dim() - 2) + self.channels
        return nn.functional.pad(x, sizes, value=self.value)
''',
    "SamePad": '''
class SamePad(nn.Module):
    """Padding after which a strided window gives ceil(size / stride) outputs."""

    def __init__(
        self, kernel: tuple[int, ...], stride: tuple[int, ...], value: float = 0
    ) -> None:
        super().__init__()
        self.windows = list(zip(kernel, stride))
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        sizes: list[int] = []
        for size, (kernel, stride) in zip(x.shape[2:], self.windows):
            more = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sizes = [more // 2, more - more // 2, *sizes]
        return nn.functional.pad(x, sizes, value=self.value)
''',
    "RadialBasis": '''
class RadialBasis(nn.Module):
    """The squared distance to each centre."""

    weight: Tensor

    def __init__(self, inputs: int, features: int, trained: bool = True) -> None:
        super().__init__()
        weight = torch.randn(features, inputs)
        if trained:
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", weight)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(1) - self.weight).square().sum(2)
''',
    "crop": '''
def crop(x: Tensor, size: torch.Size, offset: tuple[int, ...] | None = None) -> Tensor:
    """A part of the size: the middle one, or at the offset."""
    for axis, wanted in enumerate(size):
        start = (x.shape[2 + axis] - wanted) // 2 if offset is None else offset[axis]
        x = x.narrow(2 + axis, start, wanted)
    return x
''',
    "SelfAttention": '''
class SelfAttention(nn.Module):
    """Multi-head self-attention over all positions."""

    def __init__(
        self, channels: int, heads: int, width: int, bias: bool = True
    ) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * width, bias)
        self.out = nn.Linear(width, channels, bias)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x.flatten(2).mT).chunk(3, dim=2)
        q, k, v = [t.unflatten(2, (self.heads, -1)).transpose(1, 2) for t in (q, k, v)]
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).flatten(2)).mT.view(x.shape)
''',
}
"""Sources by name; a word in braces is a class of PyTorch's for the network's axes."""
