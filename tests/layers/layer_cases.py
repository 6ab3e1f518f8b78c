"""Layers, and the PyTorch modules that they are held against.

A case is a row: the layers as a file writes them, the input of one sample, and the module as an
expression of torch. `tests/reference/take_layers.py` runs the modules; this file imports nothing
but the standard library, so that both sides can read it.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """One layer (the last of `layers`) and its counterpart."""

    layers: list[Any]
    input: tuple[int, ...]
    torch: str

    @property
    def kind(self) -> str:
        """The kind's name."""
        last = self.layers[-1]
        return last if isinstance(last, str) else next(key for key in last if key != "name")

    @property
    def name(self) -> str:
        """A name for the row: everything that makes it different from the others."""
        return f"{self.layers} on {list(self.input)}"


def case(layer: Any, input: tuple[int, ...], torch: str) -> Case:
    """A case of one layer."""
    return Case([layer], input, torch)


LINE, MAP, VOLUME = (4, 17), (4, 13, 11), (4, 7, 6, 5)

CONV = [
    case({"conv": [6, 3]}, LINE, "nn.Conv1d(4, 6, 3)"),
    case({"conv": [6, 3, 2, 1]}, LINE, "nn.Conv1d(4, 6, 3, 2, 1)"),
    case({"conv": {"filters": 6, "kernel": 4, "dilation": 3, "groups": 2, "bias": False}}, LINE,
         "nn.Conv1d(4, 6, 4, dilation=3, groups=2, bias=False)"),
    case({"conv": [6, 3]}, MAP, "nn.Conv2d(4, 6, 3)"),
    case({"conv": [6, 1]}, MAP, "nn.Conv2d(4, 6, 1)"),
    case({"conv": [6, 1, 2]}, MAP, "nn.Conv2d(4, 6, 1, 2)"),
    case({"conv": [6, 2, 3]}, MAP, "nn.Conv2d(4, 6, 2, 3)"),
    case({"conv": [6, 3, 2, 1]}, MAP, "nn.Conv2d(4, 6, 3, 2, 1)"),
    case({"conv": [6, [3, 5], [1, 2], [0, 2]]}, MAP, "nn.Conv2d(4, 6, (3, 5), (1, 2), (0, 2))"),
    case({"conv": {"filters": 6, "kernel": [1, 7], "padding": [0, 3]}}, MAP,
         "nn.Conv2d(4, 6, (1, 7), padding=(0, 3))"),
    case({"conv": {"filters": 6, "kernel": 3, "padding": [[1, 0], [2, 1]]}}, MAP,
         "nn.Sequential(nn.ZeroPad2d((2, 1, 1, 0)), nn.Conv2d(4, 6, 3))"),
    case({"conv": {"filters": 6, "kernel": 3, "dilation": [1, 2], "stride": 2}}, MAP,
         "nn.Conv2d(4, 6, 3, 2, dilation=(1, 2))"),
    case({"conv": {"filters": 8, "kernel": 3, "groups": 4, "bias": False}}, MAP,
         "nn.Conv2d(4, 8, 3, groups=4, bias=False)"),
    case({"conv": {"filters": 6, "kernel": 5, "padding": "same"}}, MAP,
         "nn.Conv2d(4, 6, 5, padding='same')"),
    case({"conv": {"filters": 6, "kernel": 4, "padding": "same"}}, MAP,
         "nn.Conv2d(4, 6, 4, padding='same')"),
    case({"conv": {"filters": 6, "kernel": 3, "padding": "same", "dilation": 3}}, MAP,
         "nn.Conv2d(4, 6, 3, padding='same', dilation=3)"),
    case({"conv": {"filters": 6, "kernel": 3, "padding": "valid"}}, MAP,
         "nn.Conv2d(4, 6, 3, padding='valid')"),
    case({"conv": {"filters": 6, "kernel": 3, "padding": 4}}, MAP,
         "nn.Conv2d(4, 6, 3, padding=4)"),
    case({"conv": [6, 3]}, VOLUME, "nn.Conv3d(4, 6, 3)"),
    case({"conv": [6, [1, 3, 3], [1, 2, 2], [0, 1, 1]]}, VOLUME,
         "nn.Conv3d(4, 6, (1, 3, 3), (1, 2, 2), (0, 1, 1))"),
    case({"conv": {"filters": 4, "kernel": [3, 1, 2], "groups": 4, "dilation": [2, 1, 3]}}, VOLUME,
         "nn.Conv3d(4, 4, (3, 1, 2), groups=4, dilation=(2, 1, 3))"),
    case({"conv": {"filters": 4, "kernel": 3, "groups": 4, "bias": False, "trainable": False}}, MAP,
         "Fixed(nn.Conv2d(4, 4, 3, groups=4, bias=False))"),
    case({"depthwise_conv": 3}, LINE, "nn.Conv1d(4, 4, 3, groups=4)"),
    case({"depthwise_conv": [3, 2, 1]}, MAP, "nn.Conv2d(4, 4, 3, 2, 1, groups=4)"),
    case({"depthwise_conv": {"kernel": 3, "multiplier": 3, "bias": False, "dilation": 2}}, MAP,
         "nn.Conv2d(4, 12, 3, groups=4, bias=False, dilation=2)"),
    case({"depthwise_conv": {"kernel": 3, "padding": "same"}}, VOLUME,
         "nn.Conv3d(4, 4, 3, groups=4, padding='same')"),
    case({"separable_conv": [6, 3]}, MAP,
         "Named(depthwise=nn.Conv2d(4, 4, 3, groups=4, bias=False), pointwise=nn.Conv2d(4, 6, 1))"),
    case({"separable_conv": {"filters": 6, "kernel": 3, "stride": 2, "padding": 1, "multiplier": 2,
                             "bias": False}}, LINE,
         "Named(depthwise=nn.Conv1d(4, 8, 3, 2, 1, groups=4, bias=False), "
         "pointwise=nn.Conv1d(8, 6, 1, bias=False))"),
    case({"locally_connected": [6, 3, 2]}, MAP, "Local(4, 6, 3, 2, (6, 5))"),
    case({"conv_transpose": [6, 3]}, LINE, "nn.ConvTranspose1d(4, 6, 3)"),
    case({"conv_transpose": [6, 4, 2, 1]}, LINE, "nn.ConvTranspose1d(4, 6, 4, 2, 1)"),
    case({"conv_transpose": [6, 4, 2, 1]}, MAP, "nn.ConvTranspose2d(4, 6, 4, 2, 1)"),
    case({"conv_transpose": [6, 2, 3]}, MAP, "nn.ConvTranspose2d(4, 6, 2, 3)"),
    case({"conv_transpose": {"filters": 6, "kernel": 3, "stride": [2, 3], "output_padding": [1, 2],
                             "padding": 1}}, MAP,
         "nn.ConvTranspose2d(4, 6, 3, (2, 3), 1, (1, 2))"),
    case({"conv_transpose": {"filters": 6, "kernel": 3, "groups": 2, "bias": False, "dilation": 2}},
         MAP, "nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False, dilation=2)"),
    case({"conv_transpose": {"filters": 6, "kernel": 3, "stride": 2, "dilation": 4,
                             "output_padding": 3}}, MAP,
         "nn.ConvTranspose2d(4, 6, 3, 2, output_padding=3, dilation=4)"),
    case({"conv_transpose": [6, 3, 2, 1]}, VOLUME, "nn.ConvTranspose3d(4, 6, 3, 2, 1)"),
]  # fmt: skip

POOL = [
    case({"max_pool": 2}, LINE, "nn.MaxPool1d(2)"),
    case({"max_pool": 2}, MAP, "nn.MaxPool2d(2)"),
    case({"max_pool": [3, 2]}, MAP, "nn.MaxPool2d(3, 2)"),
    case({"max_pool": {"kernel": 3, "stride": 2, "padding": 1}}, MAP, "nn.MaxPool2d(3, 2, 1)"),
    case({"max_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}}, MAP,
         "nn.MaxPool2d(3, 2, ceil_mode=True)"),
    case({"max_pool": {"kernel": 2, "stride": 3, "padding": 1, "ceil_mode": True}}, (4, 7, 8),
         "nn.MaxPool2d(2, 3, 1, ceil_mode=True)"),
    case({"max_pool": {"kernel": 3, "stride": 5, "padding": 1, "ceil_mode": True}}, (4, 6, 9),
         "nn.MaxPool2d(3, 5, 1, ceil_mode=True)"),
    case({"max_pool": {"kernel": 3, "dilation": 2, "stride": 1, "padding": 1}}, MAP,
         "nn.MaxPool2d(3, 1, 1, dilation=2)"),
    case({"max_pool": {"kernel": [2, 3], "stride": [1, 2]}}, MAP, "nn.MaxPool2d((2, 3), (1, 2))"),
    case({"max_pool": [3, 1, 1]}, VOLUME, "nn.MaxPool3d(3, 1, 1)"),
    case({"avg_pool": 3}, LINE, "nn.AvgPool1d(3)"),
    case({"avg_pool": 2}, MAP, "nn.AvgPool2d(2)"),
    case({"avg_pool": {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True,
                       "count_include_pad": False}}, MAP,
         "nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)"),
    case({"avg_pool": [[1, 2, 3], 2]}, VOLUME, "nn.AvgPool3d((1, 2, 3), 2)"),
    case({"lp_pool": {"kernel": 3, "stride": 2, "p": 3}}, LINE, "nn.LPPool1d(3, 3, 2)"),
    case({"lp_pool": {"kernel": 3, "stride": 2, "ceil_mode": True}}, MAP,
         "nn.LPPool2d(2, 3, 2, ceil_mode=True)"),
    case("global_avg_pool", LINE, "nn.AdaptiveAvgPool1d(1)"),
    case("global_avg_pool", MAP, "nn.AdaptiveAvgPool2d(1)"),
    case("global_avg_pool", VOLUME, "nn.AdaptiveAvgPool3d(1)"),
    case("global_max_pool", MAP, "Function(lambda x: F.max_pool2d(x, x.shape[2:]))"),
    case("global_lp_pool", MAP, "Function(lambda x: F.lp_pool2d(x, 2, x.shape[2:]))"),
    case({"adaptive_avg_pool": 5}, LINE, "nn.AdaptiveAvgPool1d(5)"),
    case({"adaptive_avg_pool": {"size": [6, 4]}}, MAP, "nn.AdaptiveAvgPool2d((6, 4))"),
    case({"adaptive_avg_pool": 20}, MAP, "nn.AdaptiveAvgPool2d(20)"),
    case({"adaptive_avg_pool": [[13, 11]]}, MAP, "nn.AdaptiveAvgPool2d((13, 11))"),
    case({"adaptive_max_pool": 3}, MAP, "nn.AdaptiveMaxPool2d(3)"),
    case({"adaptive_max_pool": [[2, 3, 4]]}, VOLUME, "nn.AdaptiveMaxPool3d((2, 3, 4))"),
    Case([{"max_pool": 2, "name": "p"}, {"max_unpool": "p"}], MAP,
         "Function(lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, "
         "output_size=x.shape[2:]))"),
    Case([{"max_pool": [3, 2], "name": "p"}, {"max_unpool": "p"}], LINE,
         "Function(lambda x: F.max_unpool1d(*F.max_pool1d(x, 3, 2, return_indices=True), 3, 2, "
         "output_size=x.shape[2:]))"),
]  # fmt: skip

DENSE = [
    case({"linear": 10}, (30,), "nn.Linear(30, 10)"),
    case({"linear": [10, False]}, (30,), "nn.Linear(30, 10, bias=False)"),
    case({"linear": {"features": 10, "each_position": True}}, MAP,
         "nn.Sequential(Function(lambda x: x.movedim(1, -1)), nn.Linear(4, 10), "
         "Function(lambda x: x.movedim(-1, 1)))"),
    case({"rbf": 10}, (30,), "Centres(30, 10)"),
    case({"rbf": {"features": 10, "trainable": False}}, (30,), "Centres(30, 10, False)"),
    case("scale", MAP, "Scaled((4, 1, 1))"),
    case({"scale": {"bias": True}}, LINE, "Scaled((4, 1), bias=True)"),
    case({"scale": {"axes": []}}, MAP, "Scaled((1, 1, 1))"),
    case({"scale": {"axes": [1, 2]}}, MAP, "Scaled((1, 13, 11))"),
    case({"scale": {"trainable": False}}, MAP, "Scaled((4, 1, 1), trainable=False)"),
    case("offset", MAP, "Shifted((4, 1, 1))"),
    case({"offset": {"axes": [0, 1]}}, LINE, "Shifted((4, 17))"),
    case({"offset": {"axes": [0], "trainable": False}}, (30,), "Shifted((30,), trainable=False)"),
]  # fmt: skip

NORM = [
    case("batch_norm", (30,), "nn.BatchNorm1d(30)"),
    case("batch_norm", LINE, "nn.BatchNorm1d(4)"),
    case("batch_norm", MAP, "nn.BatchNorm2d(4)"),
    case("batch_norm", VOLUME, "nn.BatchNorm3d(4)"),
    case({"batch_norm": {"affine": False}}, MAP, "nn.BatchNorm2d(4, affine=False)"),
    case({"batch_norm": {"track_stats": False}}, MAP,
         "nn.BatchNorm2d(4, track_running_stats=False)"),
    case({"batch_norm": {"eps": 0.001}}, MAP, "nn.BatchNorm2d(4, eps=0.001)"),
    case("layer_norm", (30,), "nn.LayerNorm(30)"),
    case({"layer_norm": "all"}, MAP, "nn.LayerNorm((4, 13, 11))"),
    case({"layer_norm": {"over": "all", "affine": False}}, MAP,
         "nn.LayerNorm((4, 13, 11), elementwise_affine=False)"),
    case("layer_norm", MAP,
         "nn.Sequential(Function(lambda x: x.movedim(1, -1)), nn.LayerNorm(4), "
         "Function(lambda x: x.movedim(-1, 1)))"),
    case({"group_norm": 2}, MAP, "nn.GroupNorm(2, 4)"),
    case({"group_norm": {"groups": 4, "affine": False}}, VOLUME,
        "nn.GroupNorm(4, 4, affine=False)"),
    case("instance_norm", MAP, "nn.InstanceNorm2d(4)"),
    case({"instance_norm": {"affine": True}}, LINE, "nn.InstanceNorm1d(4, affine=True)"),
    case("local_response_norm", MAP, "nn.LocalResponseNorm(5)"),
    case({"local_response_norm": 2}, VOLUME, "nn.LocalResponseNorm(2)"),
]  # fmt: skip

ACTIVATION = [
    case("relu", MAP, "nn.ReLU()"),
    case("relu", (30,), "nn.ReLU()"),
    case("relu6", MAP, "nn.ReLU6()"),
    case("leaky_relu", MAP, "nn.LeakyReLU()"),
    case({"leaky_relu": 0.2}, VOLUME, "nn.LeakyReLU(0.2)"),
    case("prelu", MAP, "nn.PReLU()"),
    case({"prelu": "channels"}, MAP, "nn.PReLU(4)"),
    case("elu", MAP, "nn.ELU()"),
    case("selu", MAP, "nn.SELU()"),
    case("celu", MAP, "nn.CELU()"),
    case("gelu", MAP, "nn.GELU()"),
    case({"gelu": "tanh"}, MAP, "nn.GELU(approximate='tanh')"),
    case("silu", MAP, "nn.SiLU()"),
    case("mish", MAP, "nn.Mish()"),
    case("sigmoid", MAP, "nn.Sigmoid()"),
    case("tanh", MAP, "nn.Tanh()"),
    case("hard_sigmoid", MAP, "nn.Hardsigmoid()"),
    case("hard_swish", MAP, "nn.Hardswish()"),
    case("hard_tanh", MAP, "nn.Hardtanh()"),
    case("softplus", MAP, "nn.Softplus()"),
    case("softsign", MAP, "nn.Softsign()"),
    case({"threshold": 0.1}, MAP, "nn.Threshold(0.1, 0)"),
    case("softmax", (30,), "nn.Softmax(1)"),
    case("softmax", MAP, "nn.Softmax(1)"),
    case("log_softmax", MAP, "nn.LogSoftmax(1)"),
    case("dropout", MAP, "nn.Dropout()"),
    case({"softmax": {"axis": 2}}, MAP, "nn.Softmax(3)"),
    case({"log_softmax": {"axis": 1}}, LINE, "nn.LogSoftmax(2)"),
    case({"rescale": {"factor": 2, "offset": -1}}, MAP, "Function(lambda x: 2 * x - 1)"),
    case({"power": 2}, MAP, "Function(lambda x: x ** 2)"),
    case({"power": {"exponent": 3}}, (30,), "Function(lambda x: x.pow(3))"),
    case("exp", MAP, "Function(torch.exp)"),
    case("log", MAP, "Function(torch.log)"),
    case("abs", MAP, "Function(torch.abs)"),
    case({"clip": {"low": -0.5, "high": 2}}, MAP, "Function(lambda x: x.clamp(-0.5, 2))"),
    case({"clip": {"high": 1}}, LINE, "Function(lambda x: x.clamp(max=1))"),
    case({"dropout": 0}, MAP, "nn.Dropout(0)"),
    case({"drop_path": 0.3}, MAP, "Function(lambda x: x * torch.rand(len(x), 1, 1, 1))"),
    case("drop_path", MAP, "nn.Identity()"),
    case("identity", MAP, "nn.Identity()"),
]  # fmt: skip

HALF = [{"slice": [0, 2]}]

SHAPE = [
    case({"add": [[], [{"max_pool": [3, 1, 1]}]]}, MAP,
         "Function(lambda x: x + F.max_pool2d(x, 3, 1, 1))"),
    case({"add": [[], ["global_avg_pool"], ["relu"]]}, MAP,
         "Function(lambda x: x + F.adaptive_avg_pool2d(x, 1) + F.relu(x))"),
    case({"multiply": [["global_max_pool"], []]}, MAP,
         "Function(lambda x: x * F.max_pool2d(x, x.shape[2:]))"),
    case({"multiply": [[], ["relu"], ["sigmoid"]]}, MAP,
         "Function(lambda x: x * F.relu(x) * torch.sigmoid(x))"),
    case({"concat": [[], HALF, []]}, MAP, "Function(lambda x: torch.cat([x, x[:, :2], x], 1))"),
    case({"concat": [[], []]}, (30,), "Function(lambda x: torch.cat([x, x], 1))"),
    case({"subtract": [[], ["relu"]]}, MAP, "Function(lambda x: x - F.relu(x))"),
    case({"divide": [[], ["global_avg_pool"]]}, MAP,
         "Function(lambda x: x / x.mean((2, 3), keepdim=True))"),
    case({"maximum": [[], ["tanh"]]}, MAP, "Function(lambda x: torch.maximum(x, x.tanh()))"),
    case({"minimum": [[], ["tanh"], ["relu"]]}, LINE,
         "Function(lambda x: torch.minimum(torch.minimum(x, x.tanh()), F.relu(x)))"),
    case({"concat": {"inputs": [[], ["relu"]], "axis": 1}}, MAP,
         "Function(lambda x: torch.cat([x, F.relu(x)], 2))"),
    case({"reduce": "mean"}, MAP, "Function(lambda x: x.mean(1, keepdim=True))"),
    case({"reduce": {"by": "max", "axes": [0]}}, MAP,
         "Function(lambda x: x.amax(1, keepdim=True))"),
    case({"reduce": {"by": "sum", "axes": [1, 2]}}, MAP,
         "Function(lambda x: x.sum((2, 3), keepdim=True))"),
    case({"reduce": {"by": "min", "axes": [1]}}, LINE,
         "Function(lambda x: x.amin(2, keepdim=True))"),
    case({"matmul": {"inputs": [[], ["relu"]], "transpose": True}}, MAP,
         "Function(lambda x: x.transpose(2, 3) @ F.relu(x))"),
    case({"matmul": {"inputs": [[], [{"slice": [0, 4, 1]}]], "transpose_other": True}}, VOLUME,
         "Function(lambda x: x @ x.transpose(3, 4))"),
    case({"permute": [2, 0, 1]}, MAP, "Function(lambda x: x.permute(0, 3, 1, 2))"),
    case("flatten", VOLUME, "nn.Flatten()"),
    case("flatten", (30,), "nn.Flatten()"),
    case({"reshape": [2, -1]}, MAP, "Function(lambda x: x.reshape(len(x), 2, -1))"),
    case({"reshape": [13, 4, 11]}, MAP, "Function(lambda x: x.reshape(len(x), 13, 4, 11))"),
    case({"pad": 2}, MAP, "nn.ZeroPad2d(2)"),
    case({"pad": [[[1, 0]]]}, LINE, "nn.ZeroPad1d((1, 0))"),
    case({"pad": {"padding": [[1, 2], [0, 3]], "value": 1.5}}, MAP,
         "nn.ConstantPad2d((0, 3, 1, 2), 1.5)"),
    case({"pad": {"channels": [1, 3]}}, MAP, "Function(lambda x: F.pad(x, (0, 0, 0, 0, 1, 3)))"),
    case({"pad": {"padding": [[1, 2], [0, 3]], "mode": "reflect"}}, MAP,
         "nn.ReflectionPad2d((0, 3, 1, 2))"),
    case({"pad": {"padding": 1, "mode": "replicate"}}, LINE, "nn.ReplicationPad1d(1)"),
    case({"pad": {"padding": 2, "mode": "circular"}}, MAP, "nn.CircularPad2d(2)"),
    case({"crop": {"size": 6}}, MAP, "Function(lambda x: x[:, :, 3:9, 2:8])"),
    case({"crop": {"size": [6, 5], "offset": [1, 0]}}, MAP,
         "Function(lambda x: x[:, :, 1:7, 0:5])"),
    case({"slice": 1}, MAP, "Function(lambda x: x[:, 1:])"),
    case({"slice": [0, 4, 3]}, MAP, "Function(lambda x: x[:, 0:4:3])"),
    case({"slice": {"start": 1, "step": 2, "axis": 2}}, MAP, "Function(lambda x: x[..., 1::2])"),
    case({"slice": [10, 21]}, (30,), "Function(lambda x: x[:, 10:21])"),
    case({"select": [3, 0, 3]}, MAP, "Function(lambda x: x[:, [3, 0, 3]])"),
    case({"channel_shuffle": 2}, MAP, "nn.ChannelShuffle(2)"),
    case({"upsample": 2}, MAP, "nn.Upsample(scale_factor=2)"),
    case({"upsample": {"scale": [3, 2]}}, MAP, "nn.Upsample(scale_factor=(3, 2))"),
    case({"upsample": {"size": [20, 7]}}, MAP, "nn.Upsample(size=(20, 7))"),
    case({"upsample": {"scale": 2, "mode": "bilinear"}}, MAP,
         "nn.Upsample(scale_factor=2, mode='bilinear')"),
    case({"upsample": {"scale": 2, "mode": "linear", "align_corners": True}}, LINE,
         "nn.Upsample(scale_factor=2, mode='linear', align_corners=True)"),
    case({"upsample": {"size": 9, "mode": "trilinear"}}, VOLUME,
         "nn.Upsample(size=9, mode='trilinear')"),
    case({"pixel_shuffle": 2}, MAP, "nn.PixelShuffle(2)"),
    case({"pixel_unshuffle": 2}, (4, 12, 10), "nn.PixelUnshuffle(2)"),
]  # fmt: skip

ATTENTION = [
    case({"squeeze_excitation": 2}, MAP,
         "Squeeze(nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1))"),
    case({"squeeze_excitation": {"squeeze": 1, "activation": "silu", "gate": "hard_sigmoid"}}, LINE,
         "Squeeze(nn.Conv1d(4, 1, 1), nn.Conv1d(1, 4, 1), F.silu, F.hardsigmoid)"),
    case("self_attention", MAP, "Attention(4, 1)"),
    case({"self_attention": {"heads": 2}}, LINE, "Attention(4, 2)"),
    case({"self_attention": {"heads": 4, "bias": False}}, VOLUME, "Attention(4, 4, bias=False)"),
]  # fmt: skip

CASES = [*CONV, *POOL, *DENSE, *NORM, *ACTIVATION, *SHAPE, *ATTENTION]
