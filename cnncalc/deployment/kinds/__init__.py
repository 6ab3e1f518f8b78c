"""How each layer kind is lowered: a function a kind, found by the kind's name."""

from __future__ import annotations

from cnncalc.deployment.kinds.merging import concat, matmul, pairwise, squeeze_excitation
from cnncalc.deployment.kinds.pools import (
    adaptive_avg_pool,
    adaptive_max_pool,
    avg_pool,
    global_avg_pool,
    global_max_pool,
    max_pool,
    reduce,
)
from cnncalc.deployment.kinds.shaping import (
    channel_shuffle,
    crop,
    flatten,
    padding,
    permute,
    pixel_shuffle,
    pixel_unshuffle,
    reshape,
    select,
    slice_,
    upsample,
)
from cnncalc.deployment.kinds.sliding import (
    conv,
    conv_transpose,
    depthwise_conv,
    linear,
    separable_conv,
)
from cnncalc.deployment.kinds.values import (
    batch_norm,
    clip,
    each,
    hard_sigmoid,
    in_floats,
    layer_norm,
    leaky_relu,
    offset,
    prelu,
    rescale,
    scale,
    silu,
    softmax,
    unchanged,
)
from cnncalc.deployment.steps import Lower

LOWER: dict[str, Lower] = {
    "local_response_norm": in_floats("LOCAL_RESPONSE_NORMALIZATION", "LRN"),
    "conv": conv, "depthwise_conv": depthwise_conv, "separable_conv": separable_conv,
    "conv_transpose": conv_transpose, "linear": linear,
    "batch_norm": batch_norm, "layer_norm": layer_norm,
    "scale": scale, "offset": offset, "rescale": rescale,
    "relu": each("RELU", "Relu"), "relu6": each("RELU6", "Relu6"),
    "sigmoid": each("LOGISTIC", "Sigmoid"), "tanh": each("TANH", "Tanh"),
    "hard_swish": each("HARD_SWISH", "mul;Relu6;add;truediv"), "gelu": each("GELU", "Gelu"),
    "elu": in_floats("ELU", "Elu"), "exp": each("EXP", "Exp"),
    "log": in_floats("LOG", "Log"), "abs": each("ABS", "Abs"),
    "silu": silu, "hard_sigmoid": hard_sigmoid, "leaky_relu": leaky_relu, "prelu": prelu,
    "clip": clip, "hard_tanh": clip, "softmax": softmax, "log_softmax": softmax,
    "dropout": unchanged, "drop_path": unchanged, "identity": unchanged,
    "max_pool": max_pool, "avg_pool": avg_pool,
    "global_avg_pool": global_avg_pool, "global_max_pool": global_max_pool,
    "adaptive_avg_pool": adaptive_avg_pool, "adaptive_max_pool": adaptive_max_pool,
    "reduce": reduce,
    "add": pairwise("ADD", "Add"), "subtract": pairwise("SUB", "Sub"),
    "multiply": pairwise("MUL", "Mul"), "divide": pairwise("DIV", "TrueDiv"),
    "maximum": pairwise("MAXIMUM", "Maximum"), "minimum": pairwise("MINIMUM", "Minimum"),
    "concat": concat, "matmul": matmul, "squeeze_excitation": squeeze_excitation,
    "flatten": flatten, "reshape": reshape, "permute": permute, "pad": padding, "crop": crop,
    "slice": slice_, "select": select, "channel_shuffle": channel_shuffle,
    "upsample": upsample, "pixel_shuffle": pixel_shuffle, "pixel_unshuffle": pixel_unshuffle,
}  # fmt: skip
"""Layer kinds that have operators."""
