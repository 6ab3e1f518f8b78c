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
    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.pool = {pool}(1)
        self.fc1 = {conv}(channels, squeeze, 1)
        self.activation = {activation}
        self.fc2 = {conv}(squeeze, channels, 1)
        self.gate = {gate}

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
    """A trained factor for each channel or place, and an offset on request."""

    def __init__(self, *shape: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight if self.bias is None else x * self.weight + self.bias
''',
    "Offset": '''
class Offset(nn.Module):
    """A trained value that is added to each channel or place."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias
''',
    "Slice": '''
class Slice(nn.Module):
    """A range of channels, or of another axis."""

    def __init__(
        self, start: int, stop: int | None, step: int = 1, axis: int = 1
    ) -> None:
        super().__init__()
        self.index = (slice(None),) * axis + (slice(start, stop, step),)

    def forward(self, x: Tensor) -> Tensor:
        return x[self.index]
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
        self,
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        value: float = 0,
        lower: bool = False,
    ) -> None:
        super().__init__()
        self.windows = list(zip(kernel, stride))
        self.value = value
        self.odd = int(lower)

    def forward(self, x: Tensor) -> Tensor:
        sizes: list[int] = []
        for size, (kernel, stride) in zip(x.shape[2:], self.windows):
            more = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            before = (more + self.odd) // 2
            sizes = [before, more - before, *sizes]
        return nn.functional.pad(x, sizes, value=self.value)
''',
    "RadialBasis": '''
class RadialBasis(nn.Module):
    """The squared distance to each centre."""

    def __init__(self, inputs: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, inputs))

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(1) - self.weight).square().sum(2)
''',
    "LocallyConnected": '''
class LocallyConnected(nn.Module):
    """A convolution with a kernel and a bias of its own at every position."""

    def __init__(
        self,
        channels: int,
        filters: int,
        size: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.windows = list(zip(kernel, stride, dilation))
        self.groups = groups
        weight = torch.empty(filters, *size, channels // groups, *kernel)
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(weight))
        self.bias = nn.Parameter(torch.zeros(filters, *size)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        for axis, (kernel, stride, dilation) in enumerate(self.windows, 2):
            x = x.unfold(axis, dilation * (kernel - 1) + 1, stride)[..., ::dilation]
        rank = len(self.windows)
        x = x.unflatten(1, (self.groups, -1)).movedim(2, 2 + rank).flatten(2 + rank)
        weight = self.weight.unflatten(0, (self.groups, -1)).flatten(2 + rank)
        y = torch.einsum("bg...k,gf...k->bgf...", x, weight).flatten(1, 2)
        return y if self.bias is None else y + self.bias
''',
    "GlobalLpPool": '''
class GlobalLpPool(nn.Module):
    """The root of the sum of powers over all positions."""

    def __init__(self, power: float) -> None:
        super().__init__()
        self.power = power

    def forward(self, x: Tensor) -> Tensor:
        axes = tuple(range(2, x.dim()))
        return x.abs().pow(self.power).sum(axes, True).pow(1 / self.power)
''',
    "Permute": '''
class Permute(nn.Module):
    """The axes behind the batch in another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = (0, *order)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)
''',
    "Rescale": """
class Rescale(nn.Module):
    def __init__(self, factor: float, offset: float = 0) -> None:
        super().__init__()
        self.factor = factor
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor + self.offset
""",
    "Power": """
class Power(nn.Module):
    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)
""",
    "Clip": """
class Clip(nn.Module):
    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        super().__init__()
        self.low = low
        self.high = high

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(self.low, self.high)
""",
    **{
        name: f"""
class {name}(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.{name.lower()}()
"""
        for name in ("Abs", "Exp", "Log")
    },
    **{
        name: f"""
class {name}(nn.Module):
    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.{function}(self.axes, keepdim=True)
"""
        for name, function in (("Mean", "mean"), ("Sum", "sum"), ("Max", "amax"), ("Min", "amin"))
    },
    "crop": '''
def crop(
    x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None
) -> Tensor:
    """A part of the size: the middle one, or at the offset."""
    for axis, wanted in enumerate(size):
        start = (x.shape[2 + axis] - wanted) // 2 if offset is None else offset[axis]
        x = x.narrow(2 + axis, start, wanted)
    return x
''',
    "Crop": """
class Crop(nn.Module):
    def __init__(
        self, size: tuple[int, ...], offset: tuple[int, ...] | None = None
    ) -> None:
        super().__init__()
        self.size = size
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return crop(x, self.size, self.offset)
""",
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
"""Sources by name; words in braces are put in where one is used."""
