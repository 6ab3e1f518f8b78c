"""What PyTorch's own modules take, and what is wrong where they refuse what arrives."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn

from cnncalc.diagnostics import Place
from cnncalc.exchange.torch.diagnosis.mistake import (
    Argument,
    Before,
    ClassName,
    Mistake,
    Repair,
    Sizes,
    sizes_text,
)
from cnncalc.shapes import Slide, transposed_size

MAPS = {3: "C×L", 4: "C×H×W", 5: "C×D×H×W"}


class Refused(NamedTuple):
    """A module that refused what arrived."""

    module: Any
    path: tuple[str, ...]
    calls: tuple[Place, ...]
    shape: Sizes
    """Of its first input, the batch in front."""
    map: Sizes
    """The shape before it was flattened, where it was."""
    first: bool
    """Whether it is the network's own input that arrives."""
    shapes: tuple[Sizes, ...] = ()
    """Of all inputs."""

    @property
    def name(self) -> str:
        """As PyTorch writes it, without defaults: `Linear(1050, 10)`."""
        return f"{type(self.module).__name__}"

    def mistake(self, rule: str, message: str, **more: Any) -> Mistake:
        """A mistake of this module."""
        shapes = tuple([shape[1:] for shape in self.shapes or (self.shape,)])
        return Mistake(rule, message, self.path, self.calls, shapes=shapes, **more)


def product_text(sizes: Sizes) -> str:
    """`16 * 5 * 5`."""
    return " * ".join(map(str, sizes))


def _set(refused: Refused, description: str, safe: bool = True, **values: object) -> Repair:
    texts = {name: str(value) for name, value in values.items()}
    return Repair(description, (Argument(refused.path, texts),), safe)


def linear(refused: Refused) -> Mistake | None:
    """`nn.Linear`: the last axis has `in_features` values."""
    module, shape = refused.module, refused.shape
    takes, gives = module.in_features, module.out_features
    flat = prod(shape[1:])
    if len(shape) < 2:
        return None
    is_map = len(shape) >= 4 or (len(shape) == 3 and shape[-1] != takes and flat == takes)
    if is_map:
        flatten = Before(refused.path, "Flatten()", "flatten(1)", _call(refused))
        arrives = f"a map of {sizes_text(shape)} arrives, which is not flattened"
        if flat == takes:
            repair = Repair("flatten it: `.flatten(1)` before it", (flatten,), True)
            return refused.mistake(
                "linear-needs-flatten",
                f"takes {takes} features; {arrives}: {flat} features once it is",
                repairs=(repair,),
                shape=(shape[0], gives),
            )
        changes = (flatten, Argument(refused.path, {"in_features": _features(shape[1:])}))
        repair = Repair(
            f"flatten it, and `nn.Linear({flat}, {gives})`: {product_text(shape[1:])}",
            changes,
            True,
        )
        return refused.mistake(
            "linear-needs-flatten",
            f"takes {takes} features; {arrives}: {flat} features once it is",
            argument="in_features",
            repairs=(repair,),
            shape=(shape[0], gives),
        )
    last = shape[-1]
    if last == takes:
        return None
    sizes = refused.map[1:]
    origin = f" ({sizes_text(refused.map)}, flattened)" if len(sizes) > 1 else ""
    text = _features(sizes) if len(sizes) > 1 and prod(sizes) == last else str(last)
    repair = _set(refused, f"`nn.Linear({last}, {gives})`", in_features=text)
    return refused.mistake(
        "shape-mismatch",
        f"takes {takes} features, and {last} arrive{origin}",
        argument="in_features",
        repairs=(repair,),
        shape=(*shape[:-1], gives),
    )


def _features(sizes: Sizes) -> str:
    return product_text(sizes) if len(sizes) > 1 and prod(sizes) > max(sizes) else str(prod(sizes))


def _call(refused: Refused) -> Place | None:
    return refused.calls[0] if refused.calls else None


def convolution(refused: Refused) -> Mistake | None:
    """`nn.Conv1d` to `nn.Conv3d` and the transposed ones."""
    module, shape = refused.module, refused.shape
    rank = len(module.kernel_size)
    if len(shape) != rank + 2:
        return _rank(refused, rank, module.out_channels)
    channels, takes = shape[1], module.in_channels
    if channels != takes:
        return _channels(refused, channels, takes)
    if module.transposed:
        return None
    return _kernel(refused, shape[2:], module.out_channels)


def _rank(refused: Refused, rank: int, channels: int | None) -> Mistake | None:
    """A map with too few or too many axes."""
    shape = refused.shape
    wanted = MAPS[rank + 2]
    what = f"{len(shape) - 1} axes a sample ({sizes_text(shape)})"
    hint = None
    if len(shape) == 2:
        hint = f"put it before the flattening, or reshape what arrives to {wanted}"
    elif len(shape) == rank + 1 and refused.first:
        hint = f"the input lacks an axis: give it as {wanted}, as in `--input 1x" + (
            "x".join(map(str, shape[1:])) + "`"
        )
    elif len(shape) == rank + 3:
        better = type(refused.module).__name__.replace(f"{rank}d", f"{rank + 1}d")
        hint = f"`nn.{better}` takes such maps"
    return refused.mistake(
        "shape-mismatch", f"takes a map of {wanted}, and {what} arrive", hint=hint
    )


def _channels(refused: Refused, channels: int, takes: int) -> Mistake:
    module, shape = refused.module, refused.shape
    message = f"takes {takes} channels, and {channels} arrive ({sizes_text(shape)})"
    if shape[-1] == takes and refused.first:
        # a picture as NumPy and Keras hold it
        given = "x".join(map(str, (shape[-1], *shape[1:-1])))
        moved = (shape[0], shape[-1], *shape[1:-1])
        return refused.mistake(
            "shape-mismatch",
            message,
            hint=f"the input has its channels last: PyTorch wants them first, `--input {given}`",
            shape=_slid(module, moved),
        )
    hint = None
    if refused.first:
        given = "x".join(map(str, (takes, *shape[2:])))
        hint = f"or an input of {takes} channels: `--input {given}`"
    repairs: tuple[Repair, ...] = ()
    groups = module.groups
    arguments = f"{channels}, {module.out_channels}, …"
    if groups == takes and module.out_channels == takes:  # depthwise: all three go together
        repairs = (
            _set(
                refused,
                f"a depthwise convolution of {channels} channels",
                in_channels=channels,
                out_channels=channels,
                groups=channels,
            ),
        )
        shape_after = _slid(module, shape)
        if shape_after is not None:
            shape_after = (shape_after[0], channels, *shape_after[2:])
        return refused.mistake(
            "shape-mismatch", message, argument="in_channels", repairs=repairs, shape=shape_after
        )
    if channels % groups == 0:
        repairs = (_set(refused, f"`nn.{refused.name}({arguments})`", in_channels=channels),)
    else:
        hint = f"and its {groups} groups do not divide {channels} channels"
    return refused.mistake(
        "shape-mismatch",
        message,
        argument="in_channels",
        repairs=repairs,
        hint=hint,
        shape=_slid(module, shape),
    )


def _slid(module: Any, shape: Sizes) -> Sizes | None:
    """The output of a convolution for sizes that it takes."""
    try:
        sizes = _spatial(module, shape[2:])
    except ValueError:
        return None
    return (shape[0], module.out_channels, *sizes)


def _spatial(module: Any, sizes: Sizes) -> Sizes:
    """The sizes behind a sliding kernel.

    Raises:
        ValueError: it does not fit.
    """
    rank = len(sizes)
    if module.padding == "same":
        return sizes
    kernel, stride = _each(module.kernel_size, rank), _each(module.stride, rank)
    dilation = _each(getattr(module, "dilation", 1), rank)
    padding = (0,) * rank if module.padding == "valid" else _each(module.padding, rank)
    found = []
    for axis, size in enumerate(sizes):
        if getattr(module, "transposed", False):
            extra = _each(module.output_padding, rank)[axis]
            out = transposed_size(size, kernel[axis], stride[axis], padding[axis], padding[axis],
                                  extra, dilation[axis])  # fmt: skip
        else:
            ceil = bool(getattr(module, "ceil_mode", False))
            out = Slide(size, kernel[axis], stride[axis], padding[axis], padding[axis],
                        dilation[axis], ceil).output  # fmt: skip
        if out < 1:
            raise ValueError
        found.append(out)
    return tuple(found)


def _each(value: Any, rank: int) -> Sizes:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * rank


def _kernel(refused: Refused, sizes: Sizes, channels: int) -> Mistake | None:
    """A kernel that is larger than its padded input."""
    module, rank = refused.module, len(sizes)
    kernel, dilation = _each(module.kernel_size, rank), _each(getattr(module, "dilation", 1), rank)
    padding = (0,) * rank if module.padding == "valid" else module.padding
    if padding == "same":
        return None
    around = _each(padding, rank)
    for axis in range(rank):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        padded = sizes[axis] + 2 * around[axis]
        if extent <= padded:
            continue
        least = min(size + 2 * pad for size, pad in zip(sizes, around, strict=True))
        repairs = []
        if dilation[axis] == 1:
            repairs.append(_set(refused, f"a kernel of {least}", False, kernel_size=least))
        enough = -(-(extent - sizes[axis]) // 2)
        if not isinstance(module, nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d):
            repairs.append(_set(refused, f"padding {enough}", False, padding=enough))
        padded_text = "×".join(str(size + 2 * pad) for size, pad in zip(sizes, around, strict=True))
        effective = (
            f" (with dilation {dilation[axis]} it covers {extent})" if extent > kernel[axis] else ""
        )
        return refused.mistake(
            "kernel-larger-than-input",
            f"a kernel of {'×'.join(map(str, kernel))}{effective} does not fit on "
            f"{padded_text}, its padded input",
            argument="kernel_size",
            repairs=tuple(repairs),
            hint="or a larger input, or fewer strides and pools before it",
            of_sizes=True,
        )
    return None


def pool(refused: Refused) -> Mistake | None:
    """Pools: a map, a kernel that fits, padding of at most half of it."""
    module, shape = refused.module, refused.shape
    rank = int(type(module).__name__[-2])
    if len(shape) not in (rank + 2, rank + 1):
        return _rank(refused, rank, None)
    sizes = shape[-rank:]
    kernel, padding = _each(module.kernel_size, rank), _each(module.padding, rank)
    for size, pad in zip(kernel, padding, strict=True):
        if pad > size // 2:
            half = min(kernel) // 2
            return refused.mistake(
                "padding-exceeds-kernel",
                f"padding {pad} is more than half of its kernel of {size}",
                argument="padding",
                repairs=(_set(refused, f"padding {half}", padding=half),),
            )
    return _kernel(refused, sizes, shape[1])


def batch_norm(refused: Refused) -> Mistake | None:
    """`nn.BatchNorm…` and `nn.InstanceNorm…`: `num_features` channels, and their number of axes."""
    module, shape = refused.module, refused.shape
    name = type(module).__name__
    features = module.num_features
    rank = int(name[-2]) if name[-2].isdecimal() else len(shape) - 2
    fits = (2, 3) if rank == 1 else (rank + 2,)
    if len(shape) not in fits:
        right = 1 if len(shape) in (2, 3) else len(shape) - 2
        other = f"{name[:-2]}{right}d"
        wanted = MAPS[rank + 2]
        message = f"takes maps of {wanted}, and {sizes_text(shape)} arrives"
        changes: list[Any] = [ClassName(refused.path, other)]
        if shape[1] != features:
            changes.append(Argument(refused.path, {"num_features": str(shape[1])}))
        repair = Repair(f"`nn.{other}({shape[1]})`", tuple(changes), True)
        return refused.mistake("shape-mismatch", message, repairs=(repair,), shape=shape)
    if shape[1] == features:
        return None
    return refused.mistake(
        "shape-mismatch",
        f"takes {features} channels, and {shape[1]} arrive ({sizes_text(shape)})",
        argument="num_features",
        repairs=(_set(refused, f"`nn.{name}({shape[1]})`", num_features=shape[1]),),
        shape=shape,
    )


def group_norm(refused: Refused) -> Mistake | None:
    """`nn.GroupNorm`: `num_channels` channels."""
    module, shape = refused.module, refused.shape
    channels, groups = shape[1], module.num_groups
    if channels == module.num_channels:
        return None
    divisor = next(one for one in range(min(groups, channels), 0, -1) if channels % one == 0)
    values = {"num_channels": str(channels)}
    if divisor != groups:
        values["num_groups"] = str(divisor)
    change = Argument(refused.path, values)
    repair = Repair(f"`nn.GroupNorm({divisor}, {channels})`", (change,), True)
    return refused.mistake(
        "shape-mismatch",
        f"takes {module.num_channels} channels, and {channels} arrive ({sizes_text(shape)})",
        argument="num_channels",
        repairs=(repair,),
        shape=shape,
    )


def layer_norm(refused: Refused) -> Mistake | None:
    """`nn.LayerNorm`, `nn.RMSNorm`: the last axes have `normalized_shape`."""
    module, shape = refused.module, refused.shape
    wanted = tuple(module.normalized_shape)
    last = shape[-len(wanted) :]
    if last == wanted:
        return None
    text = str(last[0]) if len(last) == 1 else str(list(last))
    hint = None
    if len(wanted) == 1 and len(shape) == 4 and shape[1] == wanted[0]:
        hint = "its channels come first: permute to channels last before it, as ConvNeXt does"
        return refused.mistake(
            "shape-mismatch",
            f"takes {wanted[0]} values on the last axis, and {sizes_text(shape)} arrives",
            hint=hint,
            shape=shape,
        )
    return refused.mistake(
        "shape-mismatch",
        f"takes {'×'.join(map(str, wanted))} on the last axes, and {sizes_text(shape)} arrives",
        argument="normalized_shape",
        repairs=(_set(refused, f"`nn.{refused.name}({text})`", normalized_shape=text),),
        shape=shape,
    )


def prelu(refused: Refused) -> Mistake | None:
    """`nn.PReLU`: one slope, or one a channel."""
    channels = refused.shape[1] if len(refused.shape) > 1 else 1
    return refused.mistake(
        "shape-mismatch",
        f"has {refused.module.num_parameters} slopes, and {channels} channels arrive",
        argument="num_parameters",
        repairs=(_set(refused, f"`nn.PReLU({channels})`", num_parameters=channels),),
        shape=refused.shape,
    )


def pixel_shuffle(refused: Refused) -> Mistake | None:
    """`nn.PixelShuffle`: channels in groups of the square of its factor."""
    factor = refused.module.upscale_factor
    channels = refused.shape[1]
    if channels % factor**2 == 0:
        return None
    below = channels // factor**2 * factor**2
    near = f"{below} or {below + factor**2}" if below else str(factor**2)
    return refused.mistake(
        "groups-do-not-divide",
        f"puts {factor}² = {factor**2} channels into one, and {channels} channels arrive",
        hint=f"{near} channels would do",
    )


def recurrent(refused: Refused) -> Mistake | None:
    """`nn.RNN`, `nn.LSTM`, `nn.GRU`: `input_size` values on the last axis."""
    module, shape = refused.module, refused.shape
    if len(shape) not in (2, 3):
        return refused.mistake(
            "shape-mismatch",
            f"takes sequences of {module.input_size} values, and {sizes_text(shape)} arrives",
            hint="flatten the spatial axes and permute to batch × length × features",
        )
    if shape[-1] == module.input_size:
        return None
    return refused.mistake(
        "shape-mismatch",
        f"takes {module.input_size} values a step, and {shape[-1]} arrive ({sizes_text(shape)})",
        argument="input_size",
        repairs=(_set(refused, f"`input_size={shape[-1]}`", input_size=shape[-1]),),
    )


def attention(refused: Refused) -> Mistake | None:
    """`nn.MultiheadAttention`: `embed_dim` values a token."""
    module, shape = refused.module, refused.shape
    if len(shape) not in (2, 3) or shape[-1] == module.embed_dim:
        return None
    heads = module.num_heads
    repair = _set(refused, f"`embed_dim={shape[-1]}`", embed_dim=shape[-1])
    divides = shape[-1] % heads == 0
    return refused.mistake(
        "shape-mismatch",
        f"takes {module.embed_dim} values a token, and {shape[-1]} arrive ({sizes_text(shape)})",
        argument="embed_dim",
        repairs=(repair,) if divides else (),
        hint=None if divides else f"its {heads} heads do not divide {shape[-1]} either",
    )


def embedding(refused: Refused) -> Mistake | None:
    """`nn.Embedding`: whole numbers."""
    return refused.mistake(
        "bad-value",
        "takes whole numbers that choose its rows, and numbers with a fraction arrive",
        hint="give example tensors of indices: `input=torch.randint(…)` in Python",
        shape=(*refused.shape, refused.module.embedding_dim),
    )


DIAGNOSES: dict[type, Callable[[Refused], Mistake | None]] = {
    nn.Linear: linear,
    nn.modules.conv._ConvNd: convolution,
    nn.modules.pooling._MaxPoolNd: pool,
    nn.modules.pooling._AvgPoolNd: pool,
    nn.modules.batchnorm._NormBase: batch_norm,
    nn.GroupNorm: group_norm,
    nn.LayerNorm: layer_norm,
    nn.RMSNorm: layer_norm,
    nn.PReLU: prelu,
    nn.PixelShuffle: pixel_shuffle,
    nn.RNNBase: recurrent,
    nn.MultiheadAttention: attention,
    nn.Embedding: embedding,
}
"""Which function explains a module of a class, or of one that extends it."""


def diagnosis(module: torch.nn.Module) -> Callable[[Refused], Mistake | None] | None:
    """What explains a module's refusal; `None` where nothing knows it."""
    for kind in type(module).__mro__:
        if kind in DIAGNOSES:
            return DIAGNOSES[kind]
    return None
