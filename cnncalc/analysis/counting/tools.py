"""What each counter makes of a module or function: its rules, stated as terms of ours.

A rule gives, for one part of a layer, signed amounts by term; together with the part's own
multiply-accumulates they are what the tool counts for it. Rules are read from the tools'
sources in the versions named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.analysis.counting.parts import (
    FUNCTION,
    MEAN,
    MODULE,
    OPERATOR,
    SUBCLASS,
    CountedModule,
    Uncounted,
)
from cnncalc.shapes import product

Terms = dict[str, int]
Rule = Callable[[CountedModule], Terms]

BIAS = "bias additions"
NORM = "normalization"
ACTIVATION = "activations"
POOLING = "pooling"
UPSAMPLING = "upsampling"
AGAIN = "{}, again inside the module"
LEFT_OUT = "multiply-accumulates left out"
ADDITIONS = "their additions, counted beside their multiplications"
AT_ONE_POSITION = "linear layers counted at one position of the map"
AT_OUTPUTS = "transposed convolutions counted at output positions"

CONVS = ("conv", "depthwise_conv")


class Counter(NamedTuple):
    """A tool, or a way of counting."""

    name: str
    package: str
    version: str
    """The version that its rules were read from."""
    counts: str
    """What its total is a number of."""
    rules: Mapping[str, Rule]
    """By layer kind; what is not listed is counted as nothing."""
    source: str
    """Where its rules stand."""
    every: bool = False
    """Whether it counts all multiply-accumulates, whatever the layers are written as."""


def nothing(part: CountedModule) -> Terms:
    """Its multiply-accumulates alone."""
    return {}


def left_out(part: CountedModule) -> Terms:
    """Not even those."""
    return {LEFT_OUT: -part.macs}


def with_bias(part: CountedModule) -> Terms:
    """An addition for each output value of a layer with a bias."""
    return {BIAS: product(part.made) if part.bias else 0}


def values(term: str, factor: int = 1) -> Rule:
    """So many operations for each output value."""
    return lambda part: {term: factor * product(part.made)}


def inputs(term: str) -> Rule:
    """One operation for each input value."""
    return lambda part: {term: product(part.given)}


def affine(with_scale: int, without: int) -> Rule:
    """A normalization's operations a value, with and without scale and offset."""
    return lambda part: {NORM: (with_scale if part.weight else without) * product(part.given)}


def only(forms: tuple[str, ...], rule: Rule) -> Rule:
    """A rule that sees some forms of a layer, and nothing of the others."""
    return lambda part: rule(part) if part.form in forms else left_out(part)


def rank(axes: int, rule: Rule) -> Rule:
    """A rule for maps of so many spatial axes."""
    return lambda part: rule(part) if len(part.given) == axes + 1 else left_out(part)


def table(rules: Mapping[str, Rule], *shared: tuple[tuple[str, ...], Rule]) -> Mapping[str, Rule]:
    """Rules by kind; several kinds may share one."""
    found = dict(rules)
    for kinds, rule in shared:
        found.update(dict.fromkeys(kinds, rule))
    return found


# -- torchinfo: parameters times the positions of an output, where the class is called Conv…


def _stored(part: CountedModule) -> Terms:
    """Every weight and bias once a sample."""
    return {NORM: part.weight + part.bias}


def _torchinfo_linear(part: CountedModule) -> Terms:
    return {BIAS: part.bias, AT_ONE_POSITION: part.weight - part.macs}


def _transposed(part: CountedModule) -> Terms:
    """Every weight meets every output position, though it is the input's that it meets."""
    return {AT_OUTPUTS: part.weight * part.positions - part.macs}


def _torchinfo_transposed(part: CountedModule) -> Terms:
    return {BIAS: part.bias * part.positions, **_transposed(part)}


NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm")
SLIDING_POOLS = ("max_pool", "avg_pool")
WHOLE_POOLS = ("global_avg_pool", "adaptive_avg_pool", "global_max_pool", "adaptive_max_pool")
AVERAGES = ("global_avg_pool", "adaptive_avg_pool")

TORCHINFO = Counter(
    "torchinfo", "torchinfo", "1.8.0", "mult-adds",
    table(
        {
            "linear": _torchinfo_linear,
            "conv_transpose": _torchinfo_transposed,
            "prelu": lambda part: {ACTIVATION: part.weight},
        },
        (CONVS, with_bias),
        (NORMS, _stored),
    ),
    "layer_info.py, LayerInfo.calculate_macs",
)  # fmt: skip


# -- fvcore: operators of a traced graph


def _fvcore_upsample(part: CountedModule) -> Terms:
    factor = {"nearest": 1, "linear": 4, "bilinear": 4}.get(part.mode, 0)
    return {UPSAMPLING: factor * product(part.made)}


FVCORE = Counter(
    "fvcore", "fvcore", "0.1.5.post20221221", "flops (a multiply-add is one)",
    table(
        {"batch_norm": affine(2, 1), "upsample": rank(2, _fvcore_upsample)},
        ((*CONVS, "conv_transpose", "linear", "matmul"), nothing),
        (("layer_norm", "group_norm", "instance_norm"), affine(5, 4)),
        (AVERAGES, rank(2, only((MODULE, FUNCTION, SUBCLASS), inputs(POOLING)))),
    ),
    "nn/flop_count.py and nn/jit_handles.py",
)  # fmt: skip


# -- thop: hooks on modules of exactly the framework's classes


def _thop_adaptive(part: CountedModule) -> Terms:
    """A kernel of input size over output size, not rounded, and a division, an output value."""
    kernel = 1.0
    for given, made in zip(part.given[1:], part.made[1:], strict=True):
        kernel *= given / made
    return {POOLING: int((kernel + 1) * product(part.made))}


def _thop_upsample(part: CountedModule) -> Terms:
    factor = {"nearest": 1, **_THOP_UPSAMPLINGS}.get(_torch_mode(part), 0)
    return {UPSAMPLING: factor * product(part.made)}


_THOP_UPSAMPLINGS = {"linear": 5, "bilinear": 11, "bicubic": 259, "trilinear": 31}


def _torch_mode(part: CountedModule) -> str:
    """What PyTorch calls an upsampling's mode: linear interpolation has a name for each rank."""
    if part.mode == "linear":
        return {3: "bilinear", 4: "trilinear"}.get(len(part.given), "linear")
    return part.mode


def _softmax(part: CountedModule) -> Terms:
    """Exponentials, additions and divisions along the channels."""
    channels = part.given[0]
    return {ACTIVATION: product(part.given) // channels * (3 * channels - 1)}


THOP = Counter(
    "thop", "thop", "0.1.1.post2209072238", "MACs",
    table(
        {
            "conv_transpose": _transposed,
            "prelu": inputs(ACTIVATION),
            "softmax": only((MODULE,), _softmax),
            "avg_pool": only((MODULE,), values(POOLING)),
            "upsample": only((MODULE,), _thop_upsample),
        },
        ((*CONVS, "linear"), nothing),
        (("batch_norm", "layer_norm", "instance_norm"), only((MODULE,), affine(4, 2))),
        (AVERAGES, only((MODULE,), _thop_adaptive)),
    ),
    "profile.py and vision/basic_hooks.py",
)  # fmt: skip


# -- ultralytics-thop: it is imported as `thop` too, and counts derived classes and products


def _ultralytics_average(part: CountedModule) -> Terms:
    """An addition for each value that a window reads, and a division an output value."""
    return {POOLING: part.read + product(part.made)}


def _ultralytics_upsample(part: CountedModule) -> Terms:
    return {UPSAMPLING: _THOP_UPSAMPLINGS.get(_torch_mode(part), 0) * product(part.made)}


def _log_softmax(part: CountedModule) -> Terms:
    """A logarithm a position more."""
    return {ACTIVATION: _softmax(part)[ACTIVATION] + product(part.given) // part.given[0]}


MODULES = (MODULE, SUBCLASS)

ULTRALYTICS_THOP = Counter(
    "ultralytics_thop", "ultralytics-thop", "2.2.3", "MACs",
    table(
        {
            "prelu": only(MODULES, inputs(ACTIVATION)),
            "softmax": only(MODULES, _softmax),
            "log_softmax": only(MODULES, _log_softmax),
            "upsample": only(MODULES, _ultralytics_upsample),
        },
        ((*CONVS, "conv_transpose", "linear", "matmul"), nothing),
        (NORMS, only(MODULES, affine(4, 2))),
        (("avg_pool", *AVERAGES), only(MODULES, _ultralytics_average)),
    ),
    "profile.py and vision/basic_hooks.py",
)  # fmt: skip


# -- PyTorch's own: operators as they are dispatched, multiplications and additions apart


def _twice_the_macs(part: CountedModule) -> Terms:
    return {ADDITIONS: part.macs}


FLOP_COUNTER = Counter(
    "flop_counter", "torch", "2.13.0", "FLOPs (a multiply-add is two, nothing else is any)",
    table({}, ((*CONVS, "conv_transpose", "linear", "matmul"), _twice_the_macs)),
    "utils/flop_counter.py, FlopCounterMode",
)  # fmt: skip


# -- ptflops: hooks on modules, and patched functions that the same modules call


def _twice(term: str, of: Rule) -> Rule:
    """Counted by the module's hook, and again by the patched function that the module calls."""

    def rule(part: CountedModule) -> Terms:
        if part.form == MEAN:
            return {}
        (amount,) = of(part).values()
        if part.form == FUNCTION:
            return {term: amount}
        return {term: amount, AGAIN.format(term): amount}

    return rule


def _ptflops_norm(part: CountedModule) -> Terms:
    if part.form != MODULE:
        return {}
    # a layer norm's flag is called `elementwise_affine`, which the hook does not look for
    scaled = part.weight and part.kind != "layer_norm"
    return {NORM: (2 if scaled else 1) * product(part.given)}


def _ptflops_product(part: CountedModule) -> Terms:
    if part.form == OPERATOR:
        raise Uncounted("a product is counted where the code calls `torch.matmul`, and not as `@`")
    return {}


PTFLOPS_PYTORCH = Counter(
    "ptflops_pytorch", "ptflops", "0.7.5", "MACs",
    table(
        {
            "matmul": _ptflops_product,
            "silu": values(ACTIVATION),
            "softmax": values(ACTIVATION),
            "relu6": only((MODULE,), values(ACTIVATION)),
            "leaky_relu": only((MODULE,), values(ACTIVATION)),
            "upsample": _twice(UPSAMPLING, values(UPSAMPLING)),
        },
        ((*CONVS, "conv_transpose", "linear"), with_bias),
        (("relu", "prelu", "elu", "gelu"), _twice(ACTIVATION, values(ACTIVATION))),
        ((*SLIDING_POOLS, *WHOLE_POOLS), _twice(POOLING, inputs(POOLING))),
        (NORMS, _ptflops_norm),
    ),
    "pytorch_ops.py and pytorch_engine.py",
)  # fmt: skip

PTFLOPS_ATEN = Counter(
    "ptflops_aten", "ptflops", "0.7.5", "MACs",
    table({"matmul": nothing}, ((*CONVS, "conv_transpose", "linear"), with_bias)),
    "aten_ops.py",
)  # fmt: skip


PAPER = Counter(
    "paper", "", "", "multiply-adds",
    {},
    "He et al. 2015, arXiv:1512.03385, section 3.3",
    every=True,
)  # fmt: skip

COUNTERS: Mapping[str, Counter] = {
    counter.name: counter
    for counter in (
        TORCHINFO,
        FVCORE,
        THOP,
        ULTRALYTICS_THOP,
        PTFLOPS_PYTORCH,
        PTFLOPS_ATEN,
        FLOP_COUNTER,
        PAPER,
    )
}
"""Counters of operations by name."""


def terms(counter: Counter, part: CountedModule) -> Terms:
    """What a counter makes of a part, beside its multiply-accumulates."""
    rule = counter.rules.get(part.kind)
    if rule is not None:
        return {term: amount for term, amount in rule(part).items() if amount}
    return left_out(part) if part.macs else {}
