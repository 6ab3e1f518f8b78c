"""Take PyTorch's answers to the kernel cases; writes ``kernels.npz`` beside this file.

    pip install torch numpy
    python tests/reference/take_kernels.py

Every case is computed in float64 on the CPU. The versions are stored with the answers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "numerics" / "kernels"))

from kernel_cases import CASES, Case, draw  # noqa: E402

Tensor = torch.Tensor


def around(x: Tensor, padding: Any, value: float = 0.0) -> Tensor:
    """Constant padding, ((before, after), ...) from the first axis on."""
    flat = [amount for pair in reversed(padding) for amount in pair]
    return F.pad(x, flat, value=value)


def conv(x: Tensor, weight: Tensor, bias: Tensor | None, **o: Any) -> Tensor:
    x = around(x, o.pop("padding"))
    return (F.conv1d, F.conv2d, F.conv3d)[x.ndim - 3](x, weight, bias, **o)


def conv_transpose(x: Tensor, weight: Tensor, bias: Tensor | None, **o: Any) -> Tensor:
    call = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[x.ndim - 3]
    o["padding"] = [before for before, _ in o["padding"]]
    return call(x, weight, bias, **o)


def sliding(o: dict[str, Any]) -> dict[str, Any]:
    o = dict(o)
    o["kernel_size"] = o.pop("kernel")
    o["padding"] = [before for before, _ in o["padding"]]
    return o


def max_pool(x: Tensor, **o: Any) -> Tensor:
    return (F.max_pool1d, F.max_pool2d, F.max_pool3d)[x.ndim - 3](x, **sliding(o))


def max_pool_with_switches(x: Tensor, **o: Any) -> tuple[Tensor, Tensor]:
    call = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[x.ndim - 3]
    return call(x, **sliding(o), return_indices=True)


def max_unpool(x: Tensor, **o: Any) -> Tensor:
    values, switches = max_pool_with_switches(x, **o)
    call = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[x.ndim - 3]
    return call(values, switches, **sliding(o), output_size=x.shape)


def avg_pool(x: Tensor, **o: Any) -> Tensor:
    return (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[x.ndim - 3](x, **sliding(o))


def lp_pool(x: Tensor, **o: Any) -> Tensor:
    # PyTorch computes a mean times the kernel's size, then a root. That takes the root of a
    # signed sum, and where ceil mode lets a window reach past the input it scales the norm up.
    # The norm proper is that of the values' sizes, with zeros behind the input.
    if o["ceil_mode"]:
        ends = [
            (-(-(n - k) // s) * s + k - n if -(-(n - k) // s) * s < n else 0)
            for n, k, s in zip(x.shape[2:], o["kernel"], o["stride"], strict=True)
        ]
        x = around(x, [(0, max(0, end)) for end in ends])
    call = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[x.ndim - 3]
    one = x.ndim == 3
    kernel, stride = (o[key][0] if one else o[key] for key in ("kernel", "stride"))
    return call(x.abs(), o["p"], kernel, stride)


def adaptive(kind: str, x: Tensor, size: Any) -> Tensor:
    call: Any = getattr(F, f"adaptive_{kind}_pool{x.ndim - 2}d")
    return call(x, size)


def whole(x: Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def layer_norm(x: Tensor, weight: Any, bias: Any, over: str, eps: float) -> Tensor:
    if over == "all":
        return F.layer_norm(x, x.shape[1:], weight, bias, eps)
    return F.layer_norm(x.movedim(1, -1), (x.shape[1],), weight, bias, eps).movedim(-1, 1)


def batch_norm(x: Tensor, mean: Any, variance: Any, weight: Any, bias: Any, eps: float) -> Tensor:
    return F.batch_norm(x, mean, variance, weight, bias, training=mean is None, eps=eps)


def upsample_linear(x: Tensor, size: Any, align_corners: bool) -> Tensor:
    mode = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    return F.interpolate(x, size, mode=mode, align_corners=align_corners)


def linear(x: Tensor, weight: Tensor, bias: Any) -> Tensor:
    return F.linear(x.movedim(1, -1), weight, bias).movedim(-1, 1)


def scale(x: Tensor, weight: Tensor, bias: Any) -> Tensor:
    return x * weight if bias is None else x * weight + bias


def self_attention(
    x: Tensor, in_weight: Tensor, in_bias: Any, out_weight: Tensor, out_bias: Any, heads: int
) -> Tensor:
    batch, channels, width = x.shape[0], x.shape[1], in_weight.shape[0] // 3
    tokens = x.flatten(2).transpose(1, 2)
    if width == channels:
        module = torch.nn.MultiheadAttention(
            width, heads, bias=in_bias is not None, batch_first=True, dtype=torch.float64
        )
        state = {"in_proj_weight": in_weight, "out_proj.weight": out_weight}
        if in_bias is not None:
            state |= {"in_proj_bias": in_bias, "out_proj.bias": out_bias}
        module.load_state_dict(state)
        result = module(tokens, tokens, tokens, need_weights=False)[0]
    else:
        mixed = F.linear(tokens, in_weight, in_bias)
        parts = [
            p.reshape(batch, -1, heads, width // heads).transpose(1, 2) for p in mixed.chunk(3, 2)
        ]
        heard = F.scaled_dot_product_attention(*parts)
        result = F.linear(heard.transpose(1, 2).reshape(batch, -1, width), out_weight, out_bias)
    return result.transpose(1, 2).reshape(x.shape)


def squeeze_excitation(
    x: Tensor,
    fc1_weight: Any,
    fc1_bias: Any,
    fc2_weight: Any,
    fc2_bias: Any,
    activation: str,
    gate: str,
) -> Tensor:
    acts: Any = {
        "relu": F.relu,
        "silu": F.silu,
        "sigmoid": torch.sigmoid,
        "hard_sigmoid": F.hardsigmoid,
    }
    squeezed = acts[activation](F.conv2d(x.mean((2, 3), keepdim=True), fc1_weight, fc1_bias))
    return x * acts[gate](F.conv2d(squeezed, fc2_weight, fc2_bias))


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    # channel_shuffle has no 1-D form.
    shape = x.shape
    return F.channel_shuffle(x.reshape(*shape[:2], -1, 1), groups).reshape(shape)


def pad(x: Tensor, padding: Any, value: float, channels: Any = (0, 0)) -> Tensor:
    return around(x, (channels, *padding), value)


ANSWERS: dict[str, Any] = {
    "conv": conv,
    "conv_transpose": conv_transpose,
    "max_pool": max_pool,
    "max_pool_with_switches": max_pool_with_switches,
    "max_unpool": max_unpool,
    "avg_pool": avg_pool,
    "lp_pool": lp_pool,
    "global_avg_pool": lambda x: x.mean(whole(x), keepdim=True),
    "global_max_pool": lambda x: x.amax(whole(x), keepdim=True),
    "global_lp_pool": lambda x, p: torch.linalg.vector_norm(x, p, whole(x), keepdim=True),
    "adaptive_avg_pool": lambda x, size: adaptive("avg", x, size),
    "adaptive_max_pool": lambda x, size: adaptive("max", x, size),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": lambda x, weight, bias, groups, eps: F.group_norm(x, groups, weight, bias, eps),
    "instance_norm": lambda x, weight, bias, eps: F.instance_norm(
        x, weight=weight, bias=bias, eps=eps
    ),
    "local_response_norm": F.local_response_norm,
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x, slope: F.leaky_relu(x, slope),
    "prelu": F.prelu,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "hard_tanh": F.hardtanh,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": F.softsign,
    "mish": F.mish,
    "threshold": F.threshold,
    "softmax": lambda x: torch.softmax(x, 1),
    "log_softmax": lambda x: torch.log_softmax(x, 1),
    "upsample_nearest": lambda x, size: F.interpolate(x, size, mode="nearest"),
    "upsample_linear": upsample_linear,
    "pixel_shuffle": lambda x, factor: F.pixel_shuffle(x, factor),
    "pixel_unshuffle": lambda x, factor: F.pixel_unshuffle(x, factor),
    "channel_shuffle": channel_shuffle,
    "pad": pad,
    "linear": linear,
    "scale": scale,
    "self_attention": self_attention,
    "squeeze_excitation": squeeze_excitation,
}


def answer(case: Case) -> list[np.ndarray]:
    arrays = {k: None if v is None else torch.from_numpy(v) for k, v in draw(case).items()}
    with torch.no_grad():
        result = ANSWERS[case.kernel](arrays.pop("x"), **arrays, **case.options)
    parts = result if isinstance(result, tuple) else (result,)
    return [part.numpy() for part in parts]


def main() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)), "two cases have one name"
    stored = {
        f"{case.name}/{number}": part for case in CASES for number, part in enumerate(answer(case))
    }
    versions = np.array([f"torch {torch.__version__}", f"numpy {np.__version__}"])
    np.savez_compressed(HERE / "kernels.npz", versions=versions, **stored)
    print(f"{len(CASES)} cases, {(HERE / 'kernels.npz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
